/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Waiting for conditions instead of sleeping. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Real seconds until a wait fails; long, since a loaded machine must not fail a test that would pass. */
#define KR_TEST_DEADLINE 30

typedef gboolean (*KrTestCondition) (gpointer data);

/* Turns the thread-default main context until @condition holds; fails the test after the deadline, naming @what. */
void kr_test_wait (const char *what, KrTestCondition condition, gpointer data);

/* The common conditions. */
void kr_test_wait_flag (const char *what, const gboolean *flag);
void kr_test_wait_count (const char *what, const guint *count, guint at_least);

/* A GAsyncReadyCallback that stores the result in a GAsyncResult ** and the wait for it. */
void kr_test_store_result (GObject *source, GAsyncResult *result, gpointer data);
void kr_test_wait_result (const char *what, GAsyncResult **result);

/* g_test_run(), and the end of the threads that TLS handshakes leave behind, which wait half a second for more work:
 * LeakSanitizer of GCC 12 stumbles over their memory. */
int kr_test_run (void);

/* As g_test_dbus_up(), whose daemon inherits all that is open: also the pipe by which the watcher that ends it would notice
 * that a test has died. */
void kr_test_dbus_up (GTestDBus *bus);

G_END_DECLS
