/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* DemoHubTask: a task behind a hub, as the window shows it. */
#pragma once

#include <krhub.h>

#include "demo-task.h"

G_BEGIN_DECLS

#define DEMO_TYPE_HUB_TASK (demo_hub_task_get_type ())
G_DECLARE_FINAL_TYPE (DemoHubTask, demo_hub_task, DEMO, HUB_TASK, DemoTask)

DemoHubTask *demo_hub_task_new (KrHubClient *client, GVariant *status);
void demo_hub_task_update (DemoHubTask *self, GVariant *status);

/* What a hub has answered, without the frame that its protocol puts around it. Takes @error. */
GError *demo_hub_task_unframe (GError *error);

G_END_DECLS
