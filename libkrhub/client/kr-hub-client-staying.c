/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubClient: getting a connection, losing it, and getting another one. */
#include "config.h"

#include "kr-hub-client-private.h"

/* Between two tries to replace a lost socket. */
#define REATTACH_INTERVAL (G_USEC_PER_SEC / 2)
/* An attempt that is younger saw the network as it is now. */
#define YOUNG (G_USEC_PER_SEC / 2)

static const KrHubConnectionFuncs connection_funcs;

static void drop_attempt (KrHubClient *self);

/* --- trying again --- */

/* What the last try failed for, or what holds up the one under way, may be over. */
static void
retry_now (gpointer data)
{
  g_autoptr (KrHubClient) self = g_object_ref (data);
  gint64 now = kr_hub_clock_get_time (self->clock);

  if (self->retry_timer.position != 0)
    kr_hub_clock_arm (self->clock, &self->retry_timer, now);
  else if (self->attempt != NULL && self->state != KR_HUB_CLIENT_CONNECTED && now - self->attempt_begun >= YOUNG)
    {
      drop_attempt (self);
      kr_hub_client_attempt (self);
    }
}

static void
watch_network (KrHubClient *self, gboolean watch)
{
  if (!watch)
    g_clear_pointer (&self->network, kr_hub_network_watch_free);
  else if (self->network == NULL)
    self->network = kr_hub_network_watch_new (retry_now, self);
}

static void
machine_slept (KrHubClock *clock, gint64 slept, gpointer data)
{
  g_autoptr (KrHubClient) self = g_object_ref (data);

  if (self->connection != NULL)
    kr_hub_connection_jumped (self->connection, slept);
  retry_now (self);
}

static void
retry_timer_fired (KrHubTimer *timer, gint64 now)
{
  KrHubClient *self = timer->data;

  kr_hub_client_attempt (self);
}

/* FALSE: there is no policy, or it gives up. A policy of the user's may have stopped the client: then all is done. */
static gboolean
schedule_retry (KrHubClient *self, const GError *reason)
{
  g_autoptr (KrHubRetryPolicy) policy = self->policy != NULL ? g_object_ref (self->policy) : NULL;
  gint64 now = kr_hub_clock_get_time (self->clock);
  guint n_changes = self->n_changes;
  gint64 delay;

  if (self->connector == NULL || policy == NULL)
    return FALSE;
  delay = kr_hub_retry_policy_next_delay (policy, self->n_retries, now - self->lost_at, reason);
  if (self->n_changes != n_changes)
    return TRUE;
  if (delay < 0)
    return FALSE;
  self->n_retries++;
  self->retry_timer.fire = retry_timer_fired;
  kr_hub_clock_arm (self->clock, &self->retry_timer, now + delay);
  watch_network (self, TRUE);
  return TRUE;
}

void
kr_hub_client_stop_trying (KrHubClient *self)
{
  kr_hub_clock_disarm (self->clock, &self->retry_timer);
  watch_network (self, FALSE);
  drop_attempt (self);
}

GError *
kr_hub_client_dup_failure (const GError *error)
{
  if (error != NULL)
    return g_error_copy (error);
  return g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED, "The connection ended before the handshake was done");
}

/* A try to connect has failed, the first one or a later one. */
static void
attempt_failed (KrHubClient *self, const GError *error)
{
  gboolean again = self->state == KR_HUB_CLIENT_RECONNECTING || self->retry_start;
  guint n_changes = self->n_changes;

  kr_hub_client_set_last_error (self, error);
  if (self->n_changes != n_changes)
    return;
  if (!again || !schedule_retry (self, error))
    kr_hub_client_become_disconnected (self, error);
}

/* --- what the connection says --- */

static void
connection_opened (KrHubConnection *connection, gpointer owner)
{
  g_autoptr (KrHubClient) self = g_object_ref (owner);
  gboolean again = self->state == KR_HUB_CLIENT_RECONNECTING;
  g_autoptr (GTask) task = NULL;
  guint n_changes = self->n_changes + 1;

  g_object_freeze_notify (G_OBJECT (self));
  if (kr_hub_client_set_state (self, KR_HUB_CLIENT_CONNECTED))
    {
      task = kr_hub_client_take_connecting (self);
      watch_network (self, FALSE);
      kr_hub_client_set_last_error (self, NULL);
    }
  g_object_thaw_notify (G_OBJECT (self));
  if (task != NULL)
    g_task_return_boolean (task, TRUE);
  if (self->n_changes == n_changes)
    kr_hub_client_run_waiting_calls (self);
  if (again && self->n_changes == n_changes)
    g_signal_emit_by_name (self, "reconnected", self->connection_id);
}

static void
connection_lost_for_good (KrHubClient *self, const GError *error)
{
  guint n_changes = self->n_changes;

  self->n_retries = 0;
  self->lost_at = kr_hub_clock_get_time (self->clock);
  kr_hub_client_set_last_error (self, error);
  if (self->n_changes != n_changes)
    return;
  if (!schedule_retry (self, error))
    {
      kr_hub_client_become_disconnected (self, error);
      return;
    }
  if (self->n_changes != n_changes)
    return;
  g_object_freeze_notify (G_OBJECT (self));
  kr_hub_client_set_state (self, KR_HUB_CLIENT_RECONNECTING);
  kr_hub_client_set_connection_id (self, NULL);
  g_object_thaw_notify (G_OBJECT (self));
  if (self->n_changes == n_changes + 1)
    g_signal_emit_by_name (self, "reconnecting", error);
}

/* Not again: the hub forbids it. */
static void
connection_ended (KrHubClient *self, const GError *error)
{
  guint n_changes = self->n_changes;

  kr_hub_client_set_last_error (self, error);
  if (self->n_changes == n_changes)
    kr_hub_client_become_disconnected (self, error);
}

static void
farewell_said (gpointer data)
{
  g_autoptr (KrHubClient) self = g_object_ref (data);

  g_clear_object (&self->farewell);
  kr_hub_client_become_disconnected (self, NULL);
}

/* All that was sent before is to arrive: the client has ended when the transport has. */
static void
await_farewell (KrHubClient *self, KrHubConnection *connection, const GError *error)
{
  if (!kr_hub_connection_when_gone (connection, farewell_said, self))
    kr_hub_client_become_disconnected (self, error);
  else
    self->farewell = g_object_ref (connection);
}

static void
connection_closed (KrHubConnection *connection, const GError *error, gboolean allow_reconnect, gpointer owner)
{
  g_autoptr (KrHubClient) self = g_object_ref (owner);
  g_autoptr (GError) failure = NULL;

  g_clear_object (&self->connection);
  kr_hub_client_stop_trying (self);
  switch (self->state)
    {
    case KR_HUB_CLIENT_CONNECTED:
      if (allow_reconnect)
        connection_lost_for_good (self, error);
      else
        connection_ended (self, error);
      break;
    case KR_HUB_CLIENT_CONNECTING:
    case KR_HUB_CLIENT_RECONNECTING:
      failure = kr_hub_client_dup_failure (error);
      attempt_failed (self, failure);
      break;
    case KR_HUB_CLIENT_DISCONNECTING:
      await_farewell (self, connection, error);
      break;
    case KR_HUB_CLIENT_DISCONNECTED:
    default:
      kr_hub_client_become_disconnected (self, error);
      break;
    }
}

/* --- connecting --- */

void
kr_hub_client_open (KrHubClient *self, KrHubTransport *transport, gboolean stateful)
{
  self->connection = kr_hub_connection_new (KR_HUB_ROLE_CLIENT, self->settings, self->dispatcher, self->clock, transport,
                                            self->connection_id, NULL, stateful, &connection_funcs, self);
  kr_hub_connection_start (self->connection);
}

/* What an operation of the connector needs to find its client again, if it is still there. */
typedef struct
{
  GWeakRef client;
  GCancellable *cancellable;
} Attempt;

static void
drop_attempt (KrHubClient *self)
{
  kr_hub_clock_disarm (self->clock, &self->attempt_timer);
  if (self->attempt != NULL)
    g_cancellable_cancel (self->attempt);
  g_clear_object (&self->attempt);
}

static Attempt *
attempt_new (KrHubClient *self)
{
  Attempt *data = g_new0 (Attempt, 1);

  drop_attempt (self);
  self->attempt = g_cancellable_new ();
  self->attempt_begun = kr_hub_clock_get_time (self->clock);
  if (self->connect_timeout > 0)
    kr_hub_clock_arm (self->clock, &self->attempt_timer, self->attempt_begun + self->connect_timeout);
  g_weak_ref_init (&data->client, self);
  data->cancellable = g_object_ref (self->attempt);
  return data;
}

static void
attempt_free (Attempt *self)
{
  g_weak_ref_clear (&self->client);
  g_object_unref (self->cancellable);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Attempt, attempt_free)

/* NULL: the client is gone, or it does not wait for this operation any more. */
static KrHubClient *
take_attempt (Attempt *data)
{
  g_autoptr (KrHubClient) self = g_weak_ref_get (&data->client);

  if (self == NULL || self->attempt != data->cancellable || g_cancellable_is_cancelled (data->cancellable))
    return NULL;
  kr_hub_clock_disarm (self->clock, &self->attempt_timer);
  g_clear_object (&self->attempt);
  return g_steal_pointer (&self);
}

static void
attempt_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Attempt) data = user_data;
  g_autoptr (KrHubClient) self = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL;
  gboolean stateful;
  guint n_changes;
  g_autoptr (KrHubTransport) transport =
    kr_hub_connector_connect_finish (KR_HUB_CONNECTOR (source), result, &id, &stateful, &error);

  self = take_attempt (data);
  if (self == NULL)
    return;
  if (transport == NULL)
    {
      attempt_failed (self, error);
      return;
    }
  n_changes = self->n_changes;
  kr_hub_client_set_connection_id (self, id);
  if (self->n_changes == n_changes)
    kr_hub_client_open (self, transport, stateful);
}

void
kr_hub_client_attempt (KrHubClient *self)
{
  Attempt *data = attempt_new (self);

  kr_hub_connector_set_transfer_format (
    self->connector, kr_hub_protocol_get_transfer_format (g_ptr_array_index (self->settings->protocols, 0)));
  kr_hub_connector_connect_async (self->connector, self->ask_stateful, data->cancellable, attempt_done, data);
}

/* --- stateful reconnect --- */

static void reattach (KrHubClient *self);

static void
reattach_timer_fired (KrHubTimer *timer, gint64 now)
{
  reattach (timer->data);
}

static void
reattach_later (KrHubClient *self)
{
  self->retry_timer.fire = reattach_timer_fired;
  kr_hub_clock_arm (self->clock, &self->retry_timer, kr_hub_clock_get_time (self->clock) + REATTACH_INTERVAL);
}

static void
attempt_timed_out (KrHubTimer *timer, gint64 now)
{
  g_autoptr (KrHubClient) self = g_object_ref (timer->data);
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "Connecting took too long");

  drop_attempt (self);
  if (self->state == KR_HUB_CLIENT_CONNECTED)
    reattach_later (self);
  else
    attempt_failed (self, error);
}

/* The server itself says that the connection is no more. All else, be it a gateway whose server restarts or an error that GIO
 * has no code for, may be over soon. */
static gboolean
is_hopeless (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
}

/* Every REATTACH_INTERVAL until the window ends, which the session itself watches; at once for good when the server
 * answers that it does not know the connection. */
static void
reattach_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Attempt) data = user_data;
  g_autoptr (KrHubClient) self = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (KrHubTransport) transport = kr_hub_connector_reconnect_finish (KR_HUB_CONNECTOR (source), result, &error);

  self = take_attempt (data);
  if (self == NULL || self->connection == NULL)
    return;
  if (transport != NULL && kr_hub_connection_reattach (self->connection, transport))
    return;
  if (transport != NULL || is_hopeless (error))
    kr_hub_connection_give_up (self->connection);
  else
    reattach_later (self);
}

static void
reattach (KrHubClient *self)
{
  Attempt *data = attempt_new (self);

  self->retry_timer.fire = retry_timer_fired;
  kr_hub_connector_reconnect_async (self->connector, data->cancellable, reattach_done, data);
}

static void
connection_lost (KrHubConnection *connection, const GError *error, gpointer owner)
{
  KrHubClient *self = owner;

  g_debug ("client: the transport was lost: %s", error->message);
  if (self->connector != NULL && self->state == KR_HUB_CLIENT_CONNECTED)
    reattach (self);
}

static void
unknown_target (KrHubConnection *connection, const KrHubSlice *name, gpointer owner)
{
  g_debug ("client: no handler for '%.*s'", (int) name->len, name->data);
}

static const KrHubConnectionFuncs connection_funcs = {
  .opened = connection_opened,
  .closed = connection_closed,
  .unknown_method = unknown_target,
  .lost = connection_lost,
};

void
kr_hub_client_init_connecting (KrHubClient *self)
{
  kr_hub_waiting_calls_init (&self->waiting, self->clock);
  self->retry_timer.fire = retry_timer_fired;
  self->retry_timer.data = self;
  self->attempt_timer.fire = attempt_timed_out;
  self->attempt_timer.data = self;
  kr_hub_clock_watch_jumps (self->clock);
  g_signal_connect (self->clock, "jumped", G_CALLBACK (machine_slept), self);
}
