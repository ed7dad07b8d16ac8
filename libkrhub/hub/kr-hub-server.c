/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubServer: a hub: its methods, its connections, its groups. */
#include "config.h"

#include "kr-hub-server-private.h"

#include <sys/random.h>

#include "kr-hub-invocation-private.h"
#include "kr-hub-json-protocol.h"
#include "kr-hub-msgpack-protocol.h"
#include "kr-hub-msgpack-protocol.h"

#define ID_BYTES 16

/**
 * KrHubServer:
 *
 * A hub: methods that clients call, and the connections, groups and users that it calls back.
 *
 * A hub lives in the main context that is the thread's default one when it is made: its methods and signals run there,
 * and its functions are called there unless they say otherwise. Connections come from an endpoint (KrHubSoup.Endpoint),
 * or from any [iface@KrHub.Transport] through [method@KrHub.Server.accept].
 *
 * Set the properties before the first connection; later changes are not seen by connections that exist.
 *
 * Since: 0.1
 */
struct _KrHubServer
{
  GObject parent_instance;

  GMainContext *context;
  GThread *thread;
  KrHubClock *clock;
  KrHubSettings *settings;
  KrHubDispatcher *dispatcher;
  KrHubRouter router;
  GPtrArray *filters;    /* of KrHubFilter, the outermost first */
  KrHubRawFunc raw_func; /* NULL: the hub protocol is spoken */
  gpointer raw_data;
  GDestroyNotify raw_destroy;
  GHashTable *pending;   /* accepted, handshake not done; holds no reference */
};

G_DEFINE_FINAL_TYPE (KrHubServer, kr_hub_server, G_TYPE_OBJECT)

typedef enum
{
  PROP_CLOCK = 1,
  PROP_HANDSHAKE_TIMEOUT,
  PROP_KEEP_ALIVE_INTERVAL,
  PROP_CLIENT_TIMEOUT,
  PROP_MAX_MESSAGE_SIZE,
  PROP_MAX_OUTBOX_SIZE,
  PROP_MAX_PARALLEL_INVOCATIONS,
  PROP_MAX_STREAMS,
  PROP_STREAM_BUFFER_CAPACITY,
  PROP_INVOCATION_RATE,
  PROP_INVOCATION_BURST,
  PROP_DETAILED_ERRORS,
  PROP_RECONNECT_WINDOW,
} KrHubServerProperty;

static GParamSpec *props[PROP_RECONNECT_WINDOW + 1];

typedef enum
{
  SIGNAL_CONNECTED,
  SIGNAL_DISCONNECTED,
  SIGNAL_UNKNOWN_METHOD,
} KrHubServerSignal;

static guint signals[SIGNAL_UNKNOWN_METHOD + 1];

/* --- connections --- */

/* Nobody is told of it, now or later. */
static void
refuse_connection (KrHubServer *self, KrHubConnection *connection, const GError *error)
{
  kr_hub_router_remove (&self->router, connection);
  g_hash_table_add (self->pending, connection);
  kr_hub_connection_refuse (connection, error);
}

static void
connection_opened (KrHubConnection *connection, gpointer owner)
{
  KrHubServer *self = owner;
  g_autoptr (GError) error = NULL;

  g_hash_table_remove (self->pending, connection);
  kr_hub_router_add (&self->router, connection);
  for (guint i = 0; i < self->filters->len; i++)
    if (!kr_hub_filter_connected (self->filters->pdata[i], connection, &error))
      {
        refuse_connection (self, connection, error);
        return;
      }
  g_debug ("connection %s is open", connection->id);
  g_signal_emit (self, signals[SIGNAL_CONNECTED], 0, connection);
}

static void
connection_closed (KrHubConnection *connection, const GError *error, gboolean allow_reconnect, gpointer owner)
{
  g_autoptr (KrHubServer) self = g_object_ref (owner);

  if (g_hash_table_remove (self->pending, connection))
    return;
  kr_hub_router_remove (&self->router, connection);
  g_signal_emit (self, signals[SIGNAL_DISCONNECTED], 0, connection, error);
  for (guint i = self->filters->len; i > 0; i--)
    kr_hub_filter_disconnected (self->filters->pdata[i - 1], connection, error);
}

static void
unknown_method (KrHubConnection *connection, const KrHubSlice *name, gpointer owner)
{
  KrHubServer *self = owner;
  g_autofree char *text = g_strndup (name->data, name->len);

  g_debug ("connection %s calls unknown method '%s'", connection->id, text);
  g_signal_emit (self, signals[SIGNAL_UNKNOWN_METHOD], 0, connection, text);
}

/* From the next filter to the method; goes on when a filter that took its time says so. */
static void
filter_call (KrHubConnection *connection, KrHubInvocation *invocation, gpointer owner)
{
  KrHubServer *self = owner;

  while (invocation->n_filters < self->filters->len && kr_hub_invocation_is_pending (invocation))
    if (!kr_hub_filter_invoke (self->filters->pdata[invocation->n_filters++], invocation))
      return;
  if (invocation->called || !kr_hub_invocation_is_pending (invocation))
    return;
  invocation->called = TRUE;
  invocation->method->func (invocation, invocation->method->data);
}

static void
call_returned (KrHubConnection *connection, KrHubInvocation *invocation, gpointer owner)
{
  KrHubServer *self = owner;

  for (guint i = invocation->n_filters; i > 0; i--)
    {
      /* The filter may replace it. */
      g_autofree char *failure = g_strdup (kr_hub_invocation_get_failure (invocation));

      kr_hub_filter_returned (self->filters->pdata[i - 1], invocation, failure);
    }
}

static void
raw_received (KrHubConnection *connection, const guint8 *data, gsize len, gpointer owner)
{
  KrHubServer *self = owner;

  self->raw_func (connection, data, len, self->raw_data);
}

static const KrHubConnectionFuncs connection_funcs = {
  connection_opened, connection_closed, unknown_method, filter_call, call_returned, raw_received,
};

/* --- object --- */

static void
kr_hub_server_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KrHubServer *self = KR_HUB_SERVER (object);
  KrHubSettings *settings = self->settings;

  switch ((KrHubServerProperty) prop_id)
    {
    case PROP_CLOCK: g_value_set_object (value, self->clock); break;
    case PROP_HANDSHAKE_TIMEOUT: g_value_set_int64 (value, settings->handshake_timeout); break;
    case PROP_KEEP_ALIVE_INTERVAL: g_value_set_int64 (value, settings->keep_alive_interval); break;
    case PROP_CLIENT_TIMEOUT: g_value_set_int64 (value, settings->peer_timeout); break;
    case PROP_MAX_MESSAGE_SIZE: g_value_set_uint64 (value, settings->max_message_size); break;
    case PROP_MAX_OUTBOX_SIZE: g_value_set_uint64 (value, settings->max_outbox_size); break;
    case PROP_MAX_PARALLEL_INVOCATIONS: g_value_set_uint (value, settings->max_parallel_invocations); break;
    case PROP_INVOCATION_RATE:
      g_value_set_uint (value, settings->call_interval > 0 ? G_USEC_PER_SEC / settings->call_interval : 0);
      break;
    case PROP_INVOCATION_BURST: g_value_set_uint (value, settings->call_burst); break;
    case PROP_MAX_STREAMS: g_value_set_uint (value, settings->max_streams); break;
    case PROP_STREAM_BUFFER_CAPACITY: g_value_set_uint (value, settings->stream_buffer_capacity); break;
    case PROP_DETAILED_ERRORS: g_value_set_boolean (value, settings->detailed_errors); break;
    case PROP_RECONNECT_WINDOW: g_value_set_int64 (value, settings->reconnect_window); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
set_int64 (GObject *object, gint64 *field, const GValue *value, GParamSpec *pspec)
{
  if (*field == g_value_get_int64 (value))
    return;
  *field = g_value_get_int64 (value);
  g_object_notify_by_pspec (object, pspec);
}

static void
set_size (GObject *object, gsize *field, const GValue *value, GParamSpec *pspec)
{
  if (*field == g_value_get_uint64 (value))
    return;
  *field = g_value_get_uint64 (value);
  g_object_notify_by_pspec (object, pspec);
}

static void
set_uint (GObject *object, guint *field, const GValue *value, GParamSpec *pspec)
{
  if (*field == g_value_get_uint (value))
    return;
  *field = g_value_get_uint (value);
  g_object_notify_by_pspec (object, pspec);
}

static void
set_rate (GObject *object, gint64 *interval, const GValue *value, GParamSpec *pspec)
{
  guint rate = g_value_get_uint (value);
  gint64 new_interval = rate > 0 ? G_USEC_PER_SEC / rate : 0;

  if (*interval == new_interval)
    return;
  *interval = new_interval;
  g_object_notify_by_pspec (object, pspec);
}

static void
kr_hub_server_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  KrHubServer *self = KR_HUB_SERVER (object);
  KrHubSettings *settings = self->settings;

  switch ((KrHubServerProperty) prop_id)
    {
    case PROP_CLOCK: self->clock = g_value_dup_object (value); break;
    case PROP_HANDSHAKE_TIMEOUT: set_int64 (object, &settings->handshake_timeout, value, pspec); break;
    case PROP_KEEP_ALIVE_INTERVAL: set_int64 (object, &settings->keep_alive_interval, value, pspec); break;
    case PROP_CLIENT_TIMEOUT: set_int64 (object, &settings->peer_timeout, value, pspec); break;
    case PROP_RECONNECT_WINDOW: set_int64 (object, &settings->reconnect_window, value, pspec); break;
    case PROP_MAX_MESSAGE_SIZE: set_size (object, &settings->max_message_size, value, pspec); break;
    case PROP_MAX_OUTBOX_SIZE: set_size (object, &settings->max_outbox_size, value, pspec); break;
    case PROP_MAX_PARALLEL_INVOCATIONS: set_uint (object, &settings->max_parallel_invocations, value, pspec); break;
    case PROP_INVOCATION_RATE: set_rate (object, &settings->call_interval, value, pspec); break;
    case PROP_INVOCATION_BURST: set_uint (object, &settings->call_burst, value, pspec); break;
    case PROP_MAX_STREAMS: set_uint (object, &settings->max_streams, value, pspec); break;
    case PROP_STREAM_BUFFER_CAPACITY: set_uint (object, &settings->stream_buffer_capacity, value, pspec); break;
    case PROP_DETAILED_ERRORS:
      if (settings->detailed_errors == g_value_get_boolean (value))
        return;
      settings->detailed_errors = g_value_get_boolean (value);
      g_object_notify_by_pspec (object, pspec);
      break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
kr_hub_server_constructed (GObject *object)
{
  KrHubServer *self = KR_HUB_SERVER (object);

  if (self->clock == NULL)
    self->clock = kr_hub_clock_new (self->context);
  G_OBJECT_CLASS (kr_hub_server_parent_class)->constructed (object);
}

static void
kr_hub_server_dispose (GObject *object)
{
  KrHubServer *self = KR_HUB_SERVER (object);

  if (self->router.members != NULL)
    kr_hub_server_shutdown (self);
  G_OBJECT_CLASS (kr_hub_server_parent_class)->dispose (object);
}

static void
kr_hub_server_finalize (GObject *object)
{
  KrHubServer *self = KR_HUB_SERVER (object);

  kr_hub_router_clear (&self->router);
  g_ptr_array_unref (self->filters);
  if (self->raw_destroy != NULL)
    self->raw_destroy (self->raw_data);
  g_hash_table_unref (self->pending);
  kr_hub_dispatcher_unref (self->dispatcher);
  kr_hub_settings_unref (self->settings);
  g_clear_object (&self->clock);
  g_main_context_unref (self->context);
  G_OBJECT_CLASS (kr_hub_server_parent_class)->finalize (object);
}

static GParamSpec *
interval_spec (const char *name, gint64 seconds)
{
  return g_param_spec_int64 (name, NULL, NULL, 0, G_MAXINT64, seconds * G_USEC_PER_SEC,
                             G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
}

static GParamSpec *
size_spec (const char *name, guint64 minimum, guint64 size)
{
  return g_param_spec_uint64 (name, NULL, NULL, minimum, G_MAXSSIZE, size,
                              G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
}

static void
install_properties (GObjectClass *object_class)
{
  /**
   * KrHubServer:clock:
   *
   * The time and timers of the hub; a virtual one for tests. By default a new real one.
   *
   * Since: 0.1
   */
  props[PROP_CLOCK] = g_param_spec_object ("clock", NULL, NULL, KR_HUB_TYPE_CLOCK,
                                           G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  /**
   * KrHubServer:handshake-timeout:
   *
   * How long a new connection may take to send its handshake, µs; 0 for ever. ASP.NET Core's HandshakeTimeout.
   *
   * Since: 0.1
   */
  props[PROP_HANDSHAKE_TIMEOUT] = interval_spec ("handshake-timeout", 15);
  /**
   * KrHubServer:keep-alive-interval:
   *
   * How often a ping is sent, µs; 0 never. ASP.NET Core's KeepAliveInterval.
   *
   * Since: 0.1
   */
  props[PROP_KEEP_ALIVE_INTERVAL] = interval_spec ("keep-alive-interval", 15);
  /**
   * KrHubServer:client-timeout:
   *
   * How long a client that has sent a ping once may be silent, µs; 0 for ever. ASP.NET Core's ClientTimeoutInterval.
   *
   * Since: 0.1
   */
  props[PROP_CLIENT_TIMEOUT] = interval_spec ("client-timeout", 30);
  /**
   * KrHubServer:max-message-size:
   *
   * The largest message that a client may send, in bytes, what frames it included; 0 for no limit. ASP.NET Core's
   * MaximumReceiveMessageSize.
   *
   * Since: 0.1
   */
  props[PROP_MAX_MESSAGE_SIZE] = size_spec ("max-message-size", 0, 32 * 1024);
  /**
   * KrHubServer:max-outbox-size:
   *
   * How many bytes may wait for a client that does not read before its connection is ended.
   *
   * Since: 0.1
   */
  props[PROP_MAX_OUTBOX_SIZE] = size_spec ("max-outbox-size", 1024, 1024 * 1024);
  /**
   * KrHubServer:max-parallel-invocations:
   *
   * How many calls of one client may run at a time; more wait, and so does all that comes after them. 0 for no limit.
   * ASP.NET Core's MaximumParallelInvocationsPerClient.
   *
   * Since: 0.1
   */
  props[PROP_MAX_PARALLEL_INVOCATIONS] =
    g_param_spec_uint ("max-parallel-invocations", NULL, NULL, 0, G_MAXUINT, 1,
                       G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  /**
   * KrHubServer:max-streams:
   *
   * How many streams one client may have open at a time, those that it sends included; 0 for no limit. Streams take no
   * part in [property@KrHub.Server:max-parallel-invocations].
   *
   * Since: 0.1
   */
  props[PROP_MAX_STREAMS] = g_param_spec_uint ("max-streams", NULL, NULL, 0, G_MAXUINT, 1000,
                                               G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  /**
   * KrHubServer:stream-buffer-capacity:
   *
   * How many items of one stream that a client sends may wait to be read; then nothing more is read from that client.
   * ASP.NET Core's StreamBufferCapacity.
   *
   * Since: 0.1
   */
  props[PROP_STREAM_BUFFER_CAPACITY] =
    g_param_spec_uint ("stream-buffer-capacity", NULL, NULL, 1, G_MAXUINT, 10,
                       G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  /**
   * KrHubServer:invocation-rate:
   *
   * How many calls per second one client may make in the long run, 0 for any number; more are answered with an error
   * before their arguments are looked at.
   *
   * Since: 0.1
   */
  props[PROP_INVOCATION_RATE] =
    g_param_spec_uint ("invocation-rate", NULL, NULL, 0, G_USEC_PER_SEC, 0,
                       G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  /**
   * KrHubServer:invocation-burst:
   *
   * How many calls a client may make at once where [property@KrHub.Server:invocation-rate] limits it.
   *
   * Since: 0.1
   */
  props[PROP_INVOCATION_BURST] =
    g_param_spec_uint ("invocation-burst", NULL, NULL, 1, G_USEC_PER_SEC, 100,
                       G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  /**
   * KrHubServer:detailed-errors:
   *
   * Whether clients are told the details of errors that are not meant for them. ASP.NET Core's EnableDetailedErrors.
   *
   * Since: 0.1
   */
  props[PROP_DETAILED_ERRORS] =
    g_param_spec_boolean ("detailed-errors", NULL, NULL, FALSE,
                          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  /**
   * KrHubServer:reconnect-window:
   *
   * How long a stateful connection that lost its transport waits for another one, µs. ASP.NET Core's DisconnectTimeout.
   *
   * Since: 0.1
   */
  props[PROP_RECONNECT_WINDOW] = interval_spec ("reconnect-window", 15);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (props), props);
}

static void
install_signals (GType type)
{
  /**
   * KrHubServer::connected:
   * @self: the hub
   * @connection: a connection whose handshake is done
   *
   * A client has connected; it can be sent to, and nothing of it has been dispatched yet. ASP.NET Core's
   * OnConnectedAsync.
   *
   * Since: 0.1
   */
  signals[SIGNAL_CONNECTED] =
    g_signal_new ("connected", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, KR_HUB_TYPE_CONNECTION);
  /**
   * KrHubServer::disconnected:
   * @self: the hub
   * @connection: a connection that has left its groups
   * @error: (nullable): why, or %NULL if it ended in good order
   *
   * A client that had connected has gone. Emitted once. ASP.NET Core's OnDisconnectedAsync.
   *
   * Since: 0.1
   */
  signals[SIGNAL_DISCONNECTED] = g_signal_new ("disconnected", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                               G_TYPE_NONE, 2, KR_HUB_TYPE_CONNECTION, G_TYPE_ERROR);
  /**
   * KrHubServer::unknown-method:
   * @self: the hub
   * @connection: who called
   * @name: the method that does not exist, as the client sent it
   *
   * A client called a method that does not exist; it is answered with an error.
   *
   * Since: 0.1
   */
  signals[SIGNAL_UNKNOWN_METHOD] = g_signal_new ("unknown-method", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                                 G_TYPE_NONE, 2, KR_HUB_TYPE_CONNECTION, G_TYPE_STRING);
}

static void
kr_hub_server_class_init (KrHubServerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = kr_hub_server_get_property;
  object_class->set_property = kr_hub_server_set_property;
  object_class->constructed = kr_hub_server_constructed;
  object_class->dispose = kr_hub_server_dispose;
  object_class->finalize = kr_hub_server_finalize;
  install_properties (object_class);
  install_signals (G_TYPE_FROM_CLASS (klass));
}

static void
kr_hub_server_init (KrHubServer *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->thread = g_thread_self ();
  self->settings = kr_hub_settings_new ();
  g_ptr_array_add (self->settings->protocols, g_object_ref (kr_hub_json_protocol_get_default ()));
  g_ptr_array_add (self->settings->protocols, g_object_ref (kr_hub_msgpack_protocol_get_default ()));
  g_ptr_array_add (self->settings->protocols, g_object_ref (kr_hub_msgpack_protocol_get_default ()));
  self->dispatcher = kr_hub_dispatcher_new ();
  self->pending = g_hash_table_new (NULL, NULL);
  self->filters = g_ptr_array_new_with_free_func (g_object_unref);
  kr_hub_router_init (&self->router);
}

KrHubRouter *
kr_hub_server_get_router (KrHubServer *self)
{
  return &self->router;
}

KrHubSettings *
kr_hub_server_get_settings (KrHubServer *self)
{
  return self->settings;
}

gboolean
kr_hub_server_is_own_thread (KrHubServer *self)
{
  return self->thread == g_thread_self ();
}

/**
 * kr_hub_server_new:
 * @clock: (nullable): the hub's time and timers; %NULL means a new real one
 *
 * Creates a hub in the thread-default main context.
 *
 * Returns: (transfer full): a new hub
 *
 * Since: 0.1
 */
KrHubServer *
kr_hub_server_new (KrHubClock *clock)
{
  return g_object_new (KR_HUB_TYPE_SERVER, "clock", clock, NULL);
}

/**
 * kr_hub_server_get_context:
 * @self: a hub
 *
 * Gets the main context that the hub lives in. Any thread.
 *
 * Returns: (transfer none): the context
 *
 * Since: 0.1
 */
GMainContext *
kr_hub_server_get_context (KrHubServer *self)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (self), NULL);
  return self->context;
}

/**
 * kr_hub_server_get_clock: (get-property clock)
 * @self: a hub
 *
 * Gets the hub's time and timers.
 *
 * Returns: (transfer none): the clock
 *
 * Since: 0.1
 */
KrHubClock *
kr_hub_server_get_clock (KrHubServer *self)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (self), NULL);
  return self->clock;
}

/**
 * kr_hub_server_get_max_message_size: (get-property max-message-size)
 * @self: a hub
 *
 * Gets the largest message that a client may send.
 *
 * Returns: bytes, what frames the message included; 0 for no limit
 *
 * Since: 0.1
 */
gsize
kr_hub_server_get_max_message_size (KrHubServer *self)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (self), 0);
  return self->settings->max_message_size;
}

/**
 * kr_hub_server_get_transfer_formats:
 * @self: a hub
 *
 * Gets the formats that the hub's protocols need, for the endpoint that offers transports. Any thread.
 *
 * Returns: one or both of the flags
 *
 * Since: 0.1
 */
KrHubTransferFormat
kr_hub_server_get_transfer_formats (KrHubServer *self)
{
  KrHubTransferFormat formats = 0;

  g_return_val_if_fail (KR_HUB_IS_SERVER (self), KR_HUB_TRANSFER_FORMAT_TEXT);
  for (guint i = 0; i < self->settings->protocols->len; i++)
    formats |= kr_hub_protocol_get_transfer_format (g_ptr_array_index (self->settings->protocols, i));
  return formats;
}

/**
 * kr_hub_server_add_method:
 * @self: a hub
 * @name: the method's name, 1 to 255 bytes; clients match it in any case
 * @arguments: (nullable): the types of the arguments, as a tuple such as `(si)`; %NULL for any number of any type
 * @result: (nullable): the type of the result, such as `s`; %NULL for none
 * @func: (scope notified) (closure user_data) (destroy destroy): the handler
 * @user_data: data for @func
 * @destroy: (nullable): frees @user_data
 *
 * Gives the hub a method. A call whose arguments do not fit is answered with an error before @func sees it.
 *
 * Returns: %FALSE if the hub has a method of that name already, in whatever case; @user_data stays the caller's then
 *
 * Since: 0.1
 */
gboolean
kr_hub_server_add_method (KrHubServer *self,
                          const char *name,
                          const char *arguments,
                          const char *result,
                          KrHubMethodFunc func,
                          gpointer user_data,
                          GDestroyNotify destroy)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);
  g_return_val_if_fail (arguments == NULL || (*arguments == '(' && g_variant_type_string_is_valid (arguments)), FALSE);
  g_return_val_if_fail (result == NULL || g_variant_type_string_is_valid (result), FALSE);
  g_return_val_if_fail (func != NULL, FALSE);

  return kr_hub_dispatcher_add (self->dispatcher, name, arguments, result, func, user_data, destroy);
}

/**
 * kr_hub_server_add_stream_method:
 * @self: a hub
 * @name: the method's name, 1 to 255 bytes; clients match it in any case
 * @arguments: (nullable): the types of the arguments, as a tuple such as `(si)`; %NULL for any number of any type
 * @item: (nullable): the type of the items, such as `s`; %NULL for any
 * @func: (scope notified) (closure user_data) (destroy destroy): the handler
 * @user_data: data for @func
 * @destroy: (nullable): frees @user_data
 *
 * Gives the hub a method that answers with a stream; @func gets it from [method@KrHub.Invocation.open_stream].
 *
 * Returns: %FALSE if the hub has a method of that name already, in whatever case; @user_data stays the caller's then
 *
 * Since: 0.1
 */
gboolean
kr_hub_server_add_stream_method (KrHubServer *self,
                                 const char *name,
                                 const char *arguments,
                                 const char *item,
                                 KrHubMethodFunc func,
                                 gpointer user_data,
                                 GDestroyNotify destroy)
{
  KrHubMethod *method;

  if (!kr_hub_server_add_method (self, name, arguments, item, func, user_data, destroy))
    return FALSE;
  method = kr_hub_dispatcher_lookup (self->dispatcher, name);
  method->streaming = method->special = TRUE;
  return TRUE;
}

/**
 * kr_hub_server_set_method_uploads:
 * @self: a hub
 * @name: a method of the hub
 * @items: for each stream that the caller is to send along the type of its items, as a tuple such as `(is)`
 *
 * Declares that callers of a method send streams along, which come on top of its arguments
 * ([method@KrHub.Invocation.get_upload]). Before the first connection.
 *
 * Since: 0.1
 */
void
kr_hub_server_set_method_uploads (KrHubServer *self, const char *name, const char *items)
{
  KrHubMethod *method;

  g_return_if_fail (KR_HUB_IS_SERVER (self));
  g_return_if_fail (name != NULL);
  g_return_if_fail (items != NULL && *items == '(' && g_variant_type_string_is_valid (items));

  method = kr_hub_dispatcher_lookup (self->dispatcher, name);
  g_return_if_fail (method != NULL);
  kr_hub_method_set_uploads (method, G_VARIANT_TYPE (items));
}

/* Without a function of its own: whoever was authenticated. */
static gboolean
has_user (KrHubInvocation *invocation, gpointer data)
{
  return invocation->connection->user_id != NULL;
}

/**
 * kr_hub_server_set_method_authorizer:
 * @self: a hub
 * @name: a method of the hub
 * @func: (nullable) (scope notified) (closure user_data) (destroy destroy): says who may call; %NULL means any
 *   connection that has a user id
 * @user_data: data for @func
 * @destroy: (nullable): frees @user_data
 *
 * Restricts who may call a method. Others get an error. Before the first connection.
 *
 * Since: 0.1
 */
void
kr_hub_server_set_method_authorizer (KrHubServer *self,
                                     const char *name,
                                     KrHubAuthorizeFunc func,
                                     gpointer user_data,
                                     GDestroyNotify destroy)
{
  KrHubMethod *method;

  g_return_if_fail (KR_HUB_IS_SERVER (self));
  g_return_if_fail (name != NULL);

  method = kr_hub_dispatcher_lookup (self->dispatcher, name);
  g_return_if_fail (method != NULL);
  kr_hub_method_set_authorizer (method, func != NULL ? func : has_user, user_data, destroy);
}

/**
 * kr_hub_server_set_raw_handler:
 * @self: a hub
 * @func: (scope notified) (closure user_data) (destroy destroy): gets what connections receive
 * @user_data: data for @func
 * @destroy: (nullable): frees @user_data
 *
 * Turns the hub into a server of bytes: its connections have ids, users, filters and signals, but speak no hub protocol
 * and do no handshake. @func answers with [method@KrHub.Connection.write]. Before the first connection. ASP.NET Core's
 * MapConnectionHandler.
 *
 * Since: 0.1
 */
void
kr_hub_server_set_raw_handler (KrHubServer *self, KrHubRawFunc func, gpointer user_data, GDestroyNotify destroy)
{
  g_return_if_fail (KR_HUB_IS_SERVER (self));
  g_return_if_fail (func != NULL);
  g_return_if_fail (self->raw_func == NULL);

  self->raw_func = func;
  self->raw_data = user_data;
  self->raw_destroy = destroy;
}

/**
 * kr_hub_server_add_filter:
 * @self: a hub
 * @filter: a filter, which the hub keeps
 *
 * Puts a filter inside of those that were added before. Before the first connection.
 *
 * Since: 0.1
 */
void
kr_hub_server_add_filter (KrHubServer *self, KrHubFilter *filter)
{
  g_return_if_fail (KR_HUB_IS_SERVER (self));
  g_return_if_fail (KR_HUB_IS_FILTER (filter));

  g_ptr_array_add (self->filters, g_object_ref (filter));
  self->settings->filtered = TRUE;
}

/**
 * kr_hub_server_new_connection_id:
 *
 * Makes an id or token for a connection that nobody can guess: 16 random bytes in base64url. Any thread.
 *
 * Returns: (transfer full): 22 characters
 *
 * Since: 0.1
 */
char *
kr_hub_server_new_connection_id (void)
{
  guint8 bytes[ID_BYTES];
  char *text;

  if (getrandom (bytes, sizeof bytes, 0) != sizeof bytes)
    g_error ("the system has no random bytes");
  text = g_base64_encode (bytes, sizeof bytes);
  text[22] = '\0';
  for (char *p = text; *p != '\0'; p++)
    *p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
  return text;
}

static KrHubConnection *
accept_connection (KrHubServer *self,
                   KrHubTransport *transport,
                   const char *connection_id,
                   const char *user_id,
                   gboolean stateful)
{
  g_autoptr (KrHubConnection) connection = NULL;
  g_autofree char *id = connection_id != NULL ? g_strdup (connection_id) : kr_hub_server_new_connection_id ();

  connection = kr_hub_connection_new (KR_HUB_ROLE_SERVER, self->settings, self->dispatcher, self->clock, transport, id,
                                      user_id, stateful, &connection_funcs, self);
  g_hash_table_add (self->pending, connection);
  if (self->raw_func != NULL)
    kr_hub_connection_set_raw (connection);
  kr_hub_connection_start (connection);
  return connection;
}

/**
 * kr_hub_server_accept:
 * @self: a hub
 * @transport: a transport that was not started; the connection starts it
 * @connection_id: (nullable): the connection's public id, unique in this hub; %NULL for a new one
 * @user_id: (nullable): whom the transport was authenticated as
 *
 * Takes a new connection. [signal@KrHub.Server::connected] follows when its handshake is done.
 *
 * Returns: (transfer none): the connection, which lives at least until it has ended
 *
 * Since: 0.1
 */
KrHubConnection *
kr_hub_server_accept (KrHubServer *self, KrHubTransport *transport, const char *connection_id, const char *user_id)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (self), NULL);
  g_return_val_if_fail (KR_HUB_IS_TRANSPORT (transport), NULL);
  return accept_connection (self, transport, connection_id, user_id, FALSE);
}

/**
 * kr_hub_server_accept_stateful:
 * @self: a hub
 * @transport: a transport that was not started; the connection starts it
 * @connection_id: (nullable): the connection's public id, unique in this hub; %NULL for a new one
 * @user_id: (nullable): whom the transport was authenticated as
 *
 * Takes a new connection whose client negotiated stateful reconnect: when its transport is lost, it waits
 * [property@KrHub.Server:reconnect-window] for [method@KrHub.Connection.reattach].
 *
 * Returns: (transfer none): the connection, which lives at least until it is over
 *
 * Since: 0.1
 */
KrHubConnection *
kr_hub_server_accept_stateful (KrHubServer *self,
                               KrHubTransport *transport,
                               const char *connection_id,
                               const char *user_id)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (self), NULL);
  g_return_val_if_fail (KR_HUB_IS_TRANSPORT (transport), NULL);
  return accept_connection (self, transport, connection_id, user_id, TRUE);
}

/**
 * kr_hub_server_lookup:
 * @self: a hub
 * @connection_id: a connection's id
 *
 * Finds an open connection.
 *
 * Returns: (transfer none) (nullable): the connection, or %NULL
 *
 * Since: 0.1
 */
KrHubConnection *
kr_hub_server_lookup (KrHubServer *self, const char *connection_id)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (self), NULL);
  g_return_val_if_fail (connection_id != NULL, NULL);
  return kr_hub_router_lookup (&self->router, connection_id);
}

/**
 * kr_hub_server_get_n_connections:
 * @self: a hub
 *
 * Gets how many connections are open.
 *
 * Returns: the number of connections whose handshake is done
 *
 * Since: 0.1
 */
guint
kr_hub_server_get_n_connections (KrHubServer *self)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (self), 0);
  return self->router.members->len;
}

/**
 * kr_hub_server_add_to_group:
 * @self: a hub
 * @connection_id: a connection's id; an unknown one is ignored
 * @group: a name, case-sensitive
 *
 * Puts a connection into a group. Harmless when it is in it already; it leaves all groups when it ends.
 *
 * Since: 0.1
 */
void
kr_hub_server_add_to_group (KrHubServer *self, const char *connection_id, const char *group)
{
  g_return_if_fail (KR_HUB_IS_SERVER (self));
  g_return_if_fail (connection_id != NULL);
  g_return_if_fail (group != NULL);
  kr_hub_router_join (&self->router, connection_id, group);
}

/**
 * kr_hub_server_remove_from_group:
 * @self: a hub
 * @connection_id: a connection's id; an unknown one is ignored
 * @group: a name, case-sensitive
 *
 * Takes a connection out of a group. Harmless when it is not in it.
 *
 * Since: 0.1
 */
void
kr_hub_server_remove_from_group (KrHubServer *self, const char *connection_id, const char *group)
{
  g_return_if_fail (KR_HUB_IS_SERVER (self));
  g_return_if_fail (connection_id != NULL);
  g_return_if_fail (group != NULL);
  kr_hub_router_leave (&self->router, connection_id, group);
}

/* --- enumeration --- */

static char **
list_keys (GHashTable *table)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  GHashTableIter iter;
  const char *key;

  g_hash_table_iter_init (&iter, table);
  while (g_hash_table_iter_next (&iter, (gpointer *) &key, NULL))
    g_strv_builder_add (builder, key);
  return g_strv_builder_end (builder);
}

static char **
list_members (GHashTable *sets, const char *name)
{
  GHashTable *set = g_hash_table_lookup (sets, name);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  GHashTableIter iter;
  KrHubMember *member;

  if (set != NULL)
    {
      g_hash_table_iter_init (&iter, set);
      while (g_hash_table_iter_next (&iter, (gpointer *) &member, NULL))
        g_strv_builder_add (builder, member->connection->id);
    }
  return g_strv_builder_end (builder);
}

static guint
count_members (GHashTable *sets, const char *name)
{
  GHashTable *set = g_hash_table_lookup (sets, name);

  return set != NULL ? g_hash_table_size (set) : 0;
}

/**
 * kr_hub_server_list_connections:
 * @self: a hub
 *
 * Lists the connections that are open.
 *
 * Returns: (transfer full) (array zero-terminated=1): their ids, in no order
 *
 * Since: 0.1
 */
char **
kr_hub_server_list_connections (KrHubServer *self)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (self), NULL);
  return list_keys (self->router.by_id);
}

/**
 * kr_hub_server_list_groups:
 * @self: a hub
 *
 * Lists the groups that have members.
 *
 * Returns: (transfer full) (array zero-terminated=1): their names, in no order
 *
 * Since: 0.1
 */
char **
kr_hub_server_list_groups (KrHubServer *self)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (self), NULL);
  return list_keys (self->router.groups);
}

/**
 * kr_hub_server_list_group_connections:
 * @self: a hub
 * @group: a group's name
 *
 * Lists the members of a group.
 *
 * Returns: (transfer full) (array zero-terminated=1): the ids of their connections, in no order
 *
 * Since: 0.1
 */
char **
kr_hub_server_list_group_connections (KrHubServer *self, const char *group)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (self), NULL);
  g_return_val_if_fail (group != NULL, NULL);
  return list_members (self->router.groups, group);
}

/**
 * kr_hub_server_get_n_group_connections:
 * @self: a hub
 * @group: a group's name
 *
 * Gets how many members a group has.
 *
 * Returns: the number of connections
 *
 * Since: 0.1
 */
guint
kr_hub_server_get_n_group_connections (KrHubServer *self, const char *group)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (self), 0);
  g_return_val_if_fail (group != NULL, 0);
  return count_members (self->router.groups, group);
}

/**
 * kr_hub_server_list_users:
 * @self: a hub
 *
 * Lists the users that have connections.
 *
 * Returns: (transfer full) (array zero-terminated=1): their ids, in no order
 *
 * Since: 0.1
 */
char **
kr_hub_server_list_users (KrHubServer *self)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (self), NULL);
  return list_keys (self->router.users);
}

/**
 * kr_hub_server_list_user_connections:
 * @self: a hub
 * @user_id: a user's id
 *
 * Lists the connections of a user.
 *
 * Returns: (transfer full) (array zero-terminated=1): their ids, in no order
 *
 * Since: 0.1
 */
char **
kr_hub_server_list_user_connections (KrHubServer *self, const char *user_id)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (self), NULL);
  g_return_val_if_fail (user_id != NULL, NULL);
  return list_members (self->router.users, user_id);
}

/**
 * kr_hub_server_get_n_user_connections:
 * @self: a hub
 * @user_id: a user's id
 *
 * Gets how many connections a user has.
 *
 * Returns: the number of connections
 *
 * Since: 0.1
 */
guint
kr_hub_server_get_n_user_connections (KrHubServer *self, const char *user_id)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (self), 0);
  g_return_val_if_fail (user_id != NULL, 0);
  return count_members (self->router.users, user_id);
}

/* --- client results --- */

typedef struct
{
  KrHubInvocation *waiting;  /* NULL: none */
  char *connection_id;
  char *target;
  GVariant *arguments;
  GVariantType *result_type; /* NULL: any */
} Question;

static void
question_free (gpointer data)
{
  Question *self = data;

  g_clear_pointer (&self->waiting, kr_hub_invocation_release);
  g_clear_pointer (&self->arguments, g_variant_unref);
  g_clear_pointer (&self->result_type, g_variant_type_free);
  g_free (self->connection_id);
  g_free (self->target);
  g_free (self);
}

static void
answered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;
  GVariant *value = kr_hub_connection_invoke_finish (KR_HUB_CONNECTION (source), result, &error);

  if (value != NULL)
    g_task_return_pointer (task, value, (GDestroyNotify) g_variant_unref);
  else
    g_task_return_error (task, error);
}

/* In the hub's thread. */
static gboolean
ask (gpointer data)
{
  GTask *task = data;
  Question *question = g_task_get_task_data (task);
  KrHubServer *self = g_task_get_source_object (task);
  KrHubConnection *connection = kr_hub_server_lookup (self, question->connection_id);

  if (connection == NULL)
    {
      g_task_return_new_error (task,
                               G_IO_ERROR,
                               G_IO_ERROR_NOT_FOUND,
                               "Connection '%s' does not exist.",
                               question->connection_id);
      return G_SOURCE_REMOVE;
    }
  kr_hub_connection_invoke_async (connection,
                                  question->target,
                                  question->arguments,
                                  question->result_type,
                                  g_task_get_cancellable (task),
                                  answered,
                                  g_object_ref (task));
  if (question->waiting != NULL)
    kr_hub_connection_give_up_slot (question->waiting->connection, question->waiting);
  return G_SOURCE_REMOVE;
}

/**
 * kr_hub_server_invoke_async:
 * @self: a hub
 * @waiting: (nullable): the call that cannot be answered before the result is there
 * @connection_id: whom to ask
 * @target: the client's method
 * @arguments: (nullable): a tuple of the arguments, sunk if it is floating; %NULL for none
 * @result_type: (nullable): the type of the result; %NULL for whatever comes, as a variant of it
 * @cancellable: (nullable): to wait no longer
 * @callback: called when the answer is there
 * @user_data: data for @callback
 *
 * Calls a method of one client and waits for its answer. Any thread; @callback is called in the main context of the one
 * that calls this.
 *
 * @waiting, which @callback answers as a rule, no longer counts among the calls of its client that may run at a time
 * ([property@KrHub.Server:max-parallel-invocations]): else a client could wait for itself.
 *
 * Since: 0.1
 */
void
kr_hub_server_invoke_async (KrHubServer *self,
                            KrHubInvocation *waiting,
                            const char *connection_id,
                            const char *target,
                            GVariant *arguments,
                            const GVariantType *result_type,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GSource) source = NULL;
  g_autoptr (GVariant) sunk = arguments != NULL ? g_variant_ref_sink (arguments) : NULL;
  Question *question;

  g_return_if_fail (KR_HUB_IS_SERVER (self));
  g_return_if_fail (connection_id != NULL);
  g_return_if_fail (target != NULL && *target != '\0');
  g_return_if_fail (sunk == NULL || g_variant_is_of_type (sunk, G_VARIANT_TYPE_TUPLE));

  question = g_new0 (Question, 1);
  question->waiting = waiting != NULL ? kr_hub_invocation_hold (waiting) : NULL;
  question->connection_id = g_strdup (connection_id);
  question->target = g_strdup (target);
  question->arguments = g_steal_pointer (&sunk);
  question->result_type = result_type != NULL ? g_variant_type_copy (result_type) : NULL;
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, kr_hub_server_invoke_async);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, question, question_free);
  if (kr_hub_server_is_own_thread (self))
    {
      ask (task);
      return;
    }
  source = g_idle_source_new ();
  g_source_set_static_name (source, "KrHubServer question");
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, ask, g_steal_pointer (&task), g_object_unref);
  g_source_attach (source, self->context);
}

/**
 * kr_hub_server_invoke_finish:
 * @self: a hub
 * @result: what the callback got
 * @error: return location for an error
 *
 * Finishes [method@KrHub.Server.invoke_async].
 *
 * Errors: as [method@KrHub.Connection.invoke_finish]; %G_IO_ERROR_NOT_FOUND if there is no such connection.
 *
 * Returns: (transfer full): the result, an empty tuple if there is none; %NULL with @error set
 *
 * Since: 0.1
 */
GVariant *
kr_hub_server_invoke_finish (KrHubServer *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * kr_hub_server_shutdown:
 * @self: a hub
 *
 * Ends all connections; clients are told that they may reconnect. What waits for them is still delivered.
 *
 * Since: 0.1
 */
void
kr_hub_server_shutdown (KrHubServer *self)
{
  g_autoptr (GPtrArray) connections = g_ptr_array_new_with_free_func (g_object_unref);
  GHashTableIter iter;
  KrHubConnection *connection;

  g_return_if_fail (KR_HUB_IS_SERVER (self));

  for (guint i = 0; i < self->router.members->len; i++)
    g_ptr_array_add (connections, g_object_ref (((KrHubMember *) self->router.members->pdata[i])->connection));
  g_hash_table_iter_init (&iter, self->pending);
  while (g_hash_table_iter_next (&iter, (gpointer *) &connection, NULL))
    g_ptr_array_add (connections, g_object_ref (connection));
  for (guint i = 0; i < connections->len; i++)
    kr_hub_connection_close (g_ptr_array_index (connections, i), FALSE, NULL, TRUE);
}
