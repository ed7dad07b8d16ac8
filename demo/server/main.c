/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* kr-demo: the demo server. */
#include "config.h"

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <locale.h>

#include "demo-bus.h"
#include "demo-hub-tasks.h"
#include "demo-options.h"
#include "demo-parts.h"
#include "demo-server.h"

static gboolean
on_signal (gpointer user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_CONTINUE;
}

/* A program that runs from the build tree finds its translations where the environment says. */
static void
set_up_translations (void)
{
  const char *folder = g_getenv ("KR_DEMO_LOCALEDIR");

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, folder != NULL ? folder : LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
}

/* Where there is no session bus, and nobody asked for one, the demo does without. */
static gboolean
publish (DemoParts *parts, const DemoOptions *options, DemoBus **bus, GError **error)
{
  g_autoptr (GError) local_error = NULL;

  if (g_strcmp0 (options->bus, "none") == 0)
    return TRUE;
  *bus = demo_bus_publish (parts, options->bus != NULL ? options->bus : "session", &local_error);
  if (*bus == NULL && options->bus != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  if (*bus == NULL)
    g_printerr ("kr-demo: tasks are not on a bus: %s\n", local_error->message);
  return TRUE;
}

static gboolean
serve (const DemoOptions *options, GError **error)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_auto (DemoParts) parts = { 0 };
  g_autoptr (DemoBus) bus = NULL;
  g_autoptr (DemoServer) server = NULL;

  if (!demo_parts_init (&parts, options, error) || !publish (&parts, options, &bus, error))
    return FALSE;
  demo_hub_tasks_add (&parts);
  server = demo_server_new (options, &parts);
  /* Before the address is printed: whoever reads it may stop us at once. */
  g_unix_signal_add (SIGINT, on_signal, loop);
  g_unix_signal_add (SIGTERM, on_signal, loop);
  if (!demo_server_start (server, error))
    return FALSE;
  g_main_loop_run (loop);
  demo_parts_cancel_tasks (&parts);
  demo_server_say_farewell (server);
  demo_server_stop (server);
  return TRUE;
}

int
main (int argc, char **argv)
{
  g_auto (DemoOptions) options = { 0 };
  g_autoptr (GError) error = NULL;

  set_up_translations ();
  if (!demo_options_parse (&options, &argc, &argv, &error))
    {
      g_printerr ("kr-demo: %s\n", error->message);
      return 2;
    }
  if (options.version)
    {
      g_print ("kr-demo %s\n", PACKAGE_VERSION);
      return 0;
    }
  if (!serve (&options, &error))
    {
      g_printerr ("kr-demo: %s\n", error->message);
      return 1;
    }
  return 0;
}
