/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSession: what each input does in each state, for either end; the full matrix. */
#include "config.h"

#include "kr-hub-json-protocol.h"
#include "kr-hub-session-private.h"

#define SECOND G_USEC_PER_SEC
#define BOTH (KR_HUB_TRANSFER_FORMAT_TEXT | KR_HUB_TRANSFER_FORMAT_BINARY)
#define N_STATES (KR_HUB_SESSION_CLOSED + 1)

/* Inputs. */
typedef enum
{
  FEED_HANDSHAKE,
  FEED_REFUSAL,
  FEED_CALL,
  FEED_PING,
  FEED_CLOSE,
  FEED_GARBAGE,
  FEED_HALF,
  SEND,
  SEND_SHARED,
  CLOSE,
  CLOSE_FAILED,
  TRANSPORT_CLOSED,
  TRANSPORT_LOST,
  TICK_EARLY,
  TICK_LATE,
  N_INPUTS,
} Input;

#define HANDSHAKE KR_HUB_SESSION_HANDSHAKE
#define OPEN KR_HUB_SESSION_OPEN
#define CLOSING KR_HUB_SESSION_CLOSING
#define CLOSED KR_HUB_SESSION_CLOSED

/* The state after the input, for { server, client }, by the state before it. */
static const KrHubSessionState expected[N_INPUTS][N_STATES][2] = {
  [FEED_HANDSHAKE] = { { OPEN, OPEN }, { CLOSING, CLOSING }, { CLOSING, CLOSING }, { CLOSED, CLOSED } },
  [FEED_REFUSAL] = { { CLOSING, CLOSING }, { CLOSING, CLOSING }, { CLOSING, CLOSING }, { CLOSED, CLOSED } },
  [FEED_CALL] = { { CLOSING, CLOSING }, { OPEN, OPEN }, { CLOSING, CLOSING }, { CLOSED, CLOSED } },
  [FEED_PING] = { { CLOSING, CLOSING }, { OPEN, OPEN }, { CLOSING, CLOSING }, { CLOSED, CLOSED } },
  [FEED_CLOSE] = { { CLOSING, CLOSING }, { CLOSING, CLOSING }, { CLOSING, CLOSING }, { CLOSED, CLOSED } },
  [FEED_GARBAGE] = { { CLOSING, CLOSING }, { CLOSING, CLOSING }, { CLOSING, CLOSING }, { CLOSED, CLOSED } },
  [FEED_HALF] = { { HANDSHAKE, HANDSHAKE }, { OPEN, OPEN }, { CLOSING, CLOSING }, { CLOSED, CLOSED } },
  [SEND] = { { HANDSHAKE, HANDSHAKE }, { OPEN, OPEN }, { CLOSING, CLOSING }, { CLOSED, CLOSED } },
  [SEND_SHARED] = { { HANDSHAKE, HANDSHAKE }, { OPEN, OPEN }, { CLOSING, CLOSING }, { CLOSED, CLOSED } },
  [CLOSE] = { { CLOSING, CLOSING }, { CLOSING, CLOSING }, { CLOSING, CLOSING }, { CLOSED, CLOSED } },
  [CLOSE_FAILED] = { { CLOSING, CLOSING }, { CLOSING, CLOSING }, { CLOSING, CLOSING }, { CLOSED, CLOSED } },
  [TRANSPORT_CLOSED] = { { CLOSED, CLOSED }, { CLOSED, CLOSED }, { CLOSED, CLOSED }, { CLOSED, CLOSED } },
  /* Not stateful: nobody waits. */
  [TRANSPORT_LOST] = { { HANDSHAKE, HANDSHAKE }, { OPEN, OPEN }, { CLOSING, CLOSING }, { CLOSED, CLOSED } },
  [TICK_EARLY] = { { HANDSHAKE, HANDSHAKE }, { OPEN, OPEN }, { CLOSING, CLOSING }, { CLOSED, CLOSED } },
  /* A server watches only who has sent a ping. */
  [TICK_LATE] = { { CLOSING, CLOSING }, { OPEN, CLOSING }, { CLOSING, CLOSING }, { CLOSED, CLOSED } },
};

/* What waits to be sent in answer to the input; NULL: nothing. */
static gboolean
writes (Input input, KrHubSessionState before, KrHubRole role)
{
  gboolean server = role == KR_HUB_ROLE_SERVER;

  switch (before)
    {
    case KR_HUB_SESSION_HANDSHAKE:
      /* A client says hello with a ping. */
      return server ? input <= FEED_GARBAGE || input == TICK_LATE : input == FEED_HANDSHAKE;
    case KR_HUB_SESSION_OPEN:
      return input == SEND || input == SEND_SHARED || input == CLOSE || input == CLOSE_FAILED ||
             /* A ping is due, or the farewell to a silent client. */
             (input == TICK_LATE && server) || input == FEED_GARBAGE || input == FEED_HANDSHAKE ||
             input == FEED_REFUSAL || (input == FEED_CLOSE && server);
    case KR_HUB_SESSION_CLOSING:
    case KR_HUB_SESSION_CLOSED:
    default:
      return FALSE;
    }
}

typedef struct
{
  KrHubSettings *settings;
  KrHubSession session;
  guint n_opened, n_messages, n_closed;
} Fixture;

static void
take_output (Fixture *f)
{
  kr_hub_outbox_clear (&f->session.outbox);
}

static void
take_events (Fixture *f)
{
  KrHubEvent event = { 0 };

  while (kr_hub_session_next_event (&f->session, &event))
    {
      f->n_opened += event.type == KR_HUB_EVENT_OPENED;
      f->n_messages += event.type == KR_HUB_EVENT_MESSAGE;
      f->n_closed += event.type == KR_HUB_EVENT_CLOSED;
    }
  kr_hub_message_clear (&event.message);
}

static void
feed (Fixture *f, const char *text)
{
  static char bytes[200];
  gsize len = g_strlcpy (bytes, text, sizeof bytes);

  for (gsize i = 0; i < len; i++)
    if (bytes[i] == ';')
      bytes[i] = 0x1e;
  kr_hub_session_feed (&f->session, (guint8 *) bytes, len, SECOND);
  take_events (f);
}

static void
apply (Fixture *f, Input input)
{
  const KrHubMessage call = { .type = KR_HUB_MESSAGE_INVOCATION, .target = KR_HUB_SLICE_LITERAL ("x") };
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED, "cut");
  g_autoptr (GBytes) shared = g_bytes_new_static ("{\"type\":6}\x1e", 11);
  gboolean server = f->session.role == KR_HUB_ROLE_SERVER;

  switch (input)
    {
    case FEED_HANDSHAKE: feed (f, server ? "{\"protocol\":\"json\",\"version\":1};" : "{};"); break;
    case FEED_REFUSAL: feed (f, server ? "{\"protocol\":\"xml\",\"version\":1};" : "{\"error\":\"no\"};"); break;
    case FEED_CALL: feed (f, "{\"type\":1,\"target\":\"x\",\"arguments\":[]};"); break;
    case FEED_PING: feed (f, "{\"type\":6};"); break;
    case FEED_CLOSE: feed (f, "{\"type\":7};"); break;
    case FEED_GARBAGE: feed (f, "garbage;"); break;
    case FEED_HALF: feed (f, "{\"type\":1,\"tar"); break;
    case SEND: g_assert_true (kr_hub_session_send (&f->session, &call, NULL)); break;
    case SEND_SHARED: kr_hub_session_send_shared (&f->session, shared, NULL); break;
    case CLOSE: kr_hub_session_close (&f->session, FALSE, NULL, FALSE); break;
    case CLOSE_FAILED: kr_hub_session_close (&f->session, TRUE, "Exception: x", TRUE); break;
    case TRANSPORT_CLOSED: kr_hub_session_transport_closed (&f->session, error); break;
    case TRANSPORT_LOST: g_assert_false (kr_hub_session_lost (&f->session, error, SECOND)); break;
    case TICK_EARLY: kr_hub_session_tick (&f->session, SECOND); break;
    case TICK_LATE: kr_hub_session_tick (&f->session, 1000 * SECOND); break;
    case N_INPUTS:
    default: g_assert_not_reached ();
    }
  take_events (f);
}

static void
bring_to (Fixture *f, KrHubRole role, KrHubSessionState state)
{
  memset (f, 0, sizeof *f);
  f->settings = kr_hub_settings_new ();
  g_ptr_array_add (f->settings->protocols, g_object_ref (kr_hub_json_protocol_get_default ()));
  kr_hub_session_init (&f->session, role, f->settings, BOTH, FALSE, FALSE, 0);
  if (state >= KR_HUB_SESSION_OPEN)
    apply (f, FEED_HANDSHAKE);
  if (state >= KR_HUB_SESSION_CLOSING)
    apply (f, CLOSE);
  if (state == KR_HUB_SESSION_CLOSED)
    apply (f, TRANSPORT_CLOSED);
  g_assert_cmpint (f->session.state, ==, state);
  take_output (f);
}

static void
tear_down (Fixture *f)
{
  kr_hub_session_clear (&f->session);
  kr_hub_settings_unref (f->settings);
}

static void
test_matrix (gconstpointer data)
{
  KrHubRole role = GPOINTER_TO_UINT (data);

  for (KrHubSessionState before = 0; before < N_STATES; before++)
    for (Input input = 0; input < N_INPUTS; input++)
      {
        KrHubSessionState after = expected[input][before][role];
        Fixture f;

        g_test_message ("state %d, input %d", before, input);
        bring_to (&f, role, before);
        apply (&f, input);
        g_assert_cmpint (f.session.state, ==, after);
        g_assert_cmpint (f.session.outbox.size > 0, ==, writes (input, before, role));
        /* The end is told once, when it begins. */
        g_assert_cmpuint (f.n_closed, ==, after >= KR_HUB_SESSION_CLOSING);
        g_assert_cmpuint (f.n_opened, ==, before != KR_HUB_SESSION_HANDSHAKE || input == FEED_HANDSHAKE);
        g_assert_cmpuint (f.n_messages, ==, before == KR_HUB_SESSION_OPEN && input == FEED_CALL);
        tear_down (&f);
      }
}

/* Whatever two inputs come after one another, the state only goes on, and the end is told once. */
static void
test_pairs (gconstpointer data)
{
  KrHubRole role = GPOINTER_TO_UINT (data);

  for (KrHubSessionState before = 0; before < N_STATES; before++)
    for (Input first = 0; first < N_INPUTS; first++)
      for (Input second = 0; second < N_INPUTS; second++)
        {
          KrHubSessionState between;
          Fixture f;

          bring_to (&f, role, before);
          apply (&f, first);
          between = f.session.state;
          g_assert_cmpint (between, >=, before);
          apply (&f, second);
          g_assert_cmpint (f.session.state, >=, between);
          g_assert_cmpuint (f.n_closed, ==, f.session.state >= KR_HUB_SESSION_CLOSING);
          g_assert_cmpuint (f.n_opened, <=, 1);
          if (f.session.state >= KR_HUB_SESSION_CLOSING)
            g_assert_cmpint (kr_hub_session_next_deadline (&f.session), ==, G_MAXINT64);
          tear_down (&f);
        }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/session-matrix/server", GUINT_TO_POINTER (KR_HUB_ROLE_SERVER), test_matrix);
  g_test_add_data_func ("/session-matrix/client", GUINT_TO_POINTER (KR_HUB_ROLE_CLIENT), test_matrix);
  g_test_add_data_func ("/session-matrix/pairs/server", GUINT_TO_POINTER (KR_HUB_ROLE_SERVER), test_pairs);
  g_test_add_data_func ("/session-matrix/pairs/client", GUINT_TO_POINTER (KR_HUB_ROLE_CLIENT), test_pairs);
  return g_test_run ();
}
