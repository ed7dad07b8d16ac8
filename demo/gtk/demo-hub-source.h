/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* DemoHubSource: the tasks of kr-demo over its hub. */
#pragma once

#include "demo-source.h"

G_BEGIN_DECLS

#define DEMO_TYPE_HUB_SOURCE (demo_hub_source_get_type ())
G_DECLARE_FINAL_TYPE (DemoHubSource, demo_hub_source, DEMO, HUB_SOURCE, DemoSource)

DemoSource *demo_hub_source_new (const char *url, const char *certificate, GError **error);

G_END_DECLS
