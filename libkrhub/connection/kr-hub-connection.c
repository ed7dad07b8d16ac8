/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubConnection: the only pump between a session and a transport. */
#include "config.h"

#include "kr-hub-connection-private.h"

#include "kr-hub-error.h"
#include "kr-hub-invocation-private.h"
#include "kr-hub-log-private.h"
#include "kr-hub-stream-private.h"

/**
 * KrHubConnection:
 *
 * One connection to a peer, as a hub or a client sees it.
 *
 * A connection belongs to the thread of its hub or client; its id and user id may be read from any thread. It ends by
 * itself when the peer leaves, breaks the protocol, falls silent or does not read.
 *
 * Since: 0.1
 */
G_DEFINE_FINAL_TYPE (KrHubConnection, kr_hub_connection, G_TYPE_OBJECT)

static guint ended_signal;

static void
link_free (KrHubLink *link)
{
  g_object_unref (link->transport);
  g_free (link);
}

static void
set_transport (KrHubConnection *self, KrHubTransport *transport)
{
  self->link = g_new (KrHubLink, 1);
  self->link->connection = self;
  self->link->transport = g_object_ref (transport);
  self->transport = transport;
  self->transport_iface = KR_HUB_TRANSPORT_GET_IFACE (transport);
}

static void
count_transport (KrHubConnection *self)
{
  KrHubTransportCounters *before = self->session.counters;

  self->session.counters = kr_hub_counters_get_transport (&self->session.settings->counters,
                                                          kr_hub_transport_get_name (self->transport));
  before->n_active -= self->started;
  self->session.counters->n_active += self->started;
}

static void
kr_hub_connection_finalize (GObject *object)
{
  KrHubConnection *self = KR_HUB_CONNECTION (object);

  kr_hub_clock_disarm (self->clock, &self->timer);
  kr_hub_connection_clear_expiry (self);
  g_clear_pointer (&self->streams, kr_hub_stream_table_free);
  g_clear_pointer (&self->calls, kr_hub_pending_calls_free);
  kr_hub_session_clear (&self->session);
  /* Never started, or else its transport has closed. */
  if (self->link != NULL)
    link_free (self->link);
  g_clear_object (&self->successor);
  g_clear_object (&self->clock);
  g_clear_pointer (&self->dispatcher, kr_hub_dispatcher_unref);
  g_clear_pointer (&self->running, g_hash_table_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_free (self->id);
  g_free (self->user_id);
  g_free (self->remote_address);
  G_OBJECT_CLASS (kr_hub_connection_parent_class)->finalize (object);
}

static void
kr_hub_connection_class_init (KrHubConnectionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = kr_hub_connection_finalize;

  /**
   * KrHubConnection::ended:
   * @self: the connection
   * @error: (nullable): why, or %NULL if it ended in good order
   *
   * The connection is over, whether or not its handshake was ever done. Emitted once, after the hub or client was told.
   *
   * Since: 0.1
   */
  ended_signal = g_signal_new ("ended", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                               G_TYPE_ERROR);
}

static void
kr_hub_connection_init (KrHubConnection *self)
{
}

/* --- timers and output --- */

/* Lazily: a deadline that moves away, as with each message, leaves the timer as it is; it looks again when it fires. */
static void
update_timer (KrHubConnection *self)
{
  gint64 deadline = kr_hub_session_next_deadline (&self->session);

  if (deadline == G_MAXINT64)
    kr_hub_clock_disarm (self->clock, &self->timer);
  else if (self->timer.position == 0 || deadline < self->timer.deadline)
    kr_hub_clock_arm (self->clock, &self->timer, deadline);
}

static void
watch_sending (KrHubConnection *self)
{
  kr_hub_session_set_send_check (&self->session, kr_hub_clock_get_time (self->clock));
  update_timer (self);
}

static void
overflow (KrHubConnection *self)
{
  g_autoptr (GError) error = NULL;

  g_set_error (&error,
               KR_HUB_ERROR,
               KR_HUB_ERROR_OUTBOX_FULL,
               "The peer does not read: more than %" G_GSIZE_FORMAT " bytes wait for it",
               self->session.settings->max_outbox_size);
  kr_hub_session_because (&self->session, KR_HUB_CLOSE_REASON_OUTBOX_FULL);
  kr_hub_session_transport_closed (&self->session, error);
  if (self->transport != NULL)
    kr_hub_transport_abort (self->transport);
}

/* From here on nothing is read until the peer has read enough: its calls would only add to what it does not read. What
 * it has not acknowledged does not count, since acknowledgements have to be read. */
static void
notice_clog (KrHubConnection *self)
{
  if (self->session.outbox.size >= kr_hub_stream_table_get_high_water (self))
    self->clogged = TRUE;
}

static void
make_room (KrHubConnection *self)
{
  if (!self->dropping)
    kr_hub_connection_log (self, G_LOG_LEVEL_DEBUG, "drops events: its peer does not read");
  self->dropping = TRUE;
  kr_hub_session_make_room (&self->session);
}

/* What was written goes out at the end of the turn; a peer that does not read loses its connection. Events that this
 * causes are worked off by process_events(), which the caller leads to. */
static void
flush (KrHubConnection *self)
{
  if (G_UNLIKELY (kr_hub_session_is_over_limit (&self->session)))
    overflow (self);
  else if (self->transport != NULL && self->session.outbox.size > 0)
    {
      self->transport_iface->request_write (self->transport);
      if (kr_hub_session_needs_send_check (&self->session))
        watch_sending (self);
    }
}

static void
apply_policy (KrHubConnection *self)
{
  if (self->session.policy == KR_HUB_OUTBOX_WAIT)
    notice_clog (self);
  else if (kr_hub_session_is_over_limit (&self->session))
    make_room (self);
}

/* A client's calls wait until it has read a message above the limit: it could ask for many such answers in one piece. A
 * client of ours reads on, since the hub may have to be rid of something before it takes more. */
static inline void
notice_large (KrHubConnection *self)
{
  if (G_UNLIKELY (self->session.large > 0) && self->session.role == KR_HUB_ROLE_SERVER)
    notice_clog (self);
}

/* After output outside the reading of events. */
static void
after_output (KrHubConnection *self)
{
  /* At once: a handler may send without end, and so may a client call. */
  if (G_UNLIKELY (self->session.policy != KR_HUB_OUTBOX_DISCONNECT))
    apply_policy (self);
  notice_large (self);
  if (self->processing)
    return;
  flush (self);
  if (G_UNLIKELY (self->session.close_pending))
    kr_hub_connection_process_events (self);
}

gboolean
kr_hub_connection_send_message (KrHubConnection *self, const KrHubMessage *message, GError **error)
{
  gboolean sent = kr_hub_session_send (&self->session, message, error);

  after_output (self);
  return sent;
}

void
kr_hub_connection_send_shared (KrHubConnection *self, GBytes *messages, char *target)
{
  kr_hub_session_send_shared (&self->session, messages, target);
  after_output (self);
}

/* --- the end --- */

static gboolean
do_nothing (gpointer data)
{
  return G_SOURCE_REMOVE;
}

void
kr_hub_connection_drop (KrHubConnection *self)
{
  g_autoptr (GSource) source = NULL;

  if (kr_hub_connection_is_own_thread (self))
    {
      g_object_unref (self);
      return;
    }
  source = g_idle_source_new ();
  g_source_set_static_name (source, "KrHubConnection drop");
  g_source_set_callback (source, do_nothing, self, g_object_unref);
  g_source_attach (source, self->context);
}

static void
fail_calls (KrHubConnection *self, const GError *error)
{
  g_autoptr (GError) own = NULL;

  if (self->calls == NULL)
    return;
  if (self->session.role == KR_HUB_ROLE_SERVER)
    error = own = g_error_new (G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED, "Connection '%s' disconnected.", self->id);
  else if (error == NULL)
    error = own = g_error_new_literal (G_IO_ERROR,
                                       G_IO_ERROR_CONNECTION_CLOSED,
                                       "Invocation canceled due to the underlying connection being closed.");
  kr_hub_pending_calls_fail_all (self->calls, error);
}

/* An error's text may quote the peer, but for those that no peer can write. */
static void
log_end (KrHubConnection *self, const GError *error)
{
  const char *reason = kr_hub_close_reason_to_string (self->session.reason);

  if (error != NULL && (error->domain == G_IO_ERROR || g_error_matches (error, KR_HUB_ERROR, KR_HUB_ERROR_OUTBOX_FULL)))
    kr_hub_connection_log (self, G_LOG_LEVEL_DEBUG, "ended (%s): %s", reason, error->message);
  else
    kr_hub_connection_log (self, G_LOG_LEVEL_DEBUG, "ended (%s)", reason);
}

static void
count_end (KrHubConnection *self)
{
  if (self->started)
    kr_hub_transport_counters_closed (self->session.counters, self->session.reason,
                                      kr_hub_clock_get_time (self->clock) - self->since);
}

static void
ended (KrHubConnection *self, const GError *error, gboolean allow_reconnect)
{
  gpointer owner;

  log_end (self, error);
  count_end (self);
  kr_hub_connection_clear_expiry (self);
  if (self->transport == NULL)
    kr_hub_session_transport_closed (&self->session, NULL);
  else if (self->session.state == KR_HUB_SESSION_CLOSING)
    kr_hub_transport_close (self->transport);
  kr_hub_connection_drop_running (self);
  if (self->streams != NULL)
    kr_hub_stream_table_end (self->streams, error);
  fail_calls (self, error);
  owner = g_steal_pointer (&self->owner);
  if (owner != NULL)
    self->funcs->closed (self, error, allow_reconnect, owner);
  g_signal_emit (self, ended_signal, 0, error);
}

/* --- the pump --- */

static void
opened (KrHubConnection *self)
{
  if (self->transport != NULL && !self->raw)
    kr_hub_transport_set_transfer_format (self->transport,
                                          kr_hub_protocol_get_transfer_format (self->session.protocol));
  if (self->owner != NULL)
    self->funcs->opened (self, self->owner);
}

/* Full readers hold up the rest, unless a call of ours waits for its answer, which may be behind the items; then they
 * may take as much as a peer's outbox. */
static gboolean
may_overfill (KrHubConnection *self)
{
  return self->calls != NULL && kr_hub_pending_calls_get_n (self->calls) > 0 &&
         self->streams->n_bytes < self->session.settings->max_outbox_size;
}

static inline gboolean
can_read (KrHubConnection *self)
{
  return self->waiting == NULL && G_LIKELY (!self->clogged) &&
         (G_LIKELY (self->streams == NULL) || self->streams->n_full == 0 || may_overfill (self));
}

static void
stop_transport (KrHubConnection *self)
{
  if (self->paused || self->transport == NULL)
    return;
  self->paused = TRUE;
  kr_hub_transport_set_reading (self->transport, FALSE);
}

static void
pause_reading (KrHubConnection *self)
{
  kr_hub_session_set_busy (&self->session, TRUE, kr_hub_clock_get_time (self->clock));
  stop_transport (self);
}

/* Last, since the transport may deliver at once what has arrived meanwhile. */
static void
resume_reading (KrHubConnection *self)
{
  if (!self->paused || !can_read (self) || self->transport == NULL)
    return;
  self->paused = FALSE;
  kr_hub_transport_set_reading (self->transport, TRUE);
}

void
kr_hub_connection_read_on (KrHubConnection *self)
{
  if (self->session.busy && can_read (self))
    kr_hub_connection_process_events (self);
}

static void
release_if_over (KrHubConnection *self)
{
  if (!self->started || self->transport != NULL || self->session.state != KR_HUB_SESSION_CLOSED)
    return;
  self->started = FALSE;
  if (self->over != NULL)
    self->over (self, self->over_data);
  g_object_unref (self);
}

/* Not earlier: whoever has accepted the connection says more about it first. */
static void
open_raw (KrHubConnection *self)
{
  self->unopened = FALSE;
  if (self->session.state == KR_HUB_SESSION_OPEN)
    opened (self);
}

static void go_on_over_successor (KrHubConnection *self);

/* Who waits for many answers need not wait for all of them: it works on the first while we are at the rest. Each piece is
 * twice as long as the one before, so that many messages cost few system calls. */
#define FIRST_PIECE 4

typedef struct
{
  guint piece;   /* how many messages are worked off between two writes */
  guint left;
} Ahead;

static inline void
write_ahead (KrHubConnection *self, Ahead *ahead)
{
  if (self->session.framer.len == 0 || --ahead->left > 0)
    return;
  ahead->piece *= 2;
  ahead->left = ahead->piece;
  if (self->session.outbox.size > 0 && self->transport != NULL)
    kr_hub_transport_write_now (self->transport);
}

void
kr_hub_connection_process_events (KrHubConnection *self)
{
  Ahead ahead = { FIRST_PIECE, FIRST_PIECE };
  KrHubEvent event = { 0 };

  if (self->processing)
    return;
  self->processing = TRUE;
  g_object_ref (self);
  if (G_UNLIKELY (self->unopened))
    open_raw (self);
  do
    {
      if (kr_hub_connection_can_run_waiting (self))
        kr_hub_connection_run_waiting (self);
      if (G_UNLIKELY (self->session.busy) && can_read (self))
        kr_hub_session_set_busy (&self->session, FALSE, kr_hub_clock_get_time (self->clock));
      while ((can_read (self) || self->session.close_pending) &&
             kr_hub_session_next_event (&self->session, &event))
        switch (event.type)
          {
          case KR_HUB_EVENT_OPENED:
            opened (self);
            break;
          case KR_HUB_EVENT_MESSAGE:
            kr_hub_connection_receive_message (self, &event.message);
            write_ahead (self, &ahead);
            break;
          case KR_HUB_EVENT_CLOSED:
            ended (self, event.error, event.allow_reconnect);
            break;
          default:
            g_assert_not_reached ();
          }
      if (G_UNLIKELY (!can_read (self)))
        pause_reading (self);
      flush (self);
    }
  while (self->session.close_pending || kr_hub_connection_can_run_waiting (self) || (self->session.busy && can_read (self)));
  kr_hub_message_clear (&event.message);
  /* What a stateful peer acknowledges makes room, too. */
  if (G_UNLIKELY (self->streams != NULL) && self->session.replay != NULL)
    kr_hub_stream_table_drained (self->streams);
  update_timer (self);
  self->processing = FALSE;
  if (G_UNLIKELY (self->successor != NULL))
    go_on_over_successor (self);
  resume_reading (self);
  release_if_over (self);
  g_object_unref (self);
}

/* A stateful peer may come back over another transport. */
static void
give_up_transport (KrHubConnection *self)
{
  g_autoptr (GError) error = NULL;

  self->session.stuck = FALSE;
  if (self->transport == NULL)
    return;
  if (self->session.replay == NULL)
    {
      g_set_error_literal (&error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "The peer does not read");
      kr_hub_session_because (&self->session, KR_HUB_CLOSE_REASON_SEND_TIMEOUT);
      kr_hub_session_transport_closed (&self->session, error);
    }
  kr_hub_transport_abort (self->transport);
}

static void
timer_fired (KrHubTimer *timer, gint64 now)
{
  KrHubConnection *self = timer->data;

  kr_hub_session_tick (&self->session, now);
  if (G_UNLIKELY (self->session.stuck))
    give_up_transport (self);
  kr_hub_connection_process_events (self);
}

static void
receive_raw (KrHubConnection *self, const guint8 *data, gsize len)
{
  g_autoptr (KrHubConnection) hold = g_object_ref (self);

  self->session.counters->n_bytes_received += len;
  if (self->unopened)
    kr_hub_connection_process_events (self);
  if (self->session.state == KR_HUB_SESSION_OPEN && self->owner != NULL)
    self->funcs->received (self, data, len, self->owner);
  kr_hub_connection_process_events (self);
}

/* Somebody turns the main loop inside of a callback, which goes on with the message that it was called for. The peer waits, or
 * it could send without end. */
static void
receive_later (KrHubConnection *self, const guint8 *data, gsize len)
{
  if (self->calls != NULL)
    kr_hub_pending_calls_keep (self->calls);
  kr_hub_session_feed_later (&self->session, data, len, kr_hub_clock_get_time (self->clock));
  stop_transport (self);
}

static void
sink_received (gpointer sink, const guint8 *data, gsize len)
{
  KrHubConnection *self = ((KrHubLink *) sink)->connection;

  if (G_UNLIKELY (self == NULL))
    return;
  if (G_UNLIKELY (self->raw))
    {
      receive_raw (self, data, len);
      return;
    }
  if (G_UNLIKELY (self->processing))
    {
      receive_later (self, data, len);
      return;
    }
  kr_hub_session_feed (&self->session, data, len, kr_hub_clock_get_time (self->clock));
  kr_hub_connection_process_events (self);
}

static gsize
sink_peek (gpointer sink, GOutputVector *vectors, gsize max_vectors, gsize *n_bytes)
{
  KrHubConnection *self = ((KrHubLink *) sink)->connection;

  *n_bytes = 0;
  if (G_UNLIKELY (self == NULL))
    return 0;
  return kr_hub_session_peek (&self->session, vectors, max_vectors, n_bytes);
}

/* In a turn of its own, since the transport that is writing now must not be asked to read. */
static void
drained (KrHubConnection *self)
{
  KrHubSession *session = &self->session;

  /* It was not given all. */
  if (kr_hub_session_drops (session) && session->outbox.size > 0)
    self->transport_iface->request_write (self->transport);
  if (session->outbox.size == 0)
    self->dropping = FALSE;
  if (!self->clogged || session->outbox.size > kr_hub_stream_table_get_high_water (self) / 2)
    return;
  self->clogged = FALSE;
  kr_hub_clock_arm (self->clock, &self->timer, kr_hub_clock_get_time (self->clock));
}

static void
sink_sent (gpointer sink, gsize n_bytes)
{
  KrHubConnection *self = ((KrHubLink *) sink)->connection;

  if (G_UNLIKELY (self == NULL))
    return;
  self->session.counters->n_bytes_sent += n_bytes;
  self->session.sent_some = TRUE;
  kr_hub_outbox_sent (&self->session.outbox, n_bytes);
  kr_hub_session_notice_room (&self->session);
  if (G_UNLIKELY (self->session.policy != KR_HUB_OUTBOX_DISCONNECT || self->clogged))
    drained (self);
  if (G_UNLIKELY (self->streams != NULL))
    kr_hub_stream_table_drained (self->streams);
}

static void
transport_lost (KrHubConnection *self, const GError *error)
{
  kr_hub_connection_log (self, G_LOG_LEVEL_DEBUG, "lost its transport");
  self->session.counters->n_lost++;
  if (self->owner != NULL && self->funcs->lost != NULL)
    self->funcs->lost (self, error, self->owner);
}

gboolean
kr_hub_connection_when_gone (KrHubConnection *self, void (*func) (gpointer data), gpointer data)
{
  self->gone = func;
  self->gone_data = data;
  return self->transport != NULL;
}

static void
tell_gone (KrHubConnection *self)
{
  void (*func) (gpointer data) = g_steal_pointer (&self->gone);

  if (func != NULL && self->transport == NULL)
    func (self->gone_data);
}

static void
sink_closed (gpointer sink, const GError *error)
{
  KrHubLink *link = sink;
  /* Its owner may give up the last other reference. */
  g_autoptr (KrHubConnection) self = link->connection != NULL ? g_object_ref (link->connection) : NULL;

  if (self != NULL)
    {
      self->link = NULL;
      self->transport = NULL;
      /* A socket that was lost without a farewell may have a successor (signalr.md 8). */
      if (error == NULL || !kr_hub_session_lost (&self->session, error, kr_hub_clock_get_time (self->clock)))
        kr_hub_session_transport_closed (&self->session, error);
      else
        transport_lost (self, error);
      kr_hub_connection_process_events (self);
      tell_gone (self);
    }
  link_free (link);
}

static const KrHubTransportSink sink_funcs = { sink_received, sink_peek, sink_sent, sink_closed };

KrHubConnection *
kr_hub_connection_new (KrHubRole role,
                       KrHubSettings *settings,
                       KrHubDispatcher *dispatcher,
                       KrHubClock *clock,
                       KrHubTransport *transport,
                       const char *id,
                       const char *user_id,
                       gboolean stateful,
                       const KrHubConnectionFuncs *funcs,
                       gpointer owner)
{
  KrHubConnection *self = g_object_new (KR_HUB_TYPE_CONNECTION, NULL);

  set_transport (self, transport);
  self->clock = g_object_ref (clock);
  self->timer.fire = timer_fired;
  self->timer.data = self;
  self->dispatcher = kr_hub_dispatcher_ref (dispatcher);
  self->funcs = funcs;
  self->owner = owner;
  self->context = g_main_context_ref_thread_default ();
  self->thread = pthread_self ();
  self->id = g_strdup (id);
  self->user_id = g_strdup (user_id);
  kr_hub_session_init (&self->session,
                       role,
                       settings,
                       kr_hub_transport_get_transfer_formats (transport),
                       kr_hub_transport_get_keeps_alive (transport),
                       stateful,
                       kr_hub_clock_get_time (clock));
  count_transport (self);
  return self;
}

void
kr_hub_connection_start (KrHubConnection *self)
{
  self->started = TRUE;
  self->since = kr_hub_clock_get_time (self->clock);
  self->session.counters->n_active++;
  g_object_ref (self);
  update_timer (self);
  kr_hub_transport_start (self->transport, &sink_funcs, self->link);
  flush (self);
  if (!self->raw)
    return;
  self->unopened = TRUE;
  kr_hub_clock_arm (self->clock, &self->timer, self->since);
}

void
kr_hub_connection_set_raw (KrHubConnection *self)
{
  self->raw = TRUE;
  kr_hub_session_open_raw (&self->session);
}

void
kr_hub_connection_refuse (KrHubConnection *self, const GError *error)
{
  g_autofree char *text = g_strdup_printf ("Connection closed with an error. HubException: %s", error->message);

  kr_hub_session_because (&self->session, KR_HUB_CLOSE_REASON_REFUSED);
  kr_hub_session_close_with_text (&self->session, text, FALSE, g_error_copy (error));
  kr_hub_connection_process_events (self);
}

void
kr_hub_connection_close (KrHubConnection *self, gboolean failed, const char *detail, gboolean allow_reconnect)
{
  kr_hub_session_close (&self->session, failed, detail, allow_reconnect);
  kr_hub_connection_process_events (self);
}

void
kr_hub_connection_jumped (KrHubConnection *self, gint64 slept)
{
  gint64 now = kr_hub_clock_get_time (self->clock);
  gboolean silent = kr_hub_session_jumped (&self->session, slept, now);

  /* A stateful connection needs another transport, not an end. */
  if (silent && self->session.replay != NULL && self->transport != NULL)
    {
      kr_hub_transport_abort (self->transport);
      return;
    }
  kr_hub_session_tick (&self->session, now);
  kr_hub_connection_process_events (self);
}

void
kr_hub_connection_shut_down (KrHubConnection *self)
{
  kr_hub_session_because (&self->session, KR_HUB_CLOSE_REASON_SHUTDOWN);
  kr_hub_connection_close (self, FALSE, NULL, TRUE);
}

void
kr_hub_connection_give_up (KrHubConnection *self)
{
  kr_hub_session_because (&self->session, KR_HUB_CLOSE_REASON_RECONNECT_TIMEOUT);
  kr_hub_session_transport_closed (&self->session, self->session.lost_error);
  kr_hub_connection_process_events (self);
}

static void
go_on_over (KrHubConnection *self, KrHubTransport *transport)
{
  if (self->link != NULL)
    {
      self->link->connection = NULL;
      kr_hub_transport_abort (self->transport);
    }
  set_transport (self, transport);
  count_transport (self);
  self->session.counters->n_reattached++;
  kr_hub_connection_log (self, G_LOG_LEVEL_DEBUG, "goes on over another transport");
  kr_hub_session_reattach (&self->session, kr_hub_clock_get_time (self->clock));
  if (self->session.protocol != NULL)
    kr_hub_transport_set_transfer_format (transport, kr_hub_protocol_get_transfer_format (self->session.protocol));
  kr_hub_transport_start (transport, &sink_funcs, self->link);
  if (self->paused && self->transport == transport)
    kr_hub_transport_set_reading (transport, FALSE);
  flush (self);
  update_timer (self);
}

static void
go_on_over_successor (KrHubConnection *self)
{
  g_autoptr (KrHubTransport) transport = g_steal_pointer (&self->successor);

  if (self->session.state <= KR_HUB_SESSION_OPEN)
    go_on_over (self, transport);
}

/* --- public --- */

/**
 * kr_hub_connection_set_outbox_policy:
 * @self: a connection
 * @policy: a policy
 *
 * Sets what happens when this peer does not read, in place of [property@KrHub.Server:outbox-policy]. Best in
 * [signal@KrHub.Server::connected]: what waits already is not dropped.
 *
 * Since: 0.1
 */
void
kr_hub_connection_set_outbox_policy (KrHubConnection *self, KrHubOutboxPolicy policy)
{
  g_return_if_fail (KR_HUB_IS_CONNECTION (self));
  g_return_if_fail ((guint) policy <= KR_HUB_OUTBOX_LATEST_WINS);

  kr_hub_session_set_policy (&self->session, policy);
  if (policy == KR_HUB_OUTBOX_WAIT || !self->clogged)
    return;
  self->clogged = FALSE;
  kr_hub_connection_read_on (self);
}

/**
 * kr_hub_connection_reattach:
 * @self: a stateful connection
 * @transport: a transport that was not started; the connection starts it
 *
 * Lets a connection go on over another transport: what the peer has not acknowledged is sent again, and calls, streams
 * and groups stay. A transport that is still there is aborted. HubProtocol.md, "Stateful reconnect".
 *
 * Returns: %FALSE if the connection is not stateful or is over; @transport was not started then
 *
 * Since: 0.1
 */
gboolean
kr_hub_connection_reattach (KrHubConnection *self, KrHubTransport *transport)
{
  g_return_val_if_fail (KR_HUB_IS_CONNECTION (self), FALSE);
  g_return_val_if_fail (KR_HUB_IS_TRANSPORT (transport), FALSE);

  if (self->session.replay == NULL || self->session.state > KR_HUB_SESSION_OPEN)
    return FALSE;
  /* What a handler that turns the main loop was called with lies in what the transport before it has brought. */
  if (self->processing)
    g_set_object (&self->successor, transport);
  else
    go_on_over (self, transport);
  return TRUE;
}

/**
 * kr_hub_connection_write:
 * @self: a raw connection
 * @data: (array length=len) (element-type guint8): bytes
 * @len: how many
 *
 * Sends bytes. What is written in one turn of the main loop may arrive as one message of the transport. Ignored once the
 * connection has ended.
 *
 * Since: 0.1
 */
void
kr_hub_connection_write (KrHubConnection *self, gconstpointer data, gsize len)
{
  g_return_if_fail (KR_HUB_IS_CONNECTION (self));
  g_return_if_fail (self->raw);

  if (self->session.state != KR_HUB_SESSION_OPEN)
    return;
  kr_hub_buffer_append (kr_hub_outbox_begin (&self->session.outbox), data, len);
  kr_hub_outbox_end (&self->session.outbox);
  kr_hub_session_added (&self->session, len);
  after_output (self);
}

/**
 * kr_hub_connection_set_binary:
 * @self: a raw connection
 * @binary: whether what is written is no text
 *
 * Says how a transport that can tell is to label the output; text until said otherwise, as with ASP.NET Core.
 *
 * Since: 0.1
 */
void
kr_hub_connection_set_binary (KrHubConnection *self, gboolean binary)
{
  g_return_if_fail (KR_HUB_IS_CONNECTION (self));
  g_return_if_fail (self->raw);

  if (self->transport != NULL)
    kr_hub_transport_set_transfer_format (self->transport,
                                          binary ? KR_HUB_TRANSFER_FORMAT_BINARY : KR_HUB_TRANSFER_FORMAT_TEXT);
}

/**
 * kr_hub_connection_end:
 * @self: a connection
 *
 * Ends the connection in good order; the peer may reconnect, as after a shutdown of the server.
 *
 * Since: 0.1
 */
void
kr_hub_connection_end (KrHubConnection *self)
{
  g_return_if_fail (KR_HUB_IS_CONNECTION (self));
  kr_hub_connection_close (self, FALSE, NULL, TRUE);
}

/**
 * kr_hub_connection_abort:
 * @self: a connection
 *
 * Ends the connection; the peer is told not to reconnect (ASP.NET Core's Context.Abort).
 *
 * Since: 0.1
 */
void
kr_hub_connection_abort (KrHubConnection *self)
{
  g_return_if_fail (KR_HUB_IS_CONNECTION (self));
  kr_hub_connection_close (self, FALSE, NULL, FALSE);
}
