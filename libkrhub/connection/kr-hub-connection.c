/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubConnection: the only pump between a session and a transport. */
#include "config.h"

#include "kr-hub-connection-private.h"

#include "kr-hub-error.h"
#include "kr-hub-log-private.h"

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
    kr_hub_link_free (self->link);
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

void
kr_hub_connection_emit_ended (KrHubConnection *self, const GError *error)
{
  g_signal_emit (self, ended_signal, 0, error);
}

/* --- timers and output --- */

/* Lazily: a deadline that moves away, as with each message, leaves the timer as it is; it looks again when it fires. */
void
kr_hub_connection_update_timer (KrHubConnection *self)
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
  kr_hub_connection_update_timer (self);
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
void
kr_hub_connection_flush (KrHubConnection *self)
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
  kr_hub_connection_flush (self);
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

void
kr_hub_connection_stop_transport (KrHubConnection *self)
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
  kr_hub_connection_stop_transport (self);
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
            kr_hub_connection_ended (self, event.error, event.allow_reconnect);
            break;
          default:
            g_assert_not_reached ();
          }
      if (G_UNLIKELY (!can_read (self)))
        pause_reading (self);
      kr_hub_connection_flush (self);
    }
  while (self->session.close_pending || kr_hub_connection_can_run_waiting (self) || (self->session.busy && can_read (self)));
  kr_hub_message_clear (&event.message);
  /* What a stateful peer acknowledges makes room, too. */
  if (G_UNLIKELY (self->streams != NULL) && self->session.replay != NULL)
    kr_hub_stream_table_drained (self->streams);
  kr_hub_connection_update_timer (self);
  self->processing = FALSE;
  if (G_UNLIKELY (self->successor != NULL))
    kr_hub_connection_go_on_over_successor (self);
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

  kr_hub_connection_set_transport (self, transport);
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
  kr_hub_connection_count_transport (self);
  return self;
}

void
kr_hub_connection_start (KrHubConnection *self)
{
  self->started = TRUE;
  self->since = kr_hub_clock_get_time (self->clock);
  self->session.counters->n_active++;
  g_object_ref (self);
  kr_hub_connection_update_timer (self);
  kr_hub_connection_start_transport (self);
  kr_hub_connection_flush (self);
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
