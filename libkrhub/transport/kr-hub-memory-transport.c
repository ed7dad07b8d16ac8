/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubMemoryTransport: one end of a pair in memory, with scripted faults. */
#include "config.h"

#include "kr-hub-memory-transport.h"

/* What may be under way to an end that does not read: then the other end's output waits where it is. */
#define CAPACITY (64 * 1024)
#define MAX_VECTORS 64
/* How long a farewell may wait for a peer that does not read, as on a socket. */
#define CLOSE_TIMEOUT (5 * G_USEC_PER_SEC)

/**
 * KrHubMemoryTransport:
 *
 * One end of a pair of transports in memory, with scripted faults.
 *
 * What one end writes arrives at the other by a timer of the pair's [class@KrHub.Clock]; with a virtual clock, tests of
 * everything above transports run without sockets and always the same way. The faults of an end concern what this end
 * sends.
 *
 * Since: 0.1
 */
struct _KrHubMemoryTransport
{
  GObject parent_instance;

  KrHubMemoryTransport *peer;      /* no reference; NULL once either end is closed */
  KrHubClock *clock;
  KrHubTimer timer;
  const KrHubTransportSink *sink;  /* NULL before the start and after the end */
  gpointer sink_data;
  GQueue inbox;                    /* of Packet, from the peer */
  gsize inbox_size;
  gboolean reading;
  gboolean writing;                /* output was announced and not pulled yet */
  gboolean closing;                /* after the output, the end */
  gint64 close_deadline;           /* counts while closing */
  gboolean deaf;                   /* closed by its user: nothing is received any more */
  gint64 delay;
  gsize split;                     /* 0: as it comes */
  guint64 split_at;                /* 0: nowhere */
  guint64 cut_after;               /* G_MAXUINT64: never */
  guint64 lose_after;              /* G_MAXUINT64: never */
  gboolean stalled;
  guint64 n_sent;
};

typedef struct
{
  gint64 due;
  GBytes *bytes;   /* NULL: the end */
  GError *error;
} Packet;

static void transport_iface_init (KrHubTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (KrHubMemoryTransport, kr_hub_memory_transport, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (KR_HUB_TYPE_TRANSPORT, transport_iface_init))

static void
packet_free (gpointer data)
{
  Packet *self = data;

  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_clear_error (&self->error);
  g_free (self);
}

static void
unlink_peer (KrHubMemoryTransport *self)
{
  if (self->peer != NULL)
    self->peer->peer = NULL;
  self->peer = NULL;
}

static void push_end (KrHubMemoryTransport *self, const GError *error);

static void
kr_hub_memory_transport_finalize (GObject *object)
{
  KrHubMemoryTransport *self = KR_HUB_MEMORY_TRANSPORT (object);

  /* An end that goes away without a word, before it was started or closed. */
  if (self->peer != NULL)
    push_end (self->peer, NULL);
  unlink_peer (self);
  kr_hub_clock_disarm (self->clock, &self->timer);
  g_queue_clear_full (&self->inbox, packet_free);
  g_clear_object (&self->clock);
  G_OBJECT_CLASS (kr_hub_memory_transport_parent_class)->finalize (object);
}

static void
kr_hub_memory_transport_class_init (KrHubMemoryTransportClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = kr_hub_memory_transport_finalize;
}

/* --- arming --- */

static gboolean
can_deliver (KrHubMemoryTransport *self)
{
  return self->sink != NULL && self->reading && !g_queue_is_empty (&self->inbox);
}

static gboolean
can_pull (KrHubMemoryTransport *self)
{
  return self->sink != NULL && self->writing && !self->stalled && self->peer != NULL &&
         self->peer->inbox_size < CAPACITY;
}

static void
arm (KrHubMemoryTransport *self)
{
  gint64 when = G_MAXINT64;

  if (can_deliver (self))
    when = ((Packet *) g_queue_peek_head (&self->inbox))->due;
  if (can_pull (self))
    when = MIN (when, kr_hub_clock_get_time (self->clock));
  else if (self->closing)
    when = MIN (when, self->close_deadline);
  if (when == G_MAXINT64)
    kr_hub_clock_disarm (self->clock, &self->timer);
  else if (self->timer.position == 0 || self->timer.deadline != when)
    kr_hub_clock_arm (self->clock, &self->timer, when);
}

static void
push (KrHubMemoryTransport *to, gint64 delay, GBytes *bytes, const GError *error)
{
  Packet *packet = g_new0 (Packet, 1);
  Packet *last = g_queue_peek_tail (&to->inbox);

  packet->due = kr_hub_clock_get_time (to->clock) + delay;
  if (last != NULL && last->due > packet->due)
    packet->due = last->due;
  packet->bytes = bytes;
  packet->error = error != NULL ? g_error_copy (error) : NULL;
  to->inbox_size += bytes != NULL ? g_bytes_get_size (bytes) : 0;
  g_queue_push_tail (&to->inbox, packet);
  arm (to);
}

/* --- the end --- */

/* Both ends hear of it; what this one had not received is lost. */
static void
push_end (KrHubMemoryTransport *self, const GError *error)
{
  KrHubMemoryTransport *peer = self->peer;

  self->reading = TRUE;
  g_queue_clear_full (&self->inbox, packet_free);
  self->inbox_size = 0;
  push (self, 0, NULL, error);
  if (peer != NULL)
    push (peer, self->delay, NULL, error);
  self->writing = self->closing = FALSE;
}

static void
cut (KrHubMemoryTransport *self)
{
  g_autoptr (GError) error =
    g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED, "The connection was cut");

  push_end (self, error);
}

static void
report_closed (KrHubMemoryTransport *self, const GError *error)
{
  const KrHubTransportSink *sink = g_steal_pointer (&self->sink);

  unlink_peer (self);
  g_queue_clear_full (&self->inbox, packet_free);
  self->inbox_size = 0;
  if (sink != NULL)
    sink->closed (self->sink_data, error);
}

/* --- the turn --- */

static gsize
piece_size (KrHubMemoryTransport *self, gsize left)
{
  gsize size = self->split > 0 ? MIN (left, self->split) : left;

  if (self->split_at > self->n_sent && self->split_at - self->n_sent < size)
    size = self->split_at - self->n_sent;
  return size;
}

/* TRUE: the connection is cut now. */
static gboolean
deliver_to_peer (KrHubMemoryTransport *self, const guint8 *data, gsize len)
{
  gboolean ends = self->n_sent + len >= self->cut_after;

  if (ends)
    len = self->cut_after - self->n_sent;
  else if (self->n_sent + len > self->lose_after)
    len = self->lose_after - self->n_sent;
  while (len > 0)
    {
      gsize size = piece_size (self, len);

      push (self->peer, self->delay, g_bytes_new (data, size), NULL);
      self->n_sent += size;
      data += size;
      len -= size;
    }
  if (ends)
    cut (self);
  return ends;
}

/* One delivery of its own shape, as a WebSocket message: what waits now, in one piece unless a fault says otherwise. */
static void
pull (KrHubMemoryTransport *self)
{
  GOutputVector vectors[MAX_VECTORS];
  g_autoptr (GByteArray) all = g_byte_array_new ();
  gsize n_bytes;
  gsize n = self->sink->peek (self->sink_data, vectors, MAX_VECTORS, &n_bytes);

  if (n == 0)
    {
      self->writing = FALSE;
      return;
    }
  for (gsize i = 0; i < n; i++)
    g_byte_array_append (all, vectors[i].buffer, vectors[i].size);
  self->sink->sent (self->sink_data, n_bytes);
  deliver_to_peer (self, all->data, all->len);
}

static void
deliver (KrHubMemoryTransport *self)
{
  Packet *packet = g_queue_pop_head (&self->inbox);

  if (packet->bytes == NULL)
    report_closed (self, packet->error);
  else
    {
      gsize size;
      const guint8 *data = g_bytes_get_data (packet->bytes, &size);

      self->inbox_size -= size;
      if (!self->deaf)
        self->sink->received (self->sink_data, data, size);
      if (self->peer != NULL)
        arm (self->peer);
    }
  packet_free (packet);
}

static void
turn (KrHubTimer *timer, gint64 now)
{
  g_autoptr (KrHubMemoryTransport) self = g_object_ref (timer->data);

  while (can_pull (self))
    pull (self);
  if (self->closing && (!self->writing || now >= self->close_deadline))
    push_end (self, NULL);
  if (can_deliver (self) && ((Packet *) g_queue_peek_head (&self->inbox))->due <= now)
    deliver (self);
  arm (self);
}

/* --- KrHubTransport --- */

static void
memory_start (KrHubTransport *transport, const KrHubTransportSink *sink, gpointer sink_data)
{
  KrHubMemoryTransport *self = KR_HUB_MEMORY_TRANSPORT (transport);

  self->sink = sink;
  self->sink_data = sink_data;
  arm (self);
}

static void
memory_request_write (KrHubTransport *transport)
{
  KrHubMemoryTransport *self = KR_HUB_MEMORY_TRANSPORT (transport);

  if (self->writing)
    return;
  self->writing = TRUE;
  arm (self);
}

static void
memory_write_now (KrHubTransport *transport)
{
  KrHubMemoryTransport *self = KR_HUB_MEMORY_TRANSPORT (transport);

  self->writing = TRUE;
  while (can_pull (self))
    pull (self);
  arm (self);
}

static void
memory_set_reading (KrHubTransport *transport, gboolean reading)
{
  KrHubMemoryTransport *self = KR_HUB_MEMORY_TRANSPORT (transport);

  self->reading = reading;
  arm (self);
}

static void
memory_set_transfer_format (KrHubTransport *transport, KrHubTransferFormat format)
{
}

static void
memory_close (KrHubTransport *transport)
{
  KrHubMemoryTransport *self = KR_HUB_MEMORY_TRANSPORT (transport);

  if (self->sink == NULL)
    return;
  self->closing = self->deaf = TRUE;
  self->close_deadline = kr_hub_clock_get_time (self->clock) + CLOSE_TIMEOUT;
  self->reading = TRUE;
  self->writing = TRUE; /* the turn finds out that nothing waits */
  arm (self);
}

static void
memory_abort (KrHubTransport *transport)
{
  KrHubMemoryTransport *self = KR_HUB_MEMORY_TRANSPORT (transport);

  if (self->sink != NULL)
    cut (self);
}

static void
transport_iface_init (KrHubTransportInterface *iface)
{
  iface->name = "Memory";
  iface->transfer_formats = KR_HUB_TRANSFER_FORMAT_TEXT | KR_HUB_TRANSFER_FORMAT_BINARY;
  iface->keeps_alive = FALSE;
  iface->start = memory_start;
  iface->request_write = memory_request_write;
  iface->write_now = memory_write_now;
  iface->set_reading = memory_set_reading;
  iface->set_transfer_format = memory_set_transfer_format;
  iface->close = memory_close;
  iface->abort = memory_abort;
}

static void
kr_hub_memory_transport_init (KrHubMemoryTransport *self)
{
  g_queue_init (&self->inbox);
  self->reading = TRUE;
  self->cut_after = self->lose_after = G_MAXUINT64;
  self->timer.fire = turn;
  self->timer.data = self;
}

/* --- public --- */

/**
 * kr_hub_memory_transport_new_pair:
 * @clock: the clock that moves the bytes
 * @one: (out) (transfer full): one end
 * @other: (out) (transfer full): the other end
 *
 * Creates two connected ends.
 *
 * Since: 0.1
 */
void
kr_hub_memory_transport_new_pair (KrHubClock *clock, KrHubMemoryTransport **one, KrHubMemoryTransport **other)
{
  KrHubMemoryTransport *ends[2];

  g_return_if_fail (KR_HUB_IS_CLOCK (clock));
  for (guint i = 0; i < 2; i++)
    {
      ends[i] = g_object_new (KR_HUB_TYPE_MEMORY_TRANSPORT, NULL);
      ends[i]->clock = g_object_ref (clock);
    }
  ends[0]->peer = ends[1];
  ends[1]->peer = ends[0];
  *one = ends[0];
  *other = ends[1];
}

/**
 * kr_hub_memory_transport_set_delay:
 * @self: an end
 * @microseconds: how long, 0 or more
 *
 * Lets everything that this end sends from now on arrive later; the order stays.
 *
 * Since: 0.1
 */
void
kr_hub_memory_transport_set_delay (KrHubMemoryTransport *self, gint64 microseconds)
{
  g_return_if_fail (KR_HUB_IS_MEMORY_TRANSPORT (self));
  g_return_if_fail (microseconds >= 0);
  self->delay = microseconds;
}

/**
 * kr_hub_memory_transport_set_split:
 * @self: an end
 * @n_bytes: the size of the pieces; 0 not to split
 *
 * Lets what this end sends arrive in pieces of at most @n_bytes.
 *
 * Since: 0.1
 */
void
kr_hub_memory_transport_set_split (KrHubMemoryTransport *self, gsize n_bytes)
{
  g_return_if_fail (KR_HUB_IS_MEMORY_TRANSPORT (self));
  self->split = n_bytes;
}

/**
 * kr_hub_memory_transport_set_split_at:
 * @self: an end
 * @offset: bytes from the beginning of the connection; 0 not to split
 *
 * Lets what this end sends arrive in two pieces, cut at @offset.
 *
 * Since: 0.1
 */
void
kr_hub_memory_transport_set_split_at (KrHubMemoryTransport *self, guint64 offset)
{
  g_return_if_fail (KR_HUB_IS_MEMORY_TRANSPORT (self));
  self->split_at = offset;
}

/**
 * kr_hub_memory_transport_set_cut_after:
 * @self: an end
 * @n_bytes: bytes from the beginning of the connection
 *
 * Cuts the connection as soon as this end has sent @n_bytes: those arrive, the rest is lost, both ends see the cut.
 *
 * Since: 0.1
 */
void
kr_hub_memory_transport_set_cut_after (KrHubMemoryTransport *self, guint64 n_bytes)
{
  g_return_if_fail (KR_HUB_IS_MEMORY_TRANSPORT (self));
  self->cut_after = n_bytes;
}

/**
 * kr_hub_memory_transport_set_lose_after:
 * @self: an end
 * @n_bytes: bytes from the beginning of the connection
 *
 * Lets the first @n_bytes that this end sends arrive and loses the rest without a word, as a network that is gone. The
 * end of the connection still arrives.
 *
 * Since: 0.1
 */
void
kr_hub_memory_transport_set_lose_after (KrHubMemoryTransport *self, guint64 n_bytes)
{
  g_return_if_fail (KR_HUB_IS_MEMORY_TRANSPORT (self));
  self->lose_after = n_bytes;
}

/**
 * kr_hub_memory_transport_set_stalled:
 * @self: an end
 * @stalled: whether nothing leaves this end, as if the peer did not read
 *
 * Stops or resumes what this end sends.
 *
 * Since: 0.1
 */
void
kr_hub_memory_transport_set_stalled (KrHubMemoryTransport *self, gboolean stalled)
{
  g_return_if_fail (KR_HUB_IS_MEMORY_TRANSPORT (self));
  self->stalled = stalled;
  arm (self);
}

/**
 * kr_hub_memory_transport_get_n_sent:
 * @self: an end
 *
 * Gets how much this end has sent.
 *
 * Returns: bytes
 *
 * Since: 0.1
 */
guint64
kr_hub_memory_transport_get_n_sent (KrHubMemoryTransport *self)
{
  g_return_val_if_fail (KR_HUB_IS_MEMORY_TRANSPORT (self), 0);
  return self->n_sent;
}
