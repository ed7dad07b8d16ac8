/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Runs the code of docs/hubs.md: the hub and the client that it shows talk to each other. */
#include <krhub-soup.h>

#include "guide-hubs.h"
#include "kr-test.h"

static GString *printed;

static void
collect (const char *text)
{
  g_string_append (printed, text);
}

static gboolean
has_printed (gpointer text)
{
  return strstr (printed->str, text) != NULL;
}

static gboolean
is_connected (gpointer client)
{
  return kr_hub_client_get_state (client) == KR_HUB_CLIENT_CONNECTED;
}

static char *
url_of (SoupServer *server)
{
  g_autoslist (GUri) uris = soup_server_get_uris (server);

  return g_strdup_printf ("http://127.0.0.1:%d/hub", g_uri_get_port (uris->data));
}

static void
stop (KrHubClient *client)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  kr_hub_client_stop_async (client, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("the client to stop", &result);
  kr_hub_client_stop_finish (client, result, &error);
  g_assert_no_error (error);
}

static gboolean
has_next (gpointer stream)
{
  g_autoptr (GVariant) item = kr_hub_stream_try_next (stream);

  if (item != NULL)
    g_string_append_printf (printed, "%d ", g_variant_get_int32 (item));
  return kr_hub_stream_is_ended (stream);
}

static void
check_page (KrHubClient *client)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = NULL;

  kr_hub_client_invoke_async (client, "Page", NULL, G_VARIANT_TYPE_STRING, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("the page", &result);
  answer = kr_hub_client_invoke_finish (client, result, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (g_variant_get_string (answer, NULL), ==, "a page");
}

static void
check_countdown (KrHubClient *client)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrHubStream) stream =
    kr_hub_client_stream (client, "Countdown", g_variant_new ("(i)", 3), NULL, G_VARIANT_TYPE_INT32, &error);

  g_assert_no_error (error);
  g_string_truncate (printed, 0);
  kr_test_wait ("the end of the countdown", has_next, stream);
  g_assert_cmpstr (printed->str, ==, "3 2 1 ");
}

static void
test_guide (void)
{
  g_autoptr (GFileIOStream) stream = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GFile) file = g_file_new_tmp ("guide-XXXXXX", &stream, &error);
  g_autoptr (SoupServer) server = NULL;
  g_autoptr (KrHubClient) first = NULL;
  g_autoptr (KrHubClient) second = NULL;
  g_autofree char *url = NULL;
  GPrintFunc before;

  g_assert_no_error (error);
  g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (stream)), "a page", 6, NULL, NULL, &error);
  g_assert_no_error (error);
  server = serve_hub (file, 0, &error);
  g_assert_no_error (error);
  url = url_of (server);
  printed = g_string_new (NULL);
  before = g_set_print_handler (collect);
  first = connect_to_hub (url, &error);
  g_assert_no_error (error);
  kr_test_wait ("the sum", has_printed, (gpointer) "3\n");
  second = connect_to_hub (url, &error);
  kr_test_wait ("the other client", has_printed, (gpointer) " came\n");
  kr_test_wait ("its connection", is_connected, second);
  check_page (first);
  check_countdown (first);
  stop (first);
  stop (second);
  g_set_print_handler (before);
  g_string_free (printed, TRUE);
  g_file_delete (file, NULL, NULL);
}

static gboolean
start (const char *url, const char *token)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (KrHubSoupConnector) connector = kr_hub_soup_connector_new (url, NULL, &error);
  g_autoptr (KrHubClient) client = NULL;
  gboolean started;

  g_assert_no_error (error);
  g_object_set (connector, "access-token", token, NULL);
  client = kr_hub_client_new_for_connector (KR_HUB_CONNECTOR (connector));
  kr_hub_client_start_async (client, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("the client to start", &result);
  started = kr_hub_client_start_finish (client, result, NULL);
  if (started)
    stop (client);
  return started;
}

static void
test_authorize (void)
{
  g_autoptr (GHashTable) users = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (SoupServer) server = soup_server_new (NULL, NULL);
  g_autoptr (KrHubServer) hub = kr_hub_server_new (NULL);
  g_autoptr (KrHubSoupEndpoint) endpoint = kr_hub_soup_endpoint_new (hub, "/hub");
  g_autoptr (GError) error = NULL;
  g_autofree char *url = NULL;

  g_hash_table_insert (users, (gpointer) "sesame", (gpointer) "ali");
  g_signal_connect (endpoint, "authorize", G_CALLBACK (on_authorize), users);
  kr_hub_soup_endpoint_attach (endpoint, server);
  soup_server_listen_local (server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
  g_assert_no_error (error);
  url = url_of (server);
  g_assert_false (start (url, NULL));
  g_assert_false (start (url, "abracadabra"));
  g_assert_true (start (url, "sesame"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/docs/hubs/guide", test_guide);
  g_test_add_func ("/docs/hubs/authorize", test_authorize);
  return kr_test_run ();
}
