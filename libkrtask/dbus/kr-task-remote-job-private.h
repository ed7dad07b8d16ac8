/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* How KrTaskBusClient makes remote jobs. */
#pragma once

#include "kr-task-dbus.h"
#include "kr-task-remote-job.h"

KrTaskRemoteJob *kr_task_remote_job_new (KrTaskDBusTask1 *proxy);
