/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What a program logs, with all fields; g_test_expect_message() knows plain messages only. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Records from here on; forgets what was recorded before. Of all threads. */
void kr_test_log_start (void);
/* All that was recorded, as FIELD=value lines with an empty line behind each record; owned by the caller. */
char *kr_test_log_stop (void);
/* The next warning whose text matches @pattern is no failure; then asserts that it came. */
void kr_test_log_expect_warning (const char *pattern);
void kr_test_log_assert_expected (void);

G_END_DECLS
