/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* krhub info: what a hub offers, by its negotiation document. */
#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "krhub-json.h"
#include "krhub-run.h"

/* One redirection leads to a service that stands in front of hubs; more of them to nowhere. */
#define MAX_REDIRECTS 10

typedef struct
{
  KrhubRun *run;
  GUri *uri;            /* of the hub that is asked now */
  char *token;          /* for it; NULL: none */
  SoupMessage *message;
  guint n_redirects;
} Asking;

static void ask (Asking *self);

static void
asking_free (gpointer data)
{
  Asking *self = data;

  g_clear_pointer (&self->uri, g_uri_unref);
  g_clear_object (&self->message);
  g_free (self->token);
  g_free (self);
}

static void
fail (Asking *self, const GError *error)
{
  KrhubRun *run = self->run;
  g_auto (KrhubFailure) failure = { 0 };

  krhub_failure_of_connecting (&failure, error, run->options, &run->http);
  if (!run->interrupted)
    krhub_output_error (&run->output, failure.message, failure.hint);
  krhub_run_finish (run, failure.status);
}

/* --- the answer --- */

static gboolean
print_row (Asking *self, const char *name, const char *value)
{
  g_autofree char *line = NULL;
  g_autofree char *padding = NULL;
  glong width = g_utf8_strlen (name, -1);

  if (value == NULL)
    return TRUE;
  padding = g_strnfill (MAX (22 - width, 1), ' ');
  line = self->run->output.colour_out ? g_strdup_printf ("\033[1m%s\033[0m%s%s", name, padding, value)
                                      : g_strdup_printf ("%s%s%s", name, padding, value);
  return krhub_output_line (&self->run->output, line);
}

static char *
describe_transports (KrHubTransportFlags transports)
{
  GString *text = g_string_new (NULL);

  if (transports & KR_HUB_TRANSPORT_WEBSOCKETS)
    g_string_append (text, "WebSockets, ");
  if (transports & KR_HUB_TRANSPORT_SERVER_SENT_EVENTS)
    g_string_append (text, "ServerSentEvents, ");
  if (transports & KR_HUB_TRANSPORT_LONG_POLLING)
    g_string_append (text, "LongPolling, ");
  if (text->len > 0)
    g_string_truncate (text, text->len - 2);
  return g_string_free (text, FALSE);
}

static gboolean
print_pretty (Asking *self, KrHubNegotiation *negotiation)
{
  g_autofree char *url = g_uri_to_string_partial (self->uri, G_URI_HIDE_USERINFO);
  g_autofree char *transports = describe_transports (kr_hub_negotiation_get_transports (negotiation));
  g_autofree char *version = g_strdup_printf ("%u", kr_hub_negotiation_get_version (negotiation));
  const char *server = soup_message_headers_get_one (soup_message_get_response_headers (self->message), "Server");

  if (kr_hub_negotiation_get_url (negotiation) != NULL)
    return print_row (self, _("Hub"), url) && print_row (self, _("Server"), server) &&
           print_row (self, _("Redirects to"), kr_hub_negotiation_get_url (negotiation)) &&
           print_row (self, _("With a token"),
                      kr_hub_negotiation_get_access_token (negotiation) != NULL ? _("yes") : _("no"));
  return print_row (self, _("Hub"), url) && print_row (self, _("Server"), server) &&
         print_row (self, _("Transports"), *transports != '\0' ? transports : _("none")) &&
         print_row (self, _("Stateful reconnect"),
                    kr_hub_negotiation_get_use_stateful_reconnect (negotiation) ? _("yes") : _("no")) &&
         print_row (self, _("Negotiation version"), version) &&
         print_row (self, _("Connection id"), kr_hub_negotiation_get_connection_id (negotiation));
}

/* As the server wrote it, on one line. */
static gboolean
print_document (Asking *self, GBytes *body)
{
  gsize length;
  const char *text = g_bytes_get_data (body, &length);
  const KrHubSlice document = { text, length };
  g_autoptr (GVariant) value = kr_hub_protocol_decode_variant (kr_hub_json_protocol_get_default (), &document,
                                                               G_VARIANT_TYPE_VARIANT, NULL);
  g_autoptr (GString) line = g_string_new (NULL);

  if (value != NULL)
    krhub_json_append (line, value, KRHUB_JSON_COMPACT);
  return krhub_output_line (&self->run->output, line->str);
}

static void
follow (Asking *self, KrHubNegotiation *negotiation)
{
  g_autoptr (GUri) before = g_steal_pointer (&self->uri);
  g_autoptr (GError) error = NULL;
  const char *token = kr_hub_negotiation_get_access_token (negotiation);

  self->uri = g_uri_parse_relative (before, kr_hub_negotiation_get_url (negotiation), SOUP_HTTP_URI_FLAGS, &error);
  if (self->uri == NULL || self->n_redirects++ >= MAX_REDIRECTS)
    {
      if (error == NULL)
        error = g_error_new_literal (KR_HUB_ERROR, KR_HUB_ERROR_FAILED, _("it redirects without end"));
      g_clear_pointer (&self->uri, g_uri_unref);
      fail (self, error);
      return;
    }
  if (token != NULL)
    {
      g_free (self->token);
      self->token = g_strdup (token);
    }
  ask (self);
}

static void
has_answer (GObject *session, GAsyncResult *result, gpointer data)
{
  Asking *self = data;
  KrhubRun *run = self->run;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = soup_session_send_and_read_finish (SOUP_SESSION (session), result, &error);
  g_autoptr (KrHubNegotiation) negotiation = NULL;

  krhub_output_progress (&run->output, NULL);
  if (body != NULL && !SOUP_STATUS_IS_SUCCESSFUL (soup_message_get_status (self->message)))
    error = g_error_new (G_IO_ERROR, G_IO_ERROR_FAILED, "%u", soup_message_get_status (self->message));
  else if (body != NULL && (negotiation = kr_hub_negotiation_parse (body, &error)) != NULL &&
           kr_hub_negotiation_get_error (negotiation) != NULL)
    error = g_error_new_literal (KR_HUB_ERROR, KR_HUB_ERROR_FAILED, kr_hub_negotiation_get_error (negotiation));
  if (error != NULL)
    fail (self, error);
  else if (!krhub_run_printed (run, run->options->json ? print_document (self, body)
                                                       : print_pretty (self, negotiation)))
    return;
  else if (kr_hub_negotiation_get_url (negotiation) != NULL)
    follow (self, negotiation);
  else
    krhub_run_finish (run, KRHUB_EXIT_OK);
}

/* --- the question --- */

static GUri *
new_uri (GUri *hub)
{
  const char *path = g_uri_get_path (hub);
  const char *query = g_uri_get_query (hub);
  const char *scheme = g_uri_get_scheme (hub);
  g_autofree char *negotiate = g_strdup_printf ("%s%snegotiate", path, g_str_has_suffix (path, "/") ? "" : "/");
  g_autofree char *asked = g_strdup_printf ("%s%snegotiateVersion=1&useStatefulReconnect=true",
                                            query != NULL ? query : "", query != NULL && *query != '\0' ? "&" : "");

  if (g_str_equal (scheme, "ws") || g_str_equal (scheme, "wss"))
    scheme = g_str_equal (scheme, "ws") ? "http" : "https";
  return soup_uri_copy (hub, SOUP_URI_SCHEME, scheme, SOUP_URI_PATH, negotiate, SOUP_URI_QUERY, asked, SOUP_URI_NONE);
}

static void
ask (Asking *self)
{
  KrhubRun *run = self->run;
  g_autoptr (GUri) uri = new_uri (self->uri);
  SoupMessageHeaders *headers;

  g_clear_object (&self->message);
  self->message = soup_message_new_from_uri (SOUP_METHOD_POST, uri);
  headers = soup_message_get_request_headers (self->message);
  soup_message_headers_replace (headers, "X-Requested-With", "XMLHttpRequest");
  if (self->token != NULL)
    {
      g_autofree char *bearer = g_strconcat ("Bearer ", self->token, NULL);

      soup_message_headers_replace (headers, "Authorization", bearer);
    }
  for (char **header = run->options->headers; *header != NULL; header += 2)
    soup_message_headers_replace (headers, header[0], header[1]);
  soup_session_send_and_read_async (run->http.session, self->message, G_PRIORITY_DEFAULT, run->cancellable, has_answer,
                                    self);
}

static void
info (KrhubRun *run)
{
  Asking *self = g_new0 (Asking, 1);

  run->state = self;
  run->free_state = asking_free;
  self->run = run;
  self->uri = g_uri_parse (run->options->url, SOUP_HTTP_URI_FLAGS, NULL);
  self->token = g_strdup (run->options->token);
  ask (self);
}

const KrhubCommand krhub_command_info = {
  .name = "info",
  .start = info,
};
