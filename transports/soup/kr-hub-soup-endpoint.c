/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupEndpoint: a hub on a path of a SoupServer. */
#include "config.h"

#include "kr-hub-soup-endpoint-private.h"

#include "kr-hub-soup-crossing-private.h"
#include "kr-hub-soup-forwarded-private.h"
#include "kr-hub-soup-framing-private.h"
#include "kr-hub-soup-io-thread-private.h"
#include "kr-hub-soup-reactor-private.h"
#include "kr-hub-soup-request-private.h"

/**
 * KrHubSoupEndpoint:
 *
 * A hub on a path of a [class@Soup.Server]: negotiation, WebSocket, Server-Sent Events and long polling.
 *
 * The hub lives in one main context and the SoupServer may run in another one's thread, which it should: what libsoup
 * still does (request heads, held polls, other pages) costs O(connections) in each turn of its loop, and a hub in the
 * same loop would pay for it with every message. A connection crosses once.
 *
 * A request that carries an `Origin` header is answered only if that is the server's own origin or one of
 * [property@KrHubSoup.Endpoint:allowed-origins]: a page of another site must not use the hub with a visitor's cookies.
 *
 * Set the properties before [method@KrHubSoup.Endpoint.attach]. An endpoint keeps its hub alive, and an attached server
 * its endpoints.
 *
 * Since: 0.1
 */
G_DEFINE_FINAL_TYPE (KrHubSoupEndpoint, kr_hub_soup_endpoint, G_TYPE_OBJECT)

typedef enum
{
  PROP_HUB = 1,
  PROP_PATH,
  PROP_TRANSPORTS,
  PROP_MINIMUM_PROTOCOL_VERSION,
  PROP_ALLOW_STATEFUL_RECONNECTS,
  PROP_ALLOWED_ORIGINS,
  PROP_TRUSTED_PROXIES,
  PROP_FORWARDED_HEADERS,
  PROP_FORWARD_LIMIT,
  PROP_MAX_CONNECTIONS,
  PROP_MAX_NEGOTIATED,
  PROP_POLL_TIMEOUT,
  PROP_CLOSE_TIMEOUT,
  PROP_DISCONNECT_TIMEOUT,
  PROP_BUSY_POLL,
  PROP_IO_THREADS,
} KrHubSoupEndpointProperty;

static GParamSpec *props[PROP_IO_THREADS + 1];

typedef enum
{
  SIGNAL_AUTHORIZE,
} KrHubSoupEndpointSignal;

static guint signals[SIGNAL_AUTHORIZE + 1];

/* --- tokens that wait --- */

static gboolean
expire_tokens (gpointer data)
{
  KrHubSoupEndpoint *self = data;

  if (kr_hub_soup_token_store_expire (self->store, g_get_monotonic_time ()) != G_MAXINT64)
    return G_SOURCE_CONTINUE;
  g_atomic_int_set (&self->expiring, FALSE);
  return G_SOURCE_REMOVE;
}

/* Once per second, as ASP.NET Core does, and not at all while nobody waits. */
void
kr_hub_soup_endpoint_look_after_tokens (KrHubSoupEndpoint *self)
{
  g_autoptr (GMainContext) context = NULL;
  g_autoptr (GSource) source = NULL;

  if (!g_atomic_int_compare_and_exchange (&self->expiring, FALSE, TRUE))
    return;
  context = kr_hub_soup_ref_current_context ();
  source = g_timeout_source_new_seconds (1);
  g_source_set_static_name (source, "KrHubSoupEndpoint tokens");
  g_source_set_callback (source, expire_tokens, g_object_ref (self), g_object_unref);
  g_source_attach (source, context);
}
/* --- attached to a server --- */

static KrHubSoupTarget
target_of (KrHubSoupEndpoint *self, SoupServerMessage *message)
{
  GUri *uri = soup_server_message_get_uri (message);
  const char *path = uri != NULL ? g_uri_get_path (uri) : "";
  gsize len = strlen (path);
  gsize own = strlen (self->path);

  if (len > 0 && path[len - 1] == '/')
    len--;
  if (len < own || g_ascii_strncasecmp (path, self->path, own) != 0)
    return KR_HUB_SOUP_TARGET_NONE;
  if (len == own)
    return KR_HUB_SOUP_TARGET_HUB;
  return len == own + 10 && g_ascii_strncasecmp (path + own, "/negotiate", 10) == 0 ? KR_HUB_SOUP_TARGET_NEGOTIATE : KR_HUB_SOUP_TARGET_NONE;
}

/* Emitted when the request is read and before libsoup looks for a handler: whatever status we set, it keeps out then.
 * So paths match in any case, as they do in ASP.NET Core, which libsoup's own table of handlers cannot. */
static void
request_read (SoupServer *server, SoupServerMessage *message, KrHubSoupEndpoint *self)
{
  KrHubSoupTarget target = target_of (self, message);

  if (target != KR_HUB_SOUP_TARGET_NONE && soup_server_message_get_status (message) == 0 &&
      kr_hub_soup_endpoint_admit (self, message))
    kr_hub_soup_endpoint_answer (self, message, target);
}

static void
got_headers (SoupServerMessage *message, KrHubSoupEndpoint *self)
{
  KrHubSoupTarget target = target_of (self, message);

  if (target == KR_HUB_SOUP_TARGET_NONE)
    return;
  kr_hub_soup_http_counters_begin (self->requests, message, target == KR_HUB_SOUP_TARGET_NEGOTIATE);
  if (kr_hub_soup_framing_check (message))
    kr_hub_soup_endpoint_limit_body (self, message, target);
  else
    kr_hub_soup_http_counters_finish (self->requests, message, FALSE);
}

static void
request_finished (SoupServer *server, SoupServerMessage *message, KrHubSoupEndpoint *self)
{
  kr_hub_soup_http_counters_finish (self->requests, message, FALSE);
}

static void
request_aborted (SoupServer *server, SoupServerMessage *message, KrHubSoupEndpoint *self)
{
  kr_hub_soup_http_counters_finish (self->requests, message, TRUE);
}

static void
endpoint_unref (gpointer data, GClosure *closure)
{
  g_object_unref (data);
}

static void
request_started (SoupServer *server, SoupServerMessage *message, KrHubSoupEndpoint *self)
{
  g_signal_connect_data (message, "got-headers", G_CALLBACK (got_headers), g_object_ref (self), endpoint_unref, 0);
}

/**
 * kr_hub_soup_endpoint_attach:
 * @self: an endpoint whose properties are set
 * @server: a server; it may run in any thread
 *
 * Serves the hub on @server from now on, which keeps the endpoint alive. Before the server listens, or in its thread.
 *
 * The paths of the endpoint win over handlers that were added to @server.
 *
 * Since: 0.1
 */
void
kr_hub_soup_endpoint_attach (KrHubSoupEndpoint *self, SoupServer *server)
{
  g_return_if_fail (KR_HUB_SOUP_IS_ENDPOINT (self));
  g_return_if_fail (SOUP_IS_SERVER (server));

  kr_hub_soup_token_store_set_limits (self->store, self->max_negotiated, self->max_connections, self->disconnect_timeout);
  g_signal_connect_data (server, "request-started", G_CALLBACK (request_started), g_object_ref (self), endpoint_unref, 0);
  g_signal_connect_data (server, "request-read", G_CALLBACK (request_read), g_object_ref (self), endpoint_unref, 0);
  g_signal_connect_data (server, "request-finished", G_CALLBACK (request_finished), g_object_ref (self), endpoint_unref, 0);
  g_signal_connect_data (server, "request-aborted", G_CALLBACK (request_aborted), g_object_ref (self), endpoint_unref, 0);
}
/* --- properties --- */

static void
kr_hub_soup_endpoint_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KrHubSoupEndpoint *self = KR_HUB_SOUP_ENDPOINT (object);

  switch ((KrHubSoupEndpointProperty) prop_id)
    {
    case PROP_HUB: g_value_set_object (value, self->hub); break;
    case PROP_PATH: g_value_set_string (value, self->path); break;
    case PROP_TRANSPORTS: g_value_set_flags (value, self->transports); break;
    case PROP_MINIMUM_PROTOCOL_VERSION: g_value_set_int (value, self->minimum_protocol_version); break;
    case PROP_ALLOW_STATEFUL_RECONNECTS: g_value_set_boolean (value, self->allow_stateful_reconnects); break;
    case PROP_ALLOWED_ORIGINS: g_value_set_boxed (value, self->allowed_origins); break;
    case PROP_TRUSTED_PROXIES: g_value_set_boxed (value, self->trusted_proxies); break;
    case PROP_FORWARDED_HEADERS: g_value_set_flags (value, self->forwarded_headers); break;
    case PROP_FORWARD_LIMIT: g_value_set_uint (value, self->forward_limit); break;
    case PROP_MAX_CONNECTIONS: g_value_set_uint (value, self->max_connections); break;
    case PROP_MAX_NEGOTIATED: g_value_set_uint (value, self->max_negotiated); break;
    case PROP_POLL_TIMEOUT: g_value_set_int64 (value, self->poll_timeout); break;
    case PROP_CLOSE_TIMEOUT: g_value_set_int64 (value, self->close_timeout); break;
    case PROP_DISCONNECT_TIMEOUT: g_value_set_int64 (value, self->disconnect_timeout); break;
    case PROP_BUSY_POLL: g_value_set_uint (value, self->busy_poll); break;
    case PROP_IO_THREADS: g_value_set_uint (value, self->io_threads->len); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec); break;
    }
}

static void
set_path (KrHubSoupEndpoint *self, const char *path)
{
  gsize len = path != NULL ? strlen (path) : 0;

  while (len > 0 && path[len - 1] == '/')
    len--;
  self->path = g_strndup (path, len);
  self->requests = kr_hub_soup_http_counters_new (self->path);
}

static void
set_trusted_proxies (KrHubSoupEndpoint *self, char **proxies)
{
  g_strfreev (self->trusted_proxies);
  g_clear_pointer (&self->proxies, g_ptr_array_unref);
  self->trusted_proxies = g_strdupv (proxies);
  self->proxies = kr_hub_soup_proxies_parse ((const char *const *) proxies);
}

static void
set_io_threads (KrHubSoupEndpoint *self, guint n)
{
  g_ptr_array_set_size (self->io_threads, 0);
  while (self->io_threads->len < n)
    g_ptr_array_add (self->io_threads, kr_hub_soup_io_thread_new (kr_hub_server_get_context (self->hub)));
}

static void
kr_hub_soup_endpoint_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  KrHubSoupEndpoint *self = KR_HUB_SOUP_ENDPOINT (object);

  switch ((KrHubSoupEndpointProperty) prop_id)
    {
    case PROP_HUB: self->hub = g_value_dup_object (value); break;
    case PROP_PATH: set_path (self, g_value_get_string (value)); break;
    case PROP_TRANSPORTS: self->transports = g_value_get_flags (value); break;
    case PROP_MINIMUM_PROTOCOL_VERSION: self->minimum_protocol_version = g_value_get_int (value); break;
    case PROP_ALLOW_STATEFUL_RECONNECTS: self->allow_stateful_reconnects = g_value_get_boolean (value); break;
    case PROP_ALLOWED_ORIGINS:
      g_strfreev (self->allowed_origins);
      self->allowed_origins = g_value_dup_boxed (value);
      break;
    case PROP_TRUSTED_PROXIES: set_trusted_proxies (self, g_value_get_boxed (value)); break;
    case PROP_FORWARDED_HEADERS: self->forwarded_headers = g_value_get_flags (value); break;
    case PROP_FORWARD_LIMIT: self->forward_limit = g_value_get_uint (value); break;
    case PROP_MAX_CONNECTIONS: self->max_connections = g_value_get_uint (value); break;
    case PROP_MAX_NEGOTIATED: self->max_negotiated = g_value_get_uint (value); break;
    case PROP_POLL_TIMEOUT: self->poll_timeout = g_value_get_int64 (value); break;
    case PROP_CLOSE_TIMEOUT: self->close_timeout = g_value_get_int64 (value); break;
    case PROP_DISCONNECT_TIMEOUT: self->disconnect_timeout = g_value_get_int64 (value); break;
    case PROP_BUSY_POLL:
      self->busy_poll = g_value_get_uint (value);
      kr_hub_soup_reactor_set_busy_poll (kr_hub_server_get_context (self->hub), self->busy_poll);
      break;
    case PROP_IO_THREADS: set_io_threads (self, g_value_get_uint (value)); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec); break;
    }
}

static void
do_nothing (gpointer data)
{
}

/* An endpoint goes with its SoupServer, in whatever thread; the connections of a hub end in its own, unless nobody is there
 * any more. */
static void
drop_hub (KrHubServer *hub)
{
  g_autoptr (GMainContext) context = g_main_context_ref (kr_hub_server_get_context (hub));

  if (!g_main_context_acquire (context))
    {
      kr_hub_soup_cross (context, do_nothing, hub, g_object_unref);
      return;
    }
  g_object_unref (hub);
  g_main_context_release (context);
}

static void
kr_hub_soup_endpoint_finalize (GObject *object)
{
  KrHubSoupEndpoint *self = KR_HUB_SOUP_ENDPOINT (object);

  if (self->busy_poll > 0)
    kr_hub_soup_reactor_set_busy_poll (kr_hub_server_get_context (self->hub), 0);
  g_ptr_array_unref (self->io_threads);
  g_clear_pointer (&self->hub, drop_hub);
  g_free (self->path);
  g_strfreev (self->allowed_origins);
  g_strfreev (self->trusted_proxies);
  g_clear_pointer (&self->proxies, g_ptr_array_unref);
  kr_hub_soup_token_store_unref (self->store);
  g_clear_pointer (&self->requests, kr_hub_soup_http_counters_unref);
  G_OBJECT_CLASS (kr_hub_soup_endpoint_parent_class)->finalize (object);
}

static GParamSpec *
timeout_spec (const char *name, gint64 seconds)
{
  return g_param_spec_int64 (name, NULL, NULL, 0, G_MAXINT64 / 2, seconds * G_USEC_PER_SEC,
                             G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
}

static void
install_properties (GObjectClass *object_class)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  /**
   * KrHubSoupEndpoint:hub:
   *
   * The hub that is served.
   *
   * Since: 0.1
   */
  props[PROP_HUB] = g_param_spec_object ("hub", NULL, NULL, KR_HUB_TYPE_SERVER, flags | G_PARAM_CONSTRUCT_ONLY);
  /**
   * KrHubSoupEndpoint:path:
   *
   * Where it is served, without a slash at the end.
   *
   * Since: 0.1
   */
  props[PROP_PATH] = g_param_spec_string ("path", NULL, NULL, NULL, flags | G_PARAM_CONSTRUCT_ONLY);
  /**
   * KrHubSoupEndpoint:transports:
   *
   * The transports that clients may use.
   *
   * Since: 0.1
   */
  props[PROP_TRANSPORTS] = g_param_spec_flags ("transports", NULL, NULL, KR_HUB_TYPE_TRANSPORT_FLAGS,
                                               KR_HUB_TRANSPORT_ALL, flags);
  /**
   * KrHubSoupEndpoint:minimum-protocol-version:
   *
   * The lowest version of the negotiation that a client may ask for, 0 or 1.
   *
   * Since: 0.1
   */
  props[PROP_MINIMUM_PROTOCOL_VERSION] = g_param_spec_int ("minimum-protocol-version", NULL, NULL, 0, 1, 0, flags);
  /**
   * KrHubSoupEndpoint:allow-stateful-reconnects:
   *
   * Whether clients that ask for it may continue a connection over a new WebSocket after they lost one.
   *
   * Since: 0.1
   */
  props[PROP_ALLOW_STATEFUL_RECONNECTS] = g_param_spec_boolean ("allow-stateful-reconnects", NULL, NULL, FALSE, flags);
  /**
   * KrHubSoupEndpoint:allowed-origins:
   *
   * Origins of other servers' pages that may use the hub, such as `https://example.org`, with the visitor's credentials;
   * `*` allows all. %NULL means none but the server's own.
   *
   * Since: 0.1
   */
  props[PROP_ALLOWED_ORIGINS] = g_param_spec_boxed ("allowed-origins", NULL, NULL, G_TYPE_STRV, flags);
  /**
   * KrHubSoupEndpoint:trusted-proxies:
   *
   * Addresses and networks of the proxies in front of the server, such as `192.0.2.7` or `10.0.0.0/8`; %NULL, the default,
   * means none. What they say of a client in [property@KrHubSoup.Endpoint:forwarded-headers] counts as its address
   * ([method@KrHub.Connection.get_remote_address]) and, for the check of its `Origin`, as the server's scheme and host.
   * What anybody else says does not.
   *
   * A [class@KrHubSoup.FrontDoor] counts sockets before anything is read from them: behind a proxy all have the proxy's
   * address, so leave its limit per address as high as the whole one.
   *
   * Since: 0.1
   */
  props[PROP_TRUSTED_PROXIES] = g_param_spec_boxed ("trusted-proxies", NULL, NULL, G_TYPE_STRV, flags);
  /**
   * KrHubSoupEndpoint:forwarded-headers:
   *
   * Which headers of [property@KrHubSoup.Endpoint:trusted-proxies] count.
   *
   * Since: 0.1
   */
  props[PROP_FORWARDED_HEADERS] = g_param_spec_flags ("forwarded-headers", NULL, NULL, KR_HUB_SOUP_TYPE_FORWARDED_FLAGS,
                                                      KR_HUB_SOUP_FORWARDED_FOR | KR_HUB_SOUP_FORWARDED_PROTO, flags);
  /**
   * KrHubSoupEndpoint:forward-limit:
   *
   * How many proxies a request may have passed: at most so many elements of each header are read, from the last one on,
   * and only as long as the address that added one is trusted.
   *
   * Since: 0.1
   */
  props[PROP_FORWARD_LIMIT] = g_param_spec_uint ("forward-limit", NULL, NULL, 1, KR_HUB_SOUP_FORWARDED_MAX_HOPS, 1, flags);
  /**
   * KrHubSoupEndpoint:max-connections:
   *
   * How many connections there may be; more are answered with 503.
   *
   * Since: 0.1
   */
  props[PROP_MAX_CONNECTIONS] = g_param_spec_uint ("max-connections", NULL, NULL, 1, G_MAXUINT, 20000, flags);
  /**
   * KrHubSoupEndpoint:max-negotiated:
   *
   * How many connections may be negotiated and not connected; beyond it the oldest is forgotten.
   *
   * Since: 0.1
   */
  props[PROP_MAX_NEGOTIATED] = g_param_spec_uint ("max-negotiated", NULL, NULL, 1, G_MAXUINT, 5000, flags);
  /**
   * KrHubSoupEndpoint:poll-timeout:
   *
   * How long a poll is held, µs.
   *
   * Since: 0.1
   */
  props[PROP_POLL_TIMEOUT] = timeout_spec ("poll-timeout", 90);
  /**
   * KrHubSoupEndpoint:close-timeout:
   *
   * How long a client may take to answer the end of its connection, µs.
   *
   * Since: 0.1
   */
  props[PROP_CLOSE_TIMEOUT] = timeout_spec ("close-timeout", 5);
  /**
   * KrHubSoupEndpoint:disconnect-timeout:
   *
   * How long a connection may be without a transport, or a poll, µs.
   *
   * Since: 0.1
   */
  props[PROP_DISCONNECT_TIMEOUT] = timeout_spec ("disconnect-timeout", 15);
  /**
   * KrHubSoupEndpoint:busy-poll:
   *
   * How long the hub's main context looks for more before it sleeps, µs; 0, the default, not at all. An answer then comes
   * sooner by what a sleep and a wake-up cost, at the price of a busy core while clients are active; after a pause it
   * sleeps as always. It concerns all connections of that context.
   *
   * Since: 0.1
   */
  props[PROP_BUSY_POLL] = g_param_spec_uint ("busy-poll", NULL, NULL, 0, 1000, 0, flags);
  /**
   * KrHubSoupEndpoint:io-threads:
   *
   * How many threads serve the sockets of WebSockets, 0 to 64; with 0, the default, the hub's own thread does.
   *
   * Handlers run in the hub's thread all the same. Reading, writing and TLS move to the threads, which lets a hub that sends
   * much use more cores; each message pays with two hand-overs, so that a single call takes longer. Set it before
   * [method@KrHubSoup.Endpoint.attach]; [property@KrHubSoup.Endpoint:busy-poll] has no effect then.
   *
   * Since: 0.1
   */
  props[PROP_IO_THREADS] = g_param_spec_uint ("io-threads", NULL, NULL, 0, 64, 0, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (props), props);
}

/* The first handler that refuses decides. */
static gboolean
accumulate_status (GSignalInvocationHint *hint, GValue *result, const GValue *value, gpointer data)
{
  guint status = g_value_get_uint (value);

  g_value_set_uint (result, status);
  return status == 0 || status == SOUP_STATUS_OK;
}

guint
kr_hub_soup_endpoint_emit_authorize (KrHubSoupEndpoint *self, SoupServerMessage *message)
{
  guint status = 0;

  g_signal_emit (self, signals[SIGNAL_AUTHORIZE], 0, message, &status);
  return status;
}

static void
kr_hub_soup_endpoint_class_init (KrHubSoupEndpointClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = kr_hub_soup_endpoint_get_property;
  object_class->set_property = kr_hub_soup_endpoint_set_property;
  object_class->finalize = kr_hub_soup_endpoint_finalize;
  install_properties (object_class);

  /**
   * KrHubSoupEndpoint::authorize:
   * @self: the endpoint
   * @message: a request to it, of any method
   *
   * Asks who may use the hub; emitted for each request in the thread of the SoupServer, before anything else about it is
   * answered. A handler may tell whom the connection belongs to with [method@KrHubSoup.Endpoint.set_user_id]; the first
   * request of a transport decides. It may send who negotiates elsewhere with [method@KrHubSoup.Endpoint.redirect],
   * and say until when the connection may last with [method@KrHubSoup.Endpoint.set_expiry].
   *
   * Who polls or reconnects as somebody else does not change whom the connection belongs to: the first such request of each
   * connection is worth a warning.
   *
   * Returns: 0 or 200 to allow, 401 or 403 to refuse
   *
   * Since: 0.1
   */
  signals[SIGNAL_AUTHORIZE] = g_signal_new ("authorize", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                            accumulate_status, NULL, NULL,
                                            G_TYPE_UINT, 1, SOUP_TYPE_SERVER_MESSAGE);
}

static void
kr_hub_soup_endpoint_init (KrHubSoupEndpoint *self)
{
  self->transports = KR_HUB_TRANSPORT_ALL;
  self->forwarded_headers = KR_HUB_SOUP_FORWARDED_FOR | KR_HUB_SOUP_FORWARDED_PROTO;
  self->forward_limit = 1;
  self->max_connections = 20000;
  self->max_negotiated = 5000;
  self->poll_timeout = 90 * G_USEC_PER_SEC;
  self->close_timeout = 5 * G_USEC_PER_SEC;
  self->disconnect_timeout = 15 * G_USEC_PER_SEC;
  self->store = kr_hub_soup_token_store_new ();
  self->io_threads = g_ptr_array_new_with_free_func ((GDestroyNotify) kr_hub_soup_io_thread_leave);
}

/**
 * kr_hub_soup_endpoint_new:
 * @hub: a hub, in whichever main context
 * @path: where to serve it, such as `/hub`; requests match in any case and with a slash at the end
 *
 * Creates an endpoint, which does nothing before it is attached to a server.
 *
 * Returns: (transfer full): a new endpoint
 *
 * Since: 0.1
 */
KrHubSoupEndpoint *
kr_hub_soup_endpoint_new (KrHubServer *hub, const char *path)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (hub), NULL);
  g_return_val_if_fail (path != NULL && *path == '/', NULL);

  return g_object_new (KR_HUB_SOUP_TYPE_ENDPOINT, "hub", hub, "path", path, NULL);
}

/**
 * kr_hub_soup_endpoint_get_hub: (get-property hub)
 * @self: an endpoint
 *
 * Gets the hub. Any thread.
 *
 * Returns: (transfer none): the hub
 *
 * Since: 0.1
 */
KrHubServer *
kr_hub_soup_endpoint_get_hub (KrHubSoupEndpoint *self)
{
  g_return_val_if_fail (KR_HUB_SOUP_IS_ENDPOINT (self), NULL);
  return self->hub;
}

/**
 * kr_hub_soup_endpoint_get_path: (get-property path)
 * @self: an endpoint
 *
 * Gets the path. Any thread.
 *
 * Returns: (transfer none): the path, without a slash at the end
 *
 * Since: 0.1
 */
const char *
kr_hub_soup_endpoint_get_path (KrHubSoupEndpoint *self)
{
  g_return_val_if_fail (KR_HUB_SOUP_IS_ENDPOINT (self), NULL);
  return self->path;
}

/**
 * kr_hub_soup_endpoint_get_n_connections:
 * @self: an endpoint
 *
 * Gets how many connections have a transport. Any thread.
 *
 * Returns: the number of connections
 *
 * Since: 0.1
 */
guint
kr_hub_soup_endpoint_get_n_connections (KrHubSoupEndpoint *self)
{
  g_return_val_if_fail (KR_HUB_SOUP_IS_ENDPOINT (self), 0);
  return kr_hub_soup_token_store_get_n_connections (self->store);
}

/**
 * kr_hub_soup_endpoint_get_n_negotiated:
 * @self: an endpoint
 *
 * Gets how many connections were negotiated and wait for their transport. Any thread.
 *
 * Returns: the number of waiting connections
 *
 * Since: 0.1
 */
guint
kr_hub_soup_endpoint_get_n_negotiated (KrHubSoupEndpoint *self)
{
  g_return_val_if_fail (KR_HUB_SOUP_IS_ENDPOINT (self), 0);
  return kr_hub_soup_token_store_get_n_waiting (self->store);
}
