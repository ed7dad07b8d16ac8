/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The gauntlet: a conversation of every kind of call, with a fault at each byte of it, in either direction. */
#include "config.h"

#include "kr-test-conformance-private.h"

typedef enum
{
  FAULT_NONE,
  FAULT_SPLIT, /* what comes behind arrives later: nothing may change */
  FAULT_CUT,   /* both ends hear of it */
  FAULT_LOSS,  /* the rest is lost without a word: timeouts find out */
} Fault;

/* Names of what a client does; each is to end exactly once, whatever happens. */
typedef enum
{
  DOES_ECHO,
  DOES_FAIL,
  DOES_UNKNOWN,
  DOES_ASK,       /* the hub asks back */
  DOES_JOIN,
  DOES_AROUND,    /* the hub sends to groups */
  DOES_CANCEL,    /* a call that is cancelled */
  DOES_COLLECT,   /* an upload */
  DOES_COUNT,     /* a stream */
  DOES_HOLD,      /* a stream that is closed after its first item */
  DOES_MIRROR,    /* both */
  DOES_KEEP,      /* a call that is never answered */
  DOES_LISTEN,    /* a stream that never ends */
  N_DEEDS,
  N_FINITE = DOES_KEEP,
} Deed;

typedef struct _Conversation Conversation;

typedef struct
{
  Conversation *conversation;
  KrHubStream *stream; /* that is read; NULL: a plain call */
  gboolean closes;     /* after the first item */
  guint n_ended;
  GString *text;
} Doing;

struct _Conversation
{
  KrTestHub *hub;
  KrHubMemoryTransport *server_end, *client_end;
  KrHubClient *client;
  GCancellable *cancellable;
  guint n_connected;  /* answers to connect_async() */
  guint n_closed;     /* "closed" signals */
  guint n_stopped;
  gboolean connected;
  Doing doings[N_DEEDS];
};

/* --- the client's deeds --- */

static void
called (GObject *source, GAsyncResult *result, gpointer data)
{
  Doing *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = kr_hub_client_invoke_finish (KR_HUB_CLIENT (source), result, &error);
  g_autofree char *text = value != NULL ? g_variant_print (value, FALSE) : g_strdup (error->message);

  self->n_ended++;
  g_string_append (self->text, text);
}

static void
call (Conversation *self, Deed deed, const char *target, GVariant *arguments)
{
  kr_hub_client_invoke_async (self->client, target, arguments, NULL, deed == DOES_CANCEL ? self->cancellable : NULL,
                              called, &self->doings[deed]);
}

static void
got_item (GObject *source, GAsyncResult *result, gpointer data)
{
  Doing *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) item = kr_hub_stream_next_finish (self->stream, result, &error);

  if (item != NULL)
    {
      g_autofree char *text = g_variant_print (item, FALSE);

      g_string_append_printf (self->text, "%s ", text);
      if (!self->closes)
        {
          kr_hub_stream_next_async (self->stream, NULL, got_item, self);
          return;
        }
      kr_hub_stream_close (self->stream);
    }
  self->n_ended++;
  g_string_append (self->text, error != NULL ? error->message : "end");
  g_clear_object (&self->stream);
}

static void
listen (Conversation *self, Deed deed, const char *target, GVariant *arguments, KrHubStream *upload)
{
  KrHubStream *uploads[] = { upload, NULL };
  Doing *doing = &self->doings[deed];
  g_autoptr (GError) error = NULL;

  doing->closes = deed == DOES_HOLD;
  doing->stream = kr_hub_client_stream (self->client, target, arguments, upload != NULL ? uploads : NULL, NULL, &error);
  if (doing->stream == NULL)
    {
      /* The connection ended as soon as it was there. */
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED);
      doing->n_ended++;
      return;
    }
  kr_hub_stream_next_async (doing->stream, NULL, got_item, doing);
}

static void
collect (Conversation *self)
{
  g_autoptr (KrHubStream) upload = kr_hub_stream_new ();
  KrHubStream *uploads[] = { upload, NULL };

  kr_hub_client_upload_async (self->client, "Collect", NULL, uploads, NULL, NULL, called, &self->doings[DOES_COLLECT]);
  for (gint i = 1; i <= 3; i++)
    kr_hub_stream_write (upload, g_variant_new_int32 (i), NULL);
  kr_hub_stream_complete (upload);
}

static void
mirror (Conversation *self)
{
  g_autoptr (KrHubStream) upload = kr_hub_stream_new ();

  listen (self, DOES_MIRROR, "Mirror", NULL, upload);
  kr_hub_stream_write_string (upload, "x", NULL);
  kr_hub_stream_write_string (upload, "y", NULL);
  kr_hub_stream_complete (upload);
}

static void
do_all (Conversation *self)
{
  call (self, DOES_CANCEL, "Keep", g_variant_new ("(s)", "cancelled"));
  call (self, DOES_KEEP, "Keep", g_variant_new ("(s)", "kept"));
  listen (self, DOES_LISTEN, "Hold", NULL, NULL);
  call (self, DOES_ECHO, "Echo", g_variant_new ("(s)", "\"hé\""));
  call (self, DOES_FAIL, "Fail", g_variant_new ("(s)", "no luck"));
  call (self, DOES_UNKNOWN, "NoSuch", NULL);
  call (self, DOES_ASK, "Ask", g_variant_new ("(ss)", "", "who"));
  call (self, DOES_JOIN, "Join", g_variant_new ("(s)", "g"));
  call (self, DOES_AROUND, "Around", g_variant_new ("(s)", "g"));
  collect (self);
  listen (self, DOES_COUNT, "Count", g_variant_new ("(i)", 3), NULL);
  listen (self, DOES_HOLD, "Hold", NULL, NULL);
  mirror (self);
  g_cancellable_cancel (self->cancellable);
}

/* --- the conversation --- */

static void
on_question (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_invocation_return_string (invocation, "me");
}

static void
on_event (KrHubInvocation *invocation, gpointer data)
{
}

static void
on_closed (KrHubClient *client, const GError *error, gpointer data)
{
  Conversation *self = data;

  self->n_closed++;
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  Conversation *self = data;

  self->n_connected++;
  self->connected = kr_hub_client_connect_finish (self->client, result, NULL);
  if (self->connected)
    do_all (self);
}

static void
on_stopped (GObject *source, GAsyncResult *result, gpointer data)
{
  Conversation *self = data;

  self->n_stopped++;
}

static void
set_fault (KrHubMemoryTransport *end, Fault fault, guint64 at)
{
  switch (fault)
    {
    case FAULT_SPLIT: kr_hub_memory_transport_set_split_at (end, at); break;
    case FAULT_CUT: kr_hub_memory_transport_set_cut_after (end, at); break;
    case FAULT_LOSS: kr_hub_memory_transport_set_lose_after (end, at); break;
    case FAULT_NONE:
    default: break;
    }
}

/* Turns the main context and moves time until nothing more would happen by itself. */
static void
settle (Conversation *self, gint64 step, guint n_steps, gboolean (*enough) (Conversation *))
{
  for (guint i = 0; i < n_steps && !enough (self); i++)
    {
      while (g_main_context_iteration (NULL, FALSE))
        ;
      kr_hub_clock_advance (self->hub->clock, step);
    }
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static gboolean
finite_deeds_are_done (Conversation *self)
{
  if (!self->connected)
    return self->n_connected > 0 && self->n_closed > 0;
  for (guint i = 0; i < N_FINITE; i++)
    if (self->doings[i].n_ended == 0)
      return FALSE;
  return TRUE;
}

static gboolean
is_over (Conversation *self)
{
  for (guint i = 0; self->connected && i < N_DEEDS; i++)
    if (self->doings[i].n_ended == 0)
      return FALSE;
  return self->n_stopped > 0 && self->n_connected > 0 && kr_hub_server_get_n_connections (self->hub->server) == 0;
}

static void
begin (Conversation *self, KrTestHub *hub, Fault fault, gboolean at_server, guint64 at)
{
  self->hub = hub;
  self->cancellable = g_cancellable_new ();
  for (guint i = 0; i < N_DEEDS; i++)
    self->doings[i] = (Doing) { self, NULL, FALSE, 0, g_string_new (NULL) };
  kr_hub_memory_transport_new_pair (hub->clock, &self->server_end, &self->client_end);
  set_fault (at_server ? self->server_end : self->client_end, fault, at);
  kr_hub_server_accept (hub->server, KR_HUB_TRANSPORT (self->server_end), NULL, NULL);
  self->client = kr_hub_client_new (hub->clock);
  kr_hub_client_add_handler (self->client, "Question", "(s)", on_question, NULL, NULL);
  kr_hub_client_add_handler (self->client, "Event", "(s)", on_event, NULL, NULL);
  g_signal_connect (self->client, "closed", G_CALLBACK (on_closed), self);
  kr_hub_client_connect_async (self->client, KR_HUB_TRANSPORT (self->client_end), NULL, on_connected, self);
}

static void
end (Conversation *self)
{
  for (guint i = 0; i < N_DEEDS; i++)
    {
      g_clear_object (&self->doings[i].stream);
      g_string_free (self->doings[i].text, TRUE);
    }
  g_ptr_array_set_size (self->hub->kept, 0);
  g_ptr_array_set_size (self->hub->streams, 0);
  g_ptr_array_set_size (self->hub->connected, 0);
  self->hub->n_disconnected = 0;
  g_object_unref (self->client);
  g_object_unref (self->cancellable);
  g_object_unref (self->server_end);
  g_object_unref (self->client_end);
}

/* What must hold whatever happened. */
static void
assert_ended_once (Conversation *self)
{
  g_assert_cmpuint (self->n_connected, ==, 1);
  g_assert_cmpuint (self->n_stopped, ==, 1);
  g_assert_cmpuint (self->n_closed, ==, self->connected ? 1 : 0);
  for (guint i = 0; i < N_DEEDS; i++)
    g_assert_cmpuint (self->doings[i].n_ended, ==, self->connected ? 1 : 0);
  g_assert_cmpuint (self->hub->connected->len, <=, 1);
  g_assert_cmpuint (self->hub->n_disconnected, ==, self->hub->connected->len);
  g_assert_cmpuint (kr_hub_server_get_n_connections (self->hub->server), ==, 0);
}

static void
converse (Conversation *self, KrTestHub *hub, Fault fault, gboolean at_server, guint64 at)
{
  begin (self, hub, fault, at_server, at);
  settle (self, 1, 300, finite_deeds_are_done);
  /* A loss is found out by timeouts, if at all; the client gives up in the end. */
  if (fault == FAULT_LOSS)
    settle (self, G_USEC_PER_SEC, 70, finite_deeds_are_done);
  kr_hub_client_stop_async (self->client, NULL, on_stopped, self);
  settle (self, 1, 300, is_over);
  if (!is_over (self))
    settle (self, G_USEC_PER_SEC, 70, is_over);
  assert_ended_once (self);
}

static const char *const results[N_FINITE] = {
  [DOES_ECHO] = "<'\"hé\"'>",
  [DOES_FAIL] = "An unexpected error occurred invoking 'Fail' on the server. HubException: no luck",
  [DOES_UNKNOWN] = "Failed to invoke 'NoSuch' due to an error on the server. HubException: Method does not exist.",
  [DOES_ASK] = "<'me'>",
  [DOES_JOIN] = "<@mv nothing>",
  [DOES_AROUND] = "<@mv nothing>",
  [DOES_CANCEL] = "The call was cancelled",
  [DOES_COLLECT] = "<'1 2 3 '>",
  [DOES_COUNT] = "<int64 0> <int64 1> <int64 2> end",
  [DOES_HOLD] = "<'held'> end",
  [DOES_MIRROR] = "<'x'> <'y'> end",
};

static void
assert_results (Conversation *self)
{
  g_assert_true (self->connected);
  for (guint i = 0; i < N_FINITE; i++)
    g_assert_cmpstr (self->doings[i].text->str, ==, results[i]);
}

/* --- the backend: none, connections are made here --- */

static gpointer
backend_start (KrHubServer *server)
{
  return server;
}

static void
backend_stop (gpointer data)
{
}

static const KrTestBackend backend = { "/gauntlet", TRUE, backend_start, NULL, backend_stop };

static KrTestHub *
hub_new (void)
{
  KrTestHub *hub = kr_test_hub_new (&backend);

  g_object_set (hub->server, "max-parallel-invocations", 0, NULL);
  return hub;
}

typedef struct
{
  const char *path;
  Fault fault;
  gboolean at_server;
} Gauntlet;

static const Gauntlet gauntlets[] = {
  { "/gauntlet/split/client", FAULT_SPLIT, FALSE }, { "/gauntlet/split/server", FAULT_SPLIT, TRUE },
  { "/gauntlet/cut/client", FAULT_CUT, FALSE },     { "/gauntlet/cut/server", FAULT_CUT, TRUE },
  { "/gauntlet/loss/client", FAULT_LOSS, FALSE },   { "/gauntlet/loss/server", FAULT_LOSS, TRUE },
};

static guint64
count_bytes (KrTestHub *hub, gboolean at_server)
{
  Conversation conversation = { 0 };
  guint64 n;

  converse (&conversation, hub, FAULT_NONE, FALSE, 0);
  assert_results (&conversation);
  n = kr_hub_memory_transport_get_n_sent (at_server ? conversation.server_end : conversation.client_end);
  end (&conversation);
  return n;
}

static void
test_gauntlet (gconstpointer data)
{
  const Gauntlet *gauntlet = data;
  KrTestHub *hub = hub_new ();
  guint64 n = count_bytes (hub, gauntlet->at_server);

  g_assert_cmpuint (n, >, 800);
  for (guint64 at = 1; at <= n; at++)
    {
      Conversation conversation = { 0 };

      converse (&conversation, hub, gauntlet->fault, gauntlet->at_server, at);
      if (gauntlet->fault == FAULT_SPLIT)
        assert_results (&conversation);
      end (&conversation);
    }
  g_test_message ("%" G_GUINT64_FORMAT " faults", n);
  kr_test_hub_free (hub);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (gauntlets); i++)
    g_test_add_data_func (gauntlets[i].path, &gauntlets[i], test_gauntlet);
  return g_test_run ();
}
