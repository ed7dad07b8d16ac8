/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* DemoBus: the tasks of the demo on D-Bus. */
#pragma once

#include "demo-parts.h"

G_BEGIN_DECLS

#define DEMO_BUS_NAME "org.kestrun.Tasks"
#define DEMO_BUS_PATH "/org/kestrun/Tasks"

typedef struct _DemoBus DemoBus;

DemoBus *demo_bus_publish (DemoParts *parts, const char *bus, GError **error);
void demo_bus_free (DemoBus *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DemoBus, demo_bus_free)

G_END_DECLS
