/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A TCP proxy that cuts, stalls, splits and refuses: what networks do. Or an HTTP proxy. */
#include "config.h"

#include "kr-test-proxy.h"

#include <gio/gnetworking.h>

#include <string.h>
#include <sys/socket.h>

#define READ_SIZE (16 * 1024)

typedef struct _Pair Pair;

/* One direction of a connection. */
typedef struct
{
  Pair *pair;
  GSocketConnection *from, *to;
  GBytes *bytes;        /* read, but not passed on yet */
  gsize passed;         /* of them */
  gboolean waiting;     /* for the end of the stall */
} Way;

struct _Pair
{
  gatomicrefcount ref_count;
  KrTestProxy *proxy;   /* NULL: closed */
  GSocketConnection *near, *far;
  GCancellable *cancellable;
  Way ways[2];
  guint64 n_bytes;
  gboolean tunnel;      /* an HTTP proxy's: what comes is not for it any more */
};

static void way_read (Way *self);
static void way_pass_on (Way *self);

static Pair *
pair_ref (Pair *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

static void
pair_unref (Pair *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  for (guint i = 0; i < 2; i++)
    g_clear_pointer (&self->ways[i].bytes, g_bytes_unref);
  g_object_unref (self->near);
  g_clear_object (&self->far);
  g_object_unref (self->cancellable);
  g_free (self);
}

/* With a reset rather than a farewell, so that both ends see a connection that broke. */
static void
reset (GSocketConnection *connection)
{
  const struct linger at_once = { .l_onoff = 1 };

  if (connection == NULL)
    return;
  setsockopt (g_socket_get_fd (g_socket_connection_get_socket (connection)), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
}

/* Pieces, too: the kernel would hold them back until what went before is acknowledged, 40 ms later. */
static void
pass_on_at_once (GSocketConnection *connection)
{
  g_socket_set_option (g_socket_connection_get_socket (connection), IPPROTO_TCP, TCP_NODELAY, TRUE, NULL);
}

static void
pair_close (Pair *self)
{
  KrTestProxy *proxy = g_steal_pointer (&self->proxy);

  if (proxy == NULL)
    return;
  g_cancellable_cancel (self->cancellable);
  reset (self->near);
  reset (self->far);
  g_ptr_array_remove_fast (proxy->pairs, self);
}

static void
pair_cut (Pair *self)
{
  self->proxy->n_cuts++;
  pair_close (self);
}

/* --- one way --- */

static void
way_passed_on (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Way *self = user_data;
  Pair *pair = self->pair;
  gsize n = 0;

  if (!g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, &n, NULL))
    pair_close (pair);
  else if (pair->proxy != NULL)
    {
      self->passed += n;
      pair->n_bytes += n;
      pair->proxy->n_pieces++;
      if (pair->proxy->cut_after > 0 && pair->n_bytes >= pair->proxy->cut_after)
        pair_cut (pair);
      else
        way_pass_on (self);
    }
  pair_unref (pair);
}

static void
way_pass_on (Way *self)
{
  KrTestProxy *proxy = self->pair->proxy;
  gsize len;
  const guint8 *data = g_bytes_get_data (self->bytes, &len);
  gsize n = len - self->passed;

  self->waiting = proxy->stalled;
  if (proxy->stalled)
    return;
  if (n == 0)
    {
      g_clear_pointer (&self->bytes, g_bytes_unref);
      way_read (self);
      return;
    }
  if (proxy->split > 0)
    n = MIN (n, proxy->split);
  if (proxy->cut_after > self->pair->n_bytes)
    n = MIN (n, proxy->cut_after - self->pair->n_bytes);
  pair_ref (self->pair);
  g_output_stream_write_all_async (g_io_stream_get_output_stream (G_IO_STREAM (self->to)), data + self->passed, n,
                                   G_PRIORITY_DEFAULT, self->pair->cancellable, way_passed_on, self);
}

/* Only the first bytes of a connection can ask for that; short requests come in one piece. */
static gboolean
refuse (Way *self)
{
  static const char answer[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  Pair *pair = self->pair;
  gsize len;
  const char *data = g_bytes_get_data (self->bytes, &len);

  if (!pair->proxy->refuse_upgrades || self->from != pair->near || pair->n_bytes > 0 ||
      g_strstr_len (data, len, "Upgrade: websocket") == NULL)
    return FALSE;
  pair->proxy->n_refused++;
  g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (pair->near)), answer, strlen (answer), NULL, NULL,
                             NULL);
  g_io_stream_close (G_IO_STREAM (pair->near), NULL, NULL);
  pair_close (pair);
  return TRUE;
}

static gboolean
begins_with (GBytes *bytes, const char *prefix)
{
  gsize len;
  const char *data = g_bytes_get_data (bytes, &len);

  return len >= strlen (prefix) && memcmp (data, prefix, strlen (prefix)) == 0;
}

/* The head of a first request is short and comes in one piece. TRUE: it was for the proxy alone. */
static gboolean
serve_as_http_proxy (Way *self)
{
  static const char answer[] = "HTTP/1.1 200 Connection established\r\n\r\n";
  Pair *pair = self->pair;

  if (!pair->proxy->http || self->from != pair->near || pair->tunnel || pair->n_bytes > 0)
    return FALSE;
  if (!begins_with (self->bytes, "CONNECT "))
    {
      g_assert_true (begins_with (self->bytes, "GET http://") || begins_with (self->bytes, "POST http://"));
      pair->proxy->n_forwarded++;
      return FALSE;
    }
  pair->proxy->n_tunnels++;
  pair->tunnel = TRUE;
  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (pair->near)), answer, strlen (answer), NULL, NULL,
                             NULL);
  way_read (self);
  return TRUE;
}

static void
way_has_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Way *self = user_data;
  Pair *pair = self->pair;
  GBytes *bytes = g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, NULL);

  if (bytes == NULL)
    pair_close (pair);
  else if (pair->proxy == NULL)
    g_bytes_unref (bytes);
  else if (g_bytes_get_size (bytes) == 0)
    {
      g_bytes_unref (bytes);
      g_socket_shutdown (g_socket_connection_get_socket (self->to), FALSE, TRUE, NULL);
    }
  else
    {
      self->bytes = bytes;
      self->passed = 0;
      if (!refuse (self) && !serve_as_http_proxy (self))
        way_pass_on (self);
    }
  pair_unref (pair);
}

static void
way_read (Way *self)
{
  pair_ref (self->pair);
  g_input_stream_read_bytes_async (g_io_stream_get_input_stream (G_IO_STREAM (self->from)), READ_SIZE, G_PRIORITY_DEFAULT,
                                   self->pair->cancellable, way_has_read, self);
}

/* --- connections --- */

static void
target_reached (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Pair *self = user_data;

  self->far = g_socket_client_connect_to_host_finish (G_SOCKET_CLIENT (source), result, NULL);
  if (self->far == NULL)
    pair_close (self);
  else if (self->proxy != NULL)
    {
      pass_on_at_once (self->near);
      pass_on_at_once (self->far);
      self->ways[0] = (Way) { .pair = self, .from = self->near, .to = self->far };
      self->ways[1] = (Way) { .pair = self, .from = self->far, .to = self->near };
      way_read (&self->ways[0]);
      way_read (&self->ways[1]);
    }
  pair_unref (self);
}

static gboolean
incoming (GSocketService *service, GSocketConnection *connection, GObject *source, gpointer user_data)
{
  KrTestProxy *proxy = user_data;
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  Pair *self = g_new0 (Pair, 1);

  proxy->n_accepted++;
  g_atomic_ref_count_init (&self->ref_count);
  self->proxy = proxy;
  self->near = g_object_ref (connection);
  self->cancellable = g_cancellable_new ();
  g_ptr_array_add (proxy->pairs, self);
  g_socket_client_set_enable_proxy (client, FALSE);
  g_socket_client_connect_to_host_async (client, "127.0.0.1", proxy->target, self->cancellable, target_reached,
                                         pair_ref (self));
  return TRUE;
}

KrTestProxy *
kr_test_proxy_new (guint16 target)
{
  KrTestProxy *self = g_new0 (KrTestProxy, 1);
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) effective = NULL;
  g_autoptr (GError) error = NULL;

  self->target = target;
  self->pairs = g_ptr_array_new_with_free_func ((GDestroyNotify) pair_unref);
  self->service = g_socket_service_new ();
  g_socket_listener_add_address (G_SOCKET_LISTENER (self->service), address, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP,
                                 NULL, &effective, &error);
  g_assert_no_error (error);
  self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (effective));
  g_signal_connect (self->service, "incoming", G_CALLBACK (incoming), self);
  return self;
}

static void
close_all (KrTestProxy *self, void (*func) (Pair *pair))
{
  while (self->pairs->len > 0)
    func (g_ptr_array_index (self->pairs, self->pairs->len - 1));
}

void
kr_test_proxy_free (KrTestProxy *self)
{
  g_signal_handlers_disconnect_by_data (self->service, self);
  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
  g_object_unref (self->service);
  close_all (self, pair_close);
  g_ptr_array_unref (self->pairs);
  g_free (self);
}

void
kr_test_proxy_cut (KrTestProxy *self)
{
  close_all (self, pair_cut);
}

void
kr_test_proxy_set_stalled (KrTestProxy *self, gboolean stalled)
{
  self->stalled = stalled;
  for (guint i = 0; !stalled && i < self->pairs->len; i++)
    for (guint j = 0; j < 2; j++)
      {
        Way *way = &((Pair *) g_ptr_array_index (self->pairs, i))->ways[j];

        if (way->waiting)
          way_pass_on (way);
      }
}
