/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* LimitReactor: one epoll descriptor for many connections, turned by a thread of its own or by the main loop. */
#include "config.h"

#include "limit-reactor.h"

#include <glib-unix.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define N_EVENTS 512

struct _LimitReactor
{
  int epoll_fd;
  int wake_fd;             /* in epoll_fd with data.ptr NULL */
  GPtrArray *connections;
  GPtrArray *dirty;        /* connections with something to write, or closed ones to free */
  GMutex lock;             /* guards the two below, which other threads fill */
  GPtrArray *joining;
  GPtrArray *broadcasts;
};

static LimitReactor *reactors;
static guint n_reactors;

static void
wake (LimitReactor *self)
{
  guint64 one = 1;
  gssize written = write (self->wake_fd, &one, sizeof one);

  g_warn_if_fail (written == sizeof one);
}

void
limit_reactor_add_dirty (LimitReactor *self, LimitConnection *connection)
{
  connection->dirty = TRUE;
  g_ptr_array_add (self->dirty, connection);
}

static void
queue_for_all (LimitReactor *self, LimitBuffer *buffer)
{
  for (guint i = 0; i < self->connections->len; i++)
    limit_connection_queue (self->connections->pdata[i], limit_buffer_ref (buffer));
}

/* To the connections of every reactor; self is the one whose thread calls. Takes the reference. */
void
limit_reactor_broadcast (LimitReactor *self, LimitBuffer *buffer)
{
  for (LimitReactor *other = reactors; other < reactors + n_reactors; other++)
    {
      if (other == self)
        {
          queue_for_all (self, buffer);
          continue;
        }
      g_mutex_lock (&other->lock);
      g_ptr_array_add (other->broadcasts, limit_buffer_ref (buffer));
      g_mutex_unlock (&other->lock);
      wake (other);
    }
  limit_buffer_unref (buffer);
}

static void
watch (LimitReactor *self, LimitConnection *connection, int operation, guint32 events)
{
  struct epoll_event event = { .events = events, .data.ptr = connection };

  epoll_ctl (self->epoll_fd, operation, connection->fd, &event);
}

static void
remove_connection (LimitReactor *self, LimitConnection *connection)
{
  LimitConnection *last = g_ptr_array_steal_index_fast (self->connections, self->connections->len - 1);

  if (last != connection)
    {
      self->connections->pdata[connection->index] = last;
      last->index = connection->index;
    }
  watch (self, connection, EPOLL_CTL_DEL, 0);
  limit_connection_close (connection);
  if (!connection->dirty)
    g_free (connection);
}

static void
add_connection (gpointer data, gpointer reactor)
{
  LimitConnection *connection = data;
  LimitReactor *self = reactor;

  connection->index = self->connections->len;
  g_ptr_array_add (self->connections, connection);
  watch (self, connection, EPOLL_CTL_ADD, EPOLLIN);
}

static void
deliver (gpointer buffer, gpointer reactor)
{
  queue_for_all (reactor, buffer);
  limit_buffer_unref (buffer);
}

/* What other threads have left here. */
static void
take_mail (LimitReactor *self)
{
  g_autoptr (GPtrArray) joining = NULL;
  g_autoptr (GPtrArray) broadcasts = NULL;
  guint64 count;
  gssize n = read (self->wake_fd, &count, sizeof count);

  if (n < 0)
    return;
  g_mutex_lock (&self->lock);
  joining = g_steal_pointer (&self->joining);
  broadcasts = g_steal_pointer (&self->broadcasts);
  self->joining = g_ptr_array_new ();
  self->broadcasts = g_ptr_array_new ();
  g_mutex_unlock (&self->lock);
  g_ptr_array_foreach (joining, add_connection, self);
  g_ptr_array_foreach (broadcasts, deliver, self);
}

static void
flush (LimitReactor *self)
{
  for (guint i = 0; i < self->dirty->len; i++)
    {
      LimitConnection *connection = self->dirty->pdata[i];
      gboolean all;

      connection->dirty = FALSE;
      if (connection->fd < 0)
        {
          g_free (connection);
          continue;
        }
      all = limit_connection_flush (connection);
      if (all == connection->waits)
        {
          connection->waits = !all;
          watch (self, connection, EPOLL_CTL_MOD, all ? EPOLLIN : EPOLLIN | EPOLLOUT);
        }
    }
  g_ptr_array_set_size (self->dirty, 0);
}

/* One turn: read from whoever has something, then one writev for each connection that has something to say. */
static void
turn (LimitReactor *self, int timeout)
{
  struct epoll_event events[N_EVENTS];
  int n = epoll_wait (self->epoll_fd, events, N_EVENTS, timeout);

  for (int i = 0; i < n; i++)
    {
      LimitConnection *connection = events[i].data.ptr;

      if (connection == NULL)
        take_mail (self);
      else if ((events[i].events & EPOLLOUT) && !connection->dirty)
        limit_reactor_add_dirty (self, connection);
      if (connection != NULL && (events[i].events & ~EPOLLOUT) && !limit_connection_receive (connection))
        remove_connection (self, connection);
    }
  flush (self);
}

static gpointer
run (gpointer reactor)
{
  for (;;)
    turn (reactor, -1);
  return NULL;
}

static gboolean
on_readable (int fd, GIOCondition condition, gpointer reactor)
{
  turn (reactor, 0);
  return G_SOURCE_CONTINUE;
}

static void
reactor_init (LimitReactor *self)
{
  struct epoll_event event = { .events = EPOLLIN };

  self->epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  self->wake_fd = eventfd (0, EFD_NONBLOCK | EFD_CLOEXEC);
  self->connections = g_ptr_array_new ();
  self->dirty = g_ptr_array_new ();
  self->joining = g_ptr_array_new ();
  self->broadcasts = g_ptr_array_new ();
  g_mutex_init (&self->lock);
  epoll_ctl (self->epoll_fd, EPOLL_CTL_ADD, self->wake_fd, &event);
}

/* n_threads: 0 for one reactor in the main loop */
void
limit_reactors_start (guint n_threads)
{
  n_reactors = MAX (1, n_threads);
  reactors = g_new0 (LimitReactor, n_reactors);
  for (guint i = 0; i < n_reactors; i++)
    {
      reactor_init (&reactors[i]);
      if (n_threads > 0)
        g_thread_unref (g_thread_new ("reactor", run, &reactors[i]));
      else
        g_unix_fd_add (reactors[i].epoll_fd, G_IO_IN, on_readable, &reactors[i]);
    }
}

/* Gives the connection to the next reactor in turn. */
void
limit_reactors_add (LimitConnection *connection)
{
  static guint next;
  LimitReactor *self = &reactors[next++ % n_reactors];

  connection->reactor = self;
  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->joining, connection);
  g_mutex_unlock (&self->lock);
  wake (self);
}
