/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The real window, a private bus, and a program with tasks on it that comes and goes. */
#include "config.h"

#include "gtk-fixture.h"

#include "demo-bus-source.h"
#include "demo-window.h"
#include "gtk-bodies.h"

#define BUS_NAME "org.kestrun.Tasks"
#define BUS_PATH "/org/kestrun/Tasks"

static GVariant *
body_sleep (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  kr_task_job_sleep (job, -1);
  return NULL;
}

static KrTaskJob *
create_operation (GVariant *parameters, GVariant *options, gpointer user_data, GError **error)
{
  GtkFixture *f = user_data;
  KrTaskJob *job;

  g_assert_true (g_variant_lookup (parameters, "seconds", "u", &f->seconds));
  if (f->seconds == 13)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "not on a Friday");
      return NULL;
    }
  job = kr_task_job_new ("operation", "An operation");
  kr_task_job_set_func (job, body_sleep, NULL, NULL);
  return job;
}

static KrTaskJob *
create_other (GVariant *parameters, GVariant *options, gpointer user_data, GError **error)
{
  g_autofree char *title = g_strdup_printf ("Of kind %s", (const char *) user_data);
  KrTaskJob *job = kr_task_job_new (user_data, title);

  kr_task_job_set_func (job, body_sleep, NULL, NULL);
  return job;
}

void
gtk_fixture_offer (GtkFixture *f, const char *kind)
{
  kr_task_bus_exporter_add_kind (f->exporter, kind, create_other, g_strdup (kind), g_free);
}

static void
on_name (GDBusConnection *connection, const char *name, gpointer user_data)
{
  gboolean *owned = user_data;

  *owned = TRUE;
}

static void
on_name_lost (GDBusConnection *connection, const char *name, gpointer user_data)
{
  g_test_message ("lost %s", name);
}

void
gtk_fixture_server_comes (GtkFixture *f)
{
  g_autoptr (GError) error = NULL;
  gboolean owned = FALSE;

  f->server = g_dbus_connection_new_for_address_sync (g_test_dbus_get_bus_address (f->bus),
                                                      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                      G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                                      NULL, NULL, &error);
  g_assert_no_error (error);
  g_dbus_connection_set_exit_on_close (f->server, FALSE);
  f->exporter = kr_task_bus_exporter_new (f->manager, f->server, BUS_PATH);
  kr_task_bus_exporter_add_kind (f->exporter, "operation", create_operation, f, NULL);
  g_assert_true (kr_task_bus_exporter_export (f->exporter, &error));
  f->name_id = g_bus_own_name_on_connection (f->server, BUS_NAME, G_BUS_NAME_OWNER_FLAGS_NONE, on_name, on_name_lost,
                                             &owned, NULL);
  kr_test_wait_flag ("the name", &owned);
}

void
gtk_fixture_server_goes (GtkFixture *f)
{
  g_autoptr (GError) error = NULL;

  kr_task_bus_exporter_unexport (f->exporter);
  g_clear_object (&f->exporter);
  g_clear_handle_id (&f->name_id, g_bus_unown_name);
  g_dbus_connection_close_sync (f->server, NULL, &error);
  g_assert_no_error (error);
  g_clear_object (&f->server);
}

/* As the application does. */
static void
add_style (void)
{
  g_autoptr (GtkCssProvider) provider = gtk_css_provider_new ();

  gtk_css_provider_load_from_resource (provider, "/org/kestrun/KrTasks/style.css");
  gtk_style_context_add_provider_for_display (gdk_display_get_default (), GTK_STYLE_PROVIDER (provider),
                                              GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
}

void
gtk_fixture_init (int *argc, char ***argv)
{
  gtk_test_init (argc, argv, NULL);
  g_object_set (gtk_settings_get_default (), "gtk-enable-animations", FALSE, NULL);
  if (g_getenv ("KR_TEST_PICTURES") != NULL)
    g_object_set (gtk_settings_get_default (), "gtk-font-name", "Cantarell 11", NULL);
  add_style ();
}

void
gtk_fixture_set_up_alone (GtkFixture *f, gconstpointer data)
{
  gtk_bodies_let_go (FALSE);
  f->bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  kr_test_dbus_up (f->bus);
  f->manager = kr_task_manager_new (NULL);
  kr_task_manager_set_max_concurrent (f->manager, 8);
  f->source = demo_bus_source_new (g_test_dbus_get_bus_address (f->bus));
  f->window = demo_window_new (NULL, f->source);
  g_object_add_weak_pointer (G_OBJECT (f->window), (gpointer *) &f->window);
  gtk_window_present (GTK_WINDOW (f->window));
}

void
gtk_fixture_set_up (GtkFixture *f, gconstpointer data)
{
  gtk_fixture_set_up_alone (f, data);
  gtk_fixture_server_comes (f);
  gtk_fixture_wait_page (f, "empty");
}

static gboolean
is_gone (gpointer data)
{
  return *(gpointer *) data == NULL;
}

void
gtk_fixture_tear_down (GtkFixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;

  gtk_bodies_let_go (TRUE);
  gtk_window_destroy (GTK_WINDOW (f->window));
  g_object_add_weak_pointer (G_OBJECT (f->source), (gpointer *) &f->source);
  g_object_unref (f->source);
  /* nothing may be left that holds them, or following a task would go on for ever */
  kr_test_wait ("the end of the window", is_gone, &f->window);
  kr_test_wait ("the end of the source", is_gone, &f->source);
  kr_task_manager_shutdown_async (f->manager, G_USEC_PER_SEC, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("the end of the tasks", &result);
  if (f->server != NULL)
    gtk_fixture_server_goes (f);
  g_clear_object (&f->manager);
  g_test_dbus_down (f->bus);
  g_clear_object (&f->bus);
}

/* --- widgets ------------------------------------------------------------------------------------------------------ */

static GtkWidget *
find (GtkWidget *root, const char *id)
{
  GtkWidget *found = NULL;

  if (g_strcmp0 (gtk_buildable_get_buildable_id (GTK_BUILDABLE (root)), id) == 0)
    return root;
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL && found == NULL;
       child = gtk_widget_get_next_sibling (child))
    found = find (child, id);
  return found;
}

GtkWidget *
gtk_fixture_find (gpointer root, const char *id)
{
  GtkWidget *widget = find (GTK_WIDGET (root), id);

  if (widget == NULL)
    g_error ("there is no widget “%s”", id);
  return widget;
}

gboolean
gtk_fixture_is_mapped (gpointer widget)
{
  return gtk_widget_get_mapped (widget);
}

void
gtk_fixture_press (gpointer root, const char *id)
{
  GtkWidget *button = gtk_fixture_find (root, id);

  kr_test_wait (id, gtk_fixture_is_mapped, button);
  g_assert_true (gtk_widget_is_sensitive (button));
  g_assert_true (gtk_widget_activate (button));
}

void
gtk_fixture_open_popover (GtkFixture *f, double seconds)
{
  GtkWidget *popover = gtk_fixture_find (f->window, "start_popover");

  g_assert_true (gtk_widget_activate_action (f->window, "win.new-task", NULL));
  kr_test_wait ("the popover", gtk_fixture_is_mapped, popover);
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (gtk_fixture_find (popover, "seconds")), seconds);
}

const char *
gtk_fixture_text (gpointer root, const char *id)
{
  return gtk_label_get_label (GTK_LABEL (gtk_fixture_find (root, id)));
}

typedef struct
{
  gpointer root;
  const char *id;
  const char *text;
} Wait;

static gboolean
has_text (gpointer data)
{
  const Wait *wait = data;

  return strstr (gtk_fixture_text (wait->root, wait->id), wait->text) != NULL;
}

void
gtk_fixture_wait_text (gpointer root, const char *id, const char *text)
{
  Wait wait = { root, id, text };

  kr_test_wait (text, has_text, &wait);
}

static gboolean
has_page (gpointer data)
{
  const Wait *wait = data;

  return g_strcmp0 (gtk_stack_get_visible_child_name (wait->root), wait->text) == 0;
}

void
gtk_fixture_wait_page (GtkFixture *f, const char *name)
{
  Wait wait = { gtk_fixture_find (f->window, "stack"), NULL, name };

  kr_test_wait (name, has_page, &wait);
}

typedef struct
{
  DemoTaskRow *row;
  KrTaskState state;
} WaitState;

static gboolean
has_state (gpointer data)
{
  const WaitState *wait = data;

  return demo_task_get_info (demo_task_row_get_task (wait->row))->state == wait->state;
}

void
gtk_fixture_wait_state (DemoTaskRow *row, KrTaskState state)
{
  WaitState wait = { row, state };

  kr_test_wait (kr_task_state_to_string (state), has_state, &wait);
}

/* --- rows --------------------------------------------------------------------------------------------------------- */

KrTaskJob *
gtk_fixture_submit (GtkFixture *f, const char *title, KrTaskFunc func, gpointer data)
{
  KrTaskJob *job = kr_task_job_new ("test", title);
  g_autoptr (GError) error = NULL;

  kr_task_job_set_func (job, func != NULL ? func : body_sleep, data, NULL);
  g_assert_true (kr_task_manager_submit (f->manager, job, &error));
  g_assert_no_error (error);
  return job;
}

DemoTaskRow *
gtk_fixture_get_row (GtkFixture *f, guint index)
{
  GtkListBox *list = GTK_LIST_BOX (gtk_fixture_find (f->window, "list"));
  GtkListBoxRow *row = gtk_list_box_get_row_at_index (list, (int) index);

  return row != NULL ? DEMO_TASK_ROW (row) : NULL;
}

guint
gtk_fixture_count_rows (GtkFixture *f)
{
  guint n = 0;

  while (gtk_fixture_get_row (f, n) != NULL)
    n++;
  return n;
}

gboolean
gtk_fixture_has_no_rows (gpointer f)
{
  return gtk_fixture_count_rows (f) == 0;
}

typedef struct
{
  GtkFixture *f;
  const char *title;
  DemoTaskRow *row;
} WaitRow;

static gboolean
has_row (gpointer data)
{
  WaitRow *wait = data;

  for (guint i = 0; (wait->row = gtk_fixture_get_row (wait->f, i)) != NULL; i++)
    if (g_strcmp0 (gtk_fixture_text (wait->row, "title"), wait->title) == 0)
      return TRUE;
  return FALSE;
}

DemoTaskRow *
gtk_fixture_wait_row (GtkFixture *f, const char *title)
{
  WaitRow wait = { f, title, NULL };

  kr_test_wait (title, has_row, &wait);
  return wait.row;
}

/* --- pictures ----------------------------------------------------------------------------------------------------- */

static gboolean
is_settled (gpointer data)
{
  return g_get_monotonic_time () > *(gint64 *) data;
}

void
gtk_fixture_take_picture (GtkFixture *f, const char *name)
{
  const char *folder = g_getenv ("KR_TEST_PICTURES");
  g_autofree char *path = NULL;
  g_autoptr (GdkPaintable) paintable = NULL;
  g_autoptr (GtkSnapshot) snapshot = NULL;
  g_autoptr (GdkTexture) texture = NULL;
  GskRenderNode *node;
  gint64 settled = g_get_monotonic_time () + G_USEC_PER_SEC;

  if (folder == NULL)
    return;
  /* for people, so what is still moving may come to rest */
  kr_test_wait ("the end of animations", is_settled, &settled);
  path = g_strdup_printf ("%s/%s.png", folder, name);
  paintable = gtk_widget_paintable_new (f->window);
  snapshot = gtk_snapshot_new ();
  gdk_paintable_snapshot (paintable, snapshot, gdk_paintable_get_intrinsic_width (paintable),
                          gdk_paintable_get_intrinsic_height (paintable));
  node = gtk_snapshot_free_to_node (g_steal_pointer (&snapshot));
  texture = gsk_renderer_render_texture (gtk_native_get_renderer (GTK_NATIVE (f->window)), node, NULL);
  g_assert_true (gdk_texture_save_to_png (texture, path));
  gsk_render_node_unref (node);
}
