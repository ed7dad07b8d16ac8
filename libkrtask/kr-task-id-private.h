/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Random names of tasks. */
#pragma once

#include <glib.h>

void kr_task_id_make (char id[33]);
