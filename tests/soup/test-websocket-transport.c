/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupWebsocketTransport over a pair of sockets: all that waits goes out, before the end of the turn if that is worth it. */
#include "config.h"

#include <sys/socket.h>
#include <unistd.h>

#include "kr-hub-soup-websocket-codec-private.h"
#include "kr-hub-soup-websocket-transport-private.h"
#include "kr-test.h"

#define N_PIECES 200 /* more than one write takes */

/* Output in many pieces. */
typedef struct
{
  guint8 bytes[N_PIECES];
  gsize sent;
  gsize sent_inside;         /* by a transport that was asked to in received() */
  KrHubTransport *write_now; /* NULL: is not asked */
  gboolean received;
  gboolean closed;
} Sink;

static void
received (gpointer data, const guint8 *bytes, gsize len)
{
  Sink *sink = data;
  gsize before = sink->sent;

  sink->received = TRUE;
  if (sink->write_now == NULL)
    return;
  kr_hub_transport_write_now (sink->write_now);
  g_assert_false (sink->closed);
  sink->sent_inside = sink->sent - before;
  kr_hub_transport_request_write (sink->write_now);
}

static gsize
peek (gpointer data, GOutputVector *vectors, gsize max_vectors, gsize *n_bytes)
{
  Sink *sink = data;
  gsize n = MIN (max_vectors, N_PIECES - sink->sent);

  for (gsize i = 0; i < n; i++)
    vectors[i] = (GOutputVector) { sink->bytes + sink->sent + i, 1 };
  *n_bytes = n;
  return n;
}

static void
sent (gpointer data, gsize n_bytes)
{
  ((Sink *) data)->sent += n_bytes;
}

static void
closed (gpointer data, const GError *error)
{
  ((Sink *) data)->closed = TRUE;
}

static const KrHubTransportSink sink_funcs = { received, peek, sent, closed };

static GIOStream *
open_stream (int fd, GSocket **socket)
{
  g_autoptr (GError) error = NULL;

  *socket = g_socket_new_from_fd (fd, &error);
  g_assert_no_error (error);
  return G_IO_STREAM (g_socket_connection_factory_create_connection (*socket));
}

static KrHubTransport *
open_transport (gboolean client, int fd, KrHubClock *clock)
{
  g_autoptr (GSocket) socket = NULL;
  GIOStream *stream = open_stream (fd, &socket);
  KrHubSoupWire wire = kr_hub_soup_wire_from_stream (stream, socket);
  g_autoptr (GBytes) nothing = g_bytes_new (NULL, 0);

  if (client)
    return kr_hub_soup_websocket_transport_new_upgraded (&wire, NULL, 0, clock, G_USEC_PER_SEC);
  return kr_hub_soup_websocket_transport_new (&wire, nothing, NULL, clock, G_USEC_PER_SEC);
}

static void
read_frames (int fd, gboolean from_client, const Sink *sink)
{
  KrHubSoupWebsocketParser parser;
  guint8 buffer[4096], *at = buffer, *piece;
  gssize n = recv (fd, buffer, sizeof buffer, MSG_DONTWAIT);
  gsize left, len, done = 0;

  g_assert_cmpint (n, >, N_PIECES);
  left = n;
  kr_hub_soup_websocket_parser_init (&parser, from_client ? KR_HUB_SOUP_WEBSOCKET_SERVER : KR_HUB_SOUP_WEBSOCKET_CLIENT);
  while (kr_hub_soup_websocket_parser_next (&parser, &at, &left, &piece, &len) == KR_HUB_SOUP_WEBSOCKET_EVENT_DATA)
    {
      g_assert_cmpmem (piece, len, sink->bytes + done, len);
      done += len;
    }
  g_assert_cmpuint (left, ==, 0);
  g_assert_cmpuint (done, ==, N_PIECES);
  g_assert_null (parser.violation);
  kr_hub_soup_websocket_parser_clear (&parser);
}

static gboolean
has_received (gpointer data)
{
  return ((Sink *) data)->received;
}

static gboolean
is_closed (gpointer data)
{
  return ((Sink *) data)->closed;
}

static void
test_many_pieces (gconstpointer data)
{
  gboolean client = GPOINTER_TO_INT (data);
  g_autoptr (KrHubClock) clock = kr_hub_clock_new (NULL);
  g_autoptr (KrHubTransport) transport = NULL;
  Sink sink = { .sent = 0 };
  int fds[2];

  for (guint i = 0; i < N_PIECES; i++)
    sink.bytes[i] = 'a' + i % 26;
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), ==, 0);
  transport = open_transport (client, fds[0], clock);
  kr_hub_transport_start (transport, &sink_funcs, &sink);
  kr_hub_transport_request_write (transport);
  /* One request is enough for all: nothing else will wake the transport up. */
  for (guint i = 0; i < 10; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (sink.sent, ==, N_PIECES);
  read_frames (fds[1], client, &sink);
  kr_hub_transport_abort (transport);
  kr_test_wait ("the end", is_closed, &sink);
  close (fds[1]);
}

/* --- before the end of the turn --- */

typedef struct
{
  KrHubTransport *transport;
  Sink sink;
  int peer;
} End;

static void
end_open (End *self, KrHubClock *clock)
{
  int fds[2];

  *self = (End) { NULL };
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), ==, 0);
  self->peer = fds[1];
  self->transport = open_transport (FALSE, fds[0], clock);
  self->sink.write_now = self->transport;
  kr_hub_transport_start (self->transport, &sink_funcs, &self->sink);
}

/* A frame with one byte. */
static void
end_send (End *self)
{
  const guint8 frame[] = { 0x82, 0x81, 0, 0, 0, 0, 'x' };

  g_assert_cmpint (send (self->peer, frame, sizeof frame, MSG_NOSIGNAL), ==, sizeof frame);
}

static void
end_clear (End *self)
{
  if (!self->sink.closed)
    kr_hub_transport_abort (self->transport);
  kr_test_wait ("the end", is_closed, &self->sink);
  g_object_unref (self->transport);
  if (self->peer >= 0)
    close (self->peer);
}

/* As much as one write takes; the rest at the end of the turn. */
static void
test_now (void)
{
  g_autoptr (KrHubClock) clock = kr_hub_clock_new (NULL);
  End end;

  end_open (&end, clock);
  end_send (&end);
  kr_test_wait ("the frame", has_received, &end.sink);
  g_assert_cmpuint (end.sink.sent_inside, >, 0);
  g_assert_cmpuint (end.sink.sent_inside, <, N_PIECES);
  g_assert_cmpuint (end.sink.sent, ==, N_PIECES);
  read_frames (end.peer, FALSE, &end.sink);
  end_clear (&end);
}

/* The user hears of it, but not while it asks. */
static void
test_now_broken (void)
{
  g_autoptr (KrHubClock) clock = kr_hub_clock_new (NULL);
  End end;

  end_open (&end, clock);
  end_send (&end);
  g_assert_cmpint (close (end.peer), ==, 0);
  end.peer = -1;
  kr_test_wait ("the frame", has_received, &end.sink);
  g_assert_cmpuint (end.sink.sent, ==, 0);
  end_clear (&end);
}

/* Two that have something to read in the same turn are written to at its end only. */
static void
test_now_among_others (void)
{
  g_autoptr (KrHubClock) clock = kr_hub_clock_new (NULL);
  End ends[2];

  for (guint i = 0; i < 2; i++)
    end_open (&ends[i], clock);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  for (guint i = 0; i < 2; i++)
    end_send (&ends[i]);
  for (guint i = 0; i < 2; i++)
    {
      kr_test_wait ("the frame", has_received, &ends[i].sink);
      g_assert_cmpuint (ends[i].sink.sent_inside, ==, 0);
      g_assert_cmpuint (ends[i].sink.sent, ==, N_PIECES);
    }
  /* Alone again, with another one that is silent. */
  ends[0].sink.sent = 0;
  ends[0].sink.received = FALSE;
  end_send (&ends[0]);
  kr_test_wait ("the frame", has_received, &ends[0].sink);
  g_assert_cmpuint (ends[0].sink.sent_inside, >, 0);
  for (guint i = 0; i < 2; i++)
    end_clear (&ends[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/websocket-transport/many-pieces/server", GINT_TO_POINTER (FALSE), test_many_pieces);
  g_test_add_data_func ("/websocket-transport/many-pieces/client", GINT_TO_POINTER (TRUE), test_many_pieces);
  g_test_add_func ("/websocket-transport/now", test_now);
  g_test_add_func ("/websocket-transport/now/broken", test_now_broken);
  g_test_add_func ("/websocket-transport/now/among-others", test_now_among_others);
  return g_test_run ();
}
