/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubClient: the calling end of a connection to a hub. */
#include "config.h"

#include "kr-hub-client.h"

#include "kr-hub-connection-private.h"
#include "kr-hub-json-protocol.h"
#include "kr-hub-stream-private.h"
#include "kr-hub-waiting-calls-private.h"

/* The official clients' defaults (signalr.md 9). */
#define MAX_MESSAGE_SIZE (1024 * 1024)
/* Between two tries to replace a lost socket. */
#define REATTACH_INTERVAL (G_USEC_PER_SEC / 2)

/**
 * KrHubClient:
 *
 * The calling end of a connection to a hub: it invokes the hub's methods and has handlers for the hub's own calls.
 *
 * A client with a [iface@KrHub.Connector] connects by itself and, given a [class@KrHub.RetryPolicy], again whenever it
 * loses its connection; with stateful reconnect granted, a lost socket is replaced without anybody noticing.
 *
 * A client belongs to the thread whose default main context was in force when it was made; everything returns there.
 *
 * Since: 0.1
 */
struct _KrHubClient
{
  GObject parent_instance;

  KrHubClientState state;       /* written by set_state() only */
  KrHubClock *clock;
  KrHubSettings *settings;
  KrHubDispatcher *dispatcher;
  KrHubConnector *connector;    /* NULL: the user brings the transports */
  KrHubRetryPolicy *policy;     /* NULL: never again */
  gboolean retry_start;         /* also for the first connection */
  gboolean ask_stateful;
  KrHubCallPolicy call_policy;
  gint64 call_timeout;
  KrHubConnection *connection;  /* NULL while there is none */
  char *connection_id;
  GError *last_error;
  GTask *connecting;            /* NULL unless connect_async() or start_async() is under way */
  gulong connecting_handler;    /* of its cancellable */
  GPtrArray *stopping;          /* of GTask; each stop_async() that waits */
  GCancellable *attempt;        /* of the connector's operation under way; NULL: none */
  KrHubTimer retry_timer;
  gint64 lost_at;               /* when the tries began */
  guint n_retries;
  KrHubWaitingCalls waiting;
  GNetworkMonitor *monitor;     /* watched while a try is waited for; NULL otherwise */
};

G_DEFINE_FINAL_TYPE (KrHubClient, kr_hub_client, G_TYPE_OBJECT)

G_DEFINE_ENUM_TYPE (KrHubClientState, kr_hub_client_state,
                    G_DEFINE_ENUM_VALUE (KR_HUB_CLIENT_DISCONNECTED, "disconnected"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_CLIENT_CONNECTING, "connecting"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_CLIENT_CONNECTED, "connected"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_CLIENT_RECONNECTING, "reconnecting"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_CLIENT_DISCONNECTING, "disconnecting"))

G_DEFINE_ENUM_TYPE (KrHubCallPolicy, kr_hub_call_policy,
                    G_DEFINE_ENUM_VALUE (KR_HUB_CALL_FAIL, "fail"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_CALL_WAIT, "wait"))

typedef enum
{
  PROP_CLOCK = 1,
  PROP_STATE,
  PROP_PROTOCOL,
  PROP_CONNECTOR,
  PROP_RETRY_POLICY,
  PROP_RETRY_START,
  PROP_STATEFUL_RECONNECT,
  PROP_CALL_POLICY,
  PROP_CALL_TIMEOUT,
  PROP_SERVER_TIMEOUT,
  PROP_KEEP_ALIVE_INTERVAL,
  PROP_CONNECTION_ID,
  PROP_LAST_ERROR,
} KrHubClientProperty;

static GParamSpec *props[PROP_LAST_ERROR + 1];

typedef enum
{
  SIGNAL_CLOSED,
  SIGNAL_RECONNECTING,
  SIGNAL_RECONNECTED,
} KrHubClientSignal;

static guint signals[SIGNAL_RECONNECTED + 1];

static const struct
{
  KrHubClientState from, to;
} edges[] = {
  { KR_HUB_CLIENT_DISCONNECTED, KR_HUB_CLIENT_CONNECTING },     { KR_HUB_CLIENT_CONNECTING, KR_HUB_CLIENT_CONNECTED },
  { KR_HUB_CLIENT_CONNECTING, KR_HUB_CLIENT_DISCONNECTING },    { KR_HUB_CLIENT_CONNECTING, KR_HUB_CLIENT_DISCONNECTED },
  { KR_HUB_CLIENT_CONNECTED, KR_HUB_CLIENT_DISCONNECTING },     { KR_HUB_CLIENT_CONNECTED, KR_HUB_CLIENT_DISCONNECTED },
  { KR_HUB_CLIENT_CONNECTED, KR_HUB_CLIENT_RECONNECTING },      { KR_HUB_CLIENT_RECONNECTING, KR_HUB_CLIENT_CONNECTED },
  { KR_HUB_CLIENT_RECONNECTING, KR_HUB_CLIENT_DISCONNECTED },   { KR_HUB_CLIENT_RECONNECTING, KR_HUB_CLIENT_DISCONNECTING },
  { KR_HUB_CLIENT_DISCONNECTING, KR_HUB_CLIENT_DISCONNECTED },
};

static const KrHubConnectionFuncs connection_funcs;

static void attempt (KrHubClient *self);
static void run_waiting_calls (KrHubClient *self);

static gboolean
set_state (KrHubClient *self, KrHubClientState to)
{
  for (guint i = 0; i < G_N_ELEMENTS (edges); i++)
    if (edges[i].from == self->state && edges[i].to == to)
      {
        g_debug ("client: state %d -> %d", self->state, to);
        self->state = to;
        g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
        return TRUE;
      }
  return FALSE;
}

static void
set_connection_id (KrHubClient *self, const char *id)
{
  if (g_strcmp0 (self->connection_id, id) == 0)
    return;
  g_free (self->connection_id);
  self->connection_id = g_strdup (id);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_CONNECTION_ID]);
}

static void
set_last_error (KrHubClient *self, const GError *error)
{
  if (error == NULL && self->last_error == NULL)
    return;
  g_clear_error (&self->last_error);
  self->last_error = error != NULL ? g_error_copy (error) : NULL;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_LAST_ERROR]);
}

/* --- trying again --- */

static void
network_changed (GNetworkMonitor *monitor, gboolean available, gpointer data)
{
  KrHubClient *self = data;

  /* The network is back: what the last try failed for may be over. */
  if (available && self->retry_timer.position != 0)
    kr_hub_clock_arm (self->clock, &self->retry_timer, kr_hub_clock_get_time (self->clock));
}

static void
watch_network (KrHubClient *self, gboolean watch)
{
  if (watch == (self->monitor != NULL))
    return;
  if (watch)
    {
      self->monitor = g_object_ref (g_network_monitor_get_default ());
      g_signal_connect (self->monitor, "network-changed", G_CALLBACK (network_changed), self);
    }
  else
    {
      g_signal_handlers_disconnect_by_data (self->monitor, self);
      g_clear_object (&self->monitor);
    }
}

static void
retry_timer_fired (KrHubTimer *timer, gint64 now)
{
  KrHubClient *self = timer->data;

  watch_network (self, FALSE);
  attempt (self);
}

/* FALSE: there is no policy, or it gives up. */
static gboolean
schedule_retry (KrHubClient *self, const GError *reason)
{
  gint64 now = kr_hub_clock_get_time (self->clock);
  gint64 delay;

  if (self->connector == NULL || self->policy == NULL)
    return FALSE;
  delay = kr_hub_retry_policy_next_delay (self->policy, self->n_retries, now - self->lost_at, reason);
  if (delay < 0)
    return FALSE;
  self->n_retries++;
  self->retry_timer.fire = retry_timer_fired;
  kr_hub_clock_arm (self->clock, &self->retry_timer, now + delay);
  watch_network (self, TRUE);
  return TRUE;
}

static void
stop_trying (KrHubClient *self)
{
  kr_hub_clock_disarm (self->clock, &self->retry_timer);
  watch_network (self, FALSE);
  if (self->attempt != NULL)
    g_cancellable_cancel (self->attempt);
  g_clear_object (&self->attempt);
}

/* --- the end of things --- */

static GTask *
take_connecting (KrHubClient *self)
{
  GTask *task = g_steal_pointer (&self->connecting);

  if (task != NULL && self->connecting_handler != 0)
    g_cancellable_disconnect (g_task_get_cancellable (task), self->connecting_handler);
  self->connecting_handler = 0;
  return task;
}

static void
fail_connecting (KrHubClient *self, const GError *error)
{
  g_autoptr (GTask) task = take_connecting (self);

  if (task == NULL)
    return;
  if (error != NULL)
    g_task_return_error (task, g_error_copy (error));
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED,
                             "The connection ended before the handshake was done");
}

/* There is no connection and there will be none. */
static void
become_disconnected (KrHubClient *self, const GError *error)
{
  g_autoptr (GPtrArray) stopping = self->stopping;
  gboolean was_connecting = self->state == KR_HUB_CLIENT_CONNECTING;

  self->stopping = g_ptr_array_new_with_free_func (g_object_unref);
  stop_trying (self);
  set_state (self, KR_HUB_CLIENT_DISCONNECTED);
  set_connection_id (self, NULL);
  fail_connecting (self, error);
  kr_hub_waiting_calls_fail_all (&self->waiting, error != NULL ? error->message : "The client is not connected");
  for (guint i = 0; i < stopping->len; i++)
    g_task_return_boolean (g_ptr_array_index (stopping, i), TRUE);
  if (!was_connecting)
    g_signal_emit (self, signals[SIGNAL_CLOSED], 0, error);
}

/* A try to connect has failed, the first one or a later one. */
static void
attempt_failed (KrHubClient *self, const GError *error)
{
  gboolean again = self->state == KR_HUB_CLIENT_RECONNECTING || self->retry_start;

  set_last_error (self, error);
  if (!again || !schedule_retry (self, error))
    become_disconnected (self, error);
}

/* --- what the connection says --- */

static void
connection_opened (KrHubConnection *connection, gpointer owner)
{
  g_autoptr (KrHubClient) self = g_object_ref (owner);
  gboolean again = self->state == KR_HUB_CLIENT_RECONNECTING;
  g_autoptr (GTask) task = take_connecting (self);

  if (!set_state (self, KR_HUB_CLIENT_CONNECTED))
    return;
  set_last_error (self, NULL);
  if (task != NULL)
    g_task_return_boolean (task, TRUE);
  run_waiting_calls (self);
  if (again)
    g_signal_emit (self, signals[SIGNAL_RECONNECTED], 0, self->connection_id);
}

static void
connection_lost_for_good (KrHubClient *self, const GError *error)
{
  self->n_retries = 0;
  self->lost_at = kr_hub_clock_get_time (self->clock);
  set_last_error (self, error);
  if (!schedule_retry (self, error))
    {
      become_disconnected (self, error);
      return;
    }
  set_state (self, KR_HUB_CLIENT_RECONNECTING);
  set_connection_id (self, NULL);
  g_signal_emit (self, signals[SIGNAL_RECONNECTING], 0, error);
}

static void
connection_closed (KrHubConnection *connection, const GError *error, gboolean allow_reconnect, gpointer owner)
{
  g_autoptr (KrHubClient) self = g_object_ref (owner);

  g_clear_object (&self->connection);
  switch (self->state)
    {
    case KR_HUB_CLIENT_CONNECTED:
      if (allow_reconnect)
        connection_lost_for_good (self, error);
      else
        become_disconnected (self, error);
      break;
    case KR_HUB_CLIENT_CONNECTING:
    case KR_HUB_CLIENT_RECONNECTING:
      attempt_failed (self, error);
      break;
    case KR_HUB_CLIENT_DISCONNECTING:
    case KR_HUB_CLIENT_DISCONNECTED:
    default:
      become_disconnected (self, error);
      break;
    }
}

/* --- connecting --- */

static void
open_transport (KrHubClient *self, KrHubTransport *transport, gboolean stateful)
{
  self->connection = kr_hub_connection_new (KR_HUB_ROLE_CLIENT, self->settings, self->dispatcher, self->clock, transport,
                                            self->connection_id, NULL, stateful, &connection_funcs, self);
  kr_hub_connection_start (self->connection);
}

/* The operation of a client that stopped, or that is gone, has been cancelled. */
static gboolean
take_attempt (KrHubClient *self, GCancellable *cancellable)
{
  if (self->attempt != cancellable || g_cancellable_is_cancelled (cancellable))
    return FALSE;
  g_clear_object (&self->attempt);
  return TRUE;
}

/* What an operation of the connector needs to find its client again. */
typedef struct
{
  KrHubClient *client;
  GCancellable *cancellable;
} Attempt;

static Attempt *
attempt_new (KrHubClient *self)
{
  Attempt *data = g_new (Attempt, 1);

  g_clear_object (&self->attempt);
  self->attempt = g_cancellable_new ();
  data->client = g_object_ref (self);
  data->cancellable = g_object_ref (self->attempt);
  return data;
}

static void
attempt_free (Attempt *self)
{
  g_object_unref (self->client);
  g_object_unref (self->cancellable);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Attempt, attempt_free)

static void
attempt_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Attempt) data = user_data;
  KrHubClient *self = data->client;
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL;
  gboolean stateful;
  g_autoptr (KrHubTransport) transport =
    kr_hub_connector_connect_finish (KR_HUB_CONNECTOR (source), result, &id, &stateful, &error);

  if (!take_attempt (self, data->cancellable))
    return;
  if (transport == NULL)
    {
      attempt_failed (self, error);
      return;
    }
  set_connection_id (self, id);
  open_transport (self, transport, stateful);
}

static void
attempt (KrHubClient *self)
{
  Attempt *data = attempt_new (self);

  kr_hub_connector_connect_async (self->connector, self->ask_stateful, data->cancellable, attempt_done, data);
}

/* --- stateful reconnect --- */

static void reattach (KrHubClient *self);

static void
reattach_timer_fired (KrHubTimer *timer, gint64 now)
{
  reattach (timer->data);
}

static gboolean
is_hopeless (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_FAILED) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
}

/* Every REATTACH_INTERVAL until the window ends, which the session itself watches; at once for good when the server
 * answers that it does not know the connection. */
static void
reattach_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Attempt) data = user_data;
  KrHubClient *self = data->client;
  g_autoptr (GError) error = NULL;
  g_autoptr (KrHubTransport) transport = kr_hub_connector_reconnect_finish (KR_HUB_CONNECTOR (source), result, &error);

  if (!take_attempt (self, data->cancellable) || self->connection == NULL)
    return;
  if (transport != NULL && kr_hub_connection_reattach (self->connection, transport))
    return;
  if (transport != NULL || is_hopeless (error))
    kr_hub_connection_give_up (self->connection);
  else
    {
      self->retry_timer.fire = reattach_timer_fired;
      kr_hub_clock_arm (self->clock, &self->retry_timer, kr_hub_clock_get_time (self->clock) + REATTACH_INTERVAL);
    }
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

static void
kr_hub_client_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KrHubClient *self = KR_HUB_CLIENT (object);

  switch ((KrHubClientProperty) prop_id)
    {
    case PROP_CLOCK: g_value_set_object (value, self->clock); break;
    case PROP_STATE: g_value_set_enum (value, self->state); break;
    case PROP_PROTOCOL: g_value_set_object (value, g_ptr_array_index (self->settings->protocols, 0)); break;
    case PROP_CONNECTOR: g_value_set_object (value, self->connector); break;
    case PROP_RETRY_POLICY: g_value_set_object (value, self->policy); break;
    case PROP_RETRY_START: g_value_set_boolean (value, self->retry_start); break;
    case PROP_STATEFUL_RECONNECT: g_value_set_boolean (value, self->ask_stateful); break;
    case PROP_CALL_POLICY: g_value_set_enum (value, self->call_policy); break;
    case PROP_CALL_TIMEOUT: g_value_set_int64 (value, self->call_timeout); break;
    case PROP_SERVER_TIMEOUT: g_value_set_int64 (value, self->settings->peer_timeout); break;
    case PROP_KEEP_ALIVE_INTERVAL: g_value_set_int64 (value, self->settings->keep_alive_interval); break;
    case PROP_CONNECTION_ID: g_value_set_string (value, self->connection_id); break;
    case PROP_LAST_ERROR: g_value_set_boxed (value, self->last_error); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

/* What the next connection speaks; the current one has its own reference. */
static void
set_protocol (KrHubClient *self, KrHubProtocol *protocol)
{
  if (protocol == NULL || protocol == g_ptr_array_index (self->settings->protocols, 0))
    return;
  g_ptr_array_set_size (self->settings->protocols, 0);
  g_ptr_array_add (self->settings->protocols, g_object_ref (protocol));
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PROTOCOL]);
}

static void
set_flag (KrHubClient *self, gboolean *flag, const GValue *value, GParamSpec *pspec)
{
  if (*flag == g_value_get_boolean (value))
    return;
  *flag = g_value_get_boolean (value);
  g_object_notify_by_pspec (G_OBJECT (self), pspec);
}

static void
set_time (KrHubClient *self, gint64 *time, const GValue *value, GParamSpec *pspec)
{
  if (*time == g_value_get_int64 (value))
    return;
  *time = g_value_get_int64 (value);
  g_object_notify_by_pspec (G_OBJECT (self), pspec);
}

static void
kr_hub_client_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  KrHubClient *self = KR_HUB_CLIENT (object);

  switch ((KrHubClientProperty) prop_id)
    {
    case PROP_CLOCK: self->clock = g_value_dup_object (value); break;
    case PROP_PROTOCOL: set_protocol (self, g_value_get_object (value)); break;
    case PROP_CONNECTOR: self->connector = g_value_dup_object (value); break;
    case PROP_RETRY_POLICY:
      if (g_set_object (&self->policy, g_value_get_object (value)))
        g_object_notify_by_pspec (object, pspec);
      break;
    case PROP_RETRY_START: set_flag (self, &self->retry_start, value, pspec); break;
    case PROP_STATEFUL_RECONNECT: set_flag (self, &self->ask_stateful, value, pspec); break;
    case PROP_CALL_POLICY:
      if (self->call_policy == (KrHubCallPolicy) g_value_get_enum (value))
        return;
      self->call_policy = g_value_get_enum (value);
      g_object_notify_by_pspec (object, pspec);
      break;
    case PROP_CALL_TIMEOUT: set_time (self, &self->call_timeout, value, pspec); break;
    case PROP_SERVER_TIMEOUT: set_time (self, &self->settings->peer_timeout, value, pspec); break;
    case PROP_KEEP_ALIVE_INTERVAL: set_time (self, &self->settings->keep_alive_interval, value, pspec); break;
    case PROP_STATE:
    case PROP_CONNECTION_ID:
    case PROP_LAST_ERROR:
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
kr_hub_client_constructed (GObject *object)
{
  KrHubClient *self = KR_HUB_CLIENT (object);

  if (self->clock == NULL)
    self->clock = kr_hub_clock_new (NULL);
  kr_hub_waiting_calls_init (&self->waiting, self->clock);
  self->retry_timer.fire = retry_timer_fired;
  self->retry_timer.data = self;
  G_OBJECT_CLASS (kr_hub_client_parent_class)->constructed (object);
}

/* The connection outlives the client until its transport has closed; it is not to call the client any more. */
static void
kr_hub_client_dispose (GObject *object)
{
  KrHubClient *self = KR_HUB_CLIENT (object);
  g_autoptr (KrHubConnection) connection = g_steal_pointer (&self->connection);

  stop_trying (self);
  if (connection != NULL)
    {
      connection->owner = NULL;
      kr_hub_connection_close (connection, FALSE, NULL, FALSE);
    }
  kr_hub_waiting_calls_fail_all (&self->waiting, "The client is gone");
  G_OBJECT_CLASS (kr_hub_client_parent_class)->dispose (object);
}

static void
kr_hub_client_finalize (GObject *object)
{
  KrHubClient *self = KR_HUB_CLIENT (object);

  g_clear_pointer (&self->stopping, g_ptr_array_unref);
  g_clear_object (&self->connector);
  g_clear_object (&self->policy);
  g_clear_error (&self->last_error);
  g_free (self->connection_id);
  kr_hub_dispatcher_unref (self->dispatcher);
  kr_hub_settings_unref (self->settings);
  g_clear_object (&self->clock);
  G_OBJECT_CLASS (kr_hub_client_parent_class)->finalize (object);
}

static void
install_reconnect_properties (void)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  /**
   * KrHubClient:connector:
   *
   * What makes the transports for [method@KrHub.Client.start_async] and for reconnecting.
   *
   * Since: 0.1
   */
  props[PROP_CONNECTOR] = g_param_spec_object ("connector", NULL, NULL, KR_HUB_TYPE_CONNECTOR,
                                               G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  /**
   * KrHubClient:retry-policy:
   *
   * When to connect again after the connection was lost; none: never. A hub that forbids reconnecting is obeyed.
   *
   * Since: 0.1
   */
  props[PROP_RETRY_POLICY] = g_param_spec_object ("retry-policy", NULL, NULL, KR_HUB_TYPE_RETRY_POLICY, flags);
  /**
   * KrHubClient:retry-start:
   *
   * Whether the policy covers the first connection too.
   *
   * Since: 0.1
   */
  props[PROP_RETRY_START] = g_param_spec_boolean ("retry-start", NULL, NULL, FALSE, flags);
  /**
   * KrHubClient:stateful-reconnect:
   *
   * Whether to ask the server for stateful reconnect: nothing is lost or repeated when a socket is replaced.
   *
   * Since: 0.1
   */
  props[PROP_STATEFUL_RECONNECT] = g_param_spec_boolean ("stateful-reconnect", NULL, NULL, FALSE, flags);
  /**
   * KrHubClient:call-policy:
   *
   * What becomes of calls that are made while the client connects or reconnects.
   *
   * Since: 0.1
   */
  props[PROP_CALL_POLICY] =
    g_param_spec_enum ("call-policy", NULL, NULL, KR_HUB_TYPE_CALL_POLICY, KR_HUB_CALL_FAIL, flags);
  /**
   * KrHubClient:call-timeout:
   *
   * How long such calls wait, µs; 0 as long as the client tries.
   *
   * Since: 0.1
   */
  props[PROP_CALL_TIMEOUT] = g_param_spec_int64 ("call-timeout", NULL, NULL, 0, G_MAXINT64, 0, flags);
  /**
   * KrHubClient:server-timeout:
   *
   * How long the hub may be silent, µs; 0 for ever. For connections to come.
   *
   * Since: 0.1
   */
  props[PROP_SERVER_TIMEOUT] =
    g_param_spec_int64 ("server-timeout", NULL, NULL, 0, G_MAXINT64, 30 * G_USEC_PER_SEC, flags);
  /**
   * KrHubClient:keep-alive-interval:
   *
   * How often a ping is sent, µs; 0 never. For connections to come.
   *
   * Since: 0.1
   */
  props[PROP_KEEP_ALIVE_INTERVAL] =
    g_param_spec_int64 ("keep-alive-interval", NULL, NULL, 0, G_MAXINT64, 15 * G_USEC_PER_SEC, flags);
  /**
   * KrHubClient:connection-id:
   *
   * The connection's id at the hub, where the client knows it.
   *
   * Since: 0.1
   */
  props[PROP_CONNECTION_ID] = g_param_spec_string ("connection-id", NULL, NULL, NULL,
                                                   G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  /**
   * KrHubClient:last-error:
   *
   * Why the connection was lost, or why the last try to connect failed; nothing while connected.
   *
   * Since: 0.1
   */
  props[PROP_LAST_ERROR] = g_param_spec_boxed ("last-error", NULL, NULL, G_TYPE_ERROR,
                                               G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
}

static void
kr_hub_client_class_init (KrHubClientClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = kr_hub_client_get_property;
  object_class->set_property = kr_hub_client_set_property;
  object_class->constructed = kr_hub_client_constructed;
  object_class->dispose = kr_hub_client_dispose;
  object_class->finalize = kr_hub_client_finalize;

  /**
   * KrHubClient:clock:
   *
   * The time and timers of the client; a virtual one for tests. By default a new real one.
   *
   * Since: 0.1
   */
  props[PROP_CLOCK] = g_param_spec_object ("clock", NULL, NULL, KR_HUB_TYPE_CLOCK,
                                           G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  /**
   * KrHubClient:state:
   *
   * Whether the client is connected.
   *
   * Since: 0.1
   */
  props[PROP_STATE] =
    g_param_spec_enum ("state", NULL, NULL, KR_HUB_TYPE_CLIENT_STATE, KR_HUB_CLIENT_DISCONNECTED,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  /**
   * KrHubClient:protocol:
   *
   * The encoding that the next connection speaks: JSON unless set.
   *
   * Since: 0.1
   */
  props[PROP_PROTOCOL] =
    g_param_spec_object ("protocol", NULL, NULL, KR_HUB_TYPE_PROTOCOL,
                         G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  install_reconnect_properties ();
  g_object_class_install_properties (object_class, G_N_ELEMENTS (props), props);

  /**
   * KrHubClient::closed:
   * @self: the client
   * @error: (nullable): why, or %NULL if it ended in good order
   *
   * The connection has ended, after it was open, and the client does not try to get another one, or no longer.
   *
   * Since: 0.1
   */
  signals[SIGNAL_CLOSED] = g_signal_new ("closed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                         G_TYPE_NONE, 1, G_TYPE_ERROR);
  /**
   * KrHubClient::reconnecting:
   * @self: the client
   * @error: (nullable): why the connection was lost
   *
   * The connection was lost, and the client tries to get another one.
   *
   * Since: 0.1
   */
  signals[SIGNAL_RECONNECTING] = g_signal_new ("reconnecting", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                               NULL, NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
  /**
   * KrHubClient::reconnected:
   * @self: the client
   * @connection_id: (nullable): the new connection's id
   *
   * The client has another connection; at the hub it is a new one, in no group.
   *
   * Since: 0.1
   */
  signals[SIGNAL_RECONNECTED] = g_signal_new ("reconnected", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                              NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
kr_hub_client_init (KrHubClient *self)
{
  self->settings = kr_hub_settings_new ();
  self->settings->max_message_size = MAX_MESSAGE_SIZE;
  self->settings->max_parallel_invocations = 0;
  g_ptr_array_add (self->settings->protocols, g_object_ref (kr_hub_json_protocol_get_default ()));
  self->dispatcher = kr_hub_dispatcher_new ();
  self->stopping = g_ptr_array_new_with_free_func (g_object_unref);
}

/**
 * kr_hub_client_new:
 * @clock: (nullable): the client's time and timers; %NULL means a new real one
 *
 * Creates a client in the thread-default main context.
 *
 * Returns: (transfer full): a new client
 *
 * Since: 0.1
 */
KrHubClient *
kr_hub_client_new (KrHubClock *clock)
{
  return g_object_new (KR_HUB_TYPE_CLIENT, "clock", clock, NULL);
}

/**
 * kr_hub_client_new_for_connector:
 * @connector: makes the client's transports
 *
 * Creates a client, in the thread-default main context, that connects by itself.
 *
 * Returns: (transfer full): a new client
 *
 * Since: 0.1
 */
KrHubClient *
kr_hub_client_new_for_connector (KrHubConnector *connector)
{
  g_return_val_if_fail (KR_HUB_IS_CONNECTOR (connector), NULL);
  return g_object_new (KR_HUB_TYPE_CLIENT, "connector", connector, NULL);
}

/**
 * kr_hub_client_get_connection_id: (get-property connection-id)
 * @self: a client
 *
 * Gets the connection's id at the hub.
 *
 * Returns: (transfer none) (nullable): the id; %NULL while there is no connection, or where it is not known
 *
 * Since: 0.1
 */
const char *
kr_hub_client_get_connection_id (KrHubClient *self)
{
  g_return_val_if_fail (KR_HUB_IS_CLIENT (self), NULL);
  return self->connection_id;
}

/**
 * kr_hub_client_get_last_error: (get-property last-error)
 * @self: a client
 *
 * Gets why the connection was lost, or why the last try to connect failed.
 *
 * Returns: (transfer none) (nullable): the error; %NULL while connected
 *
 * Since: 0.1
 */
const GError *
kr_hub_client_get_last_error (KrHubClient *self)
{
  g_return_val_if_fail (KR_HUB_IS_CLIENT (self), NULL);
  return self->last_error;
}

/**
 * kr_hub_client_get_state: (get-property state)
 * @self: a client
 *
 * Gets whether the client is connected.
 *
 * Returns: the state
 *
 * Since: 0.1
 */
KrHubClientState
kr_hub_client_get_state (KrHubClient *self)
{
  g_return_val_if_fail (KR_HUB_IS_CLIENT (self), KR_HUB_CLIENT_DISCONNECTED);
  return self->state;
}

/**
 * kr_hub_client_add_handler:
 * @self: a client
 * @target: the name that the hub calls, in any case
 * @arguments: (nullable): the types of the arguments, as a tuple such as `(si)`; %NULL for any number of any type
 * @func: (scope notified) (closure user_data) (destroy destroy): the handler
 * @user_data: data for @func
 * @destroy: (nullable): frees @user_data
 *
 * Gives the client a handler of calls from the hub. A call that expects no answer need not be answered.
 *
 * Returns: %FALSE if there is a handler of that name already; @user_data stays the caller's then
 *
 * Since: 0.1
 */
gboolean
kr_hub_client_add_handler (KrHubClient *self,
                           const char *target,
                           const char *arguments,
                           KrHubMethodFunc func,
                           gpointer user_data,
                           GDestroyNotify destroy)
{
  g_return_val_if_fail (KR_HUB_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (target != NULL, FALSE);
  g_return_val_if_fail (arguments == NULL || (*arguments == '(' && g_variant_type_string_is_valid (arguments)), FALSE);
  g_return_val_if_fail (func != NULL, FALSE);
  return kr_hub_dispatcher_add (self->dispatcher, target, arguments, NULL, func, user_data, destroy);
}

/**
 * kr_hub_client_set_default_handler:
 * @self: a client
 * @func: (nullable) (scope notified) (closure user_data) (destroy destroy): the handler; %NULL for none
 * @user_data: data for @func
 * @destroy: (nullable): frees @user_data
 *
 * Gives the client a handler of those calls from the hub that have no handler of their own, whatever their name and
 * arguments ([method@KrHub.Invocation.get_method_name]). To be set while the client is disconnected.
 *
 * Since: 0.1
 */
void
kr_hub_client_set_default_handler (KrHubClient *self,
                                   KrHubMethodFunc func,
                                   gpointer user_data,
                                   GDestroyNotify destroy)
{
  g_return_if_fail (KR_HUB_IS_CLIENT (self));
  kr_hub_dispatcher_set_fallback (self->dispatcher, func, user_data, destroy);
}

/* Giving up is an end as any other, from the client's own thread. */
static gboolean
give_up_connecting (gpointer data)
{
  KrHubClient *self = data;
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "Connecting was cancelled");
  g_autoptr (KrHubConnection) connection = NULL;

  if (self->connecting == NULL || !g_cancellable_is_cancelled (g_task_get_cancellable (self->connecting)))
    return G_SOURCE_REMOVE;
  connection = g_steal_pointer (&self->connection);
  if (connection != NULL)
    {
      connection->owner = NULL;
      kr_hub_connection_close (connection, FALSE, NULL, FALSE);
    }
  become_disconnected (self, error);
  return G_SOURCE_REMOVE;
}

/* In whatever thread cancels, and never at once: the end disconnects this very handler, which would wait for itself. */
static void
connecting_cancelled (GCancellable *cancellable, gpointer data)
{
  GTask *task = data;
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_static_name (source, "KrHubClient cancel");
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, give_up_connecting, g_object_ref (g_task_get_source_object (task)), g_object_unref);
  g_source_attach (source, g_task_get_context (task));
}

static gboolean
begin_connecting (KrHubClient *self, GTask *task)
{
  GCancellable *cancellable = g_task_get_cancellable (task);

  if (g_task_return_error_if_cancelled (task))
    return FALSE;
  if (!set_state (self, KR_HUB_CLIENT_CONNECTING))
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_PENDING, "The client is not disconnected");
      return FALSE;
    }
  self->connecting = g_object_ref (task);
  if (cancellable != NULL)
    self->connecting_handler = g_cancellable_connect (cancellable, G_CALLBACK (connecting_cancelled), g_object_ref (task),
                                                      g_object_unref);
  return TRUE;
}

/**
 * kr_hub_client_start_async:
 * @self: a disconnected client that has a connector
 * @cancellable: (nullable): to give up
 * @callback: called when the handshake is done, or when the client gives up
 * @user_data: data for @callback
 *
 * Connects to the connector's hub; with [property@KrHub.Client:retry-start], as often as the policy says.
 *
 * Since: 0.1
 */
void
kr_hub_client_start_async (KrHubClient *self,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (KR_HUB_IS_CLIENT (self));
  g_return_if_fail (self->connector != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, kr_hub_client_start_async);
  if (!begin_connecting (self, task))
    return;
  self->n_retries = 0;
  self->lost_at = kr_hub_clock_get_time (self->clock);
  attempt (self);
}

/**
 * kr_hub_client_start_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Finishes [method@KrHub.Client.start_async].
 *
 * Errors: those of the connector; %KR_HUB_ERROR_HANDSHAKE; %G_IO_ERROR_CANCELLED.
 *
 * Returns: whether the client is connected
 *
 * Since: 0.1
 */
gboolean
kr_hub_client_start_finish (KrHubClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * kr_hub_client_connect_async:
 * @self: a disconnected client
 * @transport: a transport that was not started; the connection starts it
 * @cancellable: (nullable): to give up
 * @callback: called when the handshake is done
 * @user_data: data for @callback
 *
 * Connects over a transport that exists.
 *
 * Since: 0.1
 */
void
kr_hub_client_connect_async (KrHubClient *self,
                             KrHubTransport *transport,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (KR_HUB_IS_CLIENT (self));
  g_return_if_fail (KR_HUB_IS_TRANSPORT (transport));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, kr_hub_client_connect_async);
  if (begin_connecting (self, task))
    open_transport (self, transport, FALSE);
}

/**
 * kr_hub_client_connect_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Finishes [method@KrHub.Client.connect_async].
 *
 * Errors: %KR_HUB_ERROR_HANDSHAKE, or why the transport ended.
 *
 * Returns: whether the client is connected
 *
 * Since: 0.1
 */
gboolean
kr_hub_client_connect_finish (KrHubClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * kr_hub_client_stop_async:
 * @self: a client
 * @cancellable: (nullable): to wait no longer
 * @callback: called when the connection has ended
 * @user_data: data for @callback
 *
 * Says good-bye to the hub and ends the connection.
 *
 * Since: 0.1
 */
void
kr_hub_client_stop_async (KrHubClient *self,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (KrHubConnection) connection = NULL;

  g_return_if_fail (KR_HUB_IS_CLIENT (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, kr_hub_client_stop_async);
  if (self->state == KR_HUB_CLIENT_DISCONNECTED)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  g_ptr_array_add (self->stopping, g_steal_pointer (&task));
  stop_trying (self);
  if (self->connection == NULL)
    {
      become_disconnected (self, NULL);
      return;
    }
  connection = g_object_ref (self->connection);
  if (set_state (self, KR_HUB_CLIENT_DISCONNECTING))
    kr_hub_connection_close (connection, FALSE, NULL, FALSE);
}

/**
 * kr_hub_client_stop_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Finishes [method@KrHub.Client.stop_async].
 *
 * Returns: %TRUE, or %FALSE if the waiting was cancelled
 *
 * Since: 0.1
 */
gboolean
kr_hub_client_stop_finish (KrHubClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * kr_hub_client_send:
 * @self: a client
 * @target: the hub's method
 * @arguments: (nullable): a tuple of the arguments, sunk if it is floating; %NULL for none
 * @error: return location for an error
 *
 * Calls a method of the hub and expects no answer.
 *
 * Errors: %G_IO_ERROR_NOT_CONNECTED; %KR_HUB_ERROR_BINDING for a value that the encoding cannot express.
 *
 * Returns: whether the call is on its way
 *
 * Since: 0.1
 */
gboolean
kr_hub_client_send (KrHubClient *self, const char *target, GVariant *arguments, GError **error)
{
  g_autoptr (GVariant) sunk = arguments != NULL ? g_variant_ref_sink (arguments) : NULL;

  g_return_val_if_fail (KR_HUB_IS_CLIENT (self), FALSE);
  if (self->state != KR_HUB_CLIENT_CONNECTED)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "The client is not connected");
      return FALSE;
    }
  return kr_hub_connection_send (self->connection, target, sunk, error);
}

static void
invoked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  GVariant *value = kr_hub_connection_invoke_finish (KR_HUB_CONNECTION (source), result, &error);

  if (value == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, value, (GDestroyNotify) g_variant_unref);
}

static gboolean
may_wait (KrHubClient *self)
{
  return self->call_policy == KR_HUB_CALL_WAIT &&
         (self->state == KR_HUB_CLIENT_CONNECTING || self->state == KR_HUB_CLIENT_RECONNECTING);
}

static void
run_waiting_calls (KrHubClient *self)
{
  for (guint n = self->waiting.calls.length; n > 0 && self->state == KR_HUB_CLIENT_CONNECTED; n--)
    {
      g_autoptr (KrHubWaitingCall) call = kr_hub_waiting_calls_take (&self->waiting);

      kr_hub_connection_invoke_async (self->connection, call->target, call->arguments, call->result_type,
                                      g_task_get_cancellable (call->task), invoked, g_object_ref (call->task));
    }
}

/**
 * kr_hub_client_invoke_async:
 * @self: a client
 * @target: the hub's method
 * @arguments: (nullable): a tuple of the arguments, sunk if it is floating; %NULL for none
 * @result_type: (nullable): the type of the result; %NULL for whatever comes, as a variant of it
 * @cancellable: (nullable): to cancel the call, also at the hub
 * @callback: called when the answer is there
 * @user_data: data for @callback
 *
 * Calls a method of the hub and waits for its answer.
 *
 * Since: 0.1
 */
void
kr_hub_client_invoke_async (KrHubClient *self,
                            const char *target,
                            GVariant *arguments,
                            const GVariantType *result_type,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  kr_hub_client_upload_async (self, target, arguments, NULL, result_type, cancellable, callback, user_data);
}

/**
 * kr_hub_client_invoke_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Finishes [method@KrHub.Client.invoke_async].
 *
 * Errors: %KR_HUB_ERROR_FAILED with the hub's text; %KR_HUB_ERROR_BINDING if the result is of another type;
 * %G_IO_ERROR_CANCELLED; why the connection ended.
 *
 * Returns: (transfer full): the result, an empty tuple if there is none; %NULL with @error set
 *
 * Since: 0.1
 */
GVariant *
kr_hub_client_invoke_finish (KrHubClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Each can be used for one call only. */
static gboolean
are_new (KrHubStream *const *uploads)
{
  for (guint i = 0; uploads != NULL && uploads[i] != NULL; i++)
    if (!kr_hub_stream_is_new (uploads[i]))
      return FALSE;
  return TRUE;
}

/**
 * kr_hub_client_upload_async:
 * @self: a client
 * @target: the hub's method
 * @arguments: (nullable): a tuple of the arguments, sunk if it is floating; %NULL for none
 * @uploads: (nullable) (array zero-terminated=1): new streams to send along, in the order of the method's
 * @result_type: (nullable): the type of the result; %NULL for whatever comes, as a variant of it
 * @cancellable: (nullable): to cancel the call, also at the hub
 * @callback: called when the answer is there
 * @user_data: data for @callback
 *
 * Calls a method of the hub, sends streams along, and waits for its answer.
 *
 * The streams can be written when this returns; what is written after the answer has come is not sent.
 *
 * Since: 0.1
 */
void
kr_hub_client_upload_async (KrHubClient *self,
                            const char *target,
                            GVariant *arguments,
                            KrHubStream *const *uploads,
                            const GVariantType *result_type,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GVariant) sunk = arguments != NULL ? g_variant_ref_sink (arguments) : NULL;

  g_return_if_fail (KR_HUB_IS_CLIENT (self));
  g_return_if_fail (target != NULL && *target != '\0');
  g_return_if_fail (sunk == NULL || g_variant_is_of_type (sunk, G_VARIANT_TYPE_TUPLE));
  g_return_if_fail (are_new (uploads));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, kr_hub_client_upload_async);
  g_task_set_check_cancellable (task, FALSE);
  if (uploads == NULL && may_wait (self))
    kr_hub_waiting_calls_add (&self->waiting, task, target, sunk, result_type, self->call_timeout);
  else if (self->state != KR_HUB_CLIENT_CONNECTED)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "The client is not connected");
  else
    kr_hub_connection_upload_async (self->connection, target, sunk, uploads, result_type, cancellable, invoked,
                                    g_steal_pointer (&task));
}

/**
 * kr_hub_client_upload_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Finishes [method@KrHub.Client.upload_async], with the errors of [method@KrHub.Client.invoke_finish].
 *
 * Returns: (transfer full): the result, an empty tuple if there is none; %NULL with @error set
 *
 * Since: 0.1
 */
GVariant *
kr_hub_client_upload_finish (KrHubClient *self, GAsyncResult *result, GError **error)
{
  return kr_hub_client_invoke_finish (self, result, error);
}

/**
 * kr_hub_client_stream:
 * @self: a client
 * @target: the hub's streaming method
 * @arguments: (nullable): a tuple of the arguments, sunk if it is floating; %NULL for none
 * @uploads: (nullable) (array zero-terminated=1): new streams to send along, in the order of the method's
 * @item_type: (nullable): the type of the items; %NULL for whatever comes, as a variant of it
 * @error: return location for an error
 *
 * Calls a method of the hub that answers with a stream ([method@KrHub.Stream.next_async]). Giving up the stream before
 * its end cancels the call.
 *
 * Errors: %G_IO_ERROR_NOT_CONNECTED; %KR_HUB_ERROR_BINDING for a value that the encoding cannot express. What the hub
 * says is an error of the stream.
 *
 * Returns: (transfer full): the stream, to be read; %NULL with @error set
 *
 * Since: 0.1
 */
KrHubStream *
kr_hub_client_stream (KrHubClient *self,
                      const char *target,
                      GVariant *arguments,
                      KrHubStream *const *uploads,
                      const GVariantType *item_type,
                      GError **error)
{
  g_autoptr (GVariant) sunk = arguments != NULL ? g_variant_ref_sink (arguments) : NULL;

  g_return_val_if_fail (KR_HUB_IS_CLIENT (self), NULL);
  g_return_val_if_fail (target != NULL && *target != '\0', NULL);
  g_return_val_if_fail (sunk == NULL || g_variant_is_of_type (sunk, G_VARIANT_TYPE_TUPLE), NULL);
  g_return_val_if_fail (are_new (uploads), NULL);

  if (self->state == KR_HUB_CLIENT_CONNECTED)
    return kr_hub_connection_stream (self->connection, target, sunk, uploads,
                                     item_type != NULL ? item_type : G_VARIANT_TYPE_VARIANT, error);
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "The client is not connected");
  return NULL;
}
