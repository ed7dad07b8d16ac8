/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* DemoWindow: the list of tasks, and what can be done with them. */
#pragma once

#include <gtk/gtk.h>

#include "demo-source.h"

G_BEGIN_DECLS

#define DEMO_TYPE_WINDOW (demo_window_get_type ())
G_DECLARE_FINAL_TYPE (DemoWindow, demo_window, DEMO, WINDOW, GtkApplicationWindow)

GtkWidget *demo_window_new (GtkApplication *application, DemoSource *source);

G_END_DECLS
