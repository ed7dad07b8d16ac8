/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* DemoBusTask: a task on the bus, as the window shows it. */
#pragma once

#include "demo-task.h"

G_BEGIN_DECLS

#define DEMO_TYPE_BUS_TASK (demo_bus_task_get_type ())
G_DECLARE_FINAL_TYPE (DemoBusTask, demo_bus_task, DEMO, BUS_TASK, DemoTask)

DemoTask *demo_bus_task_new (KrTaskRemoteJob *job);

G_END_DECLS
