/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The command line of krhub. */
#include "config.h"

#include "krhub-options.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

/* What GOptionContext fills, before it is checked. */
typedef struct
{
  char **words;
  char *token, *token_file, *protocol, *transport, *timeout, *count;
  char **headers;
  gboolean gvariant, text, version;
} Given;

static void
given_clear (Given *self)
{
  g_strfreev (self->words);
  g_strfreev (self->headers);
  g_free (self->token);
  g_free (self->token_file);
  g_free (self->protocol);
  g_free (self->transport);
  g_free (self->timeout);
  g_free (self->count);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Given, given_clear)

G_GNUC_PRINTF (2, 3)
static gboolean
fail (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_clear_error (error);
  if (error != NULL)
    *error = g_error_new_valist (G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, format, args);
  va_end (args);
  return FALSE;
}

/* --- negative numbers --- */

/* To GOptionContext, -5 is an option. A line feed in front, which is taken away again, makes it the argument it is. */
static gboolean
is_number (const char *word)
{
  return word[0] == '-' && (g_ascii_isdigit (word[1]) || word[1] == '.');
}

static void
shield (char **argv)
{
  for (; *argv != NULL; argv++)
    if (is_number (*argv))
      {
        char *word = *argv;

        *argv = g_strconcat ("\n", word, NULL);
        g_free (word);
      }
}

static char *
unshield (char *word)
{
  if (word != NULL && word[0] == '\n' && is_number (word + 1))
    memmove (word, word + 1, strlen (word));
  return word;
}

/* --- checks of single options --- */

static gboolean
take_protocol (KrhubOptions *options, const Given *given, GError **error)
{
  if (given->protocol == NULL || g_str_equal (given->protocol, "json"))
    return TRUE;
  if (!g_str_equal (given->protocol, "messagepack"))
    return fail (error, _("There is no protocol “%s”: json or messagepack"), given->protocol);
  options->messagepack = TRUE;
  return TRUE;
}

static gboolean
take_transport (KrhubOptions *options, const Given *given, GError **error)
{
  static const struct
  {
    const char *name;
    KrHubTransportFlags flags;
  } transports[] = {
    { "auto", KR_HUB_TRANSPORT_ALL },
    { "websockets", KR_HUB_TRANSPORT_WEBSOCKETS },
    { "sse", KR_HUB_TRANSPORT_SERVER_SENT_EVENTS },
    { "long-polling", KR_HUB_TRANSPORT_LONG_POLLING },
  };

  for (guint i = 0; i < G_N_ELEMENTS (transports) && options->transports == 0; i++)
    if (given->transport == NULL || g_str_equal (given->transport, transports[i].name))
      options->transports = transports[i].flags;
  if (options->transports == 0)
    return fail (error, _("There is no transport “%s”: websockets, sse, long-polling or auto"), given->transport);
  if (options->messagepack && options->transports == KR_HUB_TRANSPORT_SERVER_SENT_EVENTS)
    return fail (error, _("Server-Sent Events carry text only, no MessagePack"));
  if (options->skip_negotiation && !(options->transports & KR_HUB_TRANSPORT_WEBSOCKETS))
    return fail (error, _("Only a WebSocket can be opened without negotiation"));
  if (options->skip_negotiation)
    options->transports = KR_HUB_TRANSPORT_WEBSOCKETS;
  return TRUE;
}

static gboolean
take_numbers (KrhubOptions *options, const Given *given, GError **error)
{
  guint64 count = 0;
  char *end;
  double seconds = 0;

  if (given->timeout != NULL)
    {
      seconds = g_ascii_strtod (given->timeout, &end);
      if (end == given->timeout || *end != '\0' || !isfinite (seconds) || seconds <= 0 || seconds > 1e9)
        return fail (error, _("“%s” is not a time in seconds above 0"), given->timeout);
    }
  if (given->count != NULL && !g_ascii_string_to_unsigned (given->count, 10, 1, G_MAXUINT, &count, NULL))
    return fail (error, _("“%s” is not a number of 1 or more"), given->count);
  options->timeout = seconds > 0 ? MAX ((gint64) (seconds * G_USEC_PER_SEC), 1) : 0;
  options->count = count;
  return TRUE;
}

/* It becomes part of a header: not a place for line breaks. */
static gboolean
is_header_text (const char *text)
{
  for (; *text != '\0'; text++)
    if (g_ascii_iscntrl (*text) && *text != '\t')
      return FALSE;
  return TRUE;
}

/* From the command line, from a file, or from the environment, where no list of processes shows it. */
static gboolean
take_token (KrhubOptions *options, Given *given, GError **error)
{
  g_autoptr (GError) reason = NULL;

  if (given->token != NULL)
    options->token = g_steal_pointer (&given->token);
  else if (given->token_file == NULL)
    options->token = g_strdup (g_getenv ("KRHUB_TOKEN"));
  else if (!g_file_get_contents (given->token_file, &options->token, NULL, &reason))
    return fail (error, _("The token cannot be read: %s"), reason->message);
  if (options->token != NULL)
    g_strstrip (options->token);
  if (options->token != NULL && !is_header_text (options->token))
    return fail (error, _("A token is one line of text"));
  if (options->token != NULL && *options->token == '\0')
    g_clear_pointer (&options->token, g_free);
  return TRUE;
}

static gboolean
take_headers (KrhubOptions *options, const Given *given, GError **error)
{
  g_autoptr (GPtrArray) headers = g_ptr_array_new_with_free_func (g_free);

  for (char **header = given->headers; header != NULL && *header != NULL; header++)
    {
      gsize length = strcspn (*header, ":");

      if (length == 0 || (*header)[length] == '\0' || strcspn (*header, " \t\"(),/;<=>?@[\\]{}") < length ||
          !is_header_text (*header))
        return fail (error, _("“%s” is not a header: it is written 'Name: value'"), *header);
      g_ptr_array_add (headers, g_strndup (*header, length));
      g_ptr_array_add (headers, g_strstrip (g_strdup (*header + length + 1)));
    }
  g_ptr_array_add (headers, NULL);
  options->headers = (char **) g_ptr_array_free (g_steal_pointer (&headers), FALSE);
  return TRUE;
}

/* --- words --- */

static gboolean
check_fit (const KrhubOptions *options, GError **error)
{
  const struct
  {
    gboolean given;
    KrhubTakes takes;
    const char *name;
  } options_of_few[] = {
    { options->upload, KRHUB_TAKES_UPLOAD, "--upload" },
    { options->count > 0, KRHUB_TAKES_COUNT, "--count" },
    { options->reconnect, KRHUB_TAKES_RECONNECT, "--reconnect" },
    { options->answer != NULL, KRHUB_TAKES_ANSWER, "--answer" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (options_of_few); i++)
    if (options_of_few[i].given && !(options->command->takes & options_of_few[i].takes))
      return fail (error, _("“krhub %s” has no option %s"), options->command->name, options_of_few[i].name);
  if (options->upload && krhub_arguments_use_stdin (options->operands, options->kind))
    return fail (error, _("Standard input cannot be both an argument and --upload"));
  return TRUE;
}

static gboolean
check_url (const char *url, GError **error)
{
  static const char *const schemes[] = { "http", "https", "ws", "wss", NULL };
  g_autoptr (GUri) uri = g_uri_parse (url, G_URI_FLAGS_NONE, NULL);

  if (uri == NULL || !g_strv_contains (schemes, g_uri_get_scheme (uri)) || g_uri_get_host (uri) == NULL ||
      *g_uri_get_host (uri) == '\0')
    return fail (error, _("“%s” is not the URL of a hub: it is like https://example.org/hub"), url);
  return TRUE;
}

static gboolean
take_words (KrhubOptions *options, Given *given, GError **error)
{
  char **words = given->words;
  guint n = words != NULL ? g_strv_length (words) : 0;
  guint needed;

  for (guint i = 0; i < n; i++)
    if (!g_utf8_validate (words[i], -1, NULL))
      return fail (error, _("An argument is not UTF-8"));
  if (n == 0)
    return fail (error, _("What to do? call, listen, stream, send or info"));
  options->command = krhub_command_find (words[0]);
  if (options->command == NULL)
    return fail (error, _("There is no command “%s”: call, listen, stream, send or info"), words[0]);
  needed = options->command->has_method ? 3 : 2;
  if (n < needed)
    return fail (error, n < 2 ? _("“krhub %s” needs the URL of a hub") : _("“krhub %s” needs the name of a method"),
                 words[0]);
  if (n > needed && !options->command->has_operands)
    return fail (error, _("Unexpected argument “%s”"), words[needed]);
  options->url = g_strdup (words[1]);
  options->method = options->command->has_method ? g_strdup (words[2]) : NULL;
  options->operands = g_strdupv (words + needed);
  if (options->method != NULL && *options->method == '\0')
    return fail (error, _("The name of a method is not empty"));
  return check_url (options->url, error);
}

static gboolean
check (KrhubOptions *options, Given *given, GError **error)
{
  if (given->gvariant && given->text)
    return fail (error, _("Arguments are either --gvariant or --text"));
  options->kind = given->gvariant ? KRHUB_ARGUMENTS_GVARIANT
                  : given->text   ? KRHUB_ARGUMENTS_TEXT
                                  : KRHUB_ARGUMENTS_GUESS;
  return take_words (options, given, error) && take_protocol (options, given, error) &&
         take_transport (options, given, error) && take_numbers (options, given, error) &&
         take_token (options, given, error) && take_headers (options, given, error) && check_fit (options, error);
}

static GOptionContext *
new_context (KrhubOptions *options, Given *given)
{
  const GOptionEntry entries[] = {
    { "json", 'j', 0, G_OPTION_ARG_NONE, &options->json, N_("One line of JSON for each result, item or event"), NULL },
    { "raw", 'r', 0, G_OPTION_ARG_NONE, &options->raw, N_("Print a string as it is, without quotation marks"), NULL },
    { "gvariant", 'g', 0, G_OPTION_ARG_NONE, &given->gvariant, N_("Arguments are GVariant text"), NULL },
    { "text", 't', 0, G_OPTION_ARG_NONE, &given->text, N_("Arguments are strings, as they are"), NULL },
    { "upload", 'u', 0, G_OPTION_ARG_NONE, &options->upload,
      N_("call, stream: send the lines of standard input along as a stream"), NULL },
    { "count", 'n', 0, G_OPTION_ARG_STRING, &given->count, N_("listen, stream: end after so many"), N_("N") },
    { "reconnect", 0, 0, G_OPTION_ARG_NONE, &options->reconnect,
      N_("listen: connect again whenever the connection is lost"), NULL },
    { "answer", 0, 0, G_OPTION_ARG_FILENAME, &options->answer,
      N_("listen: answer calls of the hub that want an answer"), N_("VALUE") },
    { "token", 0, 0, G_OPTION_ARG_STRING, &given->token,
      N_("Access token; better in the environment as KRHUB_TOKEN"), N_("TOKEN") },
    { "token-file", 0, 0, G_OPTION_ARG_FILENAME, &given->token_file, N_("Read the access token from a file"),
      N_("FILE") },
    { "header", 'H', 0, G_OPTION_ARG_STRING_ARRAY, &given->headers, N_("Send a header with each request"),
      N_("'NAME: VALUE'") },
    { "protocol", 'p', 0, G_OPTION_ARG_STRING, &given->protocol, N_("json (default) or messagepack"), N_("PROTOCOL") },
    { "transport", 0, 0, G_OPTION_ARG_STRING, &given->transport,
      N_("websockets, sse, long-polling, or auto (default): the first that works"), N_("TRANSPORT") },
    { "skip-negotiation", 0, 0, G_OPTION_ARG_NONE, &options->skip_negotiation, N_("Open a WebSocket at once"), NULL },
    { "insecure", 'k', 0, G_OPTION_ARG_NONE, &options->insecure, N_("Accept any certificate"), NULL },
    { "timeout", 0, 0, G_OPTION_ARG_STRING, &given->timeout, N_("Give up after so long"), N_("SECONDS") },
    { "verbose", 'v', 0, G_OPTION_ARG_NONE, &options->verbose, N_("Tell what happens"), NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &given->version, N_("Print the version and exit"), NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &given->words, NULL, NULL },
    { NULL }
  };
  GOptionContext *context = g_option_context_new (N_("COMMAND URL [METHOD | EVENT] [ARGUMENT…]"));

  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  g_option_context_set_summary (
    context, N_("Talks to SignalR hubs.\n"
                "\n"
                "Commands:\n"
                "  call URL METHOD [ARGUMENT…]    Call a method and print its result\n"
                "  stream URL METHOD [ARGUMENT…]  Call a method and print the items of its stream\n"
                "  send URL METHOD [ARGUMENT…]    Call a method and wait for no answer\n"
                "  listen URL [EVENT…]            Print what the hub sends, or these events\n"
                "  info URL                       Print what the hub offers (negotiation)"));
  g_option_context_set_description (
    context, N_("An argument is JSON, or GVariant text, or else a string. “@FILE” is read from a file, “@-” from\n"
                "standard input. See krhub(1) for the rules and the exit statuses."));
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  return context;
}

/**
 * krhub_options_parse:
 * @options: what to fill
 * @argv: the command line, the program's name first
 * @error: return location for an error
 *
 * Reads the command line; `--help` prints and ends the program.
 *
 * Errors: %G_OPTION_ERROR
 *
 * Returns: whether the command line is right
 */
gboolean
krhub_options_parse (KrhubOptions *options, char **argv, GError **error)
{
  g_auto (Given) given = { 0 };
  g_autoptr (GOptionContext) context = NULL;
  g_auto (GStrv) words = g_strdupv (argv);

  *options = (KrhubOptions) { 0 };
  context = new_context (options, &given);
  shield (words);
  if (!g_option_context_parse_strv (context, &words, error))
    return FALSE;
  for (char **word = given.words; word != NULL && *word != NULL; word++)
    unshield (*word);
  unshield (given.timeout);
  unshield (given.count);
  unshield (options->answer);
  return given.version || check (options, &given, error);
}

/**
 * krhub_options_clear:
 * @options: options
 *
 * Frees what @options hold.
 */
void
krhub_options_clear (KrhubOptions *options)
{
  g_clear_pointer (&options->url, g_free);
  g_clear_pointer (&options->method, g_free);
  g_clear_pointer (&options->operands, g_strfreev);
  g_clear_pointer (&options->token, g_free);
  g_clear_pointer (&options->headers, g_strfreev);
  g_clear_pointer (&options->answer, g_free);
}
