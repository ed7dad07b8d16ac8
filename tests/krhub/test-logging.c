/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What a hub logs of its connections: the fields that find them, and nothing that is nobody's business. */
#include "config.h"

#include <string.h>

#include "kr-test-log.h"
#include "kr-test-peer.h"

#define SECOND G_USEC_PER_SEC

typedef struct
{
  KrHubServer *server;
} Fixture;

static void
echo (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_invocation_return_string (invocation, kr_hub_invocation_get_string (invocation, 0));
}

static void
not_a_number (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_invocation_return_value (invocation, g_variant_new_double (0. / 0.));
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (KrHubClock) clock = kr_hub_clock_new_virtual (SECOND);

  f->server = kr_hub_server_new (clock);
  g_object_set (f->server, "name", "chat", "detailed-errors", TRUE, NULL);
  kr_hub_server_add_method (f->server, "Echo", "(s)", "s", echo, f, NULL);
  kr_hub_server_add_method (f->server, "NaN", "()", "d", not_a_number, f, NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_assert_finalize_object (f->server);
}

static void
assert_field (const char *record, const char *name, const char *value)
{
  g_autofree char *line = g_strdup_printf ("\n%s=%s\n", name, value);
  g_autofree char *text = g_strdup_printf ("\n%s\n", record);

  if (strstr (text, line) == NULL)
    g_error ("no %s=%s in: %s", name, value, record);
}

/* Each record that names a connection is one of those that are wanted; returns how many there are. */
static guint
check_records (const char *text, const char *id)
{
  g_auto (GStrv) records = g_strsplit (text, "\n\n", -1);
  guint n = 0;

  for (guint i = 0; records[i] != NULL; i++)
    {
      if (*records[i] == '\0')
        continue;
      n++;
      assert_field (records[i], "GLIB_DOMAIN", "krhub");
      assert_field (records[i], "KR_HUB_CONNECTION_ID", id);
      assert_field (records[i], "KR_HUB_HUB", "chat");
      assert_field (records[i], "KR_HUB_TRANSPORT", "Memory");
      g_assert_nonnull (strstr (records[i], "PRIORITY="));
      /* Whoever reads plain text finds it as well. */
      g_assert_nonnull (strstr (strstr (records[i], "MESSAGE="), id));
    }
  return n;
}

static void
test_fields (Fixture *f, gconstpointer data)
{
  KrTestPeer *peer;
  g_autofree char *id = NULL, *text = NULL, *last = NULL;

  kr_test_log_start ();
  peer = kr_test_peer_new (f->server, NULL);
  id = g_strdup (kr_hub_connection_get_id (peer->connection));
  kr_test_peer_send (peer, "{\"type\":1,\"target\":\"Other\",\"arguments\":[]};");
  kr_test_log_expect_warning ("connection * cannot be sent the result of method 'NaN': *");
  kr_test_peer_send (peer, "{\"type\":1,\"invocationId\":\"1\",\"target\":\"NaN\",\"arguments\":[]};");
  kr_test_log_assert_expected ();
  kr_test_peer_free (peer);
  text = kr_test_log_stop ();
  g_assert_cmpuint (check_records (text, id), ==, 4);
  last = g_strdup (g_strrstr (text, "MESSAGE="));
  assert_field (last, "KR_HUB_PROTOCOL", "json");
  assert_field (last, "KR_HUB_CLOSE_REASON", "peer");
  assert_field (last, "PRIORITY", "7");
}

static void
test_reconnect (Fixture *f, gconstpointer data)
{
  KrTestPeer *peer;
  g_autofree char *id = NULL, *text = NULL;

  kr_test_log_start ();
  peer = kr_test_peer_new_silent (f->server, NULL, TRUE);
  id = g_strdup (kr_hub_connection_get_id (peer->connection));
  kr_test_peer_send (peer, "{\"protocol\":\"json\",\"version\":2};");
  kr_test_peer_lose (peer);
  kr_test_peer_reattach (peer);
  kr_test_peer_free (peer);
  text = kr_test_log_stop ();
  g_assert_cmpuint (check_records (text, id), ==, 4);
  g_assert_nonnull (strstr (text, "lost its transport"));
  g_assert_nonnull (strstr (text, "goes on"));
}

/* A marker in whatever a peer can say, in good messages and in each kind of bad one. */
#define SECRET "hunter2"

static void
test_nothing_secret (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const char *handshake, *messages;
  } conversations[] = {
    { "{\"protocol\":\"" SECRET "\",\"version\":1};", NULL },
    { "{\"protocol\":\"json\",\"token\":\"" SECRET "\"};", NULL },
    { "{\"version\":1,\"token\":\"" SECRET "\"};", NULL },
    { SECRET ";", NULL },
    { NULL, "{\"type\":1,\"invocationId\":\"" SECRET "\",\"target\":\"Echo\",\"arguments\":[\"" SECRET "\"]};" },
    { NULL, "{\"type\":1,\"invocationId\":\"1\",\"target\":\"" SECRET "\",\"arguments\":[]};" },
    { NULL, "{\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\",\"arguments\":[\"" SECRET "\",1]};" },
    { NULL, "{\"type\":1,\"headers\":{\"a\":\"" SECRET "\"},\"target\":\"Echo\",\"arguments\":[" SECRET "]};" },
    { NULL, "{\"type\":3,\"invocationId\":\"" SECRET "\",\"error\":\"" SECRET "\"};" },
    { NULL, "{\"type\":7,\"error\":\"" SECRET "\"};" },
    { NULL, "{\"" SECRET "\":1};" },
    { NULL, SECRET ";" },
    { NULL, "{\"type\":1,\"target\":" SECRET "};" },
    { NULL, "{\"type\":2,\"item\":\"" SECRET "\",\"invocationId\":\"" SECRET "\"};" },
  };
  g_autofree char *text = NULL;
  g_autofree char *lower = NULL;

  kr_test_log_start ();
  for (guint i = 0; i < G_N_ELEMENTS (conversations); i++)
    {
      KrTestPeer *peer = kr_test_peer_new_silent (f->server, SECRET, FALSE);

      kr_test_peer_send (peer, conversations[i].handshake != NULL ? conversations[i].handshake
                                                                  : "{\"protocol\":\"json\",\"version\":1};");
      if (conversations[i].messages != NULL)
        kr_test_peer_send (peer, conversations[i].messages);
      kr_test_peer_free (peer);
    }
  text = kr_test_log_stop ();
  /* It did log something about each. */
  g_assert_cmpuint (strlen (text), >, G_N_ELEMENTS (conversations) * 50);
  lower = g_ascii_strdown (text, -1);
  g_assert_null (strstr (lower, SECRET));
}

#define ADD(name, func) g_test_add ("/logging/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("fields", test_fields);
  ADD ("reconnect", test_reconnect);
  ADD ("nothing-secret", test_nothing_secret);
  return g_test_run ();
}
