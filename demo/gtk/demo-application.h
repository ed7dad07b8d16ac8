/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* DemoApplication: command line, actions and shortcuts of kr-tasks. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DEMO_APPLICATION_ID "org.kestrun.KrTasks"

#define DEMO_TYPE_APPLICATION (demo_application_get_type ())
G_DECLARE_FINAL_TYPE (DemoApplication, demo_application, DEMO, APPLICATION, GtkApplication)

GtkApplication *demo_application_new (void);

G_END_DECLS
