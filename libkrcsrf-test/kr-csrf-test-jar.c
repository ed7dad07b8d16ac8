/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrCsrfTestJar: the response headers that a protector sets, and the cookies of the client. */
#include "config.h"

#include "kr-csrf-test-jar.h"

/**
 * KrCsrfTestJar:
 *
 * The response headers that a protector sets, and the cookies that a client keeps between two requests.
 *
 * Used by one thread at a time.
 *
 * Since: 0.1
 */
struct _KrCsrfTestJar
{
  GHashTable *headers;  /* of the last response; names in lower case */
  GHashTable *cookies;
  guint n_set_cookies;
};

/**
 * kr_csrf_test_jar_new:
 *
 * Makes an empty jar.
 *
 * Returns: (transfer full): a new jar
 *
 * Since: 0.1
 */
KrCsrfTestJar *
kr_csrf_test_jar_new (void)
{
  KrCsrfTestJar *self = g_new0 (KrCsrfTestJar, 1);

  self->headers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->cookies = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

/**
 * kr_csrf_test_jar_free:
 * @self: (transfer full): a jar
 *
 * Frees a jar.
 *
 * Since: 0.1
 */
void
kr_csrf_test_jar_free (KrCsrfTestJar *self)
{
  g_hash_table_unref (self->headers);
  g_hash_table_unref (self->cookies);
  g_free (self);
}

static void
take_set_cookie (KrCsrfTestJar *self, const char *value)
{
  gsize pair_len = strcspn (value, ";");
  const char *equals = memchr (value, '=', pair_len);

  self->n_set_cookies++;
  if (equals == NULL)
    return;
  g_hash_table_insert (self->cookies, g_strndup (value, equals - value),
                       g_strndup (equals + 1, value + pair_len - equals - 1));
}

/**
 * kr_csrf_test_jar_sink:
 * @action: what to do
 * @name: the header's name
 * @value: the header's value
 * @jar: a jar
 *
 * A [callback@KrCsrf.HeaderSink] with a jar as its data, which does what an adapter has to do.
 *
 * Returns: %TRUE if another value was replaced
 *
 * Since: 0.1
 */
gboolean
kr_csrf_test_jar_sink (KrCsrfHeaderAction action, const char *name, const char *value, gpointer jar)
{
  KrCsrfTestJar *self = jar;
  const char *old = kr_csrf_test_jar_get_header (self, name);
  gboolean replaced = FALSE;

  switch (action)
    {
    case KR_CSRF_HEADER_ACTION_APPEND:
      take_set_cookie (self, value);
      break;
    case KR_CSRF_HEADER_ACTION_REPLACE:
      replaced = old != NULL && strcmp (old, value) != 0;
      break;
    case KR_CSRF_HEADER_ACTION_SET_IF_ABSENT:
      if (old != NULL)
        return FALSE;
      break;
    case KR_CSRF_HEADER_ACTION_MERGE:
      if (old != NULL && strcmp (old, value) != 0)
        {
          g_autofree char *merged = g_strconcat (old, ", ", value, NULL);

          kr_csrf_test_jar_set_header (self, name, merged);
          return FALSE;
        }
      break;
    default:
      g_return_val_if_reached (FALSE);
    }
  kr_csrf_test_jar_set_header (self, name, value);
  return replaced;
}

/**
 * kr_csrf_test_jar_set_header:
 * @self: a jar
 * @name: a header's name
 * @value: its value
 *
 * Sets a response header, as the application would.
 *
 * Since: 0.1
 */
void
kr_csrf_test_jar_set_header (KrCsrfTestJar *self, const char *name, const char *value)
{
  g_hash_table_insert (self->headers, g_ascii_strdown (name, -1), g_strdup (value));
}

/**
 * kr_csrf_test_jar_get_header:
 * @self: a jar
 * @name: a header's name, in any case
 *
 * Gets a response header.
 *
 * Returns: (transfer none) (nullable): its value, or %NULL
 *
 * Since: 0.1
 */
const char *
kr_csrf_test_jar_get_header (KrCsrfTestJar *self, const char *name)
{
  g_autofree char *lower = g_ascii_strdown (name, -1);

  return g_hash_table_lookup (self->headers, lower);
}

/**
 * kr_csrf_test_jar_get_n_set_cookies:
 * @self: a jar
 *
 * Tells how often a cookie was set.
 *
 * Returns: a number
 *
 * Since: 0.1
 */
guint
kr_csrf_test_jar_get_n_set_cookies (KrCsrfTestJar *self)
{
  return self->n_set_cookies;
}

/**
 * kr_csrf_test_jar_set_cookie:
 * @self: a jar
 * @name: a cookie's name
 * @value: (nullable): its value, or %NULL to remove it
 *
 * Changes what the client keeps.
 *
 * Since: 0.1
 */
void
kr_csrf_test_jar_set_cookie (KrCsrfTestJar *self, const char *name, const char *value)
{
  if (value != NULL)
    g_hash_table_insert (self->cookies, g_strdup (name), g_strdup (value));
  else
    g_hash_table_remove (self->cookies, name);
}

/**
 * kr_csrf_test_jar_get_cookie:
 * @self: a jar
 * @name: a cookie's name
 *
 * Gets what the client keeps.
 *
 * Returns: (transfer none) (nullable): the value, or %NULL
 *
 * Since: 0.1
 */
const char *
kr_csrf_test_jar_get_cookie (KrCsrfTestJar *self, const char *name)
{
  return g_hash_table_lookup (self->cookies, name);
}

/**
 * kr_csrf_test_jar_add_to_request:
 * @self: a jar
 * @request: a request
 *
 * Adds the Cookie header, if there are cookies.
 *
 * Since: 0.1
 */
void
kr_csrf_test_jar_add_to_request (KrCsrfTestJar *self, KrCsrfRequest *request)
{
  g_autoptr (GString) line = g_string_new (NULL);
  GHashTableIter iter;
  gpointer name, value;

  g_hash_table_iter_init (&iter, self->cookies);
  while (g_hash_table_iter_next (&iter, &name, &value))
    g_string_append_printf (line, "%s%s=%s", line->len > 0 ? "; " : "", (char *) name, (char *) value);
  if (line->len > 0)
    kr_csrf_request_add_header (request, "Cookie", line->str, line->len);
}
