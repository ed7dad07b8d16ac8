/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The client's end of a WebSocket handshake (RFC 6455, 4.1), up to a transport. */
#include "config.h"

#include "kr-hub-soup-websocket-connect-private.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/random.h>

#include "kr-hub-soup-websocket-codec-private.h"
#include "kr-hub-soup-websocket-transport-private.h"

#define KEY_BYTES 16
#define READ_SIZE 4096
#define MAX_HEAD (16 * 1024)
#define CLOSE_TIMEOUT (5 * G_USEC_PER_SEC)

typedef struct
{
  KrHubSoupRequester *requester;
  KrHubClock *clock;
  char *key;
  GString *request;
  GSocketConnection *connection;
  GByteArray *head;   /* received so far */
  guint status;       /* of the answer; 0: none yet */
  GTlsCertificateFlags problems;  /* of the server's certificate */
} Connect;

static void
connect_free (gpointer data)
{
  Connect *self = data;

  kr_hub_soup_requester_unref (self->requester);
  g_object_unref (self->clock);
  g_free (self->key);
  g_string_free (self->request, TRUE);
  g_clear_object (&self->connection);
  g_byte_array_unref (self->head);
  g_free (self);
}

static gboolean
is_secure (GUri *uri)
{
  return g_str_equal (g_uri_get_scheme (uri), "https") || g_str_equal (g_uri_get_scheme (uri), "wss");
}

static char *
new_key (void)
{
  guint8 bytes[KEY_BYTES];

  if (getrandom (bytes, sizeof bytes, 0) != sizeof bytes)
    g_error ("the system has no random bytes");
  return g_base64_encode (bytes, sizeof bytes);
}

/* --- the request --- */

static void
append_cookies (GString *request, KrHubSoupRequester *requester)
{
  SoupSessionFeature *jar = soup_session_get_feature (requester->session, SOUP_TYPE_COOKIE_JAR);
  g_autofree char *cookies =
    jar != NULL ? soup_cookie_jar_get_cookies (SOUP_COOKIE_JAR (jar), requester->uri, TRUE) : NULL;

  if (cookies != NULL)
    g_string_append_printf (request, "Cookie: %s\r\n", cookies);
}

/* What is to be kept of an answer's cookies. */
typedef struct
{
  SoupCookieJar *jar;
  GUri *uri;
} Cookies;

static void
keep_cookie (const char *name, const char *value, gpointer data)
{
  Cookies *cookies = data;

  if (g_ascii_strcasecmp (name, "Set-Cookie") == 0)
    soup_cookie_jar_set_cookie (cookies->jar, cookies->uri, value);
}

static void
keep_cookies (KrHubSoupRequester *requester, SoupMessageHeaders *headers)
{
  SoupSessionFeature *jar = soup_session_get_feature (requester->session, SOUP_TYPE_COOKIE_JAR);
  Cookies cookies = { (SoupCookieJar *) jar, requester->uri };

  if (jar != NULL)
    soup_message_headers_foreach (headers, keep_cookie, &cookies);
}

static void
append_header (const char *name, const char *value, gpointer request)
{
  g_string_append_printf (request, "%s: %s\r\n", name, value);
}

static GString *
new_request (KrHubSoupRequester *requester, const char *key)
{
  GUri *uri = requester->uri;
  GString *request = g_string_new ("GET ");
  /* Its headers are those of every other request. */
  g_autoptr (SoupMessage) message = kr_hub_soup_requester_new_message (requester, SOUP_METHOD_GET, NULL);
  const char *host = g_uri_get_host (uri);
  const char *query = g_uri_get_query (uri);

  g_string_append_printf (request, "%s%s%s HTTP/1.1\r\n", g_uri_get_path (uri), query != NULL ? "?" : "",
                          query != NULL ? query : "");
  g_string_append_printf (request, strchr (host, ':') != NULL ? "Host: [%s]" : "Host: %s", host);
  if (g_uri_get_port (uri) > 0)
    g_string_append_printf (request, ":%d", g_uri_get_port (uri));
  g_string_append_printf (request,
                          "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Key: %s\r\n",
                          key);
  soup_message_headers_foreach (soup_message_get_request_headers (message), append_header, request);
  append_cookies (request, requester);
  g_string_append (request, "\r\n");
  return request;
}

/* --- the answer --- */

/* RFC 6455, 4.1: what the client must not accept. */
static gboolean
check_upgrade (SoupMessageHeaders *headers, const char *accept, GError **error)
{
  const char *upgrade = soup_message_headers_get_one (headers, "Upgrade");
  const char *wrong = NULL;

  if (upgrade == NULL || g_ascii_strcasecmp (upgrade, "websocket") != 0)
    wrong = "Upgrade";
  else if (!soup_message_headers_header_contains (headers, "Connection", "Upgrade"))
    wrong = "Connection";
  else if (g_strcmp0 (soup_message_headers_get_one (headers, "Sec-WebSocket-Accept"), accept) != 0)
    wrong = "Sec-WebSocket-Accept";
  /* Neither was asked for. */
  else if (soup_message_headers_get_list (headers, "Sec-WebSocket-Extensions") != NULL)
    wrong = "Sec-WebSocket-Extensions";
  else if (soup_message_headers_get_list (headers, "Sec-WebSocket-Protocol") != NULL)
    wrong = "Sec-WebSocket-Protocol";
  if (wrong == NULL)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "The answer to the WebSocket handshake has a wrong %s", wrong);
  return FALSE;
}

static gboolean
check_answer (Connect *self, const char *head, gsize len, GError **error)
{
  g_autoptr (SoupMessageHeaders) headers = soup_message_headers_new (SOUP_MESSAGE_HEADERS_RESPONSE);
  g_autofree char *reason = NULL;
  g_autofree char *expected = kr_hub_soup_websocket_accept_key (self->key);
  SoupHTTPVersion version;
  guint status;

  if (!soup_headers_parse_response (head, len, headers, &version, &status, &reason))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "The answer to the WebSocket handshake is not HTTP");
      return FALSE;
    }
  self->status = status;
  keep_cookies (self->requester, headers);
  if (status != SOUP_STATUS_SWITCHING_PROTOCOLS)
    {
      g_propagate_error (error, kr_hub_soup_requester_status_error (status, reason));
      return FALSE;
    }
  return check_upgrade (headers, expected, error);
}

static void
answer_complete (GTask *task, gsize head_len)
{
  Connect *self = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  /* libsoup reads numbers in it as text with an end. */
  g_autofree char *head = g_strndup ((const char *) self->head->data, head_len - 2);
  KrHubSoupWire wire;

  if (!check_answer (self, head, head_len - 2, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  wire = kr_hub_soup_wire_from_stream (G_IO_STREAM (g_object_ref (self->connection)),
                                       g_socket_connection_get_socket (self->connection));
  g_task_return_pointer (task,
                         kr_hub_soup_websocket_transport_new_upgraded (&wire,
                                                                       self->head->data + head_len,
                                                                       self->head->len - head_len,
                                                                       self->clock,
                                                                       CLOSE_TIMEOUT),
                         g_object_unref);
}

static void read_answer (GTask *task);

static void
has_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Connect *self = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GBytes) bytes = g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, &error);
  const char *end;

  if (bytes == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  g_byte_array_append (self->head, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  end = g_strstr_len ((const char *) self->head->data, self->head->len, "\r\n\r\n");
  if (end != NULL)
    answer_complete (task, end + 4 - (const char *) self->head->data);
  else if (g_bytes_get_size (bytes) == 0)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED,
                             "The server closed the connection during the WebSocket handshake");
  else if (self->head->len > MAX_HEAD)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "The answer to the WebSocket handshake is too long");
  else
    read_answer (task);
}

static void
read_answer (GTask *task)
{
  Connect *self = g_task_get_task_data (task);

  g_input_stream_read_bytes_async (g_io_stream_get_input_stream (G_IO_STREAM (self->connection)), READ_SIZE,
                                   G_PRIORITY_DEFAULT, g_task_get_cancellable (task), has_read, g_object_ref (task));
}

static void
has_written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, NULL, &error))
    read_answer (task);
  else
    g_task_return_error (task, error);
}

static void
has_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Connect *self = g_task_get_task_data (task);
  GError *error = NULL;

  g_signal_handlers_disconnect_by_data (source, task);
  self->connection = g_socket_client_connect_finish (G_SOCKET_CLIENT (source), result, &error);
  if (self->connection == NULL)
    {
      g_task_return_error (task, kr_hub_soup_requester_explain (error, self->problems));
      return;
    }
  /* What a turn has to say goes out in one piece; waiting for the peer's ACK of the last one would only delay it. */
  g_socket_set_option (g_socket_connection_get_socket (self->connection), IPPROTO_TCP, TCP_NODELAY, 1, NULL);
  g_output_stream_write_all_async (g_io_stream_get_output_stream (G_IO_STREAM (self->connection)), self->request->str,
                                   self->request->len, G_PRIORITY_DEFAULT, g_task_get_cancellable (task), has_written,
                                   g_object_ref (task));
}

static gboolean
refuse_certificate (GTlsConnection *connection, GTlsCertificate *certificate, GTlsCertificateFlags problems, gpointer data)
{
  ((Connect *) g_task_get_task_data (data))->problems = problems;
  return FALSE;
}

/* TLS as the session does it. */
static void
on_event (GSocketClient *client, GSocketClientEvent event, GSocketConnectable *where, GIOStream *stream, gpointer data)
{
  GTask *task = data;
  Connect *self = g_task_get_task_data (task);
  SoupSession *session = self->requester->session;

  if (event != G_SOCKET_CLIENT_TLS_HANDSHAKING)
    return;
  g_tls_connection_set_database (G_TLS_CONNECTION (stream), soup_session_get_tls_database (session));
  g_tls_connection_set_interaction (G_TLS_CONNECTION (stream), soup_session_get_tls_interaction (session));
  g_signal_connect_object (stream, "accept-certificate", G_CALLBACK (refuse_certificate), task, 0);
}

/* A proxy is looked up by the URL, as it is for the session's own requests. */
static GSocketConnectable *
new_address (GUri *uri, GError **error)
{
  g_autofree char *text = g_uri_to_string_partial (uri, G_URI_HIDE_USERINFO | G_URI_HIDE_QUERY);

  return g_network_address_parse_uri (text, is_secure (uri) ? 443 : 80, error);
}

static GSocketClient *
new_client (GTask *task)
{
  Connect *self = g_task_get_task_data (task);
  GProxyResolver *resolver = soup_session_get_proxy_resolver (self->requester->session);
  GSocketClient *client = g_socket_client_new ();

  g_socket_client_set_tls (client, is_secure (self->requester->uri));
  /* A session without one wants none, not the system's. */
  g_socket_client_set_enable_proxy (client, resolver != NULL);
  g_socket_client_set_proxy_resolver (client, resolver);
  g_signal_connect (client, "event", G_CALLBACK (on_event), task);
  return client;
}

void
kr_hub_soup_websocket_connect_async (KrHubSoupRequester *requester,
                                     KrHubClock *clock,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_autoptr (GSocketClient) client = NULL;
  g_autoptr (GSocketConnectable) address = NULL;
  Connect *self = g_new0 (Connect, 1);
  GError *error = NULL;

  g_task_set_source_tag (task, kr_hub_soup_websocket_connect_async);
  g_task_set_task_data (task, self, connect_free);
  self->requester = kr_hub_soup_requester_ref (requester);
  self->clock = g_object_ref (clock);
  self->key = new_key ();
  self->request = new_request (requester, self->key);
  self->head = g_byte_array_new ();
  address = new_address (requester->uri, &error);
  if (address == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  client = new_client (task);
  g_socket_client_connect_async (client, address, cancellable, has_connected, g_object_ref (task));
}

KrHubTransport *
kr_hub_soup_websocket_connect_finish (GAsyncResult *result, guint *status, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  *status = ((Connect *) g_task_get_task_data (G_TASK (result)))->status;
  return g_task_propagate_pointer (G_TASK (result), error);
}
