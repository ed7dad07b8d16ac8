/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What krhub prints: results to standard output, everything else to standard error. */
#include "config.h"

#include "krhub-output.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "krhub-json.h"

#define BOLD "\033[1m"
#define DIM "\033[2m"
#define RED "\033[1;31m"
#define END "\033[0m"
#define CLEAR_LINE "\r\033[K"

/* https://no-color.org: set and not empty means none. */
static gboolean
wants_colour (int fd)
{
  const char *no_color = g_getenv ("NO_COLOR");

  return isatty (fd) && (no_color == NULL || *no_color == '\0') && g_strcmp0 (g_getenv ("TERM"), "dumb") != 0;
}

/**
 * krhub_output_init:
 * @self: what to fill
 * @options: what the command line wants
 *
 * Looks where standard output and standard error lead.
 */
void
krhub_output_init (KrhubOutput *self, const KrhubOptions *options)
{
  *self = (KrhubOutput) {
    .json = options->json,
    .raw = options->raw && !options->json,
    .verbose = options->verbose,
    .colour_out = wants_colour (STDOUT_FILENO) && !options->json,
    .colour_err = wants_colour (STDERR_FILENO),
    .progress = isatty (STDERR_FILENO) && g_strcmp0 (g_getenv ("TERM"), "dumb") != 0,
  };
}

/* --- results --- */

/* At once: whoever reads our output is waiting for just this line. */
gboolean
krhub_output_line (KrhubOutput *self, const char *line)
{
  krhub_output_progress (self, NULL);
  return fputs (line, stdout) != EOF && putc ('\n', stdout) != EOF && fflush (stdout) != EOF;
}

static GVariant *
unwrap (GVariant *value)
{
  GVariant *inner = g_variant_ref (value);

  while (g_variant_is_of_type (inner, G_VARIANT_TYPE_VARIANT))
    {
      GVariant *next = g_variant_get_variant (inner);

      g_variant_unref (inner);
      inner = next;
    }
  return inner;
}

static void
append (KrhubOutput *self, GString *text, GVariant *value, KrhubJsonFlags flags)
{
  g_autoptr (GVariant) inner = unwrap (value);

  if (self->raw && g_variant_is_of_type (inner, G_VARIANT_TYPE_STRING))
    g_string_append (text, g_variant_get_string (inner, NULL));
  else
    krhub_json_append (text, inner, flags | (self->colour_out ? KRHUB_JSON_COLOUR : 0));
}

/* A method without a result: nothing to read for people, but a line for scripts that expect one. */
gboolean
krhub_output_result (KrhubOutput *self, GVariant *value)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (g_variant_is_of_type (value, G_VARIANT_TYPE_UNIT))
    return !self->json || krhub_output_line (self, "null");
  append (self, text, value, self->json ? KRHUB_JSON_COMPACT : KRHUB_JSON_PRETTY);
  return krhub_output_line (self, text->str);
}

gboolean
krhub_output_item (KrhubOutput *self, GVariant *item)
{
  g_autoptr (GString) text = g_string_new (NULL);

  append (self, text, item, KRHUB_JSON_COMPACT);
  return krhub_output_line (self, text->str);
}

/* The hub chooses the name: it is quoted if it could be anything but a name. */
static void
append_name (KrhubOutput *self, GString *text, const char *name)
{
  g_autoptr (GVariant) value = g_variant_ref_sink (g_variant_new_string (name));
  gboolean plain = strpbrk (name, " \"\\") == NULL;

  for (const char *p = name; plain && *p != '\0'; p = g_utf8_next_char (p))
    plain = !g_unichar_iscntrl (g_utf8_get_char (p));
  if (self->colour_out)
    g_string_append (text, BOLD);
  if (plain)
    g_string_append (text, name);
  else
    krhub_json_append (text, value, KRHUB_JSON_COMPACT);
  if (self->colour_out)
    g_string_append (text, END);
}

gboolean
krhub_output_event (KrhubOutput *self, const char *name, GVariant *arguments)
{
  g_autoptr (GString) text = g_string_new (NULL);
  gsize n = g_variant_n_children (arguments);

  if (self->json)
    {
      g_autoptr (GVariant) value = g_variant_ref_sink (g_variant_new_string (name));

      g_string_append (text, "{\"event\":");
      krhub_json_append (text, value, KRHUB_JSON_COMPACT);
      g_string_append (text, ",\"arguments\":");
      krhub_json_append (text, arguments, KRHUB_JSON_COMPACT);
      g_string_append_c (text, '}');
      return krhub_output_line (self, text->str);
    }
  append_name (self, text, name);
  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) argument = g_variant_get_child_value (arguments, i);

      g_string_append_c (text, ' ');
      append (self, text, argument, KRHUB_JSON_COMPACT);
    }
  return krhub_output_line (self, text->str);
}

/* --- the rest --- */

/* Texts of the hub are among ours: a control character becomes one that can be seen. */
static char *
tame (const char *text)
{
  GString *tamed = g_string_new (NULL);
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      g_string_append_unichar (tamed, g_unichar_iscntrl (c) && c != '\n' ? 0xfffd : c);
    }
  return g_string_free (tamed, FALSE);
}

static void
print_err (KrhubOutput *self, const char *colour, const char *format, va_list args)
{
  g_autofree char *text = g_strdup_vprintf (format, args);
  g_autofree char *tamed = tame (text);

  krhub_output_progress (self, NULL);
  g_printerr ("%s%s%s\n", self->colour_err ? colour : "", tamed, self->colour_err ? END : "");
}

void
krhub_output_error (KrhubOutput *self, const char *message, const char *hint)
{
  g_autofree char *tamed = tame (message);

  krhub_output_progress (self, NULL);
  g_printerr ("%skrhub:%s %s\n", self->colour_err ? RED : "", self->colour_err ? END : "", tamed);
  if (hint != NULL)
    g_printerr ("%s%s%s\n", self->colour_err ? DIM : "", hint, self->colour_err ? END : "");
}

void
krhub_output_notice (KrhubOutput *self, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  print_err (self, "", format, args);
  va_end (args);
}

void
krhub_output_detail (KrhubOutput *self, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (self->verbose)
    print_err (self, DIM, format, args);
  va_end (args);
}

void
krhub_output_progress (KrhubOutput *self, const char *text)
{
  if (!self->progress || (text == NULL && !self->has_progress))
    return;
  g_printerr (CLEAR_LINE "%s", text != NULL ? text : "");
  self->has_progress = text != NULL;
}
