/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What a program logs, with all fields; g_test_expect_message() knows plain messages only. */
#include "config.h"

#include "kr-test-log.h"

static GMutex lock;
static GString *recorded;   /* NULL: nobody wants to know */
static char *expected;      /* pattern; NULL: no warning */

static const char *
get_message (const GLogField *fields, gsize n_fields)
{
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, "MESSAGE"))
      return fields[i].value;
  return "";
}

static void
record (const GLogField *fields, gsize n_fields)
{
  for (gsize i = 0; i < n_fields; i++)
    if (fields[i].length < 0)
      g_string_append_printf (recorded, "%s=%s\n", fields[i].key, (const char *) fields[i].value);
  g_string_append_c (recorded, '\n');
}

static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&lock);

  if (recorded != NULL)
    record (fields, n_fields);
  if (expected != NULL && level & G_LOG_LEVEL_WARNING &&
      g_pattern_match_simple (expected, get_message (fields, n_fields)))
    {
      g_clear_pointer (&expected, g_free);
      return G_LOG_WRITER_HANDLED;
    }
  g_clear_pointer (&locker, g_mutex_locker_free);
  return g_log_writer_default (level, fields, n_fields, NULL);
}

/* Once per program; GLib allows no more. */
static void
install (void)
{
  static gsize installed;

  if (g_once_init_enter (&installed))
    {
      g_log_set_writer_func (write_log, NULL, NULL);
      g_once_init_leave (&installed, 1);
    }
}

void
kr_test_log_start (void)
{
  g_autoptr (GMutexLocker) locker = NULL;

  install ();
  locker = g_mutex_locker_new (&lock);
  if (recorded != NULL)
    g_string_free (recorded, TRUE);
  recorded = g_string_new (NULL);
}

char *
kr_test_log_stop (void)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&lock);

  g_assert_nonnull (recorded);
  return g_string_free (g_steal_pointer (&recorded), FALSE);
}

void
kr_test_log_expect_warning (const char *pattern)
{
  g_autoptr (GMutexLocker) locker = NULL;

  install ();
  locker = g_mutex_locker_new (&lock);
  g_assert_null (expected);
  expected = g_strdup (pattern);
}

void
kr_test_log_assert_expected (void)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&lock);

  g_assert_cmpstr (expected, ==, NULL);
}
