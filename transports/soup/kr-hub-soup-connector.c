/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupConnector: makes a client's transport to a hub's URL: negotiate, choose, fall back. */
#include "config.h"

#include "kr-hub-soup-connector.h"

#include "kr-hub-soup-long-polling-client-transport-private.h"
#include "kr-hub-soup-requester-private.h"
#include "kr-hub-soup-sse-client-transport-private.h"
#include "kr-hub-soup-websocket-connect-private.h"

#define MAX_REDIRECTS 100
#define MAX_ANSWER (16 * 1024 * 1024)

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
struct _KrHubSoupConnector
{
  GObject parent_instance;

  SoupSession *session;
  KrHubClock *clock;
  GUri *uri;
  GHashTable *headers;
  KrHubSoupCredentials *credentials;
  KrHubTransportFlags transports;
  KrHubTransferFormat format;     /* what the client's protocol writes */
  gboolean skip_negotiation;
  gsize max_answer_size;
  KrHubSoupRequester *last;       /* of the connection that was made last; NULL: none yet */
};

static void connector_iface_init (KrHubConnectorInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (KrHubSoupConnector, kr_hub_soup_connector, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (KR_HUB_TYPE_CONNECTOR, connector_iface_init))

typedef enum
{
  PROP_TRANSPORTS = 1,
  PROP_SKIP_NEGOTIATION,
  PROP_ACCESS_TOKEN,
  PROP_MAX_ANSWER_SIZE,
} KrHubSoupConnectorProperty;

static GParamSpec *props[PROP_MAX_ANSWER_SIZE + 1];

/* In the order in which servers offer and clients try them (signalr.md 9, "Fallback"). */
static const struct
{
  KrHubTransportFlags flag;
  const char *name;
  gboolean binary;  /* carries that, too */
} order[] = {
  { KR_HUB_TRANSPORT_WEBSOCKETS, "WebSockets", TRUE },
  { KR_HUB_TRANSPORT_SERVER_SENT_EVENTS, "ServerSentEvents", FALSE },
  { KR_HUB_TRANSPORT_LONG_POLLING, "LongPolling", TRUE },
};

/* One attempt to connect. */
typedef struct
{
  KrHubSoupRequester *requester;  /* of the hub; another one after a redirect */
  KrHubSoupRequester *chosen;     /* the same with the connection's id */
  guint n_redirects;
  guint next;                     /* in order: the transport to try */
  GString *failures;
  gboolean ask_stateful;
  gboolean asked_again;           /* for a token, after the WebSocket was refused */
  gboolean stateful;              /* granted */
  char *connection_id;
} Attempt;

static void negotiate (GTask *task);
static void try_transport (GTask *task);

static void
attempt_free (gpointer data)
{
  Attempt *self = data;

  g_clear_pointer (&self->requester, kr_hub_soup_requester_unref);
  g_clear_pointer (&self->chosen, kr_hub_soup_requester_unref);
  g_string_free (self->failures, TRUE);
  g_free (self->connection_id);
  g_free (self);
}

static void
kr_hub_soup_connector_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KrHubSoupConnector *self = KR_HUB_SOUP_CONNECTOR (object);

  switch ((KrHubSoupConnectorProperty) prop_id)
    {
    case PROP_TRANSPORTS: g_value_set_flags (value, self->transports); break;
    case PROP_ACCESS_TOKEN: g_value_set_string (value, kr_hub_soup_credentials_get_token (self->credentials)); break;
    case PROP_MAX_ANSWER_SIZE: g_value_set_uint64 (value, self->max_answer_size); break;
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
      if (self->max_answer_size == g_value_get_uint64 (value))
        return;
      self->max_answer_size = g_value_get_uint64 (value);
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
  g_object_class_install_properties (object_class, G_N_ELEMENTS (props), props);
}

static void
kr_hub_soup_connector_init (KrHubSoupConnector *self)
{
  self->headers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->transports = KR_HUB_TRANSPORT_ALL;
  self->format = KR_HUB_TRANSFER_FORMAT_TEXT;
  self->credentials = kr_hub_soup_credentials_new (NULL);
  self->max_answer_size = MAX_ANSWER;
  self->clock = kr_hub_clock_dup_default ();
}

/* The URL of a hub, in the scheme that its requests have. */
static GUri *
parse_hub_uri (GUri *base, const char *text, GError **error)
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

  uri = parse_hub_uri (NULL, url, error);
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

/* --- one transport after the other --- */

static void
note_failure (Attempt *self, const char *name, const char *what)
{
  g_string_append_printf (self->failures, "%s%s failed: %s", self->failures->len > 0 ? " " : "", name, what);
}

static void
note_unfit (Attempt *self, const char *why)
{
  g_string_append_printf (self->failures, "%s'%s' %s.", self->failures->len > 0 ? " " : "", order[self->next].name, why);
}

/* The connection's id is used up: the next transport needs a new one. */
static void
transport_failed (GTask *task, GError *error)
{
  Attempt *self = g_task_get_task_data (task);
  KrHubSoupConnector *connector = g_task_get_source_object (task);

  if (connector->skip_negotiation || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_task_return_error (task, error);
      return;
    }
  note_failure (self, order[self->next].name, error->message);
  g_error_free (error);
  self->next++;
  negotiate (task);
}

static void
has_another_token (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (kr_hub_soup_credentials_ask_finish (result, &error))
    try_transport (task);
  else
    g_task_return_error (task, error);
}

static void
websocket_is_there (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Attempt *self = g_task_get_task_data (task);
  GError *error = NULL;
  guint status;
  KrHubTransport *transport = kr_hub_soup_websocket_connect_finish (result, &status, &error);

  if (transport != NULL)
    g_task_return_pointer (task, transport, g_object_unref);
  else if (status == SOUP_STATUS_UNAUTHORIZED && !self->asked_again &&
           kr_hub_soup_credentials_can_ask (self->chosen->credentials))
    {
      self->asked_again = TRUE;
      g_error_free (error);
      kr_hub_soup_credentials_ask_async (self->chosen->credentials, TRUE, g_task_get_cancellable (task), has_another_token,
                                         g_object_ref (task));
    }
  else
    transport_failed (task, error);
}

static void
stream_is_there (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Attempt *self = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GInputStream) stream = kr_hub_soup_requester_open_finish (result, &error);

  if (stream != NULL)
    g_task_return_pointer (task, kr_hub_soup_sse_client_transport_new (self->chosen, stream), g_object_unref);
  else
    transport_failed (task, error);
}

static void
first_poll_answered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  KrHubSoupConnector *connector = g_task_get_source_object (task);
  Attempt *self = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GBytes) body = kr_hub_soup_requester_send_finish (result, NULL, &error);

  if (body != NULL)
    g_task_return_pointer (task, kr_hub_soup_long_polling_client_transport_new (self->chosen, connector->clock),
                           g_object_unref);
  else
    transport_failed (task, error);
}

static void
try_transport (GTask *task)
{
  KrHubSoupConnector *connector = g_task_get_source_object (task);
  Attempt *self = g_task_get_task_data (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  const KrHubSoupAsk events = { .accept = "text/event-stream" };

  switch (order[self->next].flag)
    {
    case KR_HUB_TRANSPORT_WEBSOCKETS:
      kr_hub_soup_websocket_connect_async (self->chosen, connector->clock, cancellable, websocket_is_there, g_object_ref (task));
      break;
    case KR_HUB_TRANSPORT_SERVER_SENT_EVENTS:
      kr_hub_soup_requester_open_async (self->chosen, SOUP_METHOD_GET, &events, cancellable, stream_is_there,
                                        g_object_ref (task));
      break;
    case KR_HUB_TRANSPORT_LONG_POLLING:
    case KR_HUB_TRANSPORT_ALL:
    default:
      kr_hub_soup_requester_send_async (self->chosen, SOUP_METHOD_GET, NULL, cancellable, first_poll_answered,
                                        g_object_ref (task));
      break;
    }
}

/* --- negotiation --- */

static void
choose (GTask *task, KrHubNegotiation *negotiation)
{
  Attempt *self = g_task_get_task_data (task);
  KrHubSoupConnector *connector = g_task_get_source_object (task);
  const char *token = kr_hub_negotiation_get_connection_token (negotiation);

  for (; self->next < G_N_ELEMENTS (order); self->next++)
    if (!(kr_hub_negotiation_get_transports (negotiation) & order[self->next].flag))
      continue;
    else if (!(connector->transports & order[self->next].flag))
      note_unfit (self, "is disabled by the client");
    else if (connector->format == KR_HUB_TRANSFER_FORMAT_BINARY && !order[self->next].binary)
      note_unfit (self, "does not support Binary");
    else
      break;
  if (self->next == G_N_ELEMENTS (order))
    {
      if (self->failures->len > 0)
        g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED,
                                 "Unable to connect to the server with any of the available transports. %s",
                                 self->failures->str);
      else
        g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                                 "None of the transports supported by the client are supported by the server.");
      return;
    }
  if (token == NULL)
    token = kr_hub_negotiation_get_connection_id (negotiation);
  g_free (self->connection_id);
  self->connection_id = g_strdup (kr_hub_negotiation_get_connection_id (negotiation));
  self->stateful = kr_hub_negotiation_get_use_stateful_reconnect (negotiation);
  g_clear_pointer (&self->chosen, kr_hub_soup_requester_unref);
  self->chosen = kr_hub_soup_requester_with_id (self->requester, token);
  try_transport (task);
}

/* A token and what else was meant for a hub behind TLS does not leave it. */
static gboolean
check_redirect (GUri *from, GUri *to, const char *token, GError **error)
{
  if (g_str_equal (g_uri_get_scheme (from), "https") && g_str_equal (g_uri_get_scheme (to), "http"))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, "A hub behind TLS cannot go on without");
      return FALSE;
    }
  return kr_hub_soup_credentials_check_token (token, error);
}

static void
redirect (GTask *task, KrHubNegotiation *negotiation)
{
  Attempt *self = g_task_get_task_data (task);
  g_autoptr (KrHubSoupRequester) before = g_steal_pointer (&self->requester);
  g_autoptr (GUri) uri = NULL;
  g_autoptr (KrHubSoupCredentials) credentials = NULL;
  GError *error = NULL;
  const char *token = kr_hub_negotiation_get_access_token (negotiation);

  if (++self->n_redirects >= MAX_REDIRECTS)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "Negotiate redirection limit exceeded.");
      return;
    }
  uri = parse_hub_uri (before->uri, kr_hub_negotiation_get_url (negotiation), &error);
  if (uri == NULL || !check_redirect (before->uri, uri, token, &error))
    {
      g_prefix_error (&error, "The server redirects to where the client does not go: ");
      g_task_return_error (task, error);
      return;
    }
  credentials = token != NULL ? kr_hub_soup_credentials_new (token) : kr_hub_soup_credentials_ref (before->credentials);
  self->requester = kr_hub_soup_requester_new (before->session, uri, before->headers, credentials, before->max_body);
  negotiate (task);
}

static void
negotiated (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (KrHubNegotiation) negotiation = NULL;
  g_autoptr (GBytes) body = kr_hub_soup_requester_send_finish (result, NULL, &error);

  if (body == NULL || (negotiation = kr_hub_negotiation_parse (body, &error)) == NULL)
    g_task_return_error (task, error);
  else if (kr_hub_negotiation_get_error (negotiation) != NULL)
    g_task_return_new_error (task, KR_HUB_ERROR, KR_HUB_ERROR_FAILED, "%s", kr_hub_negotiation_get_error (negotiation));
  else if (kr_hub_negotiation_get_url (negotiation) != NULL)
    redirect (task, negotiation);
  else
    choose (task, negotiation);
}

static void
negotiate (GTask *task)
{
  Attempt *self = g_task_get_task_data (task);
  g_autoptr (GUri) uri = kr_hub_soup_requester_negotiate_uri (self->requester, self->ask_stateful);
  const KrHubSoupAsk ask = { .uri = uri };

  kr_hub_soup_requester_send_async (self->requester, SOUP_METHOD_POST, &ask, g_task_get_cancellable (task), negotiated,
                                    g_object_ref (task));
}

/* --- KrHubConnector --- */

static void
has_token (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  KrHubSoupConnector *self = g_task_get_source_object (task);
  Attempt *attempt = g_task_get_task_data (task);
  GError *error = NULL;

  if (!kr_hub_soup_credentials_ask_finish (result, &error))
    g_task_return_error (task, error);
  else if (self->skip_negotiation)
    {
      attempt->chosen = kr_hub_soup_requester_ref (attempt->requester);
      try_transport (task);
    }
  else
    negotiate (task);
}

static void
connector_connect_async (KrHubConnector *connector,
                         gboolean stateful,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  KrHubSoupConnector *self = KR_HUB_SOUP_CONNECTOR (connector);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Attempt *attempt = g_new0 (Attempt, 1);

  g_task_set_source_tag (task, connector_connect_async);
  attempt->requester = kr_hub_soup_requester_new (self->session, self->uri, self->headers, self->credentials,
                                                  self->max_answer_size);
  attempt->failures = g_string_new (NULL);
  attempt->ask_stateful = stateful && !self->skip_negotiation;
  g_task_set_task_data (task, attempt, attempt_free);
  if (self->skip_negotiation && !(self->transports & KR_HUB_TRANSPORT_WEBSOCKETS))
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                             "Negotiation can only be skipped when using the WebSocket transport directly.");
  else
    kr_hub_soup_credentials_ask_async (self->credentials, FALSE, cancellable, has_token, g_object_ref (task));
}

static KrHubTransport *
connector_connect_finish (KrHubConnector *connector,
                          GAsyncResult *result,
                          char **connection_id,
                          gboolean *stateful,
                          GError **error)
{
  KrHubSoupConnector *self = KR_HUB_SOUP_CONNECTOR (connector);
  Attempt *attempt;
  KrHubTransport *transport;

  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  attempt = g_task_get_task_data (G_TASK (result));
  transport = g_task_propagate_pointer (G_TASK (result), error);
  if (transport == NULL)
    return NULL;
  *connection_id = g_strdup (attempt->connection_id);
  *stateful = attempt->stateful && order[attempt->next].flag == KR_HUB_TRANSPORT_WEBSOCKETS;
  g_clear_pointer (&self->last, kr_hub_soup_requester_unref);
  self->last = kr_hub_soup_requester_ref (attempt->chosen);
  return transport;
}

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
  iface->connect_async = connector_connect_async;
  iface->connect_finish = connector_connect_finish;
  iface->reconnect_async = connector_reconnect_async;
  iface->reconnect_finish = connector_reconnect_finish;
  iface->set_transfer_format = connector_set_transfer_format;
}
