/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The client of a run, as the command line wants it. */
#include "config.h"

#include "krhub-client.h"

#include <glib/gi18n.h>
#include <krhub-soup.h>

/* Between two tries to connect again, µs. */
#define FIRST_DELAY (G_USEC_PER_SEC / 2)
#define LONGEST_DELAY (10 * G_USEC_PER_SEC)
/* What somebody at a terminal has asked for is not refused because it is long; bytes. */
#define MAX_MESSAGE ((guint64) 256 * 1024 * 1024)

static gboolean
is_loopback (GUri *uri)
{
  const char *host = g_uri_get_host (uri);
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);

  return g_str_equal (host, "localhost") || (address != NULL && g_inet_address_get_is_loopback (address));
}

/* A token that travels in the clear is everybody's. */
static void
warn_of_plain_token (const KrhubOptions *options, KrhubOutput *output)
{
  g_autoptr (GUri) uri = g_uri_parse (options->url, SOUP_HTTP_URI_FLAGS, NULL);
  const char *scheme = g_uri_get_scheme (uri);

  if (options->token != NULL && !is_loopback (uri) && (g_str_equal (scheme, "http") || g_str_equal (scheme, "ws")))
    krhub_output_notice (output, _("The token goes to %s without encryption"), g_uri_get_host (uri));
}

static void
set_headers (KrHubSoupConnector *connector, const KrhubOptions *options)
{
  /* Not a header, which a redirection that brings a token of its own could not replace. */
  g_object_set (connector, "access-token", options->token, NULL);
  for (char **header = options->headers; *header != NULL; header += 2)
    kr_hub_soup_connector_set_header (connector, header[0], header[1]);
}

static void
on_reconnecting (KrHubClient *client, const GError *error, gpointer output)
{
  if (error != NULL)
    krhub_output_notice (output, _("The connection was lost; connecting again (%s)"), error->message);
  else
    krhub_output_notice (output, _("The hub has closed the connection; connecting again"));
}

/**
 * krhub_client_tell_connected:
 * @client: a connected client
 * @output: where to
 *
 * Tells whoever wants to know it what the connection is like.
 */
void
krhub_client_tell_connected (KrHubClient *client, KrhubOutput *output)
{
  const char *id = kr_hub_client_get_connection_id (client);

  krhub_output_detail (output, _("Connected over %s; the connection's id is %s"), kr_hub_client_get_transport_name (client),
                       id != NULL ? id : "-");
}

static void
on_reconnected (KrHubClient *client, const char *id, gpointer output)
{
  krhub_output_notice (output, _("Connected again"));
  krhub_client_tell_connected (client, output);
}

/**
 * krhub_client_new:
 * @options: what the command line wants
 * @http: makes the requests
 * @error: return location for an error
 *
 * Makes a client that is not started.
 *
 * Errors: %G_URI_ERROR
 *
 * Returns: (transfer full): the client
 */
KrHubClient *
krhub_client_new (const KrhubOptions *options, KrhubHttp *http, GError **error)
{
  g_autoptr (KrHubSoupConnector) connector = kr_hub_soup_connector_new (options->url, http->session, error);
  g_autoptr (KrHubClient) client = NULL;

  if (connector == NULL)
    return NULL;
  warn_of_plain_token (options, http->output);
  set_headers (connector, options);
  g_object_set (connector, "transports", options->transports, "skip-negotiation", options->skip_negotiation,
                "max-answer-size", MAX_MESSAGE, NULL);
  client = kr_hub_client_new_for_connector (KR_HUB_CONNECTOR (connector));
  g_object_set (client, "max-message-size", MAX_MESSAGE, NULL);
  if (options->messagepack)
    g_object_set (client, "protocol", kr_hub_msgpack_protocol_get_default (), NULL);
  if (options->reconnect)
    {
      g_autoptr (KrHubRetryPolicy) policy = kr_hub_retry_policy_new_forever (FIRST_DELAY, LONGEST_DELAY);

      g_object_set (client, "retry-policy", policy, NULL);
      g_signal_connect (client, "reconnecting", G_CALLBACK (on_reconnecting), http->output);
      g_signal_connect (client, "reconnected", G_CALLBACK (on_reconnected), http->output);
    }
  return g_steal_pointer (&client);
}
