/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A client at a server that answers what no server should: the error is clear and in time, and nothing is left. */
#include "config.h"

#include <krhub-soup.h>

#include <string.h>

#include "kr-test.h"

#define OFFER(transports) \
  "{\"negotiateVersion\":1,\"connectionId\":\"id\",\"connectionToken\":\"token\",\"availableTransports\":[" transports "]}"
#define OFFERS \
  "{\"transport\":\"WebSockets\",\"transferFormats\":[\"Text\",\"Binary\"]}," \
  "{\"transport\":\"ServerSentEvents\",\"transferFormats\":[\"Text\"]}," \
  "{\"transport\":\"LongPolling\",\"transferFormats\":[\"Text\",\"Binary\"]}"

/* How an answer ends. */
typedef enum
{
  END_CLOSE,
  END_OPEN,     /* nothing follows, and nothing ends */
  END_ENDLESS,  /* the last byte again and again */
} End;

/* What is answered so; the negotiation goes well otherwise. */
typedef enum
{
  NEGOTIATE = 1 << 0,
  WS = 1 << 1,
  SSE = 1 << 2,
  POLL = 1 << 3,
  ALL = 1 << 4,   /* each of the three, one after the other */
  ANY = NEGOTIATE | WS | SSE | POLL,
} Places;

static const struct
{
  const char *name;
  Places place;
  KrHubTransportFlags transport;
} places[] = {
  { "negotiate", NEGOTIATE, KR_HUB_TRANSPORT_WEBSOCKETS },
  { "websocket", WS, KR_HUB_TRANSPORT_WEBSOCKETS },
  { "sse", SSE, KR_HUB_TRANSPORT_SERVER_SENT_EVENTS },
  { "polling", POLL, KR_HUB_TRANSPORT_LONG_POLLING },
  { "all", ALL, KR_HUB_TRANSPORT_ALL },
};

typedef struct
{
  const char *name;
  Places places;          /* each is a test */
  const char *answer;     /* @KEY@ is the answer to the WebSocket's key */
  End end;
  const char *expected;   /* in the error */
} Row;

/* A row at one of its places. */
typedef struct
{
  const Row *row;
  gboolean at_negotiation;
  KrHubTransportFlags transport;
} Case;

typedef struct
{
  const Case *c;
  GSocketService *service;
  guint16 port;
  GPtrArray *peers;         /* of Peer */
  KrHubClient *client;
} Fixture;

/* --- the server --- */

typedef struct
{
  Fixture *f;               /* NULL: the test is over */
  GSocketConnection *connection;
  GCancellable *cancellable;
  GString *head;
  char *answer;             /* being written */
  char buffer[1024];        /* what follows it for ever */
  End end;
} Peer;

static void read_head (Peer *self);

static void
peer_free (gpointer data)
{
  Peer *self = data;

  g_object_unref (self->connection);
  g_object_unref (self->cancellable);
  g_string_free (self->head, TRUE);
  g_free (self->answer);
  g_free (self);
}

static void
peer_close (Peer *self)
{
  g_io_stream_close (G_IO_STREAM (self->connection), NULL, NULL);
}

static void write_answer (Peer *self, const char *data, gsize len);

static void
written (GObject *source, GAsyncResult *result, gpointer data)
{
  Peer *self = data;

  if (!g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, NULL, NULL) || self->end == END_CLOSE)
    peer_close (self);
  else if (self->end == END_ENDLESS)
    write_answer (self, self->buffer, sizeof self->buffer);
}

static void
write_answer (Peer *self, const char *data, gsize len)
{
  g_output_stream_write_all_async (g_io_stream_get_output_stream (G_IO_STREAM (self->connection)), data, len,
                                   G_PRIORITY_DEFAULT, self->cancellable, written, self);
}

static char *
accept_key (Peer *self)
{
  const char *key = strstr (self->head->str, "Sec-WebSocket-Key: ");
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA1);
  guint8 digest[20];
  gsize len = sizeof digest;

  if (key == NULL)
    return g_strdup ("");
  key += strlen ("Sec-WebSocket-Key: ");
  g_checksum_update (checksum, (const guchar *) key, strcspn (key, "\r\n"));
  g_checksum_update (checksum, (const guchar *) "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", -1);
  g_checksum_get_digest (checksum, digest, &len);
  return g_base64_encode (digest, len);
}

static void
answer_row (Peer *self)
{
  const Row *row = self->f->c->row;
  g_autofree char *key = accept_key (self);
  g_auto (GStrv) parts = g_strsplit (row->answer, "@KEY@", 2);

  self->answer = g_strjoinv (key, parts);
  self->end = row->end;
  memset (self->buffer, self->answer[strlen (self->answer) - 1], sizeof self->buffer);
  write_answer (self, self->answer, strlen (self->answer));
}

static void
answer (Peer *self)
{
  gboolean negotiation = g_str_has_prefix (self->head->str, "POST ") && strstr (self->head->str, "/negotiate?") != NULL;

  if (negotiation == self->f->c->at_negotiation)
    answer_row (self);
  else if (negotiation)
    {
      self->answer = g_strdup_printf ("HTTP/1.1 200 OK\r\nContent-Length: %u\r\nConnection: close\r\n\r\n%s",
                                      (guint) strlen (OFFER (OFFERS)), OFFER (OFFERS));
      write_answer (self, self->answer, strlen (self->answer));
    }
}

static void
has_read (GObject *source, GAsyncResult *result, gpointer data)
{
  Peer *self = data;
  g_autoptr (GBytes) bytes = g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, NULL);
  gsize len;
  const char *text;

  text = bytes != NULL ? g_bytes_get_data (bytes, &len) : NULL;
  if (text == NULL || len == 0 || self->f == NULL)
    {
      peer_close (self);
      return;
    }
  /* What follows the head is not interesting. */
  if (strstr (self->head->str, "\r\n\r\n") == NULL)
    {
      g_string_append_len (self->head, text, len);
      if (strstr (self->head->str, "\r\n\r\n") != NULL)
        answer (self);
    }
  read_head (self);
}

static void
read_head (Peer *self)
{
  g_input_stream_read_bytes_async (g_io_stream_get_input_stream (G_IO_STREAM (self->connection)), 4096, G_PRIORITY_DEFAULT,
                                   self->cancellable, has_read, self);
}

static gboolean
incoming (GSocketService *service, GSocketConnection *connection, GObject *source, gpointer data)
{
  Fixture *f = data;
  Peer *self = g_new0 (Peer, 1);

  self->f = f;
  self->connection = g_object_ref (connection);
  self->cancellable = g_cancellable_new ();
  self->head = g_string_new (NULL);
  g_ptr_array_add (f->peers, self);
  read_head (self);
  return TRUE;
}

/* --- the client --- */

static void
set_up (Fixture *f, const Case *c)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) effective = NULL;
  g_autoptr (SoupSession) session = soup_session_new ();
  g_autoptr (KrHubSoupConnector) connector = NULL;
  g_autofree char *url = NULL;
  g_autoptr (GError) error = NULL;

  f->c = c;
  f->peers = g_ptr_array_new_with_free_func (peer_free);
  f->service = g_socket_service_new ();
  g_socket_listener_add_address (G_SOCKET_LISTENER (f->service), address, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL,
                                 &effective, &error);
  g_assert_no_error (error);
  f->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (effective));
  g_signal_connect (f->service, "incoming", G_CALLBACK (incoming), f);
  soup_session_set_proxy_resolver (session, NULL);
  url = g_strdup_printf ("http://127.0.0.1:%u/hub", f->port);
  connector = kr_hub_soup_connector_new (url, session, &error);
  g_assert_no_error (error);
  g_object_set (connector, "transports", c->transport, "max-answer-size", (guint64) 100000, NULL);
  f->client = kr_hub_client_new_for_connector (KR_HUB_CONNECTOR (connector));
  g_object_set (f->client, "connect-timeout", (gint64) (G_USEC_PER_SEC / 2), NULL);
}

static gboolean
all_closed (gpointer data)
{
  Fixture *f = data;

  for (guint i = 0; i < f->peers->len; i++)
    if (!g_io_stream_is_closed (G_IO_STREAM (((Peer *) f->peers->pdata[i])->connection)))
      return FALSE;
  return TRUE;
}

static void
tear_down (Fixture *f)
{
  g_assert_finalize_object (f->client);
  g_socket_service_stop (f->service);
  g_socket_listener_close (G_SOCKET_LISTENER (f->service));
  for (guint i = 0; i < f->peers->len; i++)
    {
      Peer *peer = f->peers->pdata[i];

      peer->f = NULL;
      g_cancellable_cancel (peer->cancellable);
    }
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_object_unref (f->service);
  g_ptr_array_unref (f->peers);
}

static void
test (gconstpointer data)
{
  const Case *c = data;
  const Row *row = c->row;
  Fixture f = { 0 };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gint64 begin = g_get_monotonic_time ();

  set_up (&f, c);
  kr_hub_client_start_async (f.client, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("the end", &result);
  g_assert_false (kr_hub_client_start_finish (f.client, result, &error));
  if (strstr (error->message, row->expected) == NULL)
    g_error ("'%s' is not in: %s", row->expected, error->message);
  g_assert_error (kr_hub_client_get_last_error (f.client), error->domain, error->code);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, KR_TEST_DEADLINE * G_USEC_PER_SEC / 2);
  g_clear_object (&result);
  if (row->end != END_CLOSE)
    kr_test_wait ("the end of all connections", all_closed, &f);
  tear_down (&f);
}

#define OK "HTTP/1.1 200 OK\r\n"
#define SWITCH_TO "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "
#define SWITCH SWITCH_TO "websocket\r\nSec-WebSocket-Accept: @KEY@\r\n"
#define EVENTS OK "Content-Type: text/event-stream\r\n\r\n"
#define HANDSHAKE_UNREADABLE "The hub's handshake cannot be read"

static const Row rows[] = {
  /* --- anywhere --- */
  { "silent", ANY, "H", END_OPEN, "Connecting took too long" },
  { "server-error", ANY, "HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\noops", END_CLOSE, "The server answered 500 (Oops)" },
  { "not-found", ANY, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", END_CLOSE, "The server answered 404 (Not Found)" },
  { "half", NEGOTIATE | POLL, OK "Content-Length: 1000\r\n\r\n{", END_OPEN, "Connecting took too long" },
  { "short", NEGOTIATE | POLL, OK "Content-Length: 1000\r\n\r\n{", END_CLOSE, "Connection terminated unexpectedly" },
  { "endless", NEGOTIATE | POLL, OK "\r\n{\"a\":\"x", END_ENDLESS, "more than 100000 bytes" },
  { "endless-head", NEGOTIATE | SSE | POLL, OK "X-Long: x", END_ENDLESS, "Header too big" },
  { "no-http", NEGOTIATE | SSE | POLL, "hello\r\n\r\n", END_CLOSE, "Could not parse HTTP response" },
  { "redirect-away", NEGOTIATE | SSE | POLL, "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
    END_CLOSE, "Location" },
  { "refused", ALL, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", END_CLOSE,
    "Unable to connect to the server with any of the available transports. WebSockets failed: The server answered 503 (Busy) "
    "ServerSentEvents failed: The server answered 503 (Busy) LongPolling failed: The server answered 503 (Busy)" },
  /* --- negotiation --- */
  { "html", NEGOTIATE, OK "Content-Type: text/html\r\n\r\n<html>Log in first</html>",
    END_CLOSE, "Invalid negotiation response received." },
  { "empty", NEGOTIATE, OK "Content-Length: 0\r\n\r\n", END_CLOSE, "Invalid negotiation response received." },
  { "no-content", NEGOTIATE, "HTTP/1.1 204 No Content\r\n\r\n", END_CLOSE, "Invalid negotiation response received." },
  { "refused", NEGOTIATE, OK "\r\n{\"error\":\"not today\"}", END_CLOSE, "not today" },
  { "old-signalr", NEGOTIATE, OK "\r\n{\"ProtocolVersion\":\"1.5\",\"Url\":\"/x\"}", END_CLOSE, "ASP.NET SignalR Server" },
  { "no-transports", NEGOTIATE, OK "\r\n" OFFER (""), END_CLOSE, "None of the transports supported by the client" },
  { "foreign-transports", NEGOTIATE, OK "\r\n" OFFER ("{\"transport\":\"Pigeons\",\"transferFormats\":[\"Text\"]}"),
    END_CLOSE, "None of the transports supported by the client" },
  { "no-id", NEGOTIATE, OK "\r\n{\"availableTransports\":[{\"transport\":\"WebSockets\",\"transferFormats\":[\"Text\"]}]}",
    END_CLOSE, "Missing required property 'connectionId'." },
  { "wrong-types", NEGOTIATE, OK "\r\n{\"connectionId\":1,\"availableTransports\":5}",
    END_CLOSE, "Expected 'connectionId' to be of type String." },
  { "invalid-utf8", NEGOTIATE, OK "\r\n{\"error\":\"\xff\xfe\"}", END_CLOSE, "Invalid negotiation response received." },
  { "deep", NEGOTIATE, OK "\r\n[", END_ENDLESS, "more than 100000 bytes" },
  { "redirect-loop", NEGOTIATE,
    "HTTP/1.1 307 Again\r\nLocation: /hub/negotiate?again\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    END_CLOSE, "The server answered 307" },
  /* --- WebSocket: its handshake, then its frames --- */
  { "ok-instead", WS, OK "Content-Length: 0\r\n\r\n", END_CLOSE, "WebSockets failed: The server answered 200 (OK)" },
  { "no-http", WS, "\x81\x05hello\r\n\r\n", END_CLOSE, "is not HTTP" },
  { "wrong-key", WS, SWITCH_TO "websocket\r\nSec-WebSocket-Accept: x@KEY@\r\n\r\n", END_CLOSE, "a wrong Sec-WebSocket-Accept" },
  { "no-key", WS, SWITCH_TO "websocket\r\n\r\n", END_CLOSE, "a wrong Sec-WebSocket-Accept" },
  { "no-upgrade", WS, "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: @KEY@\r\n\r\n", END_CLOSE, "a wrong Upgrade" },
  { "other-upgrade", WS, SWITCH_TO "h2c\r\nSec-WebSocket-Accept: @KEY@\r\n\r\n", END_CLOSE, "a wrong Upgrade" },
  { "extension", WS, SWITCH "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
    END_CLOSE, "a wrong Sec-WebSocket-Extensions" },
  { "subprotocol", WS, SWITCH "Sec-WebSocket-Protocol: chat\r\n\r\n", END_CLOSE, "a wrong Sec-WebSocket-Protocol" },
  { "endless-head", WS, SWITCH "X-Long: x", END_ENDLESS, "is too long" },
  { "closes", WS, SWITCH "\r\n", END_CLOSE, "The peer left without a close frame" },
  { "masked", WS, SWITCH "\r\n\x81\x82" "abcd\x1a\x1f", END_OPEN, "WebSocket: frame masked" },
  { "reserved", WS, SWITCH "\r\n\xc1\x03{}\x1e", END_OPEN, "WebSocket: reserved bit set" },
  { "opcode", WS, SWITCH "\r\n\x83\x03{}\x1e", END_OPEN, "WebSocket: unknown opcode" },
  { "control-too-long", WS, SWITCH "\r\n\x89\x7e\x01\x01", END_OPEN, "WebSocket: control frame too long" },
  { "control-in-pieces", WS, SWITCH "\r\n\x09\x01" "a", END_OPEN, "WebSocket: control frame in pieces" },
  { "continues-nothing", WS, SWITCH "\r\n\x80\x03{}\x1e", END_OPEN, "WebSocket: continuation without a message" },
  { "giant-frame", WS, SWITCH "\r\n\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xffx",
    END_ENDLESS, "The maximum message size of 1048576B was exceeded." },
  { "negative-frame", WS, SWITCH "\r\n\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xffx",
    END_ENDLESS, "WebSocket: length with the top bit set" },
  { "invalid-utf8", WS, SWITCH "\r\n\x81\x04\xff\xfe{\x1e", END_OPEN, "WebSocket: text is not UTF-8" },
  { "close-code", WS, SWITCH "\r\n\x88\x02\x03\xf3", END_OPEN, "The connection ended before the handshake was done" },
  { "close-half", WS, SWITCH "\r\n\x88\x01\x03", END_OPEN, "WebSocket: close code cut in half" },
  { "no-handshake", WS, SWITCH "\r\n\x81\x0b{\"type\":6}\x1e", END_OPEN, "Expected a handshake response from the server." },
  { "endless-message", WS, SWITCH "\r\n\x81\x7f\x01\x01\x01\x01\x01\x01\x01\x01x",
    END_ENDLESS, "The maximum message size of 1048576B was exceeded." },
  /* --- server-sent events --- */
  { "html", SSE, OK "Content-Type: text/html\r\n\r\n<html>Log in first</html>",
    END_OPEN, "The server's answer is no text/event-stream" },
  { "no-type", SSE, OK "\r\ndata: {}\x1e\r\n\r\n", END_OPEN, "The server's answer is no text/event-stream" },
  { "no-content", SSE, "HTTP/1.1 204 No Content\r\n\r\n", END_CLOSE, "The server's answer is no text/event-stream" },
  { "closes", SSE, EVENTS ":\r\n", END_CLOSE, "The connection ended before the handshake was done" },
  { "garbage", SSE, EVENTS "data: no json\x1e\r\n\r\n", END_OPEN, HANDSHAKE_UNREADABLE },
  { "endless-line", SSE, EVENTS "data: x", END_ENDLESS, "An event exceeds the limit" },
  { "endless-empty", SSE, EVENTS "\n", END_ENDLESS, "more than 100000 bytes" },
  /* --- polls --- */
  { "no-content", POLL, "HTTP/1.1 204 No Content\r\n\r\n", END_CLOSE, "The connection ended before the handshake was done" },
  { "garbage", POLL, OK "Content-Length: 8\r\nConnection: close\r\n\r\nno json\x1e", END_CLOSE, HANDSHAKE_UNREADABLE },
};

static void
add (const Row *row, guint place)
{
  g_autofree char *path = g_strdup_printf ("/hostile-http/%s/%s", places[place].name, row->name);
  Case *c = g_new (Case, 1);

  *c = (Case) { row, places[place].place == NEGOTIATE, places[place].transport };
  g_test_add_data_func_full (path, c, test, g_free);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    for (guint j = 0; j < G_N_ELEMENTS (places); j++)
      if (rows[i].places & places[j].place)
        add (&rows[i], j);
  return kr_test_run ();
}
