/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A machine that sleeps, as far as its clocks can tell: a time namespace whose CLOCK_BOOTTIME is ahead. */
/* That the clock of the day is set after a sleep is all that is played here: its timer is made to expire. What a client does
 * then is for test-staying.c: a program that has made a GTask has a second thread, and may not move any more. */
#include "config.h"

#include <krhub.h>

#include "kr-test.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

/* How far CLOCK_BOOTTIME is ahead by now, seconds. */
static guint ahead;

static gboolean
write_offset (guint seconds)
{
  g_autofree char *text = g_strdup_printf ("boottime %u 0\n", seconds);
  int fd = open ("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
  gboolean done = fd >= 0 && write (fd, text, strlen (text)) == (gssize) strlen (text);

  if (fd >= 0)
    close (fd);
  return done;
}

/* FALSE: not here. For a program of one thread. */
static gboolean
move_ahead (guint seconds)
{
  int fd;
  gboolean moved;

  if (unshare (CLONE_NEWTIME) != 0 || !write_offset (ahead + seconds))
    return FALSE;
  fd = open ("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
  moved = fd >= 0 && setns (fd, CLONE_NEWTIME) == 0;
  if (fd >= 0)
    close (fd);
  if (moved)
    ahead += seconds;
  return moved;
}

/* Whoever is nobody may do so in a namespace of its own. */
static gboolean
can_sleep (void)
{
  if (unshare (CLONE_NEWUSER) == 0 && move_ahead (1))
    return TRUE;
  g_test_skip ("this system lets nobody change the clocks of a namespace");
  return FALSE;
}

/* Those that wait for the clock of the day to be set. */
static void
expire_timers (void)
{
  g_autoptr (GDir) folder = g_dir_open ("/proc/self/fd", 0, NULL);
  const struct itimerspec soon = { .it_value = { .tv_nsec = 1 } };
  const char *name;
  guint n = 0;

  while ((name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc/self/fd", name, NULL);
      g_autofree char *target = g_file_read_link (path, NULL);

      if (g_strcmp0 (target, "anon_inode:[timerfd]") != 0)
        continue;
      g_assert_cmpint (timerfd_settime (atoi (name), 0, &soon, NULL), ==, 0);
      n++;
    }
  g_assert_cmpuint (n, >, 0);
}

static void
sleep_for (guint seconds)
{
  if (seconds > 0 && !move_ahead (seconds))
    g_error ("cannot move again: %s", g_strerror (errno));
  expire_timers ();
}

static void
on_jumped (KrHubClock *clock, gint64 slept, gpointer data)
{
  g_array_append_val (data, slept);
}

static gboolean
has_one (gpointer data)
{
  return ((GArray *) data)->len >= 1;
}

static gboolean
has_two (gpointer data)
{
  return ((GArray *) data)->len >= 2;
}

/* An hour, and a minute behind it. */
static void
test_clock (void)
{
  g_autoptr (KrHubClock) clock = NULL;
  g_autoptr (GArray) jumps = g_array_new (FALSE, FALSE, sizeof (gint64));
  gint64 before, slept;

  if (!can_sleep ())
    return;
  clock = kr_hub_clock_dup_default ();
  kr_hub_clock_watch_jumps (clock);
  g_signal_connect (clock, "jumped", G_CALLBACK (on_jumped), jumps);
  before = kr_hub_clock_get_time (clock);
  /* The clock was set, and that was all. */
  sleep_for (0);
  for (guint i = 0; i < 10; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (jumps->len, ==, 0);
  sleep_for (3600);
  kr_test_wait ("the jump", has_one, jumps);
  slept = g_array_index (jumps, gint64, 0);
  g_assert_cmpint (slept, >, (gint64) 3599 * G_USEC_PER_SEC);
  g_assert_cmpint (slept, <, (gint64) 3601 * G_USEC_PER_SEC);
  sleep_for (60);
  kr_test_wait ("the second jump", has_two, jumps);
  g_assert_cmpint (ABS (g_array_index (jumps, gint64, 1) - (gint64) 60 * G_USEC_PER_SEC), <, G_USEC_PER_SEC);
  /* It stood still. */
  g_assert_cmpint (kr_hub_clock_get_time (clock) - before, <, KR_TEST_DEADLINE * G_USEC_PER_SEC);
  g_signal_handlers_disconnect_by_data (clock, jumps);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sleep/clock", test_clock);
  return g_test_run ();
}
