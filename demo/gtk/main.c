/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* kr-tasks: a window with the tasks of a running kr-demo. */
#include "config.h"

#include <glib/gi18n.h>
#include <locale.h>

#include "demo-application.h"

int
main (int argc, char **argv)
{
  /* a program that runs from the build tree finds its translations where the environment says */
  const char *folder = g_getenv ("KR_DEMO_LOCALEDIR");
  g_autoptr (GtkApplication) application = NULL;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, folder != NULL ? folder : LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  application = demo_application_new ();
  return g_application_run (G_APPLICATION (application), argc, argv);
}
