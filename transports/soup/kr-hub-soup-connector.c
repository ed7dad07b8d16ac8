/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupConnector: makes a client's transport to a hub's URL. */
#include "config.h"

#include "kr-hub-soup-connector-private.h"

#include "kr-hub-soup-websocket-connect-private.h"

#define MAX_ANSWER (16 * 1024 * 1024)
#define REQUEST_TIMEOUT 100

/**
 * KrHubSoupConnector:
 *
 * Makes a client's transport to a hub's URL: negotiates, chooses a transport, falls back to the next.
 *
 * The HTTP requests are made by the given session, with its proxy, certificates and cookies. A connector belongs to one
 * thread and may connect any number of times.
 *
 * Since: 0.1
 */
static void connector_iface_init (KrHubConnectorInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (KrHubSoupConnector, kr_hub_soup_connector, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (KR_HUB_TYPE_CONNECTOR, connector_iface_init))

typedef enum
{
  PROP_TRANSPORTS = 1,
  PROP_SKIP_NEGOTIATION,
  PROP_ACCESS_TOKEN,
  PROP_MAX_ANSWER_SIZE,
  PROP_REQUEST_TIMEOUT,
} KrHubSoupConnectorProperty;

static GParamSpec *props[PROP_REQUEST_TIMEOUT + 1];

static void
kr_hub_soup_connector_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KrHubSoupConnector *self = KR_HUB_SOUP_CONNECTOR (object);

  switch ((KrHubSoupConnectorProperty) prop_id)
    {
    case PROP_TRANSPORTS: g_value_set_flags (value, self->transports); break;
    case PROP_ACCESS_TOKEN: g_value_set_string (value, kr_hub_soup_credentials_get_token (self->credentials)); break;
    case PROP_MAX_ANSWER_SIZE: g_value_set_uint64 (value, self->patience.max_body); break;
    case PROP_REQUEST_TIMEOUT: g_value_set_int64 (value, self->patience.timeout); break;
    case PROP_SKIP_NEGOTIATION: g_value_set_boolean (value, self->skip_negotiation); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
kr_hub_soup_connector_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  KrHubSoupConnector *self = KR_HUB_SOUP_CONNECTOR (object);

  switch ((KrHubSoupConnectorProperty) prop_id)
    {
    case PROP_TRANSPORTS:
      if (self->transports == g_value_get_flags (value))
        return;
      self->transports = g_value_get_flags (value);
      break;
    case PROP_SKIP_NEGOTIATION:
      if (self->skip_negotiation == g_value_get_boolean (value))
        return;
      self->skip_negotiation = g_value_get_boolean (value);
      break;
    case PROP_ACCESS_TOKEN:
      kr_hub_soup_credentials_unref (self->credentials);
      self->credentials = kr_hub_soup_credentials_new (g_value_get_string (value));
      break;
    case PROP_MAX_ANSWER_SIZE:
      if (self->patience.max_body == g_value_get_uint64 (value))
        return;
      self->patience.max_body = g_value_get_uint64 (value);
      break;
    case PROP_REQUEST_TIMEOUT:
      if (self->patience.timeout == g_value_get_int64 (value))
        return;
      self->patience.timeout = g_value_get_int64 (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
      return;
    }
  g_object_notify_by_pspec (object, pspec);
}

static void
kr_hub_soup_connector_finalize (GObject *object)
{
  KrHubSoupConnector *self = KR_HUB_SOUP_CONNECTOR (object);

  g_clear_object (&self->session);
  g_clear_object (&self->clock);
  g_clear_pointer (&self->uri, g_uri_unref);
  g_clear_pointer (&self->last, kr_hub_soup_requester_unref);
  g_clear_pointer (&self->credentials, kr_hub_soup_credentials_unref);
  g_hash_table_unref (self->headers);
  G_OBJECT_CLASS (kr_hub_soup_connector_parent_class)->finalize (object);
}

static void
kr_hub_soup_connector_class_init (KrHubSoupConnectorClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = kr_hub_soup_connector_get_property;
  object_class->set_property = kr_hub_soup_connector_set_property;
  object_class->finalize = kr_hub_soup_connector_finalize;

  /**
   * KrHubSoupConnector:transports:
   *
   * The transports that may be tried.
   *
   * Since: 0.1
   */
  props[PROP_TRANSPORTS] =
    g_param_spec_flags ("transports", NULL, NULL, KR_HUB_TYPE_TRANSPORT_FLAGS, KR_HUB_TRANSPORT_ALL,
                        G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  /**
   * KrHubSoupConnector:skip-negotiation:
   *
   * Whether to open a WebSocket at once; the client does not know its connection's id then.
   *
   * Since: 0.1
   */
  props[PROP_SKIP_NEGOTIATION] =
    g_param_spec_boolean ("skip-negotiation", NULL, NULL, FALSE,
                          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  /**
   * KrHubSoupConnector:access-token:
   *
   * The token that each request carries, or the one that the provider gave last
   * ([method@KrHubSoup.Connector.set_token_provider]); setting it ends the provider.
   *
   * Since: 0.1
   */
  props[PROP_ACCESS_TOKEN] = g_param_spec_string ("access-token", NULL, NULL, NULL,
                                                  G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  /**
   * KrHubSoupConnector:max-answer-size:
   *
   * The longest answer to a request, and the longest event of an event stream, bytes; 0 for no limit. What a hub's message
   * may have is the client's to say ([property@KrHub.Client:max-message-size]).
   *
   * Since: 0.1
   */
  props[PROP_MAX_ANSWER_SIZE] =
    g_param_spec_uint64 ("max-answer-size", NULL, NULL, 0, G_MAXSIZE / 2, MAX_ANSWER,
                         G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  /**
   * KrHubSoupConnector:request-timeout:
   *
   * How long a server may take to answer a request of a connection over server-sent events or long polling, µs; 0 for ever.
   *
   * A server that does not answer to what is sent in time has lost the connection. A poll that is not answered in time is
   * repeated, and the server asked whether it answers at all. Connecting has a time of its own
   * ([property@KrHub.Client:connect-timeout]). The default is that of the JavaScript client, 100 s; servers hold a poll for up
   * to 90 s. For connections to come.
   *
   * Since: 0.1
   */
  props[PROP_REQUEST_TIMEOUT] =
    g_param_spec_int64 ("request-timeout", NULL, NULL, 0, G_MAXINT64, REQUEST_TIMEOUT * G_USEC_PER_SEC,
                        G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (props), props);
}

static void
kr_hub_soup_connector_init (KrHubSoupConnector *self)
{
  self->headers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->transports = KR_HUB_TRANSPORT_ALL;
  self->format = KR_HUB_TRANSFER_FORMAT_TEXT;
  self->credentials = kr_hub_soup_credentials_new (NULL);
  self->patience = (KrHubSoupPatience) { MAX_ANSWER, REQUEST_TIMEOUT * G_USEC_PER_SEC };
  self->clock = kr_hub_clock_dup_default ();
}

GUri *
kr_hub_soup_connector_parse_uri (GUri *base, const char *text, GError **error)
{
  g_autoptr (GUri) uri = g_uri_parse_relative (base, text, SOUP_HTTP_URI_FLAGS, error);
  const char *scheme;

  if (uri == NULL)
    return NULL;
  scheme = g_uri_get_scheme (uri);
  if (g_str_equal (scheme, "ws") || g_str_equal (scheme, "wss"))
    {
      g_autoptr (GUri) given = g_steal_pointer (&uri);

      uri = soup_uri_copy (given, SOUP_URI_SCHEME, g_str_equal (scheme, "ws") ? "http" : "https", SOUP_URI_NONE);
    }
  else if (!g_str_equal (scheme, "http") && !g_str_equal (scheme, "https"))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "A hub cannot be reached by '%s'", scheme);
      return NULL;
    }
  if (g_uri_get_host (uri) != NULL && *g_uri_get_host (uri) != '\0')
    return g_steal_pointer (&uri);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "The hub's URL '%s' has no host", text);
  return NULL;
}

/**
 * kr_hub_soup_connector_new:
 * @url: the hub's URL, `http`, `https`, `ws` or `wss`
 * @session: (nullable): makes the requests; %NULL for a new one
 * @error: return location for an error
 *
 * Creates a connector.
 *
 * Errors: %G_URI_ERROR; %G_IO_ERROR_INVALID_ARGUMENT for another scheme, or without a host.
 *
 * Returns: (transfer full): a new connector; %NULL with @error set
 *
 * Since: 0.1
 */
KrHubSoupConnector *
kr_hub_soup_connector_new (const char *url, SoupSession *session, GError **error)
{
  g_autoptr (GUri) uri = NULL;
  KrHubSoupConnector *self;

  g_return_val_if_fail (url != NULL, NULL);
  g_return_val_if_fail (session == NULL || SOUP_IS_SESSION (session), NULL);

  uri = kr_hub_soup_connector_parse_uri (NULL, url, error);
  if (uri == NULL)
    return NULL;
  self = g_object_new (KR_HUB_SOUP_TYPE_CONNECTOR, NULL);
  self->uri = g_steal_pointer (&uri);
  self->session = session != NULL ? g_object_ref (session) : soup_session_new ();
  return self;
}

/**
 * kr_hub_soup_connector_set_header:
 * @self: a connector
 * @name: a header's name
 * @value: (nullable): its value; %NULL to send it no longer
 *
 * Sends a header with each request, also where a negotiation redirects to, but not to another host that a server redirects
 * to by HTTP.
 *
 * Since: 0.1
 */
void
kr_hub_soup_connector_set_header (KrHubSoupConnector *self, const char *name, const char *value)
{
  g_return_if_fail (KR_HUB_SOUP_IS_CONNECTOR (self));
  g_return_if_fail (name != NULL && *name != '\0' && strpbrk (name, ": \r\n") == NULL);
  g_return_if_fail (value == NULL || strpbrk (value, "\r\n") == NULL);
  if (value == NULL)
    g_hash_table_remove (self->headers, name);
  else
    g_hash_table_insert (self->headers, g_strdup (name), g_strdup (value));
}

/**
 * kr_hub_soup_connector_set_token_provider:
 * @self: a connector
 * @func: (nullable) (scope notified) (closure user_data) (destroy destroy): gives the tokens; %NULL for none
 * @user_data: data for @func
 * @destroy: (nullable): frees @user_data
 *
 * Asks for an access token each time the connector connects or reconnects, and once more when a server answers 401
 * (Unauthorized). A token that a negotiation redirects with takes its place for that connection.
 *
 * Since: 0.1
 */
void
kr_hub_soup_connector_set_token_provider (KrHubSoupConnector *self,
                                          KrHubSoupTokenFunc func,
                                          gpointer user_data,
                                          GDestroyNotify destroy)
{
  g_return_if_fail (KR_HUB_SOUP_IS_CONNECTOR (self));

  kr_hub_soup_credentials_unref (self->credentials);
  self->credentials = func != NULL ? kr_hub_soup_credentials_new_provider (func, user_data, destroy)
                                   : kr_hub_soup_credentials_new (NULL);
  if (func == NULL && destroy != NULL)
    destroy (user_data);
}

/* --- KrHubConnector --- */

static void
reconnected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  guint status;
  KrHubTransport *transport = kr_hub_soup_websocket_connect_finish (result, &status, &error);

  if (transport != NULL)
    g_task_return_pointer (task, transport, g_object_unref);
  else
    g_task_return_error (task, error);
}

static void
has_token_again (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  KrHubSoupConnector *self = g_task_get_source_object (task);
  GError *error = NULL;

  if (kr_hub_soup_credentials_ask_finish (result, &error))
    kr_hub_soup_websocket_connect_async (self->last, self->clock, g_task_get_cancellable (task), reconnected,
                                         g_object_ref (task));
  else
    g_task_return_error (task, error);
}

/* The same URL and id again, without negotiation (HubProtocol.md, "Stateful reconnect"). */
static void
connector_reconnect_async (KrHubConnector *connector,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  KrHubSoupConnector *self = KR_HUB_SOUP_CONNECTOR (connector);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, connector_reconnect_async);
  if (self->last == NULL)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "There is no connection to go on with");
  else
    kr_hub_soup_credentials_ask_async (self->last->credentials, FALSE, cancellable, has_token_again, g_object_ref (task));
}

static KrHubTransport *
connector_reconnect_finish (KrHubConnector *connector, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, connector), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
connector_set_transfer_format (KrHubConnector *connector, KrHubTransferFormat format)
{
  KR_HUB_SOUP_CONNECTOR (connector)->format = format;
}

static void
connector_iface_init (KrHubConnectorInterface *iface)
{
  iface->connect_async = kr_hub_soup_connector_attempt_async;
  iface->connect_finish = kr_hub_soup_connector_attempt_finish;
  iface->reconnect_async = connector_reconnect_async;
  iface->reconnect_finish = connector_reconnect_finish;
  iface->set_transfer_format = connector_set_transfer_format;
}
