/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* SIGINT and SIGTERM: the first asks to end, the second kills. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef void (*KrhubInterruptFunc) (int signal_number, gpointer data);

/* Once in a program; @func is called in the default main context. */
gboolean krhub_interrupt_watch (KrhubInterruptFunc func, gpointer data, GError **error);
void krhub_interrupt_unwatch (void);

G_END_DECLS
