/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupRequester: makes the HTTP requests of one client connection, all with its headers and token. */
#include "config.h"

#include "kr-hub-soup-requester-private.h"

#define AGENT "Microsoft SignalR/10.0 (krhub " PACKAGE_VERSION "; GLib; C; libsoup)"

KrHubSoupRequester *
kr_hub_soup_requester_new (SoupSession *session, GUri *uri, GHashTable *headers, const char *token)
{
  KrHubSoupRequester *self = g_new0 (KrHubSoupRequester, 1);

  g_ref_count_init (&self->ref_count);
  self->session = g_object_ref (session);
  self->uri = g_uri_ref (uri);
  self->headers = g_hash_table_ref (headers);
  self->access_token = g_strdup (token);
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
  g_free (self->access_token);
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

  return kr_hub_soup_requester_new (self->session, uri, self->headers, self->access_token);
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

SoupMessage *
kr_hub_soup_requester_new_message (KrHubSoupRequester *self, const char *method, GUri *uri)
{
  SoupMessage *message = soup_message_new_from_uri (method, uri != NULL ? uri : self->uri);
  SoupMessageHeaders *headers = soup_message_get_request_headers (message);
  GHashTableIter iter;
  const char *name, *value;

  soup_message_headers_replace (headers, "User-Agent", AGENT);
  soup_message_headers_replace (headers, "X-Requested-With", "XMLHttpRequest");
  if (self->access_token != NULL)
    {
      g_autofree char *bearer = g_strdup_printf ("Bearer %s", self->access_token);

      soup_message_headers_replace (headers, "Authorization", bearer);
    }
  g_hash_table_iter_init (&iter, self->headers);
  while (g_hash_table_iter_next (&iter, (gpointer *) &name, (gpointer *) &value))
    soup_message_headers_replace (headers, name, value);
  return message;
}

gboolean
kr_hub_soup_requester_check (SoupMessage *message, GError **error)
{
  guint status = soup_message_get_status (message);

  if (SOUP_STATUS_IS_SUCCESSFUL (status))
    return TRUE;
  g_set_error (error, G_IO_ERROR,
               status == SOUP_STATUS_UNAUTHORIZED || status == SOUP_STATUS_FORBIDDEN ? G_IO_ERROR_PERMISSION_DENIED
                                                                                     : G_IO_ERROR_FAILED,
               "The server answered %u (%s)", status, soup_message_get_reason_phrase (message));
  return FALSE;
}
