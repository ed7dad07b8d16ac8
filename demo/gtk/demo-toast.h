/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* DemoToast: a message that shows for a while, over what is below it. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DEMO_TYPE_TOAST (demo_toast_get_type ())
G_DECLARE_FINAL_TYPE (DemoToast, demo_toast, DEMO, TOAST, GtkWidget)

void demo_toast_show (DemoToast *self, const char *text);
const char *demo_toast_get_text (DemoToast *self);

G_END_DECLS
