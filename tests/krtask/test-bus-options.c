/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of what callers on the bus say of their tasks, and of places in the queue that they are told. */
#include "bus-fixture.h"

/* --- the place in the queue */

/* The places that the client has heard of, by path. */
typedef struct
{
  GHashTable *places;
} Heard;

static void
on_changed (GDBusConnection *connection, const char *sender, const char *path, const char *interface,
            const char *signal, GVariant *parameters, gpointer user_data)
{
  g_autoptr (GVariant) changed = g_variant_get_child_value (parameters, 1);
  guint32 place;

  if (g_variant_lookup (changed, "Position", "u", &place))
    g_hash_table_insert (((Heard *) user_data)->places, g_strdup (path), GUINT_TO_POINTER (place));
}

typedef struct
{
  BusFixture *f;
  Heard *heard; /* NULL: ask */
  const char *path;
  guint place;
} PlaceWait;

static gboolean
is_at (gpointer data)
{
  PlaceWait *wait = data;
  g_autoptr (GVariant) position = NULL;

  if (wait->heard != NULL)
    return g_hash_table_contains (wait->heard->places, wait->path) &&
           GPOINTER_TO_UINT (g_hash_table_lookup (wait->heard->places, wait->path)) == wait->place;
  position = bus_fixture_get (wait->f, wait->path, "Position");
  return g_variant_get_uint32 (position) == wait->place;
}

static void
wait_place (BusFixture *f, Heard *heard, const char *path, guint place)
{
  PlaceWait wait = { f, heard, path, place };

  kr_test_wait ("the place", is_at, &wait);
}

static void
test_position (BusFixture *f, gconstpointer data)
{
  g_autoptr (GHashTable) places = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Heard heard = { places };
  char *paths[3];
  guint id;

  kr_task_manager_set_max_concurrent (f->manager, 1);
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    paths[i] = bus_fixture_start (f, "sleep", NULL, NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    wait_place (f, NULL, paths[i], i);
  id = g_dbus_connection_signal_subscribe (f->client, NULL, "org.freedesktop.DBus.Properties", "PropertiesChanged", NULL,
                                           BUS_TASK_INTERFACE, G_DBUS_SIGNAL_FLAGS_MATCH_ARG0_NAMESPACE, on_changed,
                                           &heard, NULL);
  bus_fixture_sync (f);
  g_variant_unref (bus_fixture_call (f, paths[1], BUS_TASK_INTERFACE, "Cancel", bus_fixture_parse ("(@a{sv} {},)"), NULL));
  wait_place (f, &heard, paths[1], 0);
  wait_place (f, &heard, paths[2], 1);
  g_variant_unref (bus_fixture_call (f, paths[0], BUS_TASK_INTERFACE, "Cancel", bus_fixture_parse ("(@a{sv} {},)"), NULL));
  wait_place (f, &heard, paths[2], 0);
  g_dbus_connection_signal_unsubscribe (f->client, id);
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    g_free (paths[i]);
}

/* --- options */

static void
test_tags (BusFixture *f, gconstpointer data)
{
  g_autofree char *path = bus_fixture_start (f, "sleep", NULL, bus_fixture_parse ("{'tags': <['a', 'b', 'a']>}"), NULL);
  g_autoptr (GVariant) tags = bus_fixture_get (f, path, "Tags");
  g_autoptr (KrTaskJob) job = g_list_model_get_item (G_LIST_MODEL (f->manager), 0);
  static const char *const later[] = { "c", NULL };
  g_autoptr (GVariant) expected = g_variant_ref_sink (bus_fixture_parse ("['a', 'b']"));
  g_autoptr (GVariant) changed = NULL;
  g_autofree const char **words = NULL;

  g_assert_cmpvariant (tags, expected);
  bus_fixture_wait_state (f, path, "running");
  kr_task_job_set_tags (job, later);
  do
    {
      g_clear_pointer (&changed, g_variant_unref);
      g_clear_pointer (&words, g_free);
      changed = bus_fixture_get (f, path, "Tags");
      words = g_variant_get_strv (changed, NULL);
    }
  while (words[0] == NULL || g_strcmp0 (words[0], "c") != 0);
}

static GVariant *
long_option (const char *name, const char *format, gsize length)
{
  g_autofree char *text = g_strnfill (length, 'x');

  return bus_fixture_parse (format, name, text);
}

static void
assert_refused (BusFixture *f, GVariant *options)
{
  g_autoptr (GVariant) sunk = g_variant_ref_sink (options);
  g_autofree char *shown = g_variant_print (sunk, FALSE);
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;

  g_test_message ("%.80s", shown);
  path = bus_fixture_start (f, "sleep", NULL, sunk, &error);
  g_assert_null (path);
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_INVALID);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (f->manager)), ==, 0);
}

/* What is told to everyone is short; what is of another type is not taken for what was not said. */
static void
test_bad_options (BusFixture *f, gconstpointer data)
{
  g_autoptr (GString) many = g_string_new ("{'tags': <['0'");
  static const char *const wrong[] = {
    "{'priority': <uint32 1>}", "{'key': <1>}", "{'title': <@ay []>}", "{'tags': <'a'>}", "{'tags': <[1]>}",
    "{'deadline_us': <1>}", "{'cancel_on_disconnect': <1>}", "{'handle_token': <1>}", "{'handle_token': <''>}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    assert_refused (f, bus_fixture_parse (wrong[i]));
  assert_refused (f, long_option ("title", "{%s: <%s>}", 1025));
  assert_refused (f, long_option ("key", "{%s: <%s>}", 257));
  assert_refused (f, long_option ("tags", "{%s: <[%s]>}", 65));
  for (guint i = 0; i < 16; i++)
    g_string_append (many, ", 'x'");
  g_string_append (many, "]>}");
  assert_refused (f, bus_fixture_parse (many->str));
}

static void
test_long_options (BusFixture *f, gconstpointer data)
{
  g_autofree char *first = bus_fixture_start (f, "sleep", NULL, long_option ("title", "{%s: <%s>}", 1024), NULL);
  g_autofree char *second = bus_fixture_start (f, "sleep", NULL, long_option ("key", "{%s: <%s>}", 256), NULL);
  g_autofree char *third = bus_fixture_start (f, "sleep", NULL, long_option ("tags", "{%s: <[%s]>}", 64), NULL);
  g_autofree char *fourth = bus_fixture_start (f, "sleep", NULL, bus_fixture_parse ("{'of the kind': <1>}"), NULL);

  g_assert_nonnull (first);
  g_assert_nonnull (second);
  g_assert_nonnull (third);
  g_assert_nonnull (fourth);
}

#define ADD(path, func) g_test_add ("/bus/" path, BusFixture, NULL, bus_fixture_set_up, func, bus_fixture_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("position", test_position);
  ADD ("options/tags", test_tags);
  ADD ("options/bad", test_bad_options);
  ADD ("options/long", test_long_options);
  return g_test_run ();
}
