/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The command line of the demo server. */
#include "config.h"

#include "demo-options.h"

#include <glib/gi18n.h>

static gboolean
check (DemoOptions *options, GError **error)
{
  static const char *const buses[] = { "session", "system", "none", NULL };
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (options->address);

  if (address == NULL)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _("“%s” is not an IP address"), options->address);
  else if (options->port < 0 || options->port > G_MAXUINT16)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _("A port is a number from 0 to %d"), G_MAXUINT16);
  else if (options->bus != NULL && !g_strv_contains (buses, options->bus) && !g_dbus_is_address (options->bus))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _("There is no bus “%s”"), options->bus);
  else
    return TRUE;
  return FALSE;
}

/**
 * demo_options_parse:
 * @options: what to fill
 * @argc: (inout): number of arguments
 * @argv: (inout): the arguments
 * @error: return location for an error
 *
 * Reads the command line; `--help` prints and ends the program.
 *
 * Returns: whether the command line is right
 */
gboolean
demo_options_parse (DemoOptions *options, int *argc, char ***argv, GError **error)
{
  GOptionEntry entries[] = {
    { "port", 'p', 0, G_OPTION_ARG_INT, &options->port, N_("Port to listen on; 0 chooses a free one (default: 5000)"),
      N_("PORT") },
    { "address", 'a', 0, G_OPTION_ARG_STRING, &options->address, N_("IP address to listen on (default: 127.0.0.1)"),
      N_("ADDRESS") },
    { "http", 0, 0, G_OPTION_ARG_NONE, &options->http, N_("Plain HTTP instead of HTTPS"), NULL },
    { "no-antiforgery", 0, G_OPTION_FLAG_REVERSE, G_OPTION_ARG_NONE, &options->antiforgery,
      N_("Do without antiforgery tokens; the Cancel page is unavailable then"), NULL },
    { "bus", 0, 0, G_OPTION_ARG_STRING, &options->bus,
      N_("Bus to publish the tasks on: session, system, none, or an address (default: session)"), N_("BUS") },
    { "version", 0, 0, G_OPTION_ARG_NONE, &options->version, N_("Print the version and exit"), NULL },
    { NULL }
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  *options = (DemoOptions) { .port = 5000, .antiforgery = TRUE };
  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  g_option_context_set_summary (context, N_("Serves a page that starts a long operation, follows it and cancels it."));
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (*argc > 1)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, _("Unexpected argument “%s”"), (*argv)[1]);
      return FALSE;
    }
  if (options->address == NULL)
    options->address = g_strdup ("127.0.0.1");
  return check (options, error);
}

/**
 * demo_options_clear:
 * @options: options
 *
 * Frees what @options hold.
 */
void
demo_options_clear (DemoOptions *options)
{
  g_clear_pointer (&options->address, g_free);
  g_clear_pointer (&options->bus, g_free);
}
