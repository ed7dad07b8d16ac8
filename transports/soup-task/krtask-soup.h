/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Umbrella header of libkrtask-soup: the only one that programs include. */
#pragma once

#define KR_TASK_SOUP_INSIDE
#include "kr-task-soup-feed.h"
#include "kr-task-soup-routes.h"
#include "kr-task-soup-visibility.h"
#undef KR_TASK_SOUP_INSIDE
