/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* DemoStartPopover: asks what to start, and for how long. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DEMO_TYPE_START_POPOVER (demo_start_popover_get_type ())
G_DECLARE_FINAL_TYPE (DemoStartPopover, demo_start_popover, DEMO, START_POPOVER, GtkPopover)

void demo_start_popover_set_kinds (DemoStartPopover *self, const char *const *kinds);

G_END_DECLS
