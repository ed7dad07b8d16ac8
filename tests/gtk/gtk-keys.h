/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Keys as the X server sends them, so that a test goes the whole way from the keyboard to the widget. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* FALSE where the X server's test extension cannot be reached. */
gboolean gtk_keys_available (void);

/* Presses and releases a key while @window has the keyboard. */
void gtk_keys_press (GtkWidget *window, guint keysym);

G_END_DECLS
