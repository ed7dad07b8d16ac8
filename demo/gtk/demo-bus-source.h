/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* DemoBusSource: the tasks of kr-demo on the bus. */
#pragma once

#include "demo-source.h"

G_BEGIN_DECLS

#define DEMO_TYPE_BUS_SOURCE (demo_bus_source_get_type ())
G_DECLARE_FINAL_TYPE (DemoBusSource, demo_bus_source, DEMO, BUS_SOURCE, DemoSource)

DemoSource *demo_bus_source_new (const char *bus);

G_END_DECLS
