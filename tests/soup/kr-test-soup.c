/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A SoupServer in a thread of its own, with an endpoint for a hub of the test's thread. */
#include "config.h"

#include "kr-test-soup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

KrTestSoup *
kr_test_soup_new (KrHubServer *hub, KrTestSoupFlags flags)
{
  KrTestSoup *self = g_new0 (KrTestSoup, 1);
  g_autofree char *certificate = g_test_build_filename (G_TEST_DIST, "soup", "certificate.pem", NULL);
  g_autoptr (GError) error = NULL;

  self->hub = hub != NULL ? g_object_ref (hub) : kr_hub_server_new (NULL);
  self->flags = flags;
  self->endpoint = kr_hub_soup_endpoint_new (self->hub, "/hub");
  self->trust = g_tls_file_database_new (certificate, &error);
  g_assert_no_error (error);
  self->session = soup_session_new_with_options ("max-conns", 100, "max-conns-per-host", 100, NULL);
  soup_session_set_tls_database (self->session, self->trust);
  soup_session_set_proxy_resolver (self->session, NULL);
  self->context = flags & KR_TEST_SOUP_SAME_THREAD ? g_main_context_ref_thread_default () : g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  return self;
}

static gpointer
http_thread (gpointer data)
{
  KrTestSoup *self = data;

  g_main_context_push_thread_default (self->context);
  g_main_loop_run (self->loop);
  if (self->door != NULL)
    kr_hub_soup_front_door_close (self->door);
  soup_server_disconnect (self->server);
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_clear_object (&self->door);
  g_clear_object (&self->server);
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

static void
listen_locally (KrTestSoup *self, GTlsCertificate *certificate)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GError) error = NULL;

  if (self->flags & KR_TEST_SOUP_NO_DOOR)
    {
      g_autoslist (GUri) uris = NULL;

      soup_server_set_tls_certificate (self->server, certificate);
      soup_server_listen (self->server, address, self->flags & KR_TEST_SOUP_TLS ? SOUP_SERVER_LISTEN_HTTPS : 0, &error);
      g_assert_no_error (error);
      uris = soup_server_get_uris (self->server);
      self->port = g_uri_get_port (uris->data);
      return;
    }
  self->door = kr_hub_soup_front_door_new (self->server, self->flags & KR_TEST_SOUP_TLS ? certificate : NULL);
  if (self->prepare_door != NULL)
    self->prepare_door (self->door);
  kr_hub_soup_front_door_listen (self->door, address, &error);
  g_assert_no_error (error);
  self->port = kr_hub_soup_front_door_get_port (self->door);
}

void
kr_test_soup_start (KrTestSoup *self)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "soup", "certificate.pem", NULL);
  g_autofree char *uri = NULL;
  g_autoptr (GTlsCertificate) certificate = NULL;
  g_autoptr (GError) error = NULL;

  certificate = g_tls_certificate_new_from_file (path, &error);
  g_assert_no_error (error);
  g_main_context_push_thread_default (self->context);
  self->server = soup_server_new (NULL, NULL);
  kr_hub_soup_endpoint_attach (self->endpoint, self->server);
  listen_locally (self, certificate);
  g_main_context_pop_thread_default (self->context);
  uri = g_strdup_printf ("%s://127.0.0.1:%d/hub", self->flags & KR_TEST_SOUP_TLS ? "https" : "http", self->port);
  self->uri = g_uri_parse (uri, SOUP_HTTP_URI_FLAGS, &error);
  g_assert_no_error (error);
  if (!(self->flags & KR_TEST_SOUP_SAME_THREAD))
    self->thread = g_thread_new ("http", http_thread, self);
}

static void
quit (gpointer loop)
{
  g_main_loop_quit (loop);
}

/* TLS handshakes leave threads behind, which wait for more work; LeakSanitizer of GCC 12 stumbles over their memory. */
static void
stop_pool_threads (void)
{
  for (guint i = 0; i < 2000 && g_thread_pool_get_num_unused_threads () > 0; i++)
    {
      g_thread_pool_stop_unused_threads ();
      g_usleep (1000);
    }
}

void
kr_test_soup_free (KrTestSoup *self)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  soup_session_abort (self->session);
  g_clear_object (&self->session);
  if (self->thread != NULL)
    {
      g_source_set_callback (source, G_SOURCE_FUNC (quit), self->loop, NULL);
      g_source_attach (source, self->context);
      g_thread_join (self->thread);
    }
  else if (self->server != NULL)
    soup_server_disconnect (self->server);
  /* What crossed last. */
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_clear_object (&self->door);
  g_clear_object (&self->server);
  g_object_unref (self->endpoint);
  g_object_unref (self->hub);
  g_object_unref (self->trust);
  g_clear_pointer (&self->uri, g_uri_unref);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  if (self->flags & KR_TEST_SOUP_TLS)
    stop_pool_threads ();
  g_free (self);
}

int
kr_test_soup_connect (KrTestSoup *self)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons (self->port) };
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (connect (fd, (struct sockaddr *) &address, sizeof address), ==, 0);
  return fd;
}

void
kr_test_soup_write (int fd, const void *data, gsize len)
{
  const guint8 *at = data;

  while (len > 0)
    {
      gssize n = send (fd, at, len, MSG_NOSIGNAL | MSG_DONTWAIT);

      if (n < 0 && errno == EAGAIN)
        g_main_context_iteration (NULL, FALSE);
      else
        {
          if (n < 0)
            return; /* the server has had enough, which is for the test to find out */
          at += n;
          len -= n;
        }
    }
}

static char *
read_until (int fd, const char *end, gsize step)
{
  GString *text = g_string_new (NULL);
  gint64 deadline = g_get_monotonic_time () + KR_TEST_DEADLINE * G_USEC_PER_SEC;

  while (end == NULL || memmem (text->str, text->len, end, strlen (end)) == NULL)
    {
      char buffer[4096];
      gssize n = recv (fd, buffer, MIN (step, sizeof buffer), MSG_DONTWAIT);

      if (n > 0)
        g_string_append_len (text, buffer, n);
      else if (n == 0 || errno != EAGAIN)
        break;
      else if (!g_main_context_iteration (NULL, FALSE))
        g_usleep (200); /* between two looks: the server's thread needs a moment */
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
    }
  return g_string_free (text, FALSE);
}

char *
kr_test_soup_read (int fd, const char *end)
{
  return read_until (fd, end, G_MAXSIZE);
}

char *
kr_test_soup_request (KrTestSoup *self, const char *method, const char *path, const char *headers, const char *body)
{
  int fd = kr_test_soup_connect (self);
  g_autofree char *request =
    g_strdup_printf ("%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\nContent-Length: %zu\r\n%s\r\n%s", method, path,
                     self->port, body != NULL ? strlen (body) : 0, headers != NULL ? headers : "", body != NULL ? body : "");
  char *answer;

  kr_test_soup_write (fd, request, strlen (request));
  answer = kr_test_soup_read (fd, NULL);
  close (fd);
  return answer;
}

char *
kr_test_soup_negotiate (KrTestSoup *self)
{
  g_autofree char *answer = kr_test_soup_request (self, "POST", "/hub/negotiate?negotiateVersion=1", NULL, NULL);
  const char *token = strstr (answer, "\"connectionToken\":\"");

  g_assert_nonnull (token);
  return g_strndup (token + 19, 22);
}

int
kr_test_soup_upgrade (KrTestSoup *self, const char *query)
{
  int fd = kr_test_soup_connect (self);
  g_autofree char *request =
    g_strdup_printf ("GET /hub%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", query, self->port);
  g_autofree char *answer = NULL;

  kr_test_soup_write (fd, request, strlen (request));
  answer = read_until (fd, "\r\n\r\n", 1); /* and not what follows it */
  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 101 "));
  g_assert_nonnull (strstr (answer, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
  return fd;
}

guint
kr_test_soup_count_descriptors (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}
