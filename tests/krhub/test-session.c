/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSession: handshake, deadlines, closing; bytes and times in, events and bytes out, no transport at all. */
#include "config.h"

#include "kr-hub-error.h"
#include "kr-hub-json-protocol.h"
#include "kr-hub-session-private.h"

#define SECOND G_USEC_PER_SEC
#define BOTH (KR_HUB_TRANSFER_FORMAT_TEXT | KR_HUB_TRANSFER_FORMAT_BINARY)

typedef struct
{
  KrHubSettings *settings;
  KrHubSession session;
  GString *output;      /* taken since the last look, 0x1E shown as ; */
  GString *events;
  gint64 now;
} Fixture;

static void
take_output (Fixture *f)
{
  GOutputVector vectors[16];
  gsize n_bytes, n;

  while ((n = kr_hub_outbox_peek (&f->session.outbox, vectors, 16, G_MAXSIZE, &n_bytes)) > 0)
    {
      for (gsize i = 0; i < n; i++)
        g_string_append_len (f->output, vectors[i].buffer, vectors[i].size);
      kr_hub_outbox_sent (&f->session.outbox, n_bytes);
    }
  for (gsize i = 0; i < f->output->len; i++)
    if (f->output->str[i] == 0x1e)
      f->output->str[i] = ';';
}

static void
take_events (Fixture *f)
{
  KrHubEvent event = { 0 };

  while (kr_hub_session_next_event (&f->session, &event))
    switch (event.type)
      {
      case KR_HUB_EVENT_OPENED: g_string_append (f->events, "opened;"); break;
      case KR_HUB_EVENT_MESSAGE: g_string_append_printf (f->events, "message %d;", event.message.type); break;
      case KR_HUB_EVENT_CLOSED:
        g_string_append_printf (f->events, "closed%s%s%s;", event.error != NULL ? ": " : "",
                                event.error != NULL ? event.error->message : "",
                                event.allow_reconnect && f->session.role == KR_HUB_ROLE_CLIENT ? " (may reconnect)" : "");
        break;
      default: g_assert_not_reached ();
      }
  kr_hub_message_clear (&event.message);
}

static void
feed (Fixture *f, const char *text)
{
  g_autofree char *bytes = g_strdup (text);

  for (char *p = bytes; *p != '\0'; p++)
    if (*p == ';')
      *p = 0x1e;
  kr_hub_session_feed (&f->session, (guint8 *) bytes, strlen (bytes), f->now);
  take_events (f);
  take_output (f);
}

static void
tick_at (Fixture *f, gint64 now)
{
  f->now = now;
  kr_hub_session_tick (&f->session, now);
  take_events (f);
  take_output (f);
}

static void
assert_taken (GString *text, const char *expected)
{
  g_assert_cmpstr (text->str, ==, expected);
  g_string_truncate (text, 0);
}

static void
set_up_role (Fixture *f, KrHubRole role, KrHubTransferFormat formats, gboolean keeps_alive)
{
  f->settings = kr_hub_settings_new ();
  g_ptr_array_add (f->settings->protocols, g_object_ref (kr_hub_json_protocol_get_default ()));
  f->output = g_string_new (NULL);
  f->events = g_string_new (NULL);
  f->now = 0;
  kr_hub_session_init (&f->session, role, f->settings, formats, keeps_alive, FALSE, 0);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  set_up_role (f, KR_HUB_ROLE_SERVER, BOTH, FALSE);
}

static void
set_up_client (Fixture *f, gconstpointer data)
{
  set_up_role (f, KR_HUB_ROLE_CLIENT, BOTH, FALSE);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  kr_hub_session_clear (&f->session);
  kr_hub_settings_unref (f->settings);
  g_string_free (f->output, TRUE);
  g_string_free (f->events, TRUE);
}

static void
open_server (Fixture *f)
{
  feed (f, "{\"protocol\":\"json\",\"version\":1};");
  assert_taken (f->events, "opened;");
  assert_taken (f->output, "{};");
}

/* --- handshake --- */

static void
test_handshake_with_message (Fixture *f, gconstpointer data)
{
  feed (f, "{\"version\":1,\"protocol\":\"JSON\"};{\"type\":6};{\"type\":1,\"target\":\"x\",\"arguments\":[]};{\"ty");
  assert_taken (f->events, "opened;message 1;");
  assert_taken (f->output, "{};");
  feed (f, "pe\":5,\"invocationId\":\"1\"};");
  assert_taken (f->events, "message 5;");
}

typedef struct
{
  const char *name, *request, *answer;
} Refusal;

static const Refusal refusals[] = {
  { "unknown-protocol", "{\"protocol\":\"xml\",\"version\":1};", "{\"error\":\"The protocol 'xml' is not supported.\"};" },
  { "version", "{\"protocol\":\"json\",\"version\":3};",
    "{\"error\":\"The server does not support version 3 of the 'json' protocol.\"};" },
  { "not-json", "hello;", "{\"error\":\"An unexpected error occurred during connection handshake.\"};" },
  { "no-protocol", "{\"version\":1};", "{\"error\":\"An unexpected error occurred during connection handshake.\"};" },
};

static void
test_handshake_refused (Fixture *f, gconstpointer data)
{
  const Refusal *refusal = data;

  feed (f, refusal->request);
  assert_taken (f->output, refusal->answer);
  g_assert_cmpint (f->session.state, ==, KR_HUB_SESSION_CLOSING);
  g_assert_true (g_str_has_prefix (f->events->str, "closed: "));
  g_string_truncate (f->events, 0);
  /* Nothing is listened to any more. */
  feed (f, "{\"protocol\":\"json\",\"version\":1};");
  assert_taken (f->events, "");
  assert_taken (f->output, "");
}

static void
test_handshake_detail (Fixture *f, gconstpointer data)
{
  f->settings->detailed_errors = TRUE;
  feed (f, "{\"version\":1};");
  assert_taken (f->output, "{\"error\":\"An unexpected error occurred during connection handshake. "
                           "InvalidDataException: Missing required property 'protocol'. Message content: "
                           "{\\\"version\\\":1}\"};");
}

static void
test_handshake_timeout (Fixture *f, gconstpointer data)
{
  g_assert_cmpint (kr_hub_session_next_deadline (&f->session), ==, 15 * SECOND);
  tick_at (f, 15 * SECOND - 1);
  assert_taken (f->output, "");
  tick_at (f, 15 * SECOND);
  assert_taken (f->output, "{\"error\":\"Handshake was canceled.\"};");
  assert_taken (f->events, "closed: The handshake took too long;");
}

static void
test_handshake_too_large (Fixture *f, gconstpointer data)
{
  g_autofree char *text = g_strnfill (f->settings->max_message_size, ' ');

  feed (f, text);
  assert_taken (f->output, "{\"error\":\"Handshake was canceled.\"};");
}

/* --- deadlines --- */

static void
test_keep_alive (Fixture *f, gconstpointer data)
{
  open_server (f);
  g_assert_cmpint (kr_hub_session_next_deadline (&f->session), ==, 15 * SECOND);
  tick_at (f, 15 * SECOND);
  assert_taken (f->output, "{\"type\":6};");
  g_assert_cmpint (kr_hub_session_next_deadline (&f->session), ==, 30 * SECOND);
  /* A peer that has output waiting gets no ping on top of it. */
  kr_hub_session_send (&f->session, &(KrHubMessage) { .type = KR_HUB_MESSAGE_PING }, NULL);
  kr_hub_session_tick (&f->session, 30 * SECOND);
  take_output (f);
  assert_taken (f->output, "{\"type\":6};");
}

/* Armed by the first ping only; then every whole message counts, half a one does not. */
static void
test_client_timeout (Fixture *f, gconstpointer data)
{
  f->settings->keep_alive_interval = 0;
  open_server (f);
  g_assert_cmpint (kr_hub_session_next_deadline (&f->session), ==, G_MAXINT64);
  f->now = SECOND;
  feed (f, "{\"type\":6};");
  g_assert_cmpint (kr_hub_session_next_deadline (&f->session), ==, 31 * SECOND);
  f->now = 10 * SECOND;
  feed (f, "{\"type\":5,\"invocationId\":\"1\"};");
  g_assert_cmpint (kr_hub_session_next_deadline (&f->session), ==, 40 * SECOND);
  f->now = 20 * SECOND;
  feed (f, "{\"type\":");
  g_assert_cmpint (kr_hub_session_next_deadline (&f->session), ==, 40 * SECOND);
  assert_taken (f->events, "message 5;");
  tick_at (f, 40 * SECOND);
  assert_taken (f->output, "{\"type\":7,\"error\":\"Connection closed with an error.\",\"allowReconnect\":true};");
  assert_taken (f->events, "closed: The client has not sent a message or ping in time;");
}

/* While a call waits for its turn, the client's silence is not the client's fault. */
static void
test_client_timeout_busy (Fixture *f, gconstpointer data)
{
  f->settings->keep_alive_interval = 0;
  open_server (f);
  feed (f, "{\"type\":6};");
  kr_hub_session_set_busy (&f->session, TRUE, SECOND);
  g_assert_cmpint (kr_hub_session_next_deadline (&f->session), ==, G_MAXINT64);
  kr_hub_session_set_busy (&f->session, FALSE, 100 * SECOND);
  g_assert_cmpint (kr_hub_session_next_deadline (&f->session), ==, 130 * SECOND);
}

static void
test_no_pings (Fixture *f, gconstpointer data)
{
  kr_hub_session_clear (&f->session);
  kr_hub_session_init (&f->session, KR_HUB_ROLE_SERVER, f->settings, BOTH, TRUE, FALSE, 0);
  open_server (f);
  g_assert_cmpint (kr_hub_session_next_deadline (&f->session), ==, G_MAXINT64);
}

/* --- closing --- */

typedef struct
{
  const char *name, *bytes, *detail;
} Fault;

static const Fault faults[] = {
  { "broken-json", "{\"type\":1;", NULL },
  { "empty", ";", "InvalidDataException: Error reading JSON." },
  { "missing-field", "{\"type\":1,\"arguments\":[]};", "InvalidDataException: Missing required property 'target'." },
  { "second-handshake", "{\"protocol\":\"json\",\"version\":1};",
    "InvalidDataException: Missing required property 'type'." },
};

static void
test_fault (Fixture *f, gconstpointer data)
{
  const Fault *fault = data;
  g_autofree char *expected = NULL;

  f->settings->detailed_errors = fault->detail != NULL;
  open_server (f);
  feed (f, fault->bytes);
  expected = g_strdup_printf ("{\"type\":7,\"error\":\"Connection closed with an error.%s%s\",\"allowReconnect\":true};",
                              fault->detail != NULL ? " " : "", fault->detail != NULL ? fault->detail : "");
  g_assert_true (g_str_has_prefix (f->events->str, "closed: "));
  g_assert_cmpstr (f->output->str, ==, expected);
}

static void
test_close_by_client (Fixture *f, gconstpointer data)
{
  open_server (f);
  feed (f, "{\"type\":7};{\"type\":1,\"target\":\"x\",\"arguments\":[]};");
  assert_taken (f->output, "{\"type\":7};");
  assert_taken (f->events, "closed;");
}

static void
test_close_by_client_with_error (Fixture *f, gconstpointer data)
{
  open_server (f);
  feed (f, "{\"type\":7,\"error\":\"no more\"};");
  assert_taken (f->output, "{\"type\":7};");
  assert_taken (f->events, "closed: no more;");
}

static void
test_unknown_is_skipped (Fixture *f, gconstpointer data)
{
  open_server (f);
  feed (f, "{\"type\":42};{\"type\":8,\"sequenceId\":1};{\"type\":9,\"sequenceId\":1};{\"type\":5,\"invocationId\":\"1\"};");
  assert_taken (f->events, "message 5;");
  assert_taken (f->output, "");
}

static void
test_transport_closed (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED, "cut");

  open_server (f);
  kr_hub_session_transport_closed (&f->session, error);
  kr_hub_session_transport_closed (&f->session, NULL);
  take_events (f);
  assert_taken (f->events, "closed: cut;");
  kr_hub_session_close (&f->session, FALSE, NULL, FALSE);
  take_events (f);
  take_output (f);
  assert_taken (f->events, "");
  assert_taken (f->output, "");
}

/* --- the client's end --- */

static void
test_client_handshake (Fixture *f, gconstpointer data)
{
  take_output (f);
  assert_taken (f->output, "{\"protocol\":\"json\",\"version\":1};");
  feed (f, "{};{\"type\":1,\"target\":\"x\",\"arguments\":[]};");
  assert_taken (f->events, "opened;message 1;");
}

static void
test_client_refused (Fixture *f, gconstpointer data)
{
  feed (f, "{\"error\":\"go away\"};");
  assert_taken (f->events, "closed: go away (may reconnect);");
}

static void
test_client_server_timeout (Fixture *f, gconstpointer data)
{
  feed (f, "{};");
  assert_taken (f->events, "opened;");
  for (gint64 now = 15 * SECOND; now < 30 * SECOND; now += 15 * SECOND)
    tick_at (f, now);
  tick_at (f, 30 * SECOND);
  assert_taken (f->events, "closed: Server timeout elapsed without receiving a message from the server. (may reconnect);");
}

static void
test_client_closed (Fixture *f, gconstpointer data)
{
  feed (f, "{};{\"type\":7,\"error\":\"bye\",\"allowReconnect\":true};");
  assert_taken (f->events, "opened;closed: bye (may reconnect);");
}

/* --- every split point --- */

static void
test_split (Fixture *f, gconstpointer data)
{
  const char *stream = "{\"protocol\":\"json\",\"version\":1};{\"type\":6};"
                       "{\"type\":1,\"target\":\"x\",\"arguments\":[\"a\",1]};{\"type\":5,\"invocationId\":\"1\"};";

  for (gsize at = 0; at <= strlen (stream); at++)
    {
      g_autofree char *head = g_strndup (stream, at);

      kr_hub_session_clear (&f->session);
      kr_hub_session_init (&f->session, KR_HUB_ROLE_SERVER, f->settings, BOTH, FALSE, FALSE, 0);
      feed (f, head);
      feed (f, stream + at);
      assert_taken (f->events, "opened;message 1;message 5;");
      assert_taken (f->output, "{};");
    }
}

#define ADD(path, data, up, func) g_test_add ("/session/" path, Fixture, data, up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("handshake/with-message", NULL, set_up, test_handshake_with_message);
  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      g_autofree char *path = g_strdup_printf ("/session/handshake/refused/%s", refusals[i].name);

      g_test_add (path, Fixture, &refusals[i], set_up, test_handshake_refused, tear_down);
    }
  ADD ("handshake/detail", NULL, set_up, test_handshake_detail);
  ADD ("handshake/timeout", NULL, set_up, test_handshake_timeout);
  ADD ("handshake/too-large", NULL, set_up, test_handshake_too_large);
  ADD ("deadline/keep-alive", NULL, set_up, test_keep_alive);
  ADD ("deadline/client-timeout", NULL, set_up, test_client_timeout);
  ADD ("deadline/client-timeout-busy", NULL, set_up, test_client_timeout_busy);
  ADD ("deadline/no-pings", NULL, set_up, test_no_pings);
  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      g_autofree char *path = g_strdup_printf ("/session/fault/%s", faults[i].name);

      g_test_add (path, Fixture, &faults[i], set_up, test_fault, tear_down);
    }
  ADD ("close/by-client", NULL, set_up, test_close_by_client);
  ADD ("close/by-client-with-error", NULL, set_up, test_close_by_client_with_error);
  ADD ("close/unknown-is-skipped", NULL, set_up, test_unknown_is_skipped);
  ADD ("close/transport", NULL, set_up, test_transport_closed);
  ADD ("client/handshake", NULL, set_up_client, test_client_handshake);
  ADD ("client/refused", NULL, set_up_client, test_client_refused);
  ADD ("client/server-timeout", NULL, set_up_client, test_client_server_timeout);
  ADD ("client/closed", NULL, set_up_client, test_client_closed);
  ADD ("split", NULL, set_up, test_split);
  return g_test_run ();
}
