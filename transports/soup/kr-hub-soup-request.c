/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What a request to a hub says: query, Accept, Origin; and what a log may say of it. */
#include "config.h"

#include "kr-hub-soup-request-private.h"

#include <string.h>

static char *
decode (const char *text, gsize len)
{
  g_autofree char *copy = g_strndup (text, len);
  char *decoded;

  g_strdelimit (copy, "+", ' ');
  decoded = g_uri_unescape_string (copy, NULL);
  return decoded != NULL ? decoded : g_steal_pointer (&copy);
}

/* The value of @key in any case; a key given several times has its values joined by commas, as ASP.NET Core does. */
char *
kr_hub_soup_query_dup (const char *query, const char *key)
{
  g_auto (GStrv) pairs = g_strsplit (query != NULL ? query : "", "&", -1);
  g_autoptr (GString) joined = NULL;

  for (char **pair = pairs; *pair != NULL; pair++)
    {
      const char *equals = strchrnul (*pair, '=');
      g_autofree char *name = decode (*pair, equals - *pair);
      g_autofree char *value = NULL;

      if (g_ascii_strcasecmp (name, key) != 0)
        continue;
      value = *equals == '=' ? decode (equals + 1, strlen (equals + 1)) : g_strdup ("");
      if (joined == NULL)
        joined = g_string_new (value);
      else
        g_string_append_printf (joined, ",%s", value);
    }
  return joined != NULL ? g_string_free (g_steal_pointer (&joined), FALSE) : NULL;
}

/* As .NET reads integers: a sign and white space around them are fine. */
gboolean
kr_hub_soup_parse_int32 (const char *text, gint *value)
{
  g_autofree char *stripped = g_strstrip (g_strdup (text));
  const char *digits = *stripped == '+' || *stripped == '-' ? stripped + 1 : stripped;
  gint64 number;

  if (*digits == '\0' || strspn (digits, "0123456789") != strlen (digits))
    return FALSE;
  number = g_ascii_strtoll (stripped, NULL, 10);
  if (number < G_MININT32 || number > G_MAXINT32)
    return FALSE;
  *value = number;
  return TRUE;
}

/* A list element must be the type itself: with parameters it does not count. */
gboolean
kr_hub_soup_accepts_event_stream (const char *accept)
{
  GSList *types = accept != NULL ? soup_header_parse_list (accept) : NULL;
  gboolean found = FALSE;

  for (GSList *l = types; l != NULL; l = l->next)
    found = found || g_ascii_strcasecmp (l->data, "text/event-stream") == 0;
  soup_header_free_list (types);
  return found;
}

static int
port_of (GUri *uri)
{
  int port = g_uri_get_port (uri);

  return port > 0 ? port : g_strcmp0 (g_uri_get_scheme (uri), "https") == 0 ? 443 : 80;
}

/* RFC 6454: scheme, host and port. */
gboolean
kr_hub_soup_origin_is_same (const char *origin, GUri *uri)
{
  g_autoptr (GUri) other = g_uri_parse (origin, SOUP_HTTP_URI_FLAGS, NULL);

  return other != NULL && g_uri_get_host (other) != NULL && g_uri_get_host (uri) != NULL &&
         g_strcmp0 (g_uri_get_scheme (other), g_uri_get_scheme (uri)) == 0 &&
         g_ascii_strcasecmp (g_uri_get_host (other), g_uri_get_host (uri)) == 0 && port_of (other) == port_of (uri);
}

gboolean
kr_hub_soup_origin_is_listed (const char *origin, const char *const *allowed)
{
  for (; allowed != NULL && *allowed != NULL; allowed++)
    if (strcmp (*allowed, "*") == 0 || g_ascii_strcasecmp (*allowed, origin) == 0)
      return TRUE;
  return FALSE;
}

/* --- logs --- */

/* All but these is taken for a secret. */
static gboolean
may_be_told (const char *pair, gsize len)
{
  static const char *const keys[] = { "negotiateVersion=", "useStatefulReconnect=" };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (len > strlen (keys[i]) && len < strlen (keys[i]) + 8 && g_ascii_strncasecmp (pair, keys[i], strlen (keys[i])) == 0)
      return TRUE;
  return FALSE;
}

static void
append_pair (GString *text, const char *pair, gsize len)
{
  const char *equals = memchr (pair, '=', len);

  if (may_be_told (pair, len))
    g_string_append_len (text, pair, len);
  else if (equals != NULL)
    g_string_append_printf (text, "%.*s=***", (int) (equals - pair), pair);
  else
    g_string_append (text, "***");
}

/* Method, path and query, without what would let a reader of the log take the place of who asked. */
char *
kr_hub_soup_describe_request (SoupServerMessage *message)
{
  GUri *uri = soup_server_message_get_uri (message);
  const char *query = g_uri_get_query (uri);
  GString *text = g_string_new (soup_server_message_get_method (message));

  g_string_append_printf (text, " %s", g_uri_get_path (uri));
  for (char separator = '?'; query != NULL; separator = '&')
    {
      const char *end = strchrnul (query, '&');

      g_string_append_c (text, separator);
      append_pair (text, query, end - query);
      query = *end == '&' ? end + 1 : NULL;
    }
  return g_string_free (text, FALSE);
}

void
kr_hub_soup_log_request (SoupServerMessage *message, const char *what)
{
  g_autofree char *request = kr_hub_soup_describe_request (message);

  g_log_structured (G_LOG_DOMAIN, G_LOG_LEVEL_DEBUG, "KR_HUB_REQUEST", request, "MESSAGE", "%s: %s", request, what);
}

/* Names are for who may read user data, which is not everybody who may read logs; the connection's id leads to them. */
void
kr_hub_soup_log_stranger (const char *id, const char *address)
{
  g_log_structured (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "KR_HUB_CONNECTION_ID", id, "MESSAGE",
                    "connection %s: %s asks for it as another user than the one it belongs to, and stays", id,
                    address != NULL ? address : "an unknown address");
}

void
kr_hub_soup_log_connection (const char *id, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_log_structured (G_LOG_DOMAIN, G_LOG_LEVEL_DEBUG, "KR_HUB_CONNECTION_ID", id, "MESSAGE", "connection %s: %s", id, text);
}
