/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* DemoApplication: command line, actions and shortcuts of kr-tasks. */
#include "config.h"

#include "demo-application.h"

#include <glib/gi18n.h>

#include "demo-bus-source.h"
#ifdef DEMO_HAS_HUB
#include "demo-hub-source.h"
#endif
#include "demo-window.h"

struct _DemoApplication
{
  GtkApplication parent_instance;

  char *bus; /* where the tasks are; NULL: the session bus */
  char *hub; /* or there, if it is not NULL */
  char *certificate; /* of the hub; NULL: one that is trusted anyway, or the demo's own */
};

G_DEFINE_FINAL_TYPE (DemoApplication, demo_application, GTK_TYPE_APPLICATION)

static void
show_about (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  gtk_show_about_dialog (gtk_application_get_active_window (user_data),
                         "program-name", _("Tasks"),
                         "logo-icon-name", DEMO_APPLICATION_ID,
                         "version", PACKAGE_VERSION,
                         "comments", _("Follows and cancels the tasks of a running program."),
                         "copyright", "The krhub authors",
                         "license-type", GTK_LICENSE_LGPL_2_1,
                         /* Translators: your names, one per line */
                         "translator-credits", _("translator-credits"),
                         NULL);
}

static void
quit (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  g_application_quit (user_data);
}

static void
add_actions (GtkApplication *application)
{
  static const GActionEntry entries[] = { { "about", show_about }, { "quit", quit } };
  static const struct { const char *action; const char *keys[3]; } accelerators[] = {
    { "win.new-task", { "<Control>n" } },
    { "win.remove-ended", { "<Control>Delete" } },
    { "win.show-help-overlay", { "<Control>question", "F1" } },
    { "window.close", { "<Control>w" } },
    { "app.quit", { "<Control>q" } },
  };

  g_action_map_add_action_entries (G_ACTION_MAP (application), entries, G_N_ELEMENTS (entries), application);
  for (guint i = 0; i < G_N_ELEMENTS (accelerators); i++)
    gtk_application_set_accels_for_action (application, accelerators[i].action, accelerators[i].keys);
}

static void
add_style (void)
{
  g_autoptr (GtkCssProvider) provider = gtk_css_provider_new ();

  gtk_css_provider_load_from_resource (provider, "/org/kestrun/KrTasks/style.css");
  gtk_style_context_add_provider_for_display (gdk_display_get_default (), GTK_STYLE_PROVIDER (provider),
                                              GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
}

static void
demo_application_startup (GApplication *application)
{
  G_APPLICATION_CLASS (demo_application_parent_class)->startup (application);
  gtk_window_set_default_icon_name (DEMO_APPLICATION_ID);
  add_actions (GTK_APPLICATION (application));
  add_style ();
}

#ifdef DEMO_HAS_HUB
static gboolean
is_here (const char *url)
{
  g_autoptr (GUri) uri = g_uri_parse (url, G_URI_FLAGS_NONE, NULL);
  const char *host = uri != NULL ? g_uri_get_host (uri) : NULL;
  g_autoptr (GInetAddress) address = host != NULL ? g_inet_address_new_from_string (host) : NULL;

  return g_strcmp0 (host, "localhost") == 0 || (address != NULL && g_inet_address_get_is_loopback (address));
}

/* A demo on this computer has made its certificate itself, and left it where we can read it. */
static char *
find_certificate (DemoApplication *self)
{
  g_autofree char *path = g_build_filename (g_get_user_data_dir (), "kr-demo", "certificate.pem", NULL);

  if (self->certificate != NULL)
    return g_canonicalize_filename (self->certificate, NULL);
  return is_here (self->hub) && g_file_test (path, G_FILE_TEST_IS_REGULAR) ? g_steal_pointer (&path) : NULL;
}
#endif

static DemoSource *
new_source (DemoApplication *self)
{
#ifdef DEMO_HAS_HUB
  if (self->hub != NULL)
    {
      g_autofree char *certificate = find_certificate (self);
      g_autoptr (GError) error = NULL;
      DemoSource *source = demo_hub_source_new (self->hub, certificate, &error);

      if (source == NULL)
        g_printerr ("kr-tasks: %s\n", error->message);
      return source;
    }
#endif
  return demo_bus_source_new (self->bus != NULL ? self->bus : "session");
}

static void
demo_application_activate (GApplication *application)
{
  DemoApplication *self = DEMO_APPLICATION (application);
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (application));
  g_autoptr (DemoSource) source = NULL;

  if (window == NULL)
    {
      source = new_source (self);
      if (source == NULL)
        return;
      window = GTK_WINDOW (demo_window_new (GTK_APPLICATION (application), source));
    }
  gtk_window_present (window);
}

static int
demo_application_handle_local_options (GApplication *application, GVariantDict *options)
{
  static const char *const buses[] = { "session", "system", NULL };
  DemoApplication *self = DEMO_APPLICATION (application);

  if (g_variant_dict_contains (options, "version"))
    {
      g_print ("kr-tasks %s\n", PACKAGE_VERSION);
      return 0;
    }
  g_variant_dict_lookup (options, "certificate", "^ay", &self->certificate);
  g_variant_dict_lookup (options, "hub", "s", &self->hub);
  if (!g_variant_dict_lookup (options, "bus", "s", &self->bus) && self->hub == NULL)
    return -1;
  if (self->bus != NULL && self->hub != NULL)
    {
      g_printerr ("kr-tasks: %s\n", _("tasks are either on a bus or behind a hub"));
      return 2;
    }
  if (self->hub != NULL && !g_str_has_prefix (self->hub, "http://") && !g_str_has_prefix (self->hub, "https://"))
    {
      g_printerr ("kr-tasks: %s\n", _("the URL of a hub begins with https:// or http://"));
      return 2;
    }
  if (self->bus != NULL && !g_strv_contains (buses, self->bus) && !g_dbus_is_address (self->bus))
    {
      g_printerr (_("kr-tasks: there is no bus “%s”\n"), self->bus);
      return 2;
    }
  /* a window for another bus or a hub is another program: one that is open already would not look there */
  g_application_set_flags (application, g_application_get_flags (application) | G_APPLICATION_NON_UNIQUE);
  return -1;
}

static void
demo_application_finalize (GObject *object)
{
  DemoApplication *self = DEMO_APPLICATION (object);

  g_free (self->bus);
  g_free (self->hub);
  g_free (self->certificate);
  G_OBJECT_CLASS (demo_application_parent_class)->finalize (object);
}

static void
demo_application_class_init (DemoApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = demo_application_finalize;
  application_class->startup = demo_application_startup;
  application_class->activate = demo_application_activate;
  application_class->handle_local_options = demo_application_handle_local_options;
}

static void
demo_application_init (DemoApplication *self)
{
  static const GOptionEntry entries[] = {
    { "bus", 0, 0, G_OPTION_ARG_STRING, NULL,
      N_("Bus to look for tasks on: session, system, or an address (default: session)"), N_("BUS") },
#ifdef DEMO_HAS_HUB
    { "hub", 0, 0, G_OPTION_ARG_STRING, NULL,
      N_("Hub to look for tasks on, such as https://127.0.0.1:5000/hubs/kestrun, instead of a bus"), N_("URL") },
    { "certificate", 0, 0, G_OPTION_ARG_FILENAME, NULL, N_("Certificate of the hub to trust (PEM)"), N_("FILE") },
#endif
    { "version", 0, 0, G_OPTION_ARG_NONE, NULL, N_("Print the version and exit"), NULL },
    { NULL }
  };

  g_application_add_main_option_entries (G_APPLICATION (self), entries);
}

/**
 * demo_application_new:
 *
 * Creates the application.
 *
 * Returns: (transfer full): the application
 */
GtkApplication *
demo_application_new (void)
{
  return g_object_new (DEMO_TYPE_APPLICATION, "application-id", DEMO_APPLICATION_ID, "resource-base-path",
                       "/org/kestrun/KrTasks", NULL);
}
