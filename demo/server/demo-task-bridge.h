/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tells all clients of the hub how a task gets on. */
#pragma once

#include <krhub.h>
#include <krtask-soup.h>

G_BEGIN_DECLS

/* The group that is told of all tasks. */
#define DEMO_TASK_GROUP "tasks"

void demo_task_bridge_follow (KrHubServer *hub, KrTaskJob *job);
GVariant *demo_task_bridge_describe (KrTaskJob *job);
KrTaskSoupFeed *demo_task_bridge_new_feed (KrHubServer *hub, KrTaskManager *manager);

G_END_DECLS
