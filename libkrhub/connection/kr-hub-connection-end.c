/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubConnection: its end. */
#include "config.h"

#include "kr-hub-connection-private.h"

#include "kr-hub-error.h"
#include "kr-hub-log-private.h"

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

void
kr_hub_connection_ended (KrHubConnection *self, const GError *error, gboolean allow_reconnect)
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
  kr_hub_connection_emit_ended (self, error);
}

gboolean
kr_hub_connection_when_gone (KrHubConnection *self, void (*func) (gpointer data), gpointer data)
{
  self->gone = func;
  self->gone_data = data;
  return self->transport != NULL;
}

void
kr_hub_connection_tell_gone (KrHubConnection *self)
{
  void (*func) (gpointer data) = g_steal_pointer (&self->gone);

  if (func != NULL && self->transport == NULL)
    func (self->gone_data);
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

/* --- public --- */

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
