/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A client of the server under test, and what the cases of the table do with it. */
#include "config.h"

#include "client-site.h"

char *
client_site_dup_url (guint16 port, const char *path)
{
  return g_strdup_printf ("http://127.0.0.1:%u%s", port, path);
}

KrHubSoupConnector *
client_site_new_connector (ClientSite *site, const char *path)
{
  g_autofree char *url = client_site_dup_url (site->port, path);
  g_autoptr (GError) error = NULL;
  KrHubSoupConnector *connector = kr_hub_soup_connector_new (url, site->session, &error);

  g_assert_no_error (error);
  g_object_set (connector, "transports", site->kind->transport, NULL);
  return connector;
}

KrHubClient *
client_site_adopt (ClientSite *site, KrHubSoupConnector *connector)
{
  KrHubClient *client = kr_hub_client_new_for_connector (KR_HUB_CONNECTOR (connector));

  if (site->kind->messagepack)
    g_object_set (client, "protocol", kr_hub_msgpack_protocol_get_default (), NULL);
  g_ptr_array_add (site->clients, client);
  return client;
}

KrHubClient *
client_site_new_client (ClientSite *site, const char *path, const char *token)
{
  g_autoptr (KrHubSoupConnector) connector = client_site_new_connector (site, path);

  g_object_set (connector, "access-token", token, NULL);
  return client_site_adopt (site, connector);
}

gboolean
client_site_start (KrHubClient *client, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  kr_hub_client_start_async (client, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("start", &result);
  return kr_hub_client_start_finish (client, result, error);
}

void
client_site_stop (KrHubClient *client)
{
  g_autoptr (GAsyncResult) result = NULL;

  kr_hub_client_stop_async (client, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("stop", &result);
  g_assert_true (kr_hub_client_stop_finish (client, result, NULL));
}

KrHubClient *
client_site_connect (ClientSite *site, const char *path, const char *token)
{
  KrHubClient *client = client_site_new_client (site, path, token);
  g_autoptr (GError) error = NULL;

  client_site_start (client, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (kr_hub_client_get_transport_name (client), ==, site->kind->transport_name);
  return client;
}

/* --- calls --- */

GVariant *
client_call (KrHubClient *client, const char *target, GVariant *arguments, const char *type, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  kr_hub_client_invoke_async (client, target, arguments, (const GVariantType *) type, NULL, kr_test_store_result, &result);
  kr_test_wait_result (target, &result);
  return kr_hub_client_invoke_finish (client, result, error);
}

static char *
text_of (GVariant *value, const GError *error, const char *nothing)
{
  if (error != NULL)
    return g_strdup_printf ("error: %s", error->message);
  return value != NULL ? g_variant_print (value, FALSE) : g_strdup (nothing);
}

char *
client_call_text (KrHubClient *client, const char *target, GVariant *arguments, const char *type)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = client_call (client, target, arguments, type, &error);

  return text_of (value, error, NULL);
}

void
client_assert_call (KrHubClient *client, const char *target, GVariant *arguments, const char *type, const char *expected)
{
  g_autofree char *text = client_call_text (client, target, arguments, type);

  g_assert_cmpstr (text, ==, expected);
}

void
client_assert_number (KrHubClient *client, gint number)
{
  g_autofree char *expected = g_strdup_printf ("%d", number);

  client_assert_call (client, "EchoInt", g_variant_new ("(i)", number), "i", expected);
}

KrHubStream *
client_stream (KrHubClient *client,
               const char *target,
               GVariant *arguments,
               KrHubStream *const *uploads,
               const char *type)
{
  g_autoptr (GError) error = NULL;
  KrHubStream *stream =
    kr_hub_client_stream (client, target, arguments, uploads, (const GVariantType *) type, &error);

  g_assert_no_error (error);
  return stream;
}

char *
client_next_text (KrHubStream *stream)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = NULL;

  kr_hub_stream_next_async (stream, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("an item", &result);
  value = kr_hub_stream_next_finish (stream, result, &error);
  return text_of (value, error, "end");
}
