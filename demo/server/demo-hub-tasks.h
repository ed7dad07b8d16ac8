/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The tasks over the hub: for programs that list, start, cancel and remove them. */
#pragma once

#include "demo-parts.h"

G_BEGIN_DECLS

void demo_hub_tasks_add (DemoParts *parts);

G_END_DECLS
