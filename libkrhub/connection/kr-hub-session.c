/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSession: the sans-IO engine of one connection, for either end. */
#include "config.h"

#include "kr-hub-session-private.h"

#include "kr-hub-error.h"
#include "kr-hub-handshake-private.h"
#include "kr-hub-plain-words-private.h"

/* No socket, main loop or clock here: bytes and times come in, events and bytes go out. */

/* At most one Ack in this time (signalr.md 8). */
#define ACK_INTERVAL G_USEC_PER_SEC

#define TIMEOUT_DETAIL                                                                                                 \
  "OperationCanceledException: Client hasn't sent a message/ping within the configured ClientTimeoutInterval."
#define SEQUENCE_DETAIL                                                                                                \
  "InvalidOperationException: Sequence ID greater than amount of messages we've received."

static const struct
{
  KrHubSessionState from, to;
} edges[] = {
  { KR_HUB_SESSION_HANDSHAKE, KR_HUB_SESSION_OPEN },    { KR_HUB_SESSION_HANDSHAKE, KR_HUB_SESSION_CLOSING },
  { KR_HUB_SESSION_HANDSHAKE, KR_HUB_SESSION_CLOSED },  { KR_HUB_SESSION_OPEN, KR_HUB_SESSION_CLOSING },
  { KR_HUB_SESSION_OPEN, KR_HUB_SESSION_CLOSED },       { KR_HUB_SESSION_CLOSING, KR_HUB_SESSION_CLOSED },
};

/* The only writer of the state. FALSE: the session is past that already. */
static gboolean
set_state (KrHubSession *self, KrHubSessionState to)
{
  for (guint i = 0; i < G_N_ELEMENTS (edges); i++)
    if (edges[i].from == self->state && edges[i].to == to)
      {
        self->state = to;
        return TRUE;
      }
  return FALSE;
}

/* Takes @error, which may be NULL. */
static void
end (KrHubSession *self, KrHubSessionState state, GError *error)
{
  gboolean was_over = self->state >= KR_HUB_SESSION_CLOSING;

  if (!set_state (self, state) || was_over)
    {
      g_clear_error (&error);
      return;
    }
  self->error = error;
  self->close_pending = TRUE;
  self->allow_reconnect = !self->farewell;
}

void
kr_hub_session_init (KrHubSession *self,
                     KrHubRole role,
                     KrHubSettings *settings,
                     KrHubTransferFormat formats,
                     gboolean keeps_alive,
                     gboolean stateful,
                     gint64 now)
{
  memset (self, 0, sizeof *self);
  if (stateful)
    {
      self->replay = g_new (KrHubReplayBuffer, 1);
      kr_hub_replay_buffer_init (self->replay);
    }
  self->settings = kr_hub_settings_ref (settings);
  self->outbox.pool = &settings->pool;
  self->counters = &settings->counters.unattached;
  self->policy = settings->outbox_policy;
  self->role = role;
  self->formats = formats;
  self->keeps_alive = keeps_alive;
  self->watches_peer = role == KR_HUB_ROLE_CLIENT && !keeps_alive;
  self->started = self->fed = self->last_received = self->last_ping = now;
  if (role == KR_HUB_ROLE_CLIENT)
    {
      KrHubProtocol *protocol = g_ptr_array_index (settings->protocols, 0);

      kr_hub_handshake_write_request (kr_hub_protocol_get_name (protocol), stateful ? 2 : 1,
                                      kr_hub_outbox_begin (&self->outbox));
      kr_hub_outbox_end (&self->outbox);
    }
}

static void
drop_replay (KrHubSession *self)
{
  if (self->replay != NULL)
    kr_hub_replay_buffer_clear (self->replay);
  g_clear_pointer (&self->replay, g_free);
}

void
kr_hub_session_open_raw (KrHubSession *self)
{
  self->keeps_alive = TRUE;
  set_state (self, KR_HUB_SESSION_OPEN);
}

void
kr_hub_session_clear (KrHubSession *self)
{
  kr_hub_outbox_clear (&self->outbox);
  drop_replay (self);
  kr_hub_framer_clear (&self->framer);
  g_clear_error (&self->error);
  g_clear_error (&self->lost_error);
  g_clear_object (&self->protocol);
  g_clear_pointer (&self->settings, kr_hub_settings_unref);
}

/* --- handshake --- */

/* A refusal is followed by the transport's end, without a Close (signalr.md 5). Takes @error. */
static void
refuse (KrHubSession *self, const char *text, GError *error)
{
  kr_hub_session_because (self, KR_HUB_CLOSE_REASON_HANDSHAKE);
  kr_hub_handshake_write_response (text, kr_hub_outbox_begin (&self->outbox));
  kr_hub_outbox_end (&self->outbox);
  end (self, KR_HUB_SESSION_CLOSING, error);
}

static void
refuse_new (KrHubSession *self, char *text)
{
  g_autofree char *owned = text;

  refuse (self, owned, g_error_new_literal (KR_HUB_ERROR, KR_HUB_ERROR_HANDSHAKE, owned));
}

static void
refuse_malformed (KrHubSession *self, GError *error)
{
  g_autofree char *text = NULL;

  text = g_strdup_printf ("An unexpected error occurred during connection handshake.%s%s",
                          self->settings->detailed_errors ? " " : "",
                          self->settings->detailed_errors ? error->message : "");
  refuse (self, text, error);
}

static void
open_with (KrHubSession *self, KrHubProtocol *protocol)
{
  self->protocol = g_object_ref (protocol);
  self->encoding = KR_HUB_PROTOCOL_GET_IFACE (protocol);
  set_state (self, KR_HUB_SESSION_OPEN);
}

static gboolean
receive_request (KrHubSession *self, const KrHubSlice *text)
{
  g_auto (KrHubHandshakeRequest) request = { NULL, 0 };
  g_autoptr (GError) error = NULL;
  KrHubProtocol *protocol;

  if (!kr_hub_handshake_parse_request (text, &request, &error))
    {
      refuse_malformed (self, g_steal_pointer (&error));
      return FALSE;
    }
  protocol = kr_hub_settings_find_protocol (self->settings, request.protocol);
  if (protocol == NULL)
    refuse_new (self, g_strdup_printf ("The protocol '%s' is not supported.", request.protocol));
  else if (request.version > (gint) kr_hub_protocol_get_version (protocol))
    refuse_new (self,
                g_strdup_printf ("The server does not support version %d of the '%s' protocol.",
                                 request.version,
                                 request.protocol));
  else if ((kr_hub_protocol_get_transfer_format (protocol) & self->formats) == 0)
    refuse_new (self,
                g_strdup_printf ("Cannot use the '%s' protocol on the current transport. "
                                 "The transport does not support 'Binary' transfer format.",
                                 request.protocol));
  else
    {
      /* Version 1 just turns it off (signalr.md 5). */
      if (request.version < 2)
        drop_replay (self);
      kr_hub_handshake_write_response (NULL, kr_hub_outbox_begin (&self->outbox));
      kr_hub_outbox_end (&self->outbox);
      open_with (self, protocol);
      return TRUE;
    }
  return FALSE;
}

static void
send_ping (KrHubSession *self, gint64 now)
{
  const KrHubMessage ping = { .type = KR_HUB_MESSAGE_PING };

  kr_hub_session_send (self, &ping, NULL);
  self->last_ping = now;
}

static gboolean
receive_response (KrHubSession *self, const KrHubSlice *text)
{
  g_autoptr (GError) error = NULL;

  if (!kr_hub_handshake_parse_response (text, &error))
    {
      kr_hub_session_because (self, KR_HUB_CLOSE_REASON_HANDSHAKE);
      end (self, KR_HUB_SESSION_CLOSING, g_steal_pointer (&error));
      return FALSE;
    }
  open_with (self, g_ptr_array_index (self->settings->protocols, 0));
  /* As the official clients do: it arms the server's timeout (signalr.md 7.1, 9). */
  if (!self->keeps_alive && self->settings->keep_alive_interval > 0)
    send_ping (self, self->fed);
  return TRUE;
}

/* TRUE: the session is open now. */
static gboolean
next_handshake (KrHubSession *self)
{
  g_autoptr (GError) error = NULL;
  KrHubSlice text;

  if (!kr_hub_framer_next (&self->framer, NULL, self->settings->max_message_size, &text, &error))
    {
      if (error == NULL)
        return FALSE;
      kr_hub_session_because (self, KR_HUB_CLOSE_REASON_HANDSHAKE);
      if (self->role == KR_HUB_ROLE_SERVER)
        {
          refuse (self, "Handshake was canceled.", g_steal_pointer (&error));
          return FALSE;
        }
      kr_hub_plain_words (error, "The hub's handshake cannot be read");
      end (self, KR_HUB_SESSION_CLOSING, g_steal_pointer (&error));
      return FALSE;
    }
  return self->role == KR_HUB_ROLE_SERVER ? receive_request (self, &text) : receive_response (self, &text);
}

/* --- messages --- */

static void
fail_reading (KrHubSession *self, GError *error)
{
  kr_hub_session_because (self,
                          g_error_matches (error, KR_HUB_ERROR, KR_HUB_ERROR_TOO_LARGE) ? KR_HUB_CLOSE_REASON_TOO_LARGE
                                                                                        : KR_HUB_CLOSE_REASON_PROTOCOL);
  if (self->role == KR_HUB_ROLE_CLIENT)
    kr_hub_plain_words (error, "The hub's message cannot be read");
  kr_hub_session_close (self, TRUE, error->message, TRUE);
  g_clear_error (&self->error);
  self->error = error;
}

static void
receive_close (KrHubSession *self, const KrHubMessage *message)
{
  GError *error = NULL;

  if (message->error.data != NULL)
    error = g_error_new (KR_HUB_ERROR, KR_HUB_ERROR_CLOSED, "%.*s", (int) message->error.len, message->error.data);
  self->farewell = !message->allow_reconnect;
  kr_hub_session_because (self, KR_HUB_CLOSE_REASON_PEER);
  if (self->role == KR_HUB_ROLE_SERVER)
    kr_hub_session_close (self, FALSE, NULL, FALSE);
  else
    end (self, KR_HUB_SESSION_CLOSING, NULL);
  self->error = error;
}

/* TRUE: the message is for the user. */
static inline gboolean
receive_message (KrHubSession *self, KrHubMessage *message, GError **error)
{
  self->counters->n_received[message->type]++;
  switch (message->type)
    {
    case KR_HUB_MESSAGE_INVOCATION:
    case KR_HUB_MESSAGE_STREAM_ITEM:
    case KR_HUB_MESSAGE_COMPLETION:
    case KR_HUB_MESSAGE_STREAM_INVOCATION:
    case KR_HUB_MESSAGE_CANCEL_INVOCATION:
      return G_LIKELY (self->replay == NULL) || kr_hub_replay_buffer_receive (self->replay);
    case KR_HUB_MESSAGE_PING:
      self->watches_peer = TRUE;
      break;
    case KR_HUB_MESSAGE_CLOSE:
      receive_close (self, message);
      break;
    case KR_HUB_MESSAGE_ACK: /* without stateful reconnect both mean nothing */
      if (self->replay != NULL)
        {
          kr_hub_replay_buffer_ack (self->replay, message->sequence_id);
          kr_hub_session_notice_room (self);
        }
      break;
    case KR_HUB_MESSAGE_SEQUENCE:
      if (self->replay != NULL && !kr_hub_replay_buffer_receive_sequence (self->replay, message->sequence_id))
        g_set_error_literal (error, KR_HUB_ERROR, KR_HUB_ERROR_MALFORMED, SEQUENCE_DETAIL);
      break;
    default:
      break;
    }
  return FALSE;
}

/* TRUE: a message for the user is in @message. */
static gboolean
next_message (KrHubSession *self, KrHubMessage *message)
{
  g_autoptr (GError) error = NULL;
  KrHubSlice body;

  while (kr_hub_framer_next (&self->framer, self->protocol, self->settings->max_message_size, &body, &error))
    {
      KrHubParseResult result = self->encoding->parse (self->protocol, &body, message, &error);

      self->last_received = self->fed;
      if (result == KR_HUB_PARSE_MESSAGE && receive_message (self, message, &error))
        return TRUE;
      kr_hub_message_clear (message);
      if (G_UNLIKELY (error != NULL || self->state != KR_HUB_SESSION_OPEN))
        break;
    }
  if (error != NULL)
    fail_reading (self, g_steal_pointer (&error));
  return FALSE;
}

void
kr_hub_session_feed (KrHubSession *self, const guint8 *data, gsize len, gint64 now)
{
  if (self->state >= KR_HUB_SESSION_CLOSING)
    return;
  self->counters->n_bytes_received += len;
  kr_hub_framer_feed (&self->framer, data, len);
  self->fed = now;
  if (self->busy)
    kr_hub_framer_hold (&self->framer);
}

void
kr_hub_session_feed_later (KrHubSession *self, const guint8 *data, gsize len, gint64 now)
{
  if (self->state >= KR_HUB_SESSION_CLOSING)
    return;
  self->counters->n_bytes_received += len;
  kr_hub_framer_feed_later (&self->framer, data, len);
  self->fed = now;
  self->busy = TRUE;
}

/* Apart, so that the usual way is none the longer for it. */
static gboolean G_GNUC_NO_INLINE
next_event_later (KrHubSession *self, KrHubEvent *event)
{
  return kr_hub_framer_take_later (&self->framer) && kr_hub_session_next_event (self, event);
}

gboolean
kr_hub_session_next_event (KrHubSession *self, KrHubEvent *event)
{
  kr_hub_message_clear (&event->message);
  if (self->state == KR_HUB_SESSION_OPEN && next_message (self, &event->message))
    {
      event->type = KR_HUB_EVENT_MESSAGE;
      return TRUE;
    }
  if (self->state == KR_HUB_SESSION_HANDSHAKE && next_handshake (self))
    {
      event->type = KR_HUB_EVENT_OPENED;
      return TRUE;
    }
  if (self->close_pending)
    {
      self->close_pending = FALSE;
      /* Not earlier: the message whose handler ended the session borrows from here. */
      kr_hub_framer_clear (&self->framer);
      event->type = KR_HUB_EVENT_CLOSED;
      event->error = self->error;
      event->allow_reconnect = self->allow_reconnect;
      return TRUE;
    }
  return G_UNLIKELY (self->framer.later != NULL) && next_event_later (self, event);
}

void
kr_hub_session_set_busy (KrHubSession *self, gboolean busy, gint64 now)
{
  self->busy = busy;
  if (busy)
    {
      kr_hub_framer_hold (&self->framer);
      kr_hub_framer_take_later (&self->framer);
    }
  else
    self->last_received = now;
}

/* --- output --- */

static void
push_tracked (KrHubSession *self, GBytes *message, char *target)
{
  kr_hub_replay_buffer_add (self->replay, message, target);
  if (!self->detached)
    kr_hub_outbox_push (&self->outbox, message, target);
  kr_hub_session_added (self, g_bytes_get_size (message));
}

static gboolean
write_own (KrHubSession *self, const KrHubMessage *message, GError **error)
{
  gsize before = self->outbox.size;
  gboolean written = self->encoding->write (self->protocol, message, kr_hub_outbox_begin (&self->outbox), error);

  kr_hub_outbox_end (&self->outbox);
  kr_hub_session_added (self, self->outbox.size - before);
  return written;
}

/* A call that expects no answer. */
static gboolean
is_event (const KrHubMessage *message)
{
  return message->type == KR_HUB_MESSAGE_INVOCATION && message->invocation_id.data == NULL;
}

/* What may have to be sent again, or dropped, has bytes of its own. */
static gboolean
send_apart (KrHubSession *self, const KrHubMessage *message, GError **error)
{
  g_auto (KrHubBuffer) buffer = KR_HUB_BUFFER_INIT;
  g_autoptr (GBytes) bytes = NULL;
  char *target = NULL;

  if (!self->encoding->write (self->protocol, message, &buffer, error))
    return FALSE;
  bytes = kr_hub_buffer_free_to_bytes (&buffer);
  if (kr_hub_session_drops (self) && is_event (message))
    target = g_ref_string_new_len (message->target.data, message->target.len);
  if (self->replay != NULL)
    push_tracked (self, bytes, target);
  else
    {
      kr_hub_outbox_push (&self->outbox, bytes, target);
      kr_hub_session_added (self, g_bytes_get_size (bytes));
    }
  g_clear_pointer (&target, g_ref_string_release);
  return TRUE;
}

/* Pings, acks and the like concern one transport only. */
static gboolean
send_stateful (KrHubSession *self, const KrHubMessage *message, GError **error)
{
  if (message->type <= KR_HUB_MESSAGE_CANCEL_INVOCATION)
    return send_apart (self, message, error);
  return self->detached || write_own (self, message, error);
}

gboolean
kr_hub_session_send (KrHubSession *self, const KrHubMessage *message, GError **error)
{
  if (self->state != KR_HUB_SESSION_OPEN)
    return TRUE;
  self->counters->n_sent[message->type]++;
  if (G_UNLIKELY (self->replay != NULL))
    return send_stateful (self, message, error);
  if (G_UNLIKELY (kr_hub_session_drops (self)) && is_event (message))
    return send_apart (self, message, error);
  return write_own (self, message, error);
}

void
kr_hub_session_send_shared (KrHubSession *self, GBytes *messages, char *target)
{
  if (self->state != KR_HUB_SESSION_OPEN)
    return;
  self->counters->n_sent[KR_HUB_MESSAGE_INVOCATION]++;
  if (G_UNLIKELY (self->replay != NULL))
    push_tracked (self, messages, target);
  else
    {
      kr_hub_outbox_push (&self->outbox, messages, target);
      kr_hub_session_added (self, g_bytes_get_size (messages));
    }
}

void
kr_hub_session_close_with_text (KrHubSession *self, const char *text, gboolean allow_reconnect, GError *error)
{
  KrHubMessage message = { .type = KR_HUB_MESSAGE_CLOSE, .allow_reconnect = allow_reconnect };

  kr_hub_session_because (self, KR_HUB_CLOSE_REASON_ABORTED);
  if (text != NULL)
    message.error = (KrHubSlice) { text, strlen (text) };
  if (self->role == KR_HUB_ROLE_CLIENT)
    self->farewell = !allow_reconnect;
  if (self->protocol != NULL)
    kr_hub_session_send (self, &message, NULL);
  end (self, KR_HUB_SESSION_CLOSING, error);
}

void
kr_hub_session_close (KrHubSession *self, gboolean failed, const char *detail, gboolean allow_reconnect)
{
  gboolean detailed = self->settings->detailed_errors && detail != NULL;
  g_autofree char *text = NULL;

  if (failed)
    text = g_strdup_printf ("Connection closed with an error.%s%s", detailed ? " " : "", detailed ? detail : "");
  kr_hub_session_close_with_text (
    self,
    text,
    allow_reconnect,
    failed ? g_error_new_literal (KR_HUB_ERROR, KR_HUB_ERROR_FAILED, detail != NULL ? detail : text) : NULL);
}

void
kr_hub_session_expire (KrHubSession *self)
{
  kr_hub_session_because (self, KR_HUB_CLOSE_REASON_EXPIRED);
  if (self->state == KR_HUB_SESSION_HANDSHAKE && self->role == KR_HUB_ROLE_SERVER)
    refuse_new (self, g_strdup ("Handshake was canceled."));
  else
    kr_hub_session_close (self, FALSE, NULL, TRUE);
}

void
kr_hub_session_transport_closed (KrHubSession *self, const GError *error)
{
  kr_hub_session_because (self, error != NULL ? KR_HUB_CLOSE_REASON_LOST : KR_HUB_CLOSE_REASON_PEER);
  kr_hub_outbox_clear (&self->outbox);
  end (self, KR_HUB_SESSION_CLOSED, error != NULL ? g_error_copy (error) : NULL);
}

/* --- stateful reconnect --- */

gboolean
kr_hub_session_lost (KrHubSession *self, const GError *error, gint64 now)
{
  if (self->replay == NULL || self->state > KR_HUB_SESSION_OPEN)
    return FALSE;
  kr_hub_outbox_clear (&self->outbox);
  self->detached = TRUE;
  self->lost = now;
  g_clear_error (&self->lost_error);
  self->lost_error = g_error_copy (error);
  return TRUE;
}

void
kr_hub_session_reattach (KrHubSession *self, gint64 now)
{
  KrHubMessage sequence = { .type = KR_HUB_MESSAGE_SEQUENCE };

  kr_hub_outbox_clear (&self->outbox);
  kr_hub_framer_clear (&self->framer);
  self->detached = FALSE;
  self->send_check = 0;
  g_clear_error (&self->lost_error);
  self->started = self->last_received = self->last_ping = now;
  /* Lost before the handshake: the new transport does it. */
  if (self->state != KR_HUB_SESSION_OPEN)
    return;
  sequence.sequence_id = kr_hub_replay_buffer_get_sequence (self->replay);
  kr_hub_session_send (self, &sequence, NULL);
  self->counters->n_replayed += g_queue_get_length (&self->replay->messages);
  for (GList *link = self->replay->messages.head; link != NULL; link = link->next)
    {
      KrHubReplayEntry *entry = link->data;

      kr_hub_outbox_push (&self->outbox, entry->bytes, entry->target);
    }
}

static void
send_ack (KrHubSession *self, gint64 now)
{
  const KrHubMessage ack = { .type = KR_HUB_MESSAGE_ACK, .sequence_id = self->replay->latest };

  kr_hub_session_send (self, &ack, NULL);
  self->replay->acknowledged = self->replay->latest;
  self->replay->last_ack = now;
}

/* --- deadlines --- */

static gint64
later (gint64 time, gint64 interval)
{
  return interval > 0 ? kr_hub_later (time, interval) : G_MAXINT64;
}

static gint64
peer_deadline (const KrHubSession *self)
{
  return self->watches_peer && !self->busy ? later (self->last_received, self->settings->peer_timeout) : G_MAXINT64;
}

static gint64
ack_deadline (const KrHubSession *self)
{
  return self->replay != NULL && kr_hub_replay_buffer_owes_ack (self->replay)
           ? self->replay->last_ack + ACK_INTERVAL
           : G_MAXINT64;
}

static gint64
ping_deadline (const KrHubSession *self)
{
  return self->keeps_alive ? G_MAXINT64 : later (self->last_ping, self->settings->keep_alive_interval);
}

gint64
kr_hub_session_next_deadline (const KrHubSession *self)
{
  if (self->detached && self->state <= KR_HUB_SESSION_OPEN)
    return kr_hub_later (self->lost, self->settings->reconnect_window);
  switch (self->state)
    {
    case KR_HUB_SESSION_HANDSHAKE:
      return later (self->started, self->settings->handshake_timeout);
    case KR_HUB_SESSION_OPEN:
      return MIN (MIN (peer_deadline (self), ping_deadline (self)),
                  MIN (ack_deadline (self), self->send_check != 0 ? self->send_check : G_MAXINT64));
    case KR_HUB_SESSION_CLOSING:
    case KR_HUB_SESSION_CLOSED:
    default:
      return G_MAXINT64;
    }
}

static void
handshake_timed_out (KrHubSession *self)
{
  GError *error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "The handshake took too long");

  kr_hub_session_because (self, KR_HUB_CLOSE_REASON_HANDSHAKE_TIMEOUT);
  if (self->role == KR_HUB_ROLE_SERVER)
    refuse (self, "Handshake was canceled.", error);
  else
    end (self, KR_HUB_SESSION_CLOSING, error);
}

static void
peer_timed_out (KrHubSession *self)
{
  kr_hub_session_because (self, KR_HUB_CLOSE_REASON_TIMEOUT);
  if (self->role == KR_HUB_ROLE_SERVER)
    kr_hub_session_close (self, TRUE, TIMEOUT_DETAIL, TRUE);
  else
    end (self, KR_HUB_SESSION_CLOSING, NULL);
  g_clear_error (&self->error);
  self->error = g_error_new_literal (G_IO_ERROR,
                                     G_IO_ERROR_TIMED_OUT,
                                     self->role == KR_HUB_ROLE_SERVER
                                       ? "The client has not sent a message or ping in time"
                                       : "Server timeout elapsed without receiving a message from the server.");
}

void
kr_hub_session_set_send_check (KrHubSession *self, gint64 now)
{
  self->sent_some = FALSE;
  self->send_check = kr_hub_later (now, self->settings->send_timeout);
}

static void
check_sending (KrHubSession *self, gint64 now)
{
  self->send_check = 0;
  if (self->outbox.size == 0)
    return;
  if (self->sent_some)
    kr_hub_session_set_send_check (self, now);
  else
    self->stuck = TRUE;
}

void
kr_hub_session_tick (KrHubSession *self, gint64 now)
{
  if (self->detached)
    {
      if (now >= kr_hub_session_next_deadline (self))
        {
          kr_hub_session_because (self, KR_HUB_CLOSE_REASON_RECONNECT_TIMEOUT);
          kr_hub_session_transport_closed (self, self->lost_error);
        }
      return;
    }
  if (self->state == KR_HUB_SESSION_HANDSHAKE && now >= kr_hub_session_next_deadline (self))
    handshake_timed_out (self);
  if (self->state != KR_HUB_SESSION_OPEN)
    return;
  if (self->send_check != 0 && now >= self->send_check)
    check_sending (self, now);
  if (now >= ack_deadline (self))
    send_ack (self, now);
  if (now >= peer_deadline (self))
    peer_timed_out (self);
  else if (now >= ping_deadline (self))
    {
      /* What waits already keeps the connection alive when it gets there; a ping behind it would only add to it. */
      if (self->outbox.size == 0)
        send_ping (self, now);
      else
        self->last_ping = now;
    }
}

gboolean
kr_hub_session_jumped (KrHubSession *self, gint64 slept, gint64 now)
{
  self->last_received -= slept;
  self->lost -= slept;
  self->started -= slept;
  if (self->state != KR_HUB_SESSION_OPEN || self->detached)
    return FALSE;
  /* A socket that is dead says so when something is sent through it. */
  if (!self->keeps_alive)
    self->last_ping = G_MININT64 / 2;
  return now >= peer_deadline (self);
}
