/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Takes a connection away from libsoup, together with the head of the answer. */
#include "config.h"

#include "kr-hub-soup-upgrade-private.h"

#include "kr-hub-soup-crossing-private.h"
#include "kr-hub-soup-websocket-codec-private.h"

/* HTTP/2 has many requests on one connection, and a stream that is not a socket cannot be watched. */
gboolean
kr_hub_soup_upgrade_is_possible (SoupServerMessage *message)
{
  return soup_server_message_get_http_version (message) < SOUP_HTTP_2_0 &&
         kr_hub_soup_message_get_fd (message) >= 0;
}

/* RFC 6455 4.2.1. ASP.NET Core takes a request that lacks any of this for no upgrade at all. */
gboolean
kr_hub_soup_upgrade_is_requested (SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  const char *version = soup_message_headers_get_one (headers, "Sec-WebSocket-Version");

  return soup_server_message_get_http_version (message) == SOUP_HTTP_1_1 &&
         soup_message_headers_header_contains (headers, "Upgrade", "websocket") &&
         soup_message_headers_header_contains (headers, "Connection", "Upgrade") &&
         g_strcmp0 (version, "13") == 0 &&
         kr_hub_soup_websocket_key_is_valid (soup_message_headers_get_one (headers, "Sec-WebSocket-Key"));
}

/* The answer to such a request. */
void
kr_hub_soup_upgrade_set_headers (SoupServerMessage *message)
{
  SoupMessageHeaders *request = soup_server_message_get_request_headers (message);
  SoupMessageHeaders *response = soup_server_message_get_response_headers (message);
  g_autofree char *accept = kr_hub_soup_websocket_accept_key (soup_message_headers_get_one (request, "Sec-WebSocket-Key"));

  soup_server_message_set_status (message, SOUP_STATUS_SWITCHING_PROTOCOLS, NULL);
  soup_message_headers_replace (response, "Upgrade", "websocket");
  soup_message_headers_replace (response, "Connection", "Upgrade");
  soup_message_headers_replace (response, "Sec-WebSocket-Accept", accept);
}

static GBytes *
write_head (SoupServerMessage *message, const char *body)
{
  GString *head = g_string_sized_new (256);
  guint status = soup_server_message_get_status (message);
  SoupMessageHeadersIter iter;
  const char *name, *value;

  g_string_append_printf (head, "HTTP/1.1 %u %s\r\n", status, soup_status_get_phrase (status));
  soup_message_headers_iter_init (&iter, soup_server_message_get_response_headers (message));
  while (soup_message_headers_iter_next (&iter, &name, &value))
    {
      g_string_append (head, name);
      g_string_append (head, ": ");
      g_string_append (head, value);
      g_string_append (head, "\r\n");
    }
  g_string_append (head, "\r\n");
  g_string_append (head, body);
  return g_string_free_to_bytes (head);
}

typedef struct
{
  SoupServerMessage *message;
  GBytes *response;
  KrHubSoupTakenFunc taken;
  gpointer data;
} Take;

static void
take_free (gpointer data)
{
  Take *self = data;

  g_object_unref (self->message);
  g_bytes_unref (self->response);
  g_free (self);
}

static void
take (gpointer data)
{
  Take *self = data;
  KrHubSoupWire wire;

  self->taken (kr_hub_soup_message_take_wire (self->message, &wire) ? &wire : NULL, self->response, self->data);
}

/* Status and headers are set: they go out with @body by way of whoever takes the connection. libsoup is still reading
 * the request when it calls handlers, so the connection is taken in the next turn. */
void
kr_hub_soup_upgrade_take (SoupServerMessage *message, const char *body, KrHubSoupTakenFunc taken, gpointer data)
{
  g_autoptr (GMainContext) context = kr_hub_soup_ref_current_context ();
  Take *self = g_new0 (Take, 1);

  self->message = g_object_ref (message);
  self->response = write_head (message, body);
  self->taken = taken;
  self->data = data;
  soup_server_message_pause (message);
  kr_hub_soup_cross (context, take, self, take_free);
}
