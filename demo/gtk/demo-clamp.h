/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* DemoClamp: keeps its child from growing wider than can be read. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DEMO_TYPE_CLAMP (demo_clamp_get_type ())
G_DECLARE_FINAL_TYPE (DemoClamp, demo_clamp, DEMO, CLAMP, GtkWidget)

G_END_DECLS
