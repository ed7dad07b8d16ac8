/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubClient: several handlers of one call, which come and go, and what the hub is answered. */
#include "config.h"

#include "kr-test-virtual.h"
#include "kr-test.h"

typedef struct
{
  KrTestVirtual *f;
  const char *name;
  const char *answer;   /* NULL: none */
  guint remove;         /* the handler of that id, when called; 0: none */
  gboolean dispose;
  guint n_destroyed;
} Part;

static void
on_call (KrHubInvocation *invocation, gpointer data)
{
  Part *part = data;

  g_string_append_printf (part->f->log, "%s(%s);", part->name, kr_hub_invocation_get_string (invocation, 0));
  if (part->remove != 0)
    g_assert_true (kr_hub_client_remove_handler (part->f->client, part->remove));
  if (part->dispose)
    g_object_run_dispose (G_OBJECT (part->f->client));
  if (part->answer != NULL)
    kr_hub_invocation_return_string (invocation, part->answer);
}

static void
destroyed (gpointer data)
{
  ((Part *) data)->n_destroyed++;
}

static guint
add (Part *part)
{
  guint id = kr_hub_client_add_handler (part->f->client, "News", "(s)", on_call, part, destroyed);

  g_assert_cmpuint (id, >, 0);
  return id;
}

static void
tell (KrTestVirtual *f, const char *text)
{
  g_autoptr (KrHubClients) all = kr_hub_clients_new_all (f->server);

  kr_hub_clients_send (all, "news", g_variant_new ("(s)", text), NULL);
  kr_test_virtual_advance (f, SECOND / 10);
}

/* What the hub gets for a call that expects an answer. */
static char *
ask (KrTestVirtual *f)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = NULL;
  KrHubConnection *connection = kr_hub_server_lookup (f->server, "the-id");

  kr_hub_connection_invoke_async (connection, "News", g_variant_new ("(s)", "?"), G_VARIANT_TYPE_STRING, NULL,
                                  kr_test_store_result, &result);
  kr_test_virtual_advance (f, SECOND / 10);
  g_assert_nonnull (result);
  value = kr_hub_connection_invoke_finish (connection, result, &error);
  return value != NULL ? g_variant_dup_string (value, NULL) : g_strdup_printf ("error: %s", error->message);
}

static void
assert_asked (KrTestVirtual *f, const char *expected)
{
  g_autofree char *answer = ask (f);

  g_assert_cmpstr (answer, ==, expected);
}

static void
test_several (KrTestVirtual *f, gconstpointer data)
{
  static Part one, two; /* outlive the client */
  guint first, second;

  one = (Part) { f, "one" };
  two = (Part) { f, "two" };
  first = add (&one);
  second = add (&two);
  g_assert_cmpuint (first, !=, second);
  /* The types belong to the name. */
  g_assert_cmpuint (kr_hub_client_add_handler (f->client, "NEWS", "(i)", on_call, &one, destroyed), ==, 0);
  g_assert_cmpuint (kr_hub_client_add_handler (f->client, "NEWS", NULL, on_call, &one, destroyed), ==, 0);
  kr_test_virtual_start (f);
  tell (f, "a");
  kr_test_virtual_assert_log (f, "one(a);two(a);");
  g_assert_true (kr_hub_client_remove_handler (f->client, first));
  g_assert_cmpuint (one.n_destroyed, ==, 1);
  g_assert_false (kr_hub_client_remove_handler (f->client, first));
  g_assert_false (kr_hub_client_remove_handler (f->client, 0));
  tell (f, "b");
  kr_test_virtual_assert_log (f, "two(b);");
  first = add (&one);
  tell (f, "c");
  kr_test_virtual_assert_log (f, "two(c);one(c);");
  g_assert_true (kr_hub_client_remove_handler (f->client, first));
  g_assert_true (kr_hub_client_remove_handler (f->client, second));
  g_assert_cmpuint (one.n_destroyed, ==, 2);
  g_assert_cmpuint (two.n_destroyed, ==, 1);
}

static void
test_answers (KrTestVirtual *f, gconstpointer data)
{
  static Part silent, one, two; /* outlive the client */

  silent = (Part) { f, "silent" };
  one = (Part) { f, "one", "1" };
  two = (Part) { f, "two", "2" };
  add (&silent);
  kr_test_virtual_start (f);
  assert_asked (f, "error: Client didn't provide a result.");
  add (&one);
  add (&two);
  g_string_truncate (f->log, 0);
  /* All hear of it. */
  assert_asked (f, "1");
  kr_test_virtual_assert_log (f, "silent(?);one(?);two(?);");
}

/* Of itself, of one that had its turn, and of one that has not. */
static void
test_removed_meanwhile (KrTestVirtual *f, gconstpointer data)
{
  static Part one, two, three; /* outlive the client */
  guint first, second, third;

  one = (Part) { f, "one" };
  two = (Part) { f, "two" };
  three = (Part) { f, "three" };
  first = add (&one);
  second = add (&two);
  third = add (&three);
  kr_test_virtual_start (f);
  two.remove = second;
  tell (f, "a");
  kr_test_virtual_assert_log (f, "one(a);two(a);three(a);");
  g_assert_cmpuint (two.n_destroyed, ==, 1);
  one.remove = third;
  tell (f, "b");
  kr_test_virtual_assert_log (f, "one(b);");
  g_assert_cmpuint (three.n_destroyed, ==, 1);
  one.remove = first;
  tell (f, "c");
  kr_test_virtual_assert_log (f, "one(c);");
  tell (f, "d");
  kr_test_virtual_assert_log (f, "");
}

/* Where none is left, the call is one without a handler. */
static void
test_default (KrTestVirtual *f, gconstpointer data)
{
  static Part one, other; /* outlive the client */
  guint first;

  one = (Part) { f, "one", "1" };
  other = (Part) { f, "other", "default" };
  first = add (&one);
  kr_hub_client_set_default_handler (f->client, on_call, &other, NULL);
  kr_test_virtual_start (f);
  assert_asked (f, "1");
  g_assert_true (kr_hub_client_remove_handler (f->client, first));
  assert_asked (f, "default");
  kr_hub_client_set_default_handler (f->client, NULL, NULL, NULL);
  assert_asked (f, "error: Client didn't provide a result.");
}

/* Nothing is heard after the end, not even of a call that is being handled. */
static void
test_disposed (KrTestVirtual *f, gconstpointer data)
{
  static Part one, two; /* outlive the client */

  one = (Part) { f, "one" };
  two = (Part) { f, "two" };
  one.dispose = TRUE;
  add (&one);
  add (&two);
  kr_test_virtual_start (f);
  tell (f, "a");
  kr_test_virtual_assert_log (f, "one(a);");
}

#define ADD(path, func) \
  g_test_add ("/handlers/" path, KrTestVirtual, NULL, kr_test_virtual_set_up, func, kr_test_virtual_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("several", test_several);
  ADD ("answers", test_answers);
  ADD ("removed-meanwhile", test_removed_meanwhile);
  ADD ("default", test_default);
  ADD ("disposed", test_disposed);
  return g_test_run ();
}
