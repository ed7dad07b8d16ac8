/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupRequester: makes the HTTP requests of one client connection, all with its headers and token. */
#include "config.h"

#include "kr-hub-soup-requester-private.h"

#define READ_SIZE (16 * 1024)
#define AGENT "Microsoft SignalR/10.0 (krhub " PACKAGE_VERSION "; GLib; C; libsoup)"

KrHubSoupRequester *
kr_hub_soup_requester_new (SoupSession *session,
                           GUri *uri,
                           GHashTable *headers,
                           KrHubSoupCredentials *credentials,
                           const KrHubSoupPatience *patience)
{
  KrHubSoupRequester *self = g_new0 (KrHubSoupRequester, 1);

  g_ref_count_init (&self->ref_count);
  self->session = g_object_ref (session);
  self->uri = g_uri_ref (uri);
  self->headers = g_hash_table_ref (headers);
  self->credentials = kr_hub_soup_credentials_ref (credentials);
  self->patience = *patience;
  return self;
}

KrHubSoupRequester *
kr_hub_soup_requester_ref (KrHubSoupRequester *self)
{
  g_ref_count_inc (&self->ref_count);
  return self;
}

void
kr_hub_soup_requester_unref (KrHubSoupRequester *self)
{
  if (!g_ref_count_dec (&self->ref_count))
    return;
  g_object_unref (self->session);
  g_uri_unref (self->uri);
  g_hash_table_unref (self->headers);
  kr_hub_soup_credentials_unref (self->credentials);
  g_free (self);
}

static GUri *
uri_with (GUri *uri, const char *path, const char *parameter)
{
  const char *query = g_uri_get_query (uri);
  g_autofree char *joined = g_strdup_printf ("%s%s%s", query != NULL ? query : "", query != NULL ? "&" : "", parameter);

  return soup_uri_copy (uri, SOUP_URI_PATH, path, SOUP_URI_QUERY, joined, SOUP_URI_NONE);
}

KrHubSoupRequester *
kr_hub_soup_requester_with_id (KrHubSoupRequester *self, const char *connection_token)
{
  g_autofree char *escaped = g_uri_escape_string (connection_token, NULL, FALSE);
  g_autofree char *parameter = g_strdup_printf ("id=%s", escaped);
  g_autoptr (GUri) uri = uri_with (self->uri, g_uri_get_path (self->uri), parameter);

  return kr_hub_soup_requester_new (self->session, uri, self->headers, self->credentials, &self->patience);
}

GUri *
kr_hub_soup_requester_negotiate_uri (KrHubSoupRequester *self, gboolean stateful)
{
  const char *path = g_uri_get_path (self->uri);
  g_autofree char *negotiate =
    g_strdup_printf ("%s%snegotiate", path, g_str_has_suffix (path, "/") ? "" : "/");

  return uri_with (self->uri, negotiate,
                   stateful ? "negotiateVersion=1&useStatefulReconnect=true" : "negotiateVersion=1");
}

static gboolean
is_same_origin (GUri *one, GUri *other)
{
  return g_str_equal (g_uri_get_scheme (one), g_uri_get_scheme (other)) &&
         g_str_equal (g_uri_get_host (one), g_uri_get_host (other)) && g_uri_get_port (one) == g_uri_get_port (other);
}

/* What was meant for the hub is nobody else's business, wherever its server sends the request. */
static void
restarted (SoupMessage *message, gpointer data)
{
  KrHubSoupRequester *self = data;
  SoupMessageHeaders *headers = soup_message_get_request_headers (message);
  GHashTableIter iter;
  const char *name;

  if (is_same_origin (soup_message_get_uri (message), self->uri))
    return;
  soup_message_headers_remove (headers, "Authorization");
  g_hash_table_iter_init (&iter, self->headers);
  while (g_hash_table_iter_next (&iter, (gpointer *) &name, NULL))
    soup_message_headers_remove (headers, name);
}

static void
unref_closure (gpointer data, GClosure *closure)
{
  kr_hub_soup_requester_unref (data);
}

SoupMessage *
kr_hub_soup_requester_new_message (KrHubSoupRequester *self, const char *method, GUri *uri)
{
  SoupMessage *message = soup_message_new_from_uri (method, uri != NULL ? uri : self->uri);
  SoupMessageHeaders *headers = soup_message_get_request_headers (message);
  const char *token = kr_hub_soup_credentials_get_token (self->credentials);
  GHashTableIter iter;
  const char *name, *value;

  soup_message_headers_replace (headers, "User-Agent", AGENT);
  soup_message_headers_replace (headers, "X-Requested-With", "XMLHttpRequest");
  g_hash_table_iter_init (&iter, self->headers);
  while (g_hash_table_iter_next (&iter, (gpointer *) &name, (gpointer *) &value))
    soup_message_headers_replace (headers, name, value);
  if (token != NULL)
    {
      g_autofree char *bearer = g_strdup_printf ("Bearer %s", token);

      soup_message_headers_replace (headers, "Authorization", bearer);
    }
  g_signal_connect_data (message, "restarted", G_CALLBACK (restarted), kr_hub_soup_requester_ref (self), unref_closure, 0);
  return message;
}

GError *
kr_hub_soup_requester_status_error (guint status, const char *reason)
{
  GIOErrorEnum code = status == SOUP_STATUS_NOT_FOUND ? G_IO_ERROR_NOT_FOUND : G_IO_ERROR_FAILED;

  if (status == SOUP_STATUS_UNAUTHORIZED || status == SOUP_STATUS_FORBIDDEN)
    code = G_IO_ERROR_PERMISSION_DENIED;
  return g_error_new (G_IO_ERROR, code, "The server answered %u (%s)", status, reason);
}

GError *
kr_hub_soup_requester_explain (GError *error, GTlsCertificateFlags problems)
{
  static const struct
  {
    GTlsCertificateFlags flag;
    const char *text;
  } texts[] = {
    { G_TLS_CERTIFICATE_UNKNOWN_CA, "nobody trusted has signed it" },
    { G_TLS_CERTIFICATE_BAD_IDENTITY, "it is another host's" },
    { G_TLS_CERTIFICATE_NOT_ACTIVATED, "it is not valid yet" },
    { G_TLS_CERTIFICATE_EXPIRED, "it has expired" },
    { G_TLS_CERTIFICATE_REVOKED, "it was revoked" },
    { G_TLS_CERTIFICATE_INSECURE, "its algorithm is not secure" },
    { G_TLS_CERTIFICATE_GENERIC_ERROR, "it cannot be checked" },
  };
  g_autoptr (GString) text = NULL;

  if (!g_error_matches (error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE) || problems == 0)
    return error;
  text = g_string_new ("The server's certificate is refused");
  for (guint i = 0, n = 0; i < G_N_ELEMENTS (texts); i++)
    if (problems & texts[i].flag)
      g_string_append_printf (text, "%s%s", n++ == 0 ? ": " : ", ", texts[i].text);
  g_free (error->message);
  error->message = g_string_free (g_steal_pointer (&text), FALSE);
  return error;
}

/* --- sending --- */

typedef struct
{
  KrHubSoupRequester *requester;
  const char *method;   /* static */
  GUri *uri;
  char *accept;
  char *content_type;
  GBytes *body;
  gboolean open;        /* the body is the caller's to read */
  gboolean retried;
  SoupMessage *message;
  GInputStream *stream;
  GByteArray *received;
} Request;

static void send_request (GTask *task);
static void read_body (GTask *task);

static void
request_free (gpointer data)
{
  Request *self = data;

  kr_hub_soup_requester_unref (self->requester);
  g_clear_pointer (&self->uri, g_uri_unref);
  g_free (self->accept);
  g_free (self->content_type);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_clear_object (&self->message);
  g_clear_object (&self->stream);
  g_clear_pointer (&self->received, g_byte_array_unref);
  g_free (self);
}

static void
has_another_token (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (kr_hub_soup_credentials_ask_finish (result, &error))
    send_request (task);
  else
    g_task_return_error (task, error);
}

static void
has_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Request *self = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GBytes) bytes = g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, &error);

  if (bytes == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  g_byte_array_append (self->received, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  if (g_bytes_get_size (bytes) == 0)
    g_task_return_pointer (task, g_byte_array_free_to_bytes (g_steal_pointer (&self->received)),
                           (GDestroyNotify) g_bytes_unref);
  else if (self->requester->patience.max_body > 0 && self->received->len > self->requester->patience.max_body)
    g_task_return_new_error (task, KR_HUB_ERROR, KR_HUB_ERROR_TOO_LARGE,
                             "The server's answer has more than %" G_GSIZE_FORMAT " bytes", self->requester->patience.max_body);
  else
    read_body (task);
}

static void
read_body (GTask *task)
{
  Request *self = g_task_get_task_data (task);

  g_input_stream_read_bytes_async (self->stream, READ_SIZE, G_PRIORITY_DEFAULT, g_task_get_cancellable (task), has_read,
                                   g_object_ref (task));
}

/* A login page is a success, too. */
static gboolean
is_acceptable (Request *self)
{
  SoupMessageHeaders *headers = soup_message_get_response_headers (self->message);

  return self->accept == NULL || g_strcmp0 (soup_message_headers_get_content_type (headers, NULL), self->accept) == 0;
}

static void
answered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Request *self = g_task_get_task_data (task);
  GError *error = NULL;
  guint status;

  self->stream = soup_session_send_finish (SOUP_SESSION (source), result, &error);
  if (self->stream == NULL)
    {
      g_task_return_error (task, kr_hub_soup_requester_explain (
                                   error, soup_message_get_tls_peer_certificate_errors (self->message)));
      return;
    }
  status = soup_message_get_status (self->message);
  if (status == SOUP_STATUS_UNAUTHORIZED && !self->retried && kr_hub_soup_credentials_can_ask (self->requester->credentials))
    {
      self->retried = TRUE;
      g_clear_object (&self->stream);
      kr_hub_soup_credentials_ask_async (self->requester->credentials, TRUE, g_task_get_cancellable (task), has_another_token,
                                         g_object_ref (task));
    }
  else if (!SOUP_STATUS_IS_SUCCESSFUL (status))
    g_task_return_error (task, kr_hub_soup_requester_status_error (status,
                                                                   soup_message_get_reason_phrase (self->message)));
  else if (!is_acceptable (self))
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "The server's answer is no %s", self->accept);
  else if (self->open)
    g_task_return_pointer (task, g_steal_pointer (&self->stream), g_object_unref);
  else
    {
      self->received = g_byte_array_new ();
      read_body (task);
    }
}

static void
send_request (GTask *task)
{
  Request *self = g_task_get_task_data (task);

  g_clear_object (&self->message);
  self->message = kr_hub_soup_requester_new_message (self->requester, self->method, self->uri);
  if (self->accept != NULL)
    soup_message_headers_replace (soup_message_get_request_headers (self->message), "Accept", self->accept);
  if (self->body != NULL)
    soup_message_set_request_body_from_bytes (self->message, self->content_type, self->body);
  soup_session_send_async (self->requester->session, self->message, G_PRIORITY_DEFAULT, g_task_get_cancellable (task),
                           answered, g_object_ref (task));
}

static void
begin (KrHubSoupRequester *self, const char *method, const KrHubSoupAsk *ask, gboolean open, GTask *task)
{
  Request *request = g_new0 (Request, 1);

  request->requester = kr_hub_soup_requester_ref (self);
  request->method = method;
  request->open = open;
  if (ask != NULL)
    {
      request->uri = ask->uri != NULL ? g_uri_ref (ask->uri) : NULL;
      request->accept = g_strdup (ask->accept);
      request->content_type = g_strdup (ask->content_type);
      request->body = ask->body != NULL ? g_bytes_ref (ask->body) : NULL;
    }
  g_task_set_task_data (task, request, request_free);
  send_request (task);
}

void
kr_hub_soup_requester_send_async (KrHubSoupRequester *self,
                                  const char *method,
                                  const KrHubSoupAsk *ask,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_source_tag (task, kr_hub_soup_requester_send_async);
  begin (self, method, ask, FALSE, task);
}

GBytes *
kr_hub_soup_requester_send_finish (GAsyncResult *result, guint *status, GError **error)
{
  Request *request = g_task_get_task_data (G_TASK (result));

  if (status != NULL)
    *status = soup_message_get_status (request->message);
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
kr_hub_soup_requester_open_async (KrHubSoupRequester *self,
                                  const char *method,
                                  const KrHubSoupAsk *ask,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_source_tag (task, kr_hub_soup_requester_open_async);
  begin (self, method, ask, TRUE, task);
}

GInputStream *
kr_hub_soup_requester_open_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
