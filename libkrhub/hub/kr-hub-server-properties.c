/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubServer: its properties. */
#include "config.h"

#include "kr-hub-server-private.h"

typedef enum
{
  PROP_NAME = 1,
  PROP_ACCEPTING,
  PROP_CLOCK,
  PROP_HANDSHAKE_TIMEOUT,
  PROP_KEEP_ALIVE_INTERVAL,
  PROP_CLIENT_TIMEOUT,
  PROP_SEND_TIMEOUT,
  PROP_MAX_MESSAGE_SIZE,
  PROP_MAX_OUTBOX_SIZE,
  PROP_OUTBOX_POLICY,
  PROP_MAX_PARALLEL_INVOCATIONS,
  PROP_MAX_STREAMS,
  PROP_STREAM_BUFFER_CAPACITY,
  PROP_INVOCATION_RATE,
  PROP_INVOCATION_BURST,
  PROP_DETAILED_ERRORS,
  PROP_RECONNECT_WINDOW,
} KrHubServerProperty;

static GParamSpec *props[PROP_RECONNECT_WINDOW + 1];

static void
kr_hub_server_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KrHubServer *self = KR_HUB_SERVER (object);
  KrHubSettings *settings = self->settings;

  switch ((KrHubServerProperty) prop_id)
    {
    case PROP_NAME: g_value_set_string (value, settings->name); break;
    case PROP_ACCEPTING: g_value_set_boolean (value, self->accepting); break;
    case PROP_CLOCK: g_value_set_object (value, self->clock); break;
    case PROP_HANDSHAKE_TIMEOUT: g_value_set_int64 (value, settings->handshake_timeout); break;
    case PROP_KEEP_ALIVE_INTERVAL: g_value_set_int64 (value, settings->keep_alive_interval); break;
    case PROP_CLIENT_TIMEOUT: g_value_set_int64 (value, settings->peer_timeout); break;
    case PROP_SEND_TIMEOUT: g_value_set_int64 (value, settings->send_timeout); break;
    case PROP_MAX_MESSAGE_SIZE: g_value_set_uint64 (value, settings->max_message_size); break;
    case PROP_MAX_OUTBOX_SIZE: g_value_set_uint64 (value, settings->max_outbox_size); break;
    case PROP_OUTBOX_POLICY: g_value_set_enum (value, settings->outbox_policy); break;
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
set_name (GObject *object, char **field, const GValue *value, GParamSpec *pspec)
{
  if (g_strcmp0 (*field, g_value_get_string (value)) == 0)
    return;
  g_free (*field);
  *field = g_value_dup_string (value);
  g_object_notify_by_pspec (object, pspec);
}

static void
set_boolean (GObject *object, gboolean *field, const GValue *value, GParamSpec *pspec)
{
  if (*field == g_value_get_boolean (value))
    return;
  *field = g_value_get_boolean (value);
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
    case PROP_NAME: set_name (object, &settings->name, value, pspec); break;
    case PROP_ACCEPTING: set_boolean (object, &self->accepting, value, pspec); break;
    case PROP_CLOCK: self->clock = g_value_dup_object (value); break;
    case PROP_HANDSHAKE_TIMEOUT: set_int64 (object, &settings->handshake_timeout, value, pspec); break;
    case PROP_KEEP_ALIVE_INTERVAL: set_int64 (object, &settings->keep_alive_interval, value, pspec); break;
    case PROP_CLIENT_TIMEOUT: set_int64 (object, &settings->peer_timeout, value, pspec); break;
    case PROP_RECONNECT_WINDOW: set_int64 (object, &settings->reconnect_window, value, pspec); break;
    case PROP_SEND_TIMEOUT: set_int64 (object, &settings->send_timeout, value, pspec); break;
    case PROP_MAX_MESSAGE_SIZE: set_size (object, &settings->max_message_size, value, pspec); break;
    case PROP_MAX_OUTBOX_SIZE: set_size (object, &settings->max_outbox_size, value, pspec); break;
    case PROP_OUTBOX_POLICY:
      if (settings->outbox_policy == (KrHubOutboxPolicy) g_value_get_enum (value))
        return;
      settings->outbox_policy = g_value_get_enum (value);
      g_object_notify_by_pspec (object, pspec);
      break;
    case PROP_MAX_PARALLEL_INVOCATIONS: set_uint (object, &settings->max_parallel_invocations, value, pspec); break;
    case PROP_INVOCATION_RATE: set_rate (object, &settings->call_interval, value, pspec); break;
    case PROP_INVOCATION_BURST: set_uint (object, &settings->call_burst, value, pspec); break;
    case PROP_MAX_STREAMS: set_uint (object, &settings->max_streams, value, pspec); break;
    case PROP_STREAM_BUFFER_CAPACITY: set_uint (object, &settings->stream_buffer_capacity, value, pspec); break;
    case PROP_DETAILED_ERRORS: set_boolean (object, &settings->detailed_errors, value, pspec); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
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

void
kr_hub_server_install_properties (GObjectClass *object_class)
{
  object_class->get_property = kr_hub_server_get_property;
  object_class->set_property = kr_hub_server_set_property;
  /**
   * KrHubServer:name:
   *
   * What the hub is called in metrics (`rpc.service`) and logs; %NULL for nothing. It must differ where metrics of
   * several hubs are put together.
   *
   * Since: 0.1
   */
  props[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL,
                                          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  /**
   * KrHubServer:accepting:
   *
   * Whether the hub takes new connections; others are ended at once, their clients free to try again.
   * [method@KrHub.Server.shutdown] sets it to %FALSE.
   *
   * Since: 0.1
   */
  props[PROP_ACCEPTING] = g_param_spec_boolean ("accepting", NULL, NULL, TRUE,
                                                G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
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
   * KrHubServer:send-timeout:
   *
   * How long a client may take nothing of what waits for it, µs, before its connection is ended; twice as long if it has
   * just taken something. 0 for ever, as for clients whose stalls an [property@KrHub.Server:outbox-policy] is to
   * bridge. Not for long polling, whose client takes its time between polls. ASP.NET Core's TransportSendTimeout.
   *
   * Since: 0.1
   */
  props[PROP_SEND_TIMEOUT] = interval_spec ("send-timeout", 10);
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
   * How many bytes may wait for a client that does not read, what it takes to hold them included (about 224 bytes for
   * each event; 320 on a stateful connection, where what is not acknowledged waits as well). Then
   * [property@KrHub.Server:outbox-policy] says what happens.
   *
   * One message that is larger for itself may wait as well, if what waits already is within the limit; the client's next calls
   * wait until it has read that. So a client costs at most the limit and one message of whatever size the program makes.
   *
   * Since: 0.1
   */
  props[PROP_MAX_OUTBOX_SIZE] = size_spec ("max-outbox-size", 1024, 1024 * 1024);
  /**
   * KrHubServer:outbox-policy:
   *
   * What happens when a client does not read; seen by connections that come after. See also
   * [method@KrHub.Connection.set_outbox_policy].
   *
   * Since: 0.1
   */
  props[PROP_OUTBOX_POLICY] =
    g_param_spec_enum ("outbox-policy", NULL, NULL, KR_HUB_TYPE_OUTBOX_POLICY, KR_HUB_OUTBOX_DISCONNECT,
                       G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
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
   * part in [property@KrHub.Server:max-parallel-invocations]. As many of its calls may wait for answers of clients
   * ([method@KrHub.Server.invoke_async]).
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
