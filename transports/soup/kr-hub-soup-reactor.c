/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupReactor: readiness for all connections of one main context. */
#include "config.h"

#include "kr-hub-soup-reactor-private.h"

#include <errno.h>
#include <gio/gnetworking.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kr-hub-soup-crossing-private.h"

#define BUFFER_SIZE (64 * 1024)
#define MAX_SHORT 1024

/* Busy-polling: a peer that lets so many budgets pass is idle, and the other sources of the context wait no longer. */
#define IDLE_BUDGETS 10
#define MAX_HOLD 1000

/* sendmsg() gets GOutputVectors as they are. */
G_STATIC_ASSERT (sizeof (GOutputVector) == sizeof (struct iovec));
G_STATIC_ASSERT (G_STRUCT_OFFSET (GOutputVector, buffer) == G_STRUCT_OFFSET (struct iovec, iov_base));
G_STATIC_ASSERT (G_STRUCT_OFFSET (GOutputVector, size) == G_STRUCT_OFFSET (struct iovec, iov_len));

G_LOCK_DEFINE_STATIC (reactors);
static GHashTable *reactors; /* GMainContext -> KrHubSoupReactor, no references; guarded by the lock */
static GHashTable *budgets;  /* GMainContext -> µs of busy-polling, where it is not 0; likewise */

/* --- lists whose members can leave at any time --- */

static void
list_add (GPtrArray *list, guint *place, KrHubSoupChannel *channel)
{
  if (*place > 0)
    return;
  g_ptr_array_add (list, channel);
  *place = list->len;
}

/* The slot goes with the list. A list being worked off has the places cleared before each call, so that a place always
 * means the current list. */
static void
list_remove (GPtrArray *list, guint *place)
{
  if (*place > 0)
    list->pdata[*place - 1] = NULL;
  *place = 0;
}

/* --- delivery --- */

static void update_interest (KrHubSoupChannel *self);

static void
keep_rest (KrHubSoupChannel *channel, const guint8 *data, gsize len)
{
  if (channel->stash == NULL)
    channel->stash = g_byte_array_new ();
  g_byte_array_append (channel->stash, data, len);
  if (channel->reading)
    list_add (channel->reactor->pending, &channel->pending, channel);
}

/* Who asked is answered before others hear of it: the next question is then on its way while they are written to. */
static void
bring_forward (KrHubSoupChannel *channel)
{
  KrHubSoupReactor *reactor = channel->reactor;
  guint place = channel->dirty, first = reactor->n_answers + 1;
  KrHubSoupChannel *other;

  if (place < first)
    return; /* it is there already, or has nothing to say */
  other = reactor->dirty->pdata[first - 1];
  if (other != NULL)
    other->dirty = place;
  reactor->dirty->pdata[place - 1] = other;
  reactor->dirty->pdata[first - 1] = channel;
  channel->dirty = first;
  reactor->n_answers = first;
}

static void
deliver (KrHubSoupChannel *channel, guint8 *data, gsize len)
{
  gsize taken = channel->funcs->received (channel, data, len);

  bring_forward (channel);
  if (G_UNLIKELY (taken < len && kr_hub_soup_channel_is_open (channel)))
    keep_rest (channel, data + taken, len - taken);
}

static void
end_channel (KrHubSoupChannel *channel, const GError *error)
{
  kr_hub_soup_channel_set_reading (channel, FALSE);
  channel->funcs->ended (channel, error);
}

static void
set_errno (GError **error, int code)
{
  g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (code), g_strerror (code));
}

static void
end_with_errno (KrHubSoupChannel *channel, int code)
{
  g_autoptr (GError) error = NULL;

  set_errno (&error, code);
  end_channel (channel, error);
}

static void
read_plain (KrHubSoupChannel *channel)
{
  guint8 *buffer = channel->reactor->buffer;
  gssize n = recv (channel->fd, buffer, BUFFER_SIZE, MSG_DONTWAIT);

  if (G_LIKELY (n > 0))
    deliver (channel, buffer, n);
  else if (n == 0)
    end_channel (channel, NULL);
  else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
    end_with_errno (channel, errno);
}

/* One read of whatever the stream holds or can get. FALSE: there is no more for now. */
static gboolean
read_stream_once (KrHubSoupChannel *channel, gsize *total)
{
  GPollableInputStream *input = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (channel->stream));
  g_autoptr (GError) error = NULL;
  gssize n = g_pollable_input_stream_read_nonblocking (input, channel->reactor->buffer, BUFFER_SIZE, NULL, &error);

  if (n > 0)
    {
      *total += n;
      deliver (channel, channel->reactor->buffer, n);
      return kr_hub_soup_channel_is_open (channel) && channel->reading;
    }
  if (n == 0)
    end_channel (channel, NULL);
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    end_channel (channel, error);
  return FALSE;
}

/* A TLS record that was read ahead shows in no readiness: read until there is nothing, or come back in the next turn. */
static void
read_stream (KrHubSoupChannel *channel)
{
  gsize total = 0;

  while (read_stream_once (channel, &total))
    if (total >= BUFFER_SIZE || channel->plain)
      {
        if (!channel->plain)
          list_add (channel->reactor->pending, &channel->pending, channel);
        return;
      }
}

static void
deliver_stash (KrHubSoupChannel *channel)
{
  g_autoptr (GByteArray) stash = g_steal_pointer (&channel->stash);

  deliver (channel, stash->data, stash->len);
}

static void
read_pending (KrHubSoupChannel *channel)
{
  if (!channel->reading)
    return;
  if (channel->stash != NULL)
    {
      deliver_stash (channel);
      if (kr_hub_soup_channel_is_open (channel) && channel->reading && (channel->buffered || !channel->plain))
        list_add (channel->reactor->pending, &channel->pending, channel);
      return;
    }
  channel->buffered = FALSE;
  read_stream (channel);
}

static int
socket_error (int fd)
{
  int code = 0;
  socklen_t size = sizeof code;

  if (getsockopt (fd, SOL_SOCKET, SO_ERROR, &code, &size) != 0 || code == 0)
    code = ECONNRESET;
  return code;
}

static void
ready_to_read (KrHubSoupChannel *channel)
{
  if (G_UNLIKELY (channel->buffered || channel->stash != NULL))
    return; /* first things first: it is in the pending list */
  if (G_LIKELY (channel->plain))
    read_plain (channel);
  else
    read_stream (channel);
}

/* Called by the backend. */
void
kr_hub_soup_reactor_ready (KrHubSoupChannel *channel, GIOCondition condition)
{
  const GIOCondition broken = G_IO_ERR | G_IO_HUP | G_IO_NVAL;

  if (!kr_hub_soup_channel_is_open (channel))
    return;
  if (G_UNLIKELY (channel->watched))
    {
      end_channel (channel, NULL);
      return;
    }
  if (channel->reading && (condition & (G_IO_IN | broken)))
    ready_to_read (channel);
  else if (G_UNLIKELY (condition & broken))
    end_with_errno (channel, socket_error (channel->fd));
  if (channel->blocked && (condition & (G_IO_OUT | broken)) && kr_hub_soup_channel_is_open (channel))
    {
      channel->blocked = FALSE;
      update_interest (channel);
      channel->funcs->flush (channel);
    }
}

/* --- the turn --- */

static GPtrArray *
begin_list (KrHubSoupReactor *self, GPtrArray **list)
{
  GPtrArray *current = *list;

  *list = self->spare != NULL ? g_steal_pointer (&self->spare) : g_ptr_array_new ();
  return current;
}

static void
end_list (KrHubSoupReactor *self, GPtrArray *list)
{
  g_ptr_array_set_size (list, 0);
  if (self->spare == NULL)
    self->spare = list;
  else
    g_ptr_array_unref (list);
}

/* Those that are added meanwhile wait for the next turn, so that nobody can hold up the loop. A channel that closes
 * while the list is worked off stays valid until the graveyard is cleared. */
static void
flush_dirty (KrHubSoupReactor *self)
{
  GPtrArray *list;

  if (self->dirty->len == 0)
    return;
  list = begin_list (self, &self->dirty);
  self->n_answers = 0;
  for (guint i = 0; i < list->len; i++)
    if (list->pdata[i] != NULL)
      ((KrHubSoupChannel *) list->pdata[i])->dirty = 0;
  for (guint i = 0; i < list->len; i++)
    {
      KrHubSoupChannel *channel = list->pdata[i];

      if (channel != NULL && kr_hub_soup_channel_is_open (channel))
        channel->funcs->flush (channel);
    }
  end_list (self, list);
}

static void
read_all_pending (KrHubSoupReactor *self)
{
  GPtrArray *list;

  if (G_LIKELY (self->pending->len == 0))
    return;
  list = begin_list (self, &self->pending);
  for (guint i = 0; i < list->len; i++)
    if (list->pdata[i] != NULL)
      ((KrHubSoupChannel *) list->pdata[i])->pending = 0;
  for (guint i = 0; i < list->len; i++)
    {
      KrHubSoupChannel *channel = list->pdata[i];

      if (channel != NULL && kr_hub_soup_channel_is_open (channel))
        read_pending (channel);
    }
  end_list (self, list);
}

static void
forget (KrHubSoupReactor *self)
{
  G_LOCK (reactors);
  if (reactors != NULL && g_hash_table_lookup (reactors, self->context) == self)
    g_hash_table_remove (reactors, self->context);
  G_UNLOCK (reactors);
}

/* Owners may go now, and the reactor with the last of them. */
static void
clear_graveyard (KrHubSoupReactor *self)
{
  while (self->graveyard->len > 0)
    {
      self->n_channels--;
      g_object_unref (g_ptr_array_remove_index_fast (self->graveyard, self->graveyard->len - 1));
    }
  if (self->n_channels > 0)
    return;
  forget (self);
  g_source_destroy (&self->source);
}

static gboolean
has_work (KrHubSoupReactor *self)
{
  return self->dirty->len > 0 || self->pending->len > 0 || self->graveyard->len > 0;
}

static void
mute (KrHubSoupReactor *self, gboolean muted)
{
  if (self->backend->mute != NULL)
    self->backend->mute (self, muted);
}

static gboolean
reactor_prepare (GSource *source, int *timeout)
{
  KrHubSoupReactor *self = (KrHubSoupReactor *) source;

  *timeout = -1;
  if (G_UNLIKELY (self->dispatching))
    mute (self, TRUE);
  return !self->dispatching && has_work (self);
}

static gboolean
reactor_check (GSource *source)
{
  KrHubSoupReactor *self = (KrHubSoupReactor *) source;

  return !self->dispatching && (has_work (self) || self->backend->check (self));
}

/* TRUE: there was something to do. */
static gboolean
run_turn (KrHubSoupReactor *self)
{
  gboolean active = self->backend->turn (self) > 0 || has_work (self);

  read_all_pending (self);
  flush_dirty (self);
  if (self->graveyard->len > 0)
    clear_graveyard (self);
  return active;
}

/* A sleep and a wake-up cost more than an answer: who has just had work looks for more before going to sleep. Not after
 * a pause, so that an idle program burns nothing. */
static void
busy_poll (KrHubSoupReactor *self, gint64 budget, gint64 begin)
{
  gint64 now = g_get_monotonic_time ();
  gint64 end = now + budget;

  if (begin - self->last_active < IDLE_BUDGETS * budget)
    while (now < end && now < begin + MAX_HOLD && !g_source_is_destroyed (&self->source))
      {
        gboolean active = run_turn (self);

        now = g_get_monotonic_time ();
        if (active)
          end = now + budget;
      }
  self->last_active = now;
}

static gboolean
reactor_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  KrHubSoupReactor *self = (KrHubSoupReactor *) source;
  gint budget = g_atomic_int_get (&self->busy_poll);
  gint64 begin = budget > 0 ? g_get_monotonic_time () : 0;

  self->dispatching = TRUE;
  run_turn (self);
  if (G_UNLIKELY (budget > 0) && !g_source_is_destroyed (source))
    busy_poll (self, budget, begin);
  self->dispatching = FALSE;
  if (!g_source_is_destroyed (source))
    mute (self, FALSE);
  return G_SOURCE_CONTINUE;
}

static void
reactor_finalize (GSource *source)
{
  KrHubSoupReactor *self = (KrHubSoupReactor *) source;

  forget (self);
  self->backend->close (self);
  for (guint i = 0; i < self->graveyard->len; i++)
    g_object_unref (self->graveyard->pdata[i]);
  g_ptr_array_unref (self->graveyard);
  g_ptr_array_unref (self->dirty);
  g_ptr_array_unref (self->pending);
  g_clear_pointer (&self->spare, g_ptr_array_unref);
  g_free (self->buffer);
  g_free (self->scratch);
}

static GSourceFuncs reactor_funcs = {
  .prepare = reactor_prepare,
  .check = reactor_check,
  .dispatch = reactor_dispatch,
  .finalize = reactor_finalize,
};

static const KrHubSoupReactorBackend *
open_backend (KrHubSoupReactor *self)
{
#ifdef HAVE_EPOLL
  if (g_strcmp0 (g_getenv ("KR_HUB_SOUP_REACTOR"), "source") != 0 && kr_hub_soup_reactor_epoll_backend.open (self))
    return &kr_hub_soup_reactor_epoll_backend;
#endif
  kr_hub_soup_reactor_source_backend.open (self);
  return &kr_hub_soup_reactor_source_backend;
}

static KrHubSoupReactor *
reactor_new (GMainContext *context)
{
  KrHubSoupReactor *self = (KrHubSoupReactor *) g_source_new (&reactor_funcs, sizeof *self);

  self->context = context;
  self->dirty = g_ptr_array_new ();
  self->pending = g_ptr_array_new ();
  self->graveyard = g_ptr_array_new ();
  self->buffer = g_malloc (BUFFER_SIZE);
  self->backend = open_backend (self);
  g_source_set_static_name (&self->source, "KrHubSoupReactor");
  g_source_attach (&self->source, context);
  g_source_unref (&self->source); /* the context's from here on, until the last channel goes */
  return self;
}

void
kr_hub_soup_reactor_set_busy_poll (GMainContext *context, guint microseconds)
{
  KrHubSoupReactor *self;

  G_LOCK (reactors);
  if (budgets == NULL)
    budgets = g_hash_table_new (NULL, NULL);
  if (microseconds > 0)
    g_hash_table_insert (budgets, context, GUINT_TO_POINTER (microseconds));
  else
    g_hash_table_remove (budgets, context);
  self = reactors != NULL ? g_hash_table_lookup (reactors, context) : NULL;
  if (self != NULL)
    g_atomic_int_set (&self->busy_poll, microseconds);
  G_UNLOCK (reactors);
}

/* The one of @context, made when the first channel needs it. In the context's thread. */
static KrHubSoupReactor *
reactor_for (GMainContext *context)
{
  KrHubSoupReactor *self;

  G_LOCK (reactors);
  if (reactors == NULL)
    reactors = g_hash_table_new (NULL, NULL);
  self = g_hash_table_lookup (reactors, context);
  if (self == NULL)
    {
      self = reactor_new (context);
      if (budgets != NULL)
        self->busy_poll = GPOINTER_TO_INT (g_hash_table_lookup (budgets, context));
      g_hash_table_insert (reactors, context, self);
    }
  self->n_channels++;
  G_UNLOCK (reactors);
  return self;
}

/* --- channels --- */

/* Whether reading and writing the descriptor itself is the same as using the stream. */
static gboolean
stream_is_plain (GIOStream *stream)
{
  g_autoptr (GIOStream) base = NULL;

  if (g_object_class_find_property (G_OBJECT_GET_CLASS (stream), "base-iostream") != NULL)
    g_object_get (stream, "base-iostream", &base, NULL);
  if (base != NULL)
    stream = base;
  return G_IS_SOCKET_CONNECTION (stream) && !G_IS_TCP_WRAPPER_CONNECTION (stream);
}

static void
open_channel (KrHubSoupChannel *self,
              GObject *owner,
              const KrHubSoupChannelFuncs *funcs,
              GMainContext *context,
              int fd)
{
  self->funcs = funcs;
  self->owner = g_object_ref (owner);
  self->reactor = reactor_for (context);
  self->fd = fd;
  self->reactor->backend->add (self->reactor, self);
}

/* Nothing else is done with the channel before it is opened. */
void
kr_hub_soup_channel_hold (KrHubSoupChannel *self, KrHubSoupWire *wire)
{
  g_autoptr (GBytes) early = g_steal_pointer (&wire->early);

  self->stream = g_steal_pointer (&wire->stream);
  self->guest = g_steal_pointer (&wire->guest);
  self->held = wire->fd;
  if (early != NULL)
    self->stash = g_bytes_unref_to_array (g_steal_pointer (&early));
}

KrHubSoupWire
kr_hub_soup_channel_release (KrHubSoupChannel *self)
{
  KrHubSoupWire wire = { .fd = -1 };

  if (self->held < 0)
    return wire;
  wire.stream = g_steal_pointer (&self->stream);
  wire.guest = g_steal_pointer (&self->guest);
  wire.fd = self->held;
  g_clear_pointer (&self->stash, g_byte_array_unref);
  self->held = -1;
  return wire;
}

/* Begins to serve what it holds in the main context that calls this. */
void
kr_hub_soup_channel_open (KrHubSoupChannel *self, GObject *owner, const KrHubSoupChannelFuncs *funcs)
{
  g_autoptr (GMainContext) context = kr_hub_soup_ref_current_context ();
  int fd = self->held;

  self->held = -1;
  self->plain = self->stream == NULL || stream_is_plain (self->stream);
  self->reading = TRUE;
  self->buffered = self->stream != NULL;
  self->interest = G_IO_IN;
  open_channel (self, owner, funcs, context, fd);
  if (self->buffered || self->stash != NULL)
    list_add (self->reactor->pending, &self->pending, self);
}

/* Only learns, through ended(), that the peer of somebody else's socket went away. */
void
kr_hub_soup_channel_watch (KrHubSoupChannel *self,
                           GObject *owner,
                           const KrHubSoupChannelFuncs *funcs,
                           GMainContext *context,
                           int fd)
{
  self->watched = TRUE;
  self->interest = KR_HUB_SOUP_CONDITION_PEER_GONE;
  open_channel (self, owner, funcs, context, fd);
}

static void
update_interest (KrHubSoupChannel *self)
{
  GIOCondition interest = (self->reading ? G_IO_IN : 0) | (self->blocked ? G_IO_OUT : 0);

  if (interest == self->interest)
    return;
  self->interest = interest;
  self->reactor->backend->update (self->reactor, self);
}

void
kr_hub_soup_channel_set_reading (KrHubSoupChannel *self, gboolean reading)
{
  gboolean resumed = reading && !self->reading;

  if (!kr_hub_soup_channel_is_open (self))
    return;
  self->reading = reading;
  update_interest (self);
  /* Also a stream of its own may have read ahead. */
  if (resumed && (self->stash != NULL || self->buffered || !self->plain))
    list_add (self->reactor->pending, &self->pending, self);
}

void
kr_hub_soup_channel_request_flush (KrHubSoupChannel *self)
{
  if (G_LIKELY (self->dirty == 0 && kr_hub_soup_channel_is_open (self)))
    list_add (self->reactor->dirty, &self->dirty, self);
}

/* --- writing --- */

/* Pieces of a short message are copied together: the kernel takes longer to look at a list of them. */
static gssize
send_short (int fd, const GOutputVector *vectors, gsize n_vectors)
{
  guint8 all[MAX_SHORT], *end = all;

  for (gsize i = 0; i < n_vectors; i++)
    {
      memcpy (end, vectors[i].buffer, vectors[i].size);
      end += vectors[i].size;
    }
  return send (fd, all, end - all, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static gssize
write_plain (KrHubSoupChannel *self, const GOutputVector *vectors, gsize n_vectors, gsize total, GError **error)
{
  struct msghdr message = { .msg_iov = (struct iovec *) vectors, .msg_iovlen = n_vectors };
  gssize n;

  do
    n = total <= MAX_SHORT ? send_short (self->fd, vectors, n_vectors)
                           : sendmsg (self->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
    return 0;
  if (n < 0)
    set_errno (error, errno);
  return n;
}

/* TLS makes a record of each write: collect. After a write that would block, what comes next begins with the same bytes,
 * as GnuTLS demands. */
static gsize
collect (guint8 *scratch, const GOutputVector *vectors, gsize n_vectors)
{
  gsize len = 0;

  for (gsize i = 0; i < n_vectors && len < BUFFER_SIZE; i++)
    {
      gsize part = MIN (vectors[i].size, BUFFER_SIZE - len);

      memcpy (scratch + len, vectors[i].buffer, part);
      len += part;
    }
  return len;
}

/* Reports what is left of the collected bytes when the stream takes no more, as 0 or more written. */
static gssize
write_stream (KrHubSoupChannel *self, const GOutputVector *vectors, gsize n_vectors, gboolean *blocked, GError **error)
{
  GPollableOutputStream *output = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (self->stream));
  gsize len, done = 0;

  if (self->reactor->scratch == NULL)
    self->reactor->scratch = g_malloc (BUFFER_SIZE);
  len = collect (self->reactor->scratch, vectors, n_vectors);
  while (done < len)
    {
      g_autoptr (GError) local = NULL;
      gssize n = g_pollable_output_stream_write_nonblocking (output, self->reactor->scratch + done, len - done, NULL, &local);

      if (n > 0)
        done += n;
      else if (n < 0 && !g_error_matches (local, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return -1;
        }
      else
        {
          *blocked = TRUE;
          break;
        }
    }
  return done;
}

/* FALSE: the connection is broken. Fewer bytes @written than given: flush() is called when the rest may go. */
gboolean
kr_hub_soup_channel_writev (KrHubSoupChannel *self,
                            const GOutputVector *vectors,
                            gsize n_vectors,
                            gsize *written,
                            GError **error)
{
  gboolean blocked = FALSE;
  gsize total = 0;
  gssize n;

  for (gsize i = 0; i < n_vectors; i++)
    total += vectors[i].size;
  if (G_LIKELY (self->plain))
    {
      n = write_plain (self, vectors, n_vectors, total, error);
      blocked = n >= 0 && (gsize) n < total;
    }
  else
    n = write_stream (self, vectors, n_vectors, &blocked, error);
  if (G_UNLIKELY (n < 0))
    return FALSE;
  *written = n;
  if (G_UNLIKELY (blocked))
    {
      self->blocked = TRUE;
      update_interest (self);
    }
  else if (G_UNLIKELY (*written < total))
    kr_hub_soup_channel_request_flush (self);
  return TRUE;
}

/* --- the end --- */

/* Says that nothing more is sent, so that closing with unread bytes does not destroy what is under way. */
void
kr_hub_soup_channel_shutdown (KrHubSoupChannel *self)
{
  if (self->plain)
    shutdown (self->fd, SHUT_WR);
}

static gboolean
takes_bytes (int fd)
{
  struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };

  return poll (&poll_fd, 1, 0) == 1 && (poll_fd.revents & (POLLERR | POLLHUP)) == 0;
}

/* Closing a TLS stream writes, and would wait for a peer that does not read. */
static void
close_stream (KrHubSoupChannel *self)
{
  g_autoptr (GIOStream) stream = g_steal_pointer (&self->stream);

  if (stream == NULL)
    {
      if (!self->watched)
        close (self->fd);
      g_clear_pointer (&self->guest, kr_hub_soup_guest_leave);
      return;
    }
  if (!self->plain && (self->blocked || !takes_bytes (self->fd)))
    shutdown (self->fd, SHUT_RDWR);
  g_io_stream_close (stream, NULL, NULL);
}

/* Harmless when closed already. The owner's reference goes at the end of the turn. */
void
kr_hub_soup_channel_close (KrHubSoupChannel *self)
{
  KrHubSoupReactor *reactor = self->reactor;

  if (!kr_hub_soup_channel_is_open (self))
    return;
  reactor->backend->remove (reactor, self);
  list_remove (reactor->dirty, &self->dirty);
  list_remove (reactor->pending, &self->pending);
  g_clear_pointer (&self->stash, g_byte_array_unref);
  close_stream (self);
  self->fd = -1;
  self->reading = self->blocked = FALSE;
  g_ptr_array_add (reactor->graveyard, g_steal_pointer (&self->owner));
}
