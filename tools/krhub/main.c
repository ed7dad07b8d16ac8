/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* krhub: talks to SignalR hubs from the command line. */
#include "config.h"

#include <glib/gi18n.h>
#include <locale.h>

#include "krhub-run.h"

/* A program that runs from the build tree finds its translations where the environment says. */
static void
set_up_translations (void)
{
  const char *folder = g_getenv ("KRHUB_LOCALEDIR");

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, folder != NULL ? folder : LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
}

int
main (int argc, char **argv)
{
  g_auto (KrhubOptions) options = { 0 };
  g_autoptr (GError) error = NULL;

  set_up_translations ();
  if (!krhub_options_parse (&options, argv, &error))
    {
      g_printerr ("krhub: %s\n%s\n", error->message, _("“krhub --help” lists commands and options."));
      return KRHUB_EXIT_USAGE;
    }
  if (options.command == NULL)
    {
      g_print ("krhub %s\n", PACKAGE_VERSION);
      return KRHUB_EXIT_OK;
    }
  return krhub_run (&options);
}
