/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A GSource that is ready when the machine wakes up again: the monotonic clock stood still meanwhile. */
#include "config.h"

#include "kr-hub-jump-source-private.h"

#ifdef __linux__

#include <glib-unix.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* Two readings of two clocks are a few µs apart; nobody sleeps for so short a time. */
#define SHORTEST (G_USEC_PER_SEC / 2)

typedef struct
{
  GSource source;
  int fd;
  gint64 offset;     /* of CLOCK_BOOTTIME to CLOCK_MONOTONIC, µs: how long the machine has slept since it was booted */
  KrHubJumpFunc func;
  gpointer data;
} JumpSource;

static gint64
read_clock (clockid_t clock)
{
  struct timespec time;

  clock_gettime (clock, &time);
  return (gint64) time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

static gint64
read_offset (void)
{
  gint64 monotonic = read_clock (CLOCK_MONOTONIC);

  return read_clock (CLOCK_BOOTTIME) - monotonic;
}

/* Never due; but it ends when the clock of the day is set, as it is after each sleep (timerfd_create(2)). */
static gboolean
arm (int fd)
{
  const struct itimerspec never = { .it_value = { .tv_sec = G_MAXINT32 * (gint64) 1000 } };

  return timerfd_settime (fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) == 0;
}

static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  JumpSource *self = (JumpSource *) source;
  gint64 before = self->offset;
  guint64 ticks;

  /* ECANCELED is what is hoped for; whatever it is, both clocks say what happened. */
  if (read (self->fd, &ticks, sizeof ticks) < 0)
    arm (self->fd);
  self->offset = read_offset ();
  if (self->offset - before >= SHORTEST)
    self->func (self->offset - before, self->data);
  return G_SOURCE_CONTINUE;
}

static void
finalize (GSource *source)
{
  close (((JumpSource *) source)->fd);
}

static GSourceFuncs funcs = { .dispatch = dispatch, .finalize = finalize };

GSource *
kr_hub_jump_source_new (KrHubJumpFunc func, gpointer data)
{
  int fd = timerfd_create (CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
  JumpSource *self;

  if (fd < 0 || !arm (fd))
    {
      if (fd >= 0)
        close (fd);
      return NULL;
    }
  self = (JumpSource *) g_source_new (&funcs, sizeof (JumpSource));
  self->fd = fd;
  self->offset = read_offset ();
  self->func = func;
  self->data = data;
  g_source_add_unix_fd (&self->source, fd, G_IO_IN);
  g_source_set_static_name (&self->source, "KrHubClock jumps");
  return &self->source;
}

#else

GSource *
kr_hub_jump_source_new (KrHubJumpFunc func, gpointer data)
{
  return NULL;
}

#endif
