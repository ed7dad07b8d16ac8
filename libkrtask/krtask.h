/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Umbrella header of libkrtask: the only one that programs include. */
#pragma once

#define KR_TASK_INSIDE
#include "kr-task-bus-client.h"
#include "kr-task-bus-exporter.h"
#include "kr-task-enums.h"
#include "kr-task-error.h"
#include "kr-task-job.h"
#include "kr-task-manager.h"
#include "kr-task-progress.h"
#include "kr-task-remote-job.h"
#include "kr-task-state.h"
#include "kr-task-view.h"
#include "kr-task-visibility.h"
#undef KR_TASK_INSIDE
