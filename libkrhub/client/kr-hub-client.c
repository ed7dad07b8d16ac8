/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubClient: the calling end of a connection to a hub. */
#include "config.h"

#include "kr-hub-client-private.h"

#include "kr-hub-json-protocol.h"

#define MAX_MESSAGE_SIZE (1024 * 1024)
#define CONNECT_TIMEOUT 60

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
  PROP_CONNECT_TIMEOUT,
  PROP_SERVER_TIMEOUT,
  PROP_KEEP_ALIVE_INTERVAL,
  PROP_MAX_MESSAGE_SIZE,
  PROP_CONNECTION_ID,
  PROP_LAST_ERROR,
  PROP_ERROR_MESSAGE,
} KrHubClientProperty;

static GParamSpec *props[PROP_ERROR_MESSAGE + 1];

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

gboolean
kr_hub_client_set_state (KrHubClient *self, KrHubClientState to)
{
  for (guint i = 0; i < G_N_ELEMENTS (edges) && !self->gone; i++)
    if (edges[i].from == self->state && edges[i].to == to)
      {
        self->n_changes++;
        g_debug ("client: state %d -> %d", self->state, to);
        self->state = to;
        g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
        return TRUE;
      }
  return FALSE;
}

void
kr_hub_client_set_connection_id (KrHubClient *self, const char *id)
{
  if (self->gone || g_strcmp0 (self->connection_id, id) == 0)
    return;
  g_free (self->connection_id);
  self->connection_id = g_strdup (id);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_CONNECTION_ID]);
}

void
kr_hub_client_set_last_error (KrHubClient *self, const GError *error)
{
  if (self->gone || (error == NULL && self->last_error == NULL))
    return;
  g_clear_error (&self->last_error);
  self->last_error = error != NULL ? g_error_copy (error) : NULL;
  g_object_freeze_notify (G_OBJECT (self));
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_LAST_ERROR]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ERROR_MESSAGE]);
  g_object_thaw_notify (G_OBJECT (self));
}

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
    case PROP_CONNECT_TIMEOUT: g_value_set_int64 (value, self->connect_timeout); break;
    case PROP_SERVER_TIMEOUT: g_value_set_int64 (value, self->settings->peer_timeout); break;
    case PROP_KEEP_ALIVE_INTERVAL: g_value_set_int64 (value, self->settings->keep_alive_interval); break;
    case PROP_MAX_MESSAGE_SIZE: g_value_set_uint64 (value, self->settings->max_message_size); break;
    case PROP_CONNECTION_ID: g_value_set_string (value, self->connection_id); break;
    case PROP_LAST_ERROR: g_value_set_boxed (value, self->last_error); break;
    case PROP_ERROR_MESSAGE: g_value_set_string (value, self->last_error != NULL ? self->last_error->message : NULL); break;
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
    case PROP_CONNECT_TIMEOUT: set_time (self, &self->connect_timeout, value, pspec); break;
    case PROP_SERVER_TIMEOUT: set_time (self, &self->settings->peer_timeout, value, pspec); break;
    case PROP_KEEP_ALIVE_INTERVAL: set_time (self, &self->settings->keep_alive_interval, value, pspec); break;
    case PROP_MAX_MESSAGE_SIZE:
      if (self->settings->max_message_size == g_value_get_uint64 (value))
        return;
      self->settings->max_message_size = g_value_get_uint64 (value);
      g_object_notify_by_pspec (object, pspec);
      break;
    case PROP_STATE:
    case PROP_CONNECTION_ID:
    case PROP_LAST_ERROR:
    case PROP_ERROR_MESSAGE:
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
kr_hub_client_constructed (GObject *object)
{
  KrHubClient *self = KR_HUB_CLIENT (object);

  if (self->clock == NULL)
    self->clock = kr_hub_clock_dup_default ();
  kr_hub_client_init_connecting (self);
  G_OBJECT_CLASS (kr_hub_client_parent_class)->constructed (object);
}

static void
kr_hub_client_dispose (GObject *object)
{
  kr_hub_client_abandon (KR_HUB_CLIENT (object));
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
   * What becomes of calls that are made while the client connects or reconnects, streams and calls that send streams along
   * among them.
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
   * KrHubClient:connect-timeout:
   *
   * How long one attempt to connect may take, µs, the handshake not included; 0 for ever.
   *
   * Since: 0.1
   */
  props[PROP_CONNECT_TIMEOUT] = g_param_spec_int64 ("connect-timeout", NULL, NULL, 0, G_MAXINT64,
                                                    CONNECT_TIMEOUT * G_USEC_PER_SEC, flags);
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
   * KrHubClient:max-message-size:
   *
   * The largest message that the hub may send, bytes; 0 for no limit. A larger one ends the connection.
   *
   * Since: 0.1
   */
  props[PROP_MAX_MESSAGE_SIZE] =
    g_param_spec_uint64 ("max-message-size", NULL, NULL, 0, G_MAXSIZE, MAX_MESSAGE_SIZE, flags);
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
  /**
   * KrHubClient:error-message:
   *
   * The text of [property@KrHub.Client:last-error], which a label can be bound to.
   *
   * Since: 0.1
   */
  props[PROP_ERROR_MESSAGE] = g_param_spec_string ("error-message", NULL, NULL, NULL,
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
   * The time and timers of the client; a virtual one for tests. By default that of the thread-default main context.
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
  g_signal_new ("closed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
  /**
   * KrHubClient::reconnecting:
   * @self: the client
   * @error: (nullable): why the connection was lost
   *
   * The connection was lost, and the client tries to get another one.
   *
   * Since: 0.1
   */
  g_signal_new ("reconnecting", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
  /**
   * KrHubClient::reconnected:
   * @self: the client
   * @connection_id: (nullable): the new connection's id
   *
   * The client has another connection; at the hub it is a new one, in no group.
   *
   * Since: 0.1
   */
  g_signal_new ("reconnected", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
kr_hub_client_init (KrHubClient *self)
{
  self->connect_timeout = CONNECT_TIMEOUT * G_USEC_PER_SEC;
  self->settings = kr_hub_settings_new ();
  self->settings->max_message_size = MAX_MESSAGE_SIZE;
  self->settings->max_parallel_invocations = 0;
  g_ptr_array_add (self->settings->protocols, g_object_ref (kr_hub_json_protocol_get_default ()));
  self->dispatcher = kr_hub_dispatcher_new ();
  self->stopping = g_ptr_array_new ();
}

/**
 * kr_hub_client_new:
 * @clock: (nullable): the client's time and timers; %NULL means the main context's own
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
 * kr_hub_client_get_transport_name:
 * @self: a client
 *
 * Gets the name of what carries the connection, such as `WebSockets`.
 *
 * Returns: (transfer none) (nullable): the name; %NULL while there is no connection
 *
 * Since: 0.1
 */
const char *
kr_hub_client_get_transport_name (KrHubClient *self)
{
  g_return_val_if_fail (KR_HUB_IS_CLIENT (self), NULL);
  return self->connection != NULL ? kr_hub_connection_get_transport_name (self->connection) : NULL;
}
