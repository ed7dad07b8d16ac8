/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Answers that another thread streams: what is on its way to the hub is limited, and who waits goes on. */
#include "config.h"

#include <string.h>

#include "kr-test-peer.h"
#include "kr-test.h"

#define SECOND G_USEC_PER_SEC
#define LIMIT (64 * 1024)
#define ITEM 1000

typedef struct
{
  KrHubServer *server;
  KrTestPeer *peer;
  KrHubStream *stream;
} Fixture;

static void
produce (KrHubInvocation *invocation, gpointer data)
{
  Fixture *f = data;

  f->stream = kr_hub_invocation_open_stream (invocation);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (KrHubClock) clock = kr_hub_clock_new_virtual (SECOND);

  f->server = kr_hub_server_new (clock);
  g_object_set (f->server, "max-outbox-size", (guint64) LIMIT, "keep-alive-interval", (gint64) 0, NULL);
  kr_hub_server_add_stream_method (f->server, "Produce", "()", "s", produce, f, NULL);
  f->peer = kr_test_peer_new (f->server, NULL);
  kr_test_peer_send (f->peer, "{\"type\":4,\"invocationId\":\"1\",\"target\":\"Produce\",\"arguments\":[]};");
  g_assert_nonnull (f->stream);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_clear_object (&f->stream);
  kr_test_peer_free (f->peer);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (f->server);
}

/* What is on its way arrives at the hub, and then at the peer. */
static guint
count_items (Fixture *f)
{
  g_autofree char *text = NULL;
  guint n = 0;

  kr_test_peer_settle (f->peer);
  text = kr_test_peer_take (f->peer);
  for (const char *p = strstr (text, "{\"type\":2"); p != NULL; p = strstr (p + 1, "{\"type\":2"))
    n++;
  return n;
}

/* --- without waiting --- */

typedef struct
{
  KrHubStream *stream;
  gsize size;          /* of each item */
  guint n_written;
} Burst;

static gpointer
write_until_full (gpointer data)
{
  Burst *self = data;
  g_autofree char *item = g_strnfill (self->size, 'x');
  g_autoptr (GError) error = NULL;

  while (kr_hub_stream_write_string (self->stream, item, &error))
    g_assert_cmpuint (++self->n_written, <, 100000);
  g_assert_error (error, KR_HUB_ERROR, KR_HUB_ERROR_OUTBOX_FULL);
  return NULL;
}

/* The hub takes nothing meanwhile. */
static guint
burst (Fixture *f, gsize size)
{
  Burst burst = { f->stream, size };

  g_thread_join (g_thread_new ("burst", write_until_full, &burst));
  return burst.n_written;
}

static void
test_bounded (Fixture *f, gconstpointer data)
{
  /* And again, once that has arrived: the stream goes on. */
  for (guint i = 0; i < 3; i++)
    {
      guint n = burst (f, ITEM);

      g_assert_cmpuint (n, >, LIMIT / ITEM / 4);
      g_assert_cmpuint (n * ITEM, <, LIMIT / 2);
      g_assert_cmpuint (count_items (f), ==, n);
    }
  /* What brings an item counts as well. */
  g_assert_cmpuint (burst (f, 0), <, LIMIT / 256);
  g_assert_true (kr_hub_connection_is_open (f->peer->connection));
}

/* One that is larger for itself can be sent. */
static void
test_large (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 3; i++)
    {
      g_assert_cmpuint (burst (f, 2 * LIMIT), ==, 1);
      g_assert_cmpuint (count_items (f), ==, 1);
    }
}

/* A caller that is gone is what ends it, whatever is on its way. */
static void
test_gone (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  burst (f, ITEM);
  kr_hub_connection_abort (f->peer->connection);
  g_assert_false (kr_hub_stream_write_string (f->stream, "x", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* --- with it --- */

#define N_ITEMS 3000

/* How many items are written between two waits. */
#define STRIDE 8

typedef struct
{
  KrHubStream *stream;
  gboolean polite; /* waits before it is refused */
  gint done;       /* atomic */
} Producer;

/* In the producer's own main context. */
static void
await_room (KrHubStream *stream, GMainContext *context)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  kr_hub_stream_wait_writable_async (stream, NULL, kr_test_store_result, &result);
  while (result == NULL)
    g_main_context_iteration (context, TRUE);
  kr_hub_stream_wait_writable_finish (stream, result, &error);
  g_assert_no_error (error);
}

static gpointer
write_and_wait (gpointer data)
{
  Producer *self = data;
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autofree char *rest = g_strnfill (ITEM, '.');

  g_main_context_push_thread_default (context);
  for (guint i = 0; i < N_ITEMS; i++)
    {
      g_autofree char *item = g_strdup_printf ("<%u>%s", i, rest);
      g_autoptr (GError) error = NULL;

      if (self->polite && i % STRIDE == 0)
        await_room (self->stream, context);
      while (!kr_hub_stream_write_string (self->stream, item, &error))
        {
          g_assert_false (self->polite);
          g_assert_error (error, KR_HUB_ERROR, KR_HUB_ERROR_OUTBOX_FULL);
          g_clear_error (&error);
          await_room (self->stream, context);
        }
    }
  kr_hub_stream_complete (self->stream);
  g_main_context_pop_thread_default (context);
  g_atomic_int_set (&self->done, TRUE);
  return NULL;
}

static void
test_paced (Fixture *f, gconstpointer polite)
{
  Producer producer = { f->stream, GPOINTER_TO_INT (polite) };
  GThread *thread = g_thread_new ("producer", write_and_wait, &producer);
  const char *p = NULL;

  while (!g_atomic_int_get (&producer.done))
    kr_test_peer_settle (f->peer);
  g_thread_join (thread);
  kr_test_peer_settle (f->peer);
  kr_test_peer_settle (f->peer);
  g_assert_true (kr_hub_connection_is_open (f->peer->connection));
  p = f->peer->received->str;
  for (guint i = 0; i < N_ITEMS; i++)
    {
      g_autofree char *mark = g_strdup_printf ("\"item\":\"<%u>.", i);

      p = strstr (p, mark);
      g_assert_nonnull (p);
    }
  g_assert_true (g_str_has_suffix (p, "{\"type\":3,\"invocationId\":\"1\"};"));
}

#define ADD(name, func, data) g_test_add ("/stream-threads/" name, Fixture, data, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("bounded", test_bounded, NULL);
  ADD ("large", test_large, NULL);
  ADD ("gone", test_gone, NULL);
  ADD ("paced", test_paced, GINT_TO_POINTER (TRUE));
  ADD ("refused", test_paced, GINT_TO_POINTER (FALSE));
  return g_test_run ();
}
