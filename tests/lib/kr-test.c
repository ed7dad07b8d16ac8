/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Waiting for conditions instead of sleeping. */
#include "config.h"

#include "kr-test.h"

#include <fcntl.h>

/* Wakes a blocking turn of the main context, so that the deadline is seen. */
static gboolean
wake (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

void
kr_test_wait (const char *what, KrTestCondition condition, gpointer data)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();
  gint64 deadline = g_get_monotonic_time () + KR_TEST_DEADLINE * G_USEC_PER_SEC;
  g_autoptr (GSource) ticker = g_timeout_source_new (100);

  g_source_set_callback (ticker, wake, NULL, NULL);
  g_source_attach (ticker, context);
  while (!condition (data))
    {
      if (g_get_monotonic_time () > deadline)
        g_error ("waited %d s in vain for: %s", KR_TEST_DEADLINE, what);
      g_main_context_iteration (context, TRUE);
    }
  g_source_destroy (ticker);
}

static gboolean
flag_is_set (gpointer data)
{
  return *(const gboolean *) data;
}

void
kr_test_wait_flag (const char *what, const gboolean *flag)
{
  kr_test_wait (what, flag_is_set, (gpointer) flag);
}

typedef struct
{
  const guint *count;
  guint at_least;
} Count;

static gboolean
count_is_reached (gpointer data)
{
  const Count *count = data;

  return *count->count >= count->at_least;
}

void
kr_test_wait_count (const char *what, const guint *count, guint at_least)
{
  Count data = { count, at_least };

  kr_test_wait (what, count_is_reached, &data);
}

void
kr_test_store_result (GObject *source, GAsyncResult *result, gpointer data)
{
  GAsyncResult **store = data;

  g_assert_null (*store);
  *store = g_object_ref (result);
}

static gboolean
result_is_there (gpointer data)
{
  return *(GAsyncResult **) data != NULL;
}

void
kr_test_wait_result (const char *what, GAsyncResult **result)
{
  kr_test_wait (what, result_is_there, result);
}

static guint
count_pool_threads (void)
{
  g_autoptr (GDir) tasks = g_dir_open ("/proc/self/task", 0, NULL);
  const char *name;
  guint n = 0;

  while (tasks != NULL && (name = g_dir_read_name (tasks)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc/self/task", name, "comm", NULL);
      g_autofree char *text = NULL;

      n += g_file_get_contents (path, &text, NULL, NULL) && g_str_has_prefix (text, "pool-");
    }
  return n;
}

int
kr_test_run (void)
{
  int status = g_test_run ();
  gint64 deadline = g_get_monotonic_time () + 5 * G_USEC_PER_SEC;

  while (count_pool_threads () > 0 && g_get_monotonic_time () < deadline)
    {
      g_thread_pool_stop_unused_threads ();
      g_usleep (5000);
    }
  return status;
}

#define HIGHEST_DESCRIPTOR 1024

void
kr_test_dbus_up (GTestDBus *bus)
{
  for (int fd = 3; fd < HIGHEST_DESCRIPTOR; fd++)
    fcntl (fd, F_SETFD, FD_CLOEXEC);
  g_test_dbus_up (bus);
}
