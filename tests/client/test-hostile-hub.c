/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A client at a hub that says what no hub should: each call ends once, the error is clear, and nothing is left. */
#include "config.h"

#include <krhub.h>

#include <string.h>

#include "kr-test.h"

#define SECOND ((gint64) G_USEC_PER_SEC)

typedef struct
{
  KrHubClock *clock;
  KrHubClient *client;
  KrHubMemoryTransport *hub_end, *client_end;
  GByteArray *output;  /* of the hub */
  GString *received;   /* by it; 0x1E shown as ; */
  gboolean closed;     /* the hub's end */
  GString *log;        /* what the client's user heard, in order */
  GString *all;        /* the same of the whole test */
  KrHubStream *stream; /* S; NULL: not begun */
} Fixture;

/* --- the hub --- */

static void
received (gpointer sink, const guint8 *data, gsize len)
{
  Fixture *f = sink;

  for (gsize i = 0; i < len; i++)
    g_string_append_c (f->received, data[i] == 0x1e ? ';' : data[i]);
}

static gsize
peek (gpointer sink, GOutputVector *vectors, gsize max_vectors, gsize *n_bytes)
{
  Fixture *f = sink;

  *n_bytes = f->output->len;
  if (f->output->len == 0)
    return 0;
  vectors[0] = (GOutputVector) { f->output->data, f->output->len };
  return 1;
}

static void
sent (gpointer sink, gsize n_bytes)
{
  g_byte_array_remove_range (((Fixture *) sink)->output, 0, n_bytes);
}

static void
closed (gpointer sink, const GError *error)
{
  ((Fixture *) sink)->closed = TRUE;
}

static const KrHubTransportSink sink_funcs = { received, peek, sent, closed };

static void
advance (Fixture *f, gint64 microseconds)
{
  for (gint64 step = CLAMP (microseconds / 20, 1000, SECOND); microseconds > 0; microseconds -= step)
    {
      kr_hub_clock_advance (f->clock, MIN (step, microseconds));
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }
}

static void
say_bytes (Fixture *f, const void *data, gsize len)
{
  g_byte_array_append (f->output, data, len);
  if (!f->closed)
    kr_hub_transport_request_write (KR_HUB_TRANSPORT (f->hub_end));
  advance (f, SECOND / 100);
}

/* Each ; stands for 0x1E. */
static void
say (Fixture *f, const char *text)
{
  g_autofree char *copy = g_strdup (text);

  say_bytes (f, g_strdelimit (copy, ";", 0x1e), strlen (text));
}

/* --- the client --- */

static void
on_closed (KrHubClient *client, const GError *error, gpointer data)
{
  g_string_append_printf (((Fixture *) data)->log, "closed: %s|", error != NULL ? error->message : "fine");
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->clock = kr_hub_clock_new_virtual (SECOND);
  f->client = kr_hub_client_new (f->clock);
  f->output = g_byte_array_new ();
  f->received = g_string_new (NULL);
  f->log = g_string_new (NULL);
  f->all = g_string_new (NULL);
  kr_hub_memory_transport_new_pair (f->clock, &f->hub_end, &f->client_end);
  kr_hub_transport_start (KR_HUB_TRANSPORT (f->hub_end), &sink_funcs, f);
  g_signal_connect (f->client, "closed", G_CALLBACK (on_closed), f);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_signal_handlers_disconnect_by_data (f->client, f);
  g_clear_object (&f->stream);
  g_assert_finalize_object (f->client);
  advance (f, 20 * SECOND);
  if (!f->closed)
    kr_hub_transport_abort (KR_HUB_TRANSPORT (f->hub_end));
  advance (f, SECOND);
  g_assert_true (f->closed);
  g_assert_finalize_object (f->hub_end);
  g_assert_finalize_object (f->client_end);
  g_assert_finalize_object (f->clock);
  g_byte_array_unref (f->output);
  g_string_free (f->received, TRUE);
  g_string_free (f->log, TRUE);
  g_string_free (f->all, TRUE);
}

static void
connected (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *f = data;
  g_autoptr (GError) error = NULL;

  if (kr_hub_client_connect_finish (KR_HUB_CLIENT (source), result, &error))
    g_string_append (f->log, "connected|");
  else
    g_string_append_printf (f->log, "not connected: %s|", error->message);
}

static void
connect_client (Fixture *f)
{
  kr_hub_client_connect_async (f->client, KR_HUB_TRANSPORT (f->client_end), NULL, connected, f);
  advance (f, SECOND / 100);
}

typedef struct
{
  Fixture *f;
  const char *name;
} Wait;

static Wait *
wait_new (Fixture *f, const char *name)
{
  Wait *self = g_new (Wait, 1);

  *self = (Wait) { f, name };
  return self;
}

static void
note (Wait *self, GVariant *value, const GError *error)
{
  g_autofree char *text =
    error != NULL ? g_strdup_printf ("error %s", error->message) : value != NULL ? g_variant_print (value, FALSE) : g_strdup ("end");

  g_string_append_printf (self->f->log, "%s: %s|", self->name, text);
}

static void
answered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Wait *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = kr_hub_client_invoke_finish (KR_HUB_CLIENT (source), result, &error);

  note (self, value, error);
}

static void
next (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Wait *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) item = kr_hub_stream_next_finish (KR_HUB_STREAM (source), result, &error);

  note (self, item, error);
  if (item != NULL)
    kr_hub_stream_next_async (KR_HUB_STREAM (source), NULL, next, wait_new (self->f, self->name));
}

static void
call (Fixture *f, const char *name, const char *type)
{
  kr_hub_client_invoke_async (f->client, name, NULL, (const GVariantType *) type, NULL, answered, wait_new (f, name));
}

/* @expected NULL: whatever it is. */
static void
assert_log (Fixture *f, const char *expected)
{
  if (expected != NULL)
    g_assert_cmpstr (f->log->str, ==, expected);
  g_string_append (f->all, f->log->str);
  g_string_truncate (f->log, 0);
}

/* --- handshakes --- */

#define UNREADABLE "The hub's handshake cannot be read: "

static const struct
{
  const char *name, *says, *expected;
} handshakes[] = {
  { "silence", "", "not connected: The handshake took too long|" },
  { "half", "{}", "not connected: The handshake took too long|" },
  { "refused", "{\"error\":\"go away\"};", "not connected: go away|" },
  { "message", "{\"type\":6};", "not connected: " UNREADABLE "Expected a handshake response from the server.|" },
  { "no-json", "hello;",
    "not connected: " UNREADABLE "'h' is an invalid start of a value. LineNumber: 0 | BytePositionInLine: 0.|" },
  { "list", "[];", "not connected: " UNREADABLE "Unexpected JSON Token Type 'Array'. Expected a JSON Object.|" },
  { "invalid-utf8", "{\"error\":\"\xff\"};",
    "not connected: " UNREADABLE "Cannot transcode invalid UTF-8 JSON text to UTF-16 string.|" },
  { "error-number", "{\"error\":5};", "not connected: " UNREADABLE "Expected 'error' to be of type String.|" },
  { "empty", ";", "not connected: " UNREADABLE "The input does not contain any JSON tokens. Expected the input to start "
                  "with a valid JSON token, when isFinalBlock is true. LineNumber: 0 | BytePositionInLine: 0.|" },
  { "deep", NULL, "not connected: " UNREADABLE "The maximum configured depth of 64 has been exceeded. Cannot read next JSON "
                  "array. LineNumber: 0 | BytePositionInLine: 68.|" },
  { "giant", NULL, "not connected: " UNREADABLE "The maximum message size of 1048576B was exceeded.|" },
  { "twice", "{};{};", "closed: The hub's message cannot be read: Missing required property 'type'.|connected|" },
  { "close-behind", "{};{\"type\":7,\"error\":\"bye\"};", "closed: bye|connected|" },
};

/* Enough of it to break what counts neither depth nor bytes. */
static char *
new_deep (const char *before, const char *after)
{
  g_autoptr (GString) text = g_string_new (before);

  for (guint i = 0; i < 100000; i++)
    g_string_append_c (text, '[');
  g_string_append (text, after);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static char *
new_giant (const char *before, gsize n)
{
  g_autofree char *filler = g_strnfill (n, 'x');

  return g_strconcat (before, filler, NULL);
}

static void
test_handshake (Fixture *f, gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  g_autofree char *made = NULL;

  if (g_str_equal (handshakes[i].name, "deep"))
    made = new_deep ("{\"x\":", ";");
  else if (g_str_equal (handshakes[i].name, "giant"))
    made = new_giant ("{\"x\":\"", 3 * 1024 * 1024);
  connect_client (f);
  g_assert_cmpstr (f->received->str, ==, "{\"protocol\":\"json\",\"version\":1};");
  say (f, made != NULL ? made : handshakes[i].says);
  advance (f, 16 * SECOND);
  assert_log (f, handshakes[i].expected);
}

/* --- messages --- */

#define UNREADABLE_MESSAGE "The hub's message cannot be read: "

/* A: call 0 of type s, B: call 1 of any type, S: stream 2 of type i, U: call 3 with an upload 4. */
typedef struct
{
  const char *name, *says;
  const char *heard;    /* what the user is told of it */
  const char *answer;   /* what the hub is */
} Row;

/* After these the connection goes on. */
static const Row oddities[] = {
  { "out-of-order",
    "{\"type\":3,\"invocationId\":\"1\",\"result\":1};"
    "{\"type\":3,\"invocationId\":\"0\",\"result\":\"a\"};",
    "B: <int64 1>|A: 'a'|" },
  { "unknown-completion",
    "{\"type\":3,\"invocationId\":\"77\",\"result\":1};{\"type\":3,\"invocationId\":\"s1\"};",
    "" },
  { "unknown-item",
    "{\"type\":2,\"invocationId\":\"77\",\"item\":1};",
    "" },
  { "completed-twice",
    "{\"type\":3,\"invocationId\":\"0\",\"result\":\"a\"};"
    "{\"type\":3,\"invocationId\":\"0\",\"result\":\"b\"};",
    "A: 'a'|" },
  { "other-type",
    "{\"type\":3,\"invocationId\":\"0\",\"result\":[1]};",
    "A: error The hub's answer does not fit the type 's': "
    "The JSON value could not be converted to System.String. Path: $ | LineNumber: 0 |"
    " BytePositionInLine: 1.|" },
  { "null",
    "{\"type\":3,\"invocationId\":\"0\",\"result\":null};"
    "{\"type\":3,\"invocationId\":\"1\",\"result\":null};",
    "A: error The hub's answer does not fit the type 's': "
    "The result is null; ask for the type 'ms' if it may be.|B: <@mv nothing>|" },
  { "no-result",
    "{\"type\":3,\"invocationId\":\"0\"};{\"type\":3,\"invocationId\":\"1\"};",
    "A: ()|B: ()|" },
  { "empty-error",
    "{\"type\":3,\"invocationId\":\"0\",\"error\":\"\"};{\"type\":3,\"invocationId\":\"2\",\"error\":\"\"};",
    "A: error The hub failed, and does not say why|S: error The hub failed, and does not say why|" },
  { "item-for-call",
    "{\"type\":2,\"invocationId\":\"0\",\"item\":\"a\"};",
    "" },
  { "result-for-stream",
    "{\"type\":3,\"invocationId\":\"2\",\"result\":5};",
    "S: end|" },
  { "stream-ends-twice",
    "{\"type\":2,\"invocationId\":\"2\",\"item\":5};{\"type\":3,\"invocationId\":\"2\"};"
    "{\"type\":3,\"invocationId\":\"2\",\"error\":\"x\"};"
    "{\"type\":2,\"invocationId\":\"2\",\"item\":6};",
    "S: 5|S: end|" },
  { "stream-item-type",
    "{\"type\":2,\"invocationId\":\"2\",\"item\":\"no\"};"
    "{\"type\":2,\"invocationId\":\"2\",\"item\":6};",
    "S: error An item of the hub's does not fit the type 'i': "
    "The JSON value could not be converted to System.Int32. Path: $ | LineNumber: 0 |"
    " BytePositionInLine: 4.|",
    "{\"type\":5,\"invocationId\":\"2\"};" },
  { "upload-completed",
    "{\"type\":3,\"invocationId\":\"4\"};{\"type\":2,\"invocationId\":\"4\",\"item\":1};"
    "{\"type\":5,\"invocationId\":\"4\"};",
    "" },
  { "cancel-nothing",
    "{\"type\":5,\"invocationId\":\"77\"};{\"type\":5,\"invocationId\":\"0\"};",
    "" },
  { "stream-invocation",
    "{\"type\":4,\"invocationId\":\"9\",\"target\":\"T\",\"arguments\":[]};",
    "",
    "{\"type\":3,\"invocationId\":\"9\",\"error\":\"Client didn't provide a result.\"};" },
  { "unknown-handler",
    "{\"type\":1,\"target\":\"Nobody\",\"arguments\":[1]};"
    "{\"type\":1,\"invocationId\":\"9\",\"target\":\"Nobody\",\"arguments\":[]};",
    "",
    "{\"type\":3,\"invocationId\":\"9\",\"error\":\"Client didn't provide a result.\"};" },
  { "wrong-arguments",
    "{\"type\":1,\"target\":\"Known\",\"arguments\":[1,2]};"
    "{\"type\":1,\"invocationId\":\"9\",\"target\":\"Known\",\"arguments\":[{}]};",
    "",
    "{\"type\":3,\"invocationId\":\"9\",\"error\":\"Client failed to parse argument(s).\"};" },
  { "uploads-to-client",
    "{\"type\":1,\"target\":\"Known\",\"arguments\":[\"a\"],\"streamIds\":[\"1\"]};",
    "" },
  { "ack-and-sequence",
    "{\"type\":8,\"sequenceId\":5};{\"type\":9,\"sequenceId\":5};",
    "" },
  { "unknown-type",
    "{\"type\":99};{\"type\":-1};{\"type\":0,\"x\":[]};",
    "" },
  { "pings",
    "{\"type\":6};{\"type\":6};{\"type\":6};{\"type\":6};",
    "" },
  { "trailing",
    "{\"type\":6}{\"type\":6};",
    "" },
  { "invalid-utf8",
    "{\"type\":3,\"invocationId\":\"0\",\"result\":\"\xc3(\"};",
    "A: error The hub's answer does not fit the type 's': "
    "The JSON value could not be converted to System.String. Path: $ | LineNumber: 0 |"
    " BytePositionInLine: 4.|" },
};

/* These end it, and all that waits, for the same reason. */
static const Row offences[] = {
  { "error-and-result", "{\"type\":3,\"invocationId\":\"0\",\"result\":\"a\",\"error\":\"b\"};",
    UNREADABLE_MESSAGE "The 'error' and 'result' properties are mutually exclusive." },
  { "type-text", "{\"type\":\"1\"};", UNREADABLE_MESSAGE "Expected 'type' to be of type Number." },
  { "no-type", "{\"target\":\"x\"};", UNREADABLE_MESSAGE "Missing required property 'type'." },
  { "no-target", "{\"type\":1,\"arguments\":[]};",
    UNREADABLE_MESSAGE "Missing required property 'target'." },
  { "no-id", "{\"type\":3,\"result\":1};",
    UNREADABLE_MESSAGE "Missing required property 'invocationId'." },
  { "id-number", "{\"type\":3,\"invocationId\":0,\"result\":1};",
    UNREADABLE_MESSAGE "Expected 'invocationId' to be of type String." },
  { "no-json", "what?;", UNREADABLE_MESSAGE "Error reading JSON." },
  { "list", "[1,2];",
    UNREADABLE_MESSAGE "Unexpected JSON Token Type 'Array'. Expected a JSON Object." },
  { "empty", ";;", UNREADABLE_MESSAGE "Error reading JSON." },
  { "deep", NULL, UNREADABLE_MESSAGE "Error reading JSON." },
  { "giant", NULL, UNREADABLE_MESSAGE "The maximum message size of 1048576B was exceeded." },
  { "endless", NULL, UNREADABLE_MESSAGE "The maximum message size of 1048576B was exceeded." },
  { "binary", "\x01\x02\x03\xff\xfe;", UNREADABLE_MESSAGE "Error reading JSON." },
  { "close-error", "{\"type\":7,\"error\":\"you are out\",\"allowReconnect\":false};", "you are out" },
};

/* These end it in good order. */
static const Row farewells[] = {
  { "close", "{\"type\":7};" },
  { "close-and-more", "{\"type\":7};{\"type\":3,\"invocationId\":\"0\",\"result\":\"late\"};" },
};

static void
known (KrHubInvocation *invocation, gpointer data)
{
  g_string_append_printf (data, "known %s|", kr_hub_invocation_get_string (invocation, 0));
  kr_hub_invocation_return_void (invocation);
}

/* The hub is as it should be again: a call is answered. */
static void
assert_alive (Fixture *f)
{
  call (f, "Alive", "s");
  advance (f, SECOND / 100);
  say (f, "{\"type\":3,\"invocationId\":\"5\",\"result\":\"yes\"};");
  assert_log (f, "Alive: 'yes'|");
}

static void
begin (Fixture *f)
{
  g_autoptr (KrHubStream) upload = kr_hub_stream_new ();
  KrHubStream *const uploads[] = { upload, NULL };

  kr_hub_client_add_handler (f->client, "Known", "(s)", known, f->log, NULL);
  connect_client (f);
  say (f, "{};");
  assert_log (f, "connected|");
  call (f, "A", "s");
  call (f, "B", NULL);
  f->stream = kr_hub_client_stream (f->client, "S", NULL, NULL, G_VARIANT_TYPE_INT32, NULL);
  kr_hub_stream_next_async (f->stream, NULL, next, wait_new (f, "S"));
  kr_hub_client_upload_async (f->client, "U", NULL, uploads, NULL, NULL, answered, wait_new (f, "U"));
  advance (f, SECOND / 100);
  g_string_truncate (f->received, 0);
}

static guint
count (const char *text, const char *part)
{
  guint n = 0;

  for (const char *at = text; (at = strstr (at, part)) != NULL; at += strlen (part))
    n++;
  return n;
}

/* Each of what was begun has ended once. */
static void
assert_ended (Fixture *f)
{
  g_assert_cmpuint (count (f->all->str, "A: "), ==, 1);
  g_assert_cmpuint (count (f->all->str, "B: "), ==, 1);
  g_assert_cmpuint (count (f->all->str, "U: "), ==, 1);
  g_assert_cmpuint (count (f->all->str, "S: end|") + count (f->all->str, "S: error"), ==, 1);
  g_assert_cmpuint (count (f->all->str, "closed: "), ==, 1);
}

static void
test_oddity (Fixture *f, gconstpointer data)
{
  const Row *row = data;

  begin (f);
  say (f, row->says);
  g_assert_cmpstr (f->received->str, ==, row->answer != NULL ? row->answer : "");
  assert_log (f, row->heard);
  assert_alive (f);
  kr_hub_transport_abort (KR_HUB_TRANSPORT (f->hub_end));
  advance (f, SECOND);
  assert_log (f, NULL);
  assert_ended (f);
}

static void
assert_ended_with (Fixture *f, const char *closed_for, const char *calls_for)
{
  g_autofree char *end = g_strdup_printf ("closed: %s|", closed_for);
  g_autofree char *calls = g_strdup_printf (": error %s|", calls_for);

  g_assert_cmpint (kr_hub_client_get_state (f->client), ==, KR_HUB_CLIENT_DISCONNECTED);
  g_assert_true (g_str_has_prefix (f->log->str, end));
  g_assert_cmpuint (count (f->log->str, calls), ==, 4);
  assert_log (f, NULL);
  assert_ended (f);
}

static void
test_offence (Fixture *f, gconstpointer data)
{
  const Row *row = data;
  g_autofree char *made = NULL;

  if (g_str_equal (row->name, "deep"))
    made = new_deep ("{\"type\":1,\"target\":\"Nobody\",\"arguments\":[", ";");
  else if (g_str_equal (row->name, "giant"))
    made = new_giant ("{\"type\":3,\"invocationId\":\"0\",\"result\":\"", 3 * 1024 * 1024);
  else if (g_str_equal (row->name, "endless"))
    made = new_giant ("", 3 * 1024 * 1024);
  begin (f);
  say (f, made != NULL ? made : row->says);
  assert_ended_with (f, row->heard, row->heard);
}

static void
test_farewell (Fixture *f, gconstpointer data)
{
  begin (f);
  say (f, ((const Row *) data)->says);
  assert_ended_with (f, "fine", "Invocation canceled due to the underlying connection being closed.");
}

/* --- MessagePack --- */

typedef struct
{
  const char *name;
  const char *says;    /* in hexadecimal */
  const char *heard;   /* NULL: nothing, and the connection goes on */
} BinaryRow;

static const BinaryRow binary_rows[] = {
  { "length-too-large", "ffffffff07", UNREADABLE_MESSAGE "The maximum message size of 1048576B was exceeded." },
  { "length-too-long", "808080808001", UNREADABLE_MESSAGE "Messages over 2GB in size are not supported." },
  { "length-overflows", "ffffffff7f", UNREADABLE_MESSAGE "Messages over 2GB in size are not supported." },
  { "empty", "00", UNREADABLE_MESSAGE "Attempted to read past the end of the stream." },
  { "no-array", "0106", UNREADABLE_MESSAGE "Unexpected msgpack code 6 (positive fixint) encountered." },
  { "never-used", "01c1", UNREADABLE_MESSAGE "Unexpected msgpack code 193 ((never used)) encountered." },
  { "empty-array", "0190", UNREADABLE_MESSAGE "Reading 'messageType' as Int32 failed." },
  { "cut-short", "0193", UNREADABLE_MESSAGE "Attempted to read past the end of the stream." },
  { "more-than-there-is", "06ddffffffff03", UNREADABLE_MESSAGE "Unexpected msgpack code 221 (array 32) encountered." },
  { "long-text", "0a9503" "80" "dbffffffff" "6161", UNREADABLE_MESSAGE "Reading 'invocationId' as String failed." },
  { "trailing", "03910606", NULL },
  { "unknown-type", "029163", NULL },
  { "unknown-id", "08950380a23737" "0301", NULL },
  { "id-number", "06950380000301", UNREADABLE_MESSAGE "Reading 'invocationId' as String failed." },
  { "invalid-utf8", "089503" "80a2fffe" "0301", NULL },
  { "kind", "07950380a130" "0901", UNREADABLE_MESSAGE "Invalid invocation result kind." },
  /* Arguments that nobody asks for. */
  { "deep", NULL, NULL },
};

static void
say_hex (Fixture *f, const char *hex)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  for (; *hex != '\0'; hex += 2)
    {
      guint8 byte = g_ascii_xdigit_value (hex[0]) << 4 | g_ascii_xdigit_value (hex[1]);

      g_byte_array_append (bytes, &byte, 1);
    }
  say_bytes (f, bytes->data, bytes->len);
}

static char *
new_deep_hex (void)
{
  /* 1012 bytes: an event T, whose arguments are arrays in arrays. */
  g_autoptr (GString) hex = g_string_new ("f407" "960180c0a154");

  while (hex->len < 2 * (2 + 0x3f4))
    g_string_append (hex, "91");
  return g_string_free (g_steal_pointer (&hex), FALSE);
}

static void
test_binary (Fixture *f, gconstpointer data)
{
  const BinaryRow *row = data;
  g_autofree char *deep = row->says == NULL ? new_deep_hex () : NULL;
  g_autofree char *expected = NULL;

  g_object_set (f->client, "protocol", kr_hub_msgpack_protocol_get_default (), NULL);
  connect_client (f);
  say (f, "{};");
  assert_log (f, "connected|");
  call (f, "A", "s");
  advance (f, SECOND / 100);
  say_hex (f, deep != NULL ? deep : row->says);
  if (row->heard == NULL)
    {
      assert_log (f, "");
      say_hex (f, "0a950380a13003a3796573");
      assert_log (f, "A: 'yes'|");
      return;
    }
  expected = g_strdup_printf ("closed: %s|A: error %s|", row->heard, row->heard);
  assert_log (f, expected);
  g_assert_cmpint (kr_hub_client_get_state (f->client), ==, KR_HUB_CLIENT_DISCONNECTED);
}

static void
add_rows (const Row *rows, gsize n, void (*func) (Fixture *f, gconstpointer data))
{
  for (gsize i = 0; i < n; i++)
    {
      g_autofree char *path = g_strdup_printf ("/hostile-hub/message/%s", rows[i].name);

      g_test_add (path, Fixture, &rows[i], set_up, func, tear_down);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (handshakes); i++)
    {
      g_autofree char *path = g_strdup_printf ("/hostile-hub/handshake/%s", handshakes[i].name);

      g_test_add (path, Fixture, GUINT_TO_POINTER (i), set_up, test_handshake, tear_down);
    }
  for (guint i = 0; i < G_N_ELEMENTS (binary_rows); i++)
    {
      g_autofree char *path = g_strdup_printf ("/hostile-hub/messagepack/%s", binary_rows[i].name);

      g_test_add (path, Fixture, &binary_rows[i], set_up, test_binary, tear_down);
    }
  add_rows (oddities, G_N_ELEMENTS (oddities), test_oddity);
  add_rows (offences, G_N_ELEMENTS (offences), test_offence);
  add_rows (farewells, G_N_ELEMENTS (farewells), test_farewell);
  return g_test_run ();
}
