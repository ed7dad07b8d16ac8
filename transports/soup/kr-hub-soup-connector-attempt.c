/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupConnector: one attempt to connect: negotiates, chooses a transport, falls back to the next. */
#include "config.h"

#include "kr-hub-soup-connector-private.h"

#include "kr-hub-soup-long-polling-client-transport-private.h"
#include "kr-hub-soup-sse-client-transport-private.h"
#include "kr-hub-soup-websocket-connect-private.h"

#define MAX_REDIRECTS 100

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
  KrHubSoupConnector *connector = g_task_get_source_object (task);
  Attempt *self = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GInputStream) stream = kr_hub_soup_requester_open_finish (result, &error);

  if (stream != NULL)
    g_task_return_pointer (task, kr_hub_soup_sse_client_transport_new (self->chosen, stream, connector->clock),
                           g_object_unref);
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
  uri = kr_hub_soup_connector_parse_uri (before->uri, kr_hub_negotiation_get_url (negotiation), &error);
  if (uri == NULL || !check_redirect (before->uri, uri, token, &error))
    {
      g_prefix_error (&error, "The server redirects to where the client does not go: ");
      g_task_return_error (task, error);
      return;
    }
  credentials = token != NULL ? kr_hub_soup_credentials_new (token) : kr_hub_soup_credentials_ref (before->credentials);
  self->requester = kr_hub_soup_requester_new (before->session, uri, before->headers, credentials, &before->patience);
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

/* --- the whole --- */

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

void
kr_hub_soup_connector_attempt_async (KrHubConnector *connector,
                                     gboolean stateful,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  KrHubSoupConnector *self = KR_HUB_SOUP_CONNECTOR (connector);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Attempt *attempt = g_new0 (Attempt, 1);

  g_task_set_source_tag (task, kr_hub_soup_connector_attempt_async);
  attempt->requester = kr_hub_soup_requester_new (self->session, self->uri, self->headers, self->credentials,
                                                  &self->patience);
  attempt->failures = g_string_new (NULL);
  attempt->ask_stateful = stateful && !self->skip_negotiation;
  g_task_set_task_data (task, attempt, attempt_free);
  if (self->skip_negotiation && !(self->transports & KR_HUB_TRANSPORT_WEBSOCKETS))
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                             "Negotiation can only be skipped when using the WebSocket transport directly.");
  else
    kr_hub_soup_credentials_ask_async (self->credentials, FALSE, cancellable, has_token, g_object_ref (task));
}

KrHubTransport *
kr_hub_soup_connector_attempt_finish (KrHubConnector *connector,
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
