/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* SIGINT and SIGTERM: the first asks to end, the second kills. */
#include "config.h"

#include "krhub-interrupt.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <unistd.h>

/* A handler of GLib would run in the main loop only, which may just be waiting for somebody to read our output. */
static int pipe_ends[2] = { -1, -1 };
static volatile sig_atomic_t n_signals;
static KrhubInterruptFunc callback;
static gpointer callback_data;
static guint source_id;

static void
on_signal (int signal_number)
{
  const char byte = signal_number;
  int saved = errno;

  if (n_signals++ > 0)
    {
      signal (signal_number, SIG_DFL);
      raise (signal_number);
    }
  else if (write (pipe_ends[1], &byte, 1) < 0)
    n_signals = 0;
  errno = saved;
}

static gboolean
on_readable (int fd, GIOCondition condition, gpointer data)
{
  char byte;

  if (read (fd, &byte, 1) == 1)
    callback (byte, callback_data);
  return G_SOURCE_CONTINUE;
}

static void
handle (void (*handler) (int))
{
  struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };

  sigemptyset (&action.sa_mask);
  sigaction (SIGINT, &action, NULL);
  sigaction (SIGTERM, &action, NULL);
}

/**
 * krhub_interrupt_watch:
 * @func: called for the first signal
 * @data: data for @func
 * @error: return location for an error
 *
 * Takes over SIGINT and SIGTERM.
 *
 * Returns: whether that was possible
 */
gboolean
krhub_interrupt_watch (KrhubInterruptFunc func, gpointer data, GError **error)
{
  if (!g_unix_open_pipe (pipe_ends, FD_CLOEXEC, error))
    return FALSE;
  callback = func;
  callback_data = data;
  source_id = g_unix_fd_add (pipe_ends[0], G_IO_IN, on_readable, NULL);
  handle (on_signal);
  return TRUE;
}

/**
 * krhub_interrupt_unwatch:
 *
 * Gives the signals their usual effect again.
 */
void
krhub_interrupt_unwatch (void)
{
  handle (SIG_DFL);
  g_source_remove (source_id);
  close (pipe_ends[0]);
  close (pipe_ends[1]);
}
