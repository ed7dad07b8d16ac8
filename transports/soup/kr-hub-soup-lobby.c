/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupLobby: where connections wait until the head of their first request is there. */
#include "config.h"

#include "kr-hub-soup-lobby-private.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef HAVE_EPOLL
#include <sys/epoll.h>
#endif

/* libsoup has two buffers and a source for each connection of which it expects a request, 35 KiB in all, and each turn of
 * its loop costs more for each of them. Here one costs a descriptor in an epoll set and what it has said. */

#define MAX_EVENTS 16
#define BUFFER_SIZE (16 * 1024)

/* A head that is longer than that is libsoup's to judge. */
#define MAX_HEAD (8 * 1024)

typedef struct
{
  KrHubSoupCaller caller;
  GList link;         /* in waiting */
  gint64 deadline;
  GByteArray *head;   /* NULL: it has said nothing yet */
} Visitor;

struct _KrHubSoupLobby
{
  int epoll;
  GSource *source;
  KrHubClock *clock;
  KrHubTimer timer;     /* of the oldest */
  GQueue waiting;       /* of Visitor, by age */
  KrHubSoupLobbyFunc func;
  gpointer data;
  gboolean listening;   /* further down the stack */
  gboolean closed;      /* meanwhile */
  guint8 buffer[BUFFER_SIZE];
};

void
kr_hub_soup_caller_close (KrHubSoupCaller *self)
{
  close (self->fd);
  g_clear_object (&self->address);
  g_clear_object (&self->local);
  g_clear_pointer (&self->guest, kr_hub_soup_guest_leave);
  self->fd = -1;
}

/* An empty line; as libsoup does, we take a bare LF for the end of one. */
gboolean
kr_hub_soup_lobby_is_whole (const guint8 *data, gsize len, gsize from)
{
  const guint8 *end = data + len;
  const guint8 *at = data + (from > 2 ? from - 2 : 0);

  while (at < end && (at = memchr (at, '\n', end - at)) != NULL)
    {
      at++;
      if (at < end && *at == '\n')
        return TRUE;
      if (end - at >= 2 && at[0] == '\r' && at[1] == '\n')
        return TRUE;
    }
  return FALSE;
}

#ifdef HAVE_EPOLL

/* --- who waits --- */

static void
arm_timer (KrHubSoupLobby *self)
{
  GList *oldest = self->waiting.head;

  if (oldest != NULL)
    kr_hub_clock_arm (self->clock, &self->timer, ((Visitor *) oldest->data)->deadline);
  else if (self->timer.position > 0)
    kr_hub_clock_disarm (self->clock, &self->timer);
}

static void
add_visitor (KrHubSoupLobby *self, KrHubSoupCaller *caller, gint64 timeout, const guint8 *head, gsize len)
{
  Visitor *visitor = g_new0 (Visitor, 1);
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = visitor };

  if (epoll_ctl (self->epoll, EPOLL_CTL_ADD, caller->fd, &event) != 0)
    {
      g_message ("Nobody can wait (%s)", g_strerror (errno));
      kr_hub_soup_caller_close (caller);
      g_free (visitor);
      return;
    }
  visitor->caller = *caller;
  visitor->link.data = visitor;
  visitor->deadline = kr_hub_clock_get_time (self->clock) + timeout;
  if (len > 0)
    visitor->head = g_byte_array_append (g_byte_array_sized_new (len), head, len);
  g_queue_push_tail_link (&self->waiting, &visitor->link);
  if (self->waiting.length == 1)
    arm_timer (self);
}

/* Returns who waited, whose turn it is to be somewhere else. */
static KrHubSoupCaller
remove_visitor (KrHubSoupLobby *self, Visitor *visitor)
{
  KrHubSoupCaller caller = visitor->caller;

  epoll_ctl (self->epoll, EPOLL_CTL_DEL, caller.fd, NULL);
  g_queue_unlink (&self->waiting, &visitor->link);
  if (self->waiting.length == 0)
    arm_timer (self);
  g_clear_pointer (&visitor->head, g_byte_array_unref);
  g_free (visitor);
  return caller;
}

static void
send_away (KrHubSoupLobby *self, Visitor *visitor)
{
  KrHubSoupCaller caller = remove_visitor (self, visitor);

  kr_hub_soup_caller_close (&caller);
}

static void
timer_fired (KrHubTimer *timer, gint64 now)
{
  KrHubSoupLobby *self = timer->data;

  while (self->waiting.head != NULL && ((Visitor *) self->waiting.head->data)->deadline <= now)
    {
      g_debug ("a client took too long");
      send_away (self, self->waiting.head->data);
    }
  arm_timer (self);
}

/* --- what they say --- */

typedef enum
{
  SAID_ALL,
  SAID_NOTHING,
  SAID_FAREWELL,
} Said;

static Said
hear (KrHubSoupLobby *self, int fd, gsize *len)
{
  gssize n = recv (fd, self->buffer, sizeof self->buffer, MSG_DONTWAIT);

  *len = MAX (n, 0);
  if (n > 0)
    return SAID_ALL;
  return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) ? SAID_NOTHING : SAID_FAREWELL;
}

static void
pass_on (KrHubSoupLobby *self, Visitor *visitor)
{
  g_autoptr (GByteArray) head = g_steal_pointer (&visitor->head);
  KrHubSoupCaller caller = remove_visitor (self, visitor);

  self->func (&caller, head->data, head->len, self->data);
}

static void
visitor_ready (KrHubSoupLobby *self, Visitor *visitor)
{
  gsize len, before;

  switch (hear (self, visitor->caller.fd, &len))
    {
    case SAID_ALL:
      if (visitor->head == NULL)
        visitor->head = g_byte_array_sized_new (len);
      before = visitor->head->len;
      g_byte_array_append (visitor->head, self->buffer, len);
      if (visitor->head->len >= MAX_HEAD || kr_hub_soup_lobby_is_whole (visitor->head->data, visitor->head->len, before))
        pass_on (self, visitor);
      break;
    case SAID_FAREWELL:
      send_away (self, visitor);
      break;
    case SAID_NOTHING:
    default:
      break;
    }
}

/* Each visitor shows up once, and only its own turn takes it out. */
static gboolean
some_ready (int fd, GIOCondition condition, gpointer data)
{
  KrHubSoupLobby *self = data;
  struct epoll_event events[MAX_EVENTS];
  int n = epoll_wait (self->epoll, events, MAX_EVENTS, 0);

  self->listening = TRUE;
  for (int i = 0; i < n && !self->closed; i++)
    visitor_ready (self, events[i].data.ptr);
  self->listening = FALSE;
  if (!self->closed)
    return G_SOURCE_CONTINUE;
  g_free (self);
  return G_SOURCE_REMOVE;
}

void
kr_hub_soup_lobby_enter (KrHubSoupLobby *self, KrHubSoupCaller *caller, gint64 timeout)
{
  gsize len;

  switch (hear (self, caller->fd, &len))
    {
    case SAID_FAREWELL:
      kr_hub_soup_caller_close (caller);
      break;
    case SAID_ALL:
      if (len >= MAX_HEAD || kr_hub_soup_lobby_is_whole (self->buffer, len, 0))
        {
          self->func (caller, self->buffer, len, self->data);
          break;
        }
      G_GNUC_FALLTHROUGH;
    case SAID_NOTHING:
    default:
      add_visitor (self, caller, timeout, self->buffer, len);
      break;
    }
}

KrHubSoupLobby *
kr_hub_soup_lobby_new (KrHubClock *clock, GMainContext *context, KrHubSoupLobbyFunc func, gpointer data)
{
  int epoll = epoll_create1 (EPOLL_CLOEXEC);
  KrHubSoupLobby *self;

  if (epoll < 0)
    return NULL;
  self = g_new0 (KrHubSoupLobby, 1);
  self->epoll = epoll;
  self->clock = g_object_ref (clock);
  self->timer.fire = timer_fired;
  self->timer.data = self;
  self->func = func;
  self->data = data;
  g_queue_init (&self->waiting);
  self->source = g_unix_fd_source_new (epoll, G_IO_IN);
  g_source_set_static_name (self->source, "KrHubSoupLobby");
  g_source_set_callback (self->source, G_SOURCE_FUNC (some_ready), self, NULL);
  g_source_attach (self->source, context);
  return self;
}

void
kr_hub_soup_lobby_free (KrHubSoupLobby *self)
{
  while (self->waiting.head != NULL)
    send_away (self, self->waiting.head->data);
  g_source_destroy (self->source);
  g_source_unref (self->source);
  close (self->epoll);
  g_object_unref (self->clock);
  self->closed = TRUE;
  if (!self->listening)
    g_free (self);
}

#else

KrHubSoupLobby *
kr_hub_soup_lobby_new (KrHubClock *clock, GMainContext *context, KrHubSoupLobbyFunc func, gpointer data)
{
  return NULL;
}

void
kr_hub_soup_lobby_free (KrHubSoupLobby *self)
{
}

void
kr_hub_soup_lobby_enter (KrHubSoupLobby *self, KrHubSoupCaller *caller, gint64 timeout)
{
  self->func (caller, NULL, 0, self->data);
}

#endif
