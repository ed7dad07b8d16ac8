/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Origins in one canonical form, and the list of those that are trusted. */
#include "config.h"

#include "kr-csrf-origin-private.h"
#include "kr-csrf-parse.h"

#define MAX_HOST 253  /* RFC 1035, section 2.3.4 */
#define MAX_SCHEME 16

static gboolean
scheme_is_valid (const char *scheme, gsize len)
{
  if (len == 0 || len > MAX_SCHEME || !g_ascii_isalpha (scheme[0]))
    return FALSE;
  for (gsize i = 1; i < len; i++)
    if (!g_ascii_isalnum (scheme[i]) && scheme[i] != '+' && scheme[i] != '-' && scheme[i] != '.')
      return FALSE;
  return TRUE;
}

/* A registered name or an IPv4 address: no percent signs, no user, no empty label. A final dot is another host. */
static gboolean
name_is_valid (const char *host, gsize len)
{
  if (len == 0 || len > MAX_HOST || host[0] == '.')
    return FALSE;
  for (gsize i = 0; i < len; i++)
    {
      if (!g_ascii_isalnum (host[i]) && host[i] != '-' && host[i] != '.' && host[i] != '_')
        return FALSE;
      if (host[i] == '.' && i + 1 < len && host[i + 1] == '.')
        return FALSE;
    }
  return TRUE;
}

/* An IPv6 address with its brackets. Its spelling is not changed: browsers have one for all. */
static gboolean
ipv6_is_valid (const char *host, gsize len)
{
  guint colons = 0;

  if (len < 4 || len > 48 || host[0] != '[' || host[len - 1] != ']')
    return FALSE;
  for (gsize i = 1; i < len - 1; i++)
    {
      if (!g_ascii_isxdigit (host[i]) && host[i] != ':' && host[i] != '.')
        return FALSE;
      colons += host[i] == ':';
    }
  return colons >= 2 && colons <= 8;
}

/* The length of the host in front of an optional port, or 0 if it is none. */
static gsize
host_length (const char *authority, gsize len)
{
  const char *end;

  if (len == 0)
    return 0;
  if (authority[0] == '[')
    {
      end = memchr (authority, ']', len);
      return end != NULL && ipv6_is_valid (authority, end + 1 - authority) ? (gsize) (end + 1 - authority) : 0;
    }
  end = memchr (authority, ':', len);
  if (end != NULL)
    len = end - authority;
  return name_is_valid (authority, len) ? len : 0;
}

/* Digits without leading zeros; an absent port is -1, a wrong one -2. */
static int
parse_port (const char *text, gsize len)
{
  int port = 0;

  if (len == 0)
    return -1;
  if (text[0] != ':' || len < 2 || len > 6 || text[1] == '0')
    return -2;
  for (gsize i = 1; i < len; i++)
    {
      if (!g_ascii_isdigit (text[i]))
        return -2;
      port = port * 10 + text[i] - '0';
    }
  return port <= G_MAXUINT16 ? port : -2;
}

/* A WebSocket's origin is that of the page (RFC 6455, section 4.1), whose scheme is http or https. */
static const char *
page_scheme (const char *scheme, gsize len)
{
  static const struct { const char *from, *to; } schemes[] = {
    { "https", "https" }, { "http", "http" }, { "wss", "https" }, { "ws", "http" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    if (strlen (schemes[i].from) == len && g_ascii_strncasecmp (scheme, schemes[i].from, len) == 0)
      return schemes[i].to;
  return NULL;
}

static void
append_lower (KrCsrfOrigin *self, const char *text, gsize len)
{
  char *to = self->text + self->len;

  for (gsize i = 0; i < len; i++)
    to[i] = text[i] >= 'A' && text[i] <= 'Z' ? text[i] | 0x20 : text[i];
  to[len] = '\0';
  self->len += len;
}

static gboolean
init_tuple (KrCsrfOrigin *self, const char *scheme, gsize scheme_len, const char *authority, gsize authority_len)
{
  gsize host_len = host_length (authority, authority_len);
  const char *page = page_scheme (scheme, scheme_len);
  int port, default_port;

  self->len = 0;
  if (host_len == 0 || !scheme_is_valid (scheme, scheme_len))
    return FALSE;
  port = parse_port (authority + host_len, authority_len - host_len);
  if (port == -2)
    return FALSE;
  if (page != NULL)
    append_lower (self, page, strlen (page));
  else
    append_lower (self, scheme, scheme_len);
  append_lower (self, "://", 3);
  self->host = self->len;
  append_lower (self, authority, host_len);
  self->host_len = host_len;
  default_port = page == NULL ? 0 : page[4] == 's' ? 443 : 80;
  if (port > 0 && port != default_port)
    append_lower (self, authority + host_len, authority_len - host_len);
  self->port = port > 0 ? port : default_port;
  self->https = page != NULL && page[4] == 's';
  return TRUE;
}

/* What a server says about itself: @scheme is never guessed. FALSE if @authority is no host with an optional port. */
gboolean
kr_csrf_origin_init (KrCsrfOrigin *self, const char *scheme, const char *authority)
{
  return init_tuple (self, scheme, strlen (scheme), authority, strlen (authority));
}

static const char *
find_authority (const char *text, gsize len)
{
  const char *colon = memchr (text, ':', MIN (len, MAX_SCHEME + 1));

  if (colon == NULL || len - (colon - text) < 3 || colon[1] != '/' || colon[2] != '/')
    return NULL;
  return colon + 3;
}

/* The serialisation of RFC 6454, section 6.2, and nothing else: no path, no user, no list. */
KrCsrfCode
kr_csrf_origin_init_from_header (KrCsrfOrigin *self, const char *text, gsize len)
{
  const char *authority;

  self->len = 0;
  if (len == 4 && g_ascii_strncasecmp (text, "null", 4) == 0)
    return KR_CSRF_ERROR_ORIGIN_NULL;
  if (len >= KR_CSRF_ORIGIN_SIZE)
    return KR_CSRF_ERROR_ORIGIN_MALFORMED;
  authority = find_authority (text, len);
  if (authority == NULL || !init_tuple (self, text, authority - 3 - text, authority, text + len - authority))
    return KR_CSRF_ERROR_ORIGIN_MALFORMED;
  return KR_CSRF_OK;
}

static gsize
length_before_path (const char *text, gsize len)
{
  gsize i = 0;

  while (i < len && text[i] != '/' && text[i] != '?' && text[i] != '#')
    i++;
  return i;
}

/* The origin of a URL; its path and query may be as long as they like. */
KrCsrfCode
kr_csrf_origin_init_from_referer (KrCsrfOrigin *self, const char *text, gsize len)
{
  const char *authority = find_authority (text, len);
  gsize authority_len;

  self->len = 0;
  if (authority == NULL)
    return KR_CSRF_ERROR_REFERER_MISMATCH;
  authority_len = length_before_path (authority, text + len - authority);
  if (authority_len > MAX_HOST + 6 || !init_tuple (self, text, authority - 3 - text, authority, authority_len))
    return KR_CSRF_ERROR_REFERER_MISMATCH;
  return KR_CSRF_OK;
}

gboolean
kr_csrf_origin_equal (const KrCsrfOrigin *a, const KrCsrfOrigin *b)
{
  return a->len == b->len && memcmp (a->text, b->text, a->len) == 0;
}

gboolean
kr_csrf_origin_is_https (const KrCsrfOrigin *self)
{
  return self->https;
}

/**
 * kr_csrf_origin_parse:
 * @origin: (array length=len) (element-type gchar): the value of an Origin header
 * @len: bytes, or -1 if a NUL ends it
 * @error: return location for an error
 *
 * Brings an origin (RFC 6454, section 6.2) into its canonical form: scheme and host in lower case, without a default
 * port, "ws" and "wss" as "http" and "https".
 *
 * Errors: %KR_CSRF_ERROR_ORIGIN_NULL for "null", %KR_CSRF_ERROR_ORIGIN_MALFORMED for what is no origin: with a user, a
 * path, an empty label, a character beyond ASCII, or more than 287 bytes.
 *
 * Returns: (transfer full) (nullable): the canonical form, or %NULL with @error set
 *
 * Since: 0.1
 */
char *
kr_csrf_origin_parse (const char *origin, gssize len, GError **error)
{
  KrCsrfOrigin parsed;
  KrCsrfCode code;

  g_return_val_if_fail (origin != NULL, NULL);

  code = kr_csrf_origin_init_from_header (&parsed, origin, len < 0 ? strlen (origin) : (gsize) len);
  return kr_csrf_error_set (error, code) ? g_strndup (parsed.text, parsed.len) : NULL;
}

typedef struct
{
  KrCsrfOrigin origin;  /* of a wildcard: what follows the first label, without the dot */
  gboolean wildcard;
} Entry;

struct _KrCsrfOriginList
{
  guint n_entries;
  Entry entries[];
};

static KrCsrfOriginList *
list_alloc (const char *const *entries)
{
  guint n_entries = entries != NULL ? g_strv_length ((char **) entries) : 0;
  KrCsrfOriginList *list = g_malloc0 (sizeof (KrCsrfOriginList) + n_entries * sizeof (Entry));

  list->n_entries = n_entries;
  return list;
}

/* A whole origin of http or https; an asterisk may stand for its first label. */
static gboolean
entry_init (Entry *entry, const char *text)
{
  const char *authority = find_authority (text, strlen (text));
  gsize scheme_len;

  if (authority == NULL)
    return FALSE;
  scheme_len = authority - 3 - text;
  entry->wildcard = g_str_has_prefix (authority, "*.");
  if (entry->wildcard)
    authority += 2;
  if (page_scheme (text, scheme_len) == NULL || strlen (text) >= KR_CSRF_ORIGIN_SIZE)
    return FALSE;
  if (!init_tuple (&entry->origin, text, scheme_len, authority, strlen (authority)))
    return FALSE;
  /* "*.com" would trust whoever has bought a domain. */
  return !entry->wildcard || memchr (entry->origin.text + entry->origin.host, '.', entry->origin.host_len) != NULL;
}

/* NULL and @wrong set if an entry is no origin. */
KrCsrfOriginList *
kr_csrf_origin_list_new (const char *const *entries, const char **wrong)
{
  KrCsrfOriginList *list = list_alloc (entries);

  for (guint i = 0; i < list->n_entries; i++)
    if (!entry_init (&list->entries[i], entries[i]))
      {
        *wrong = entries[i];
        g_free (list);
        return NULL;
      }
  return list;
}

/* Hosts with an optional port; without one, every port will do. */
KrCsrfOriginList *
kr_csrf_host_list_new (const char *const *entries, const char **wrong)
{
  KrCsrfOriginList *list = list_alloc (entries);

  for (guint i = 0; i < list->n_entries; i++)
    if (!kr_csrf_origin_init (&list->entries[i].origin, "host", entries[i]))
      {
        *wrong = entries[i];
        g_free (list);
        return NULL;
      }
  return list;
}

void
kr_csrf_origin_list_free (KrCsrfOriginList *list)
{
  g_free (list);
}

/* One label stands for the asterisk, as in a certificate (RFC 6125, section 6.4.3). */
static gboolean
wildcard_matches (const KrCsrfOrigin *pattern, const KrCsrfOrigin *origin)
{
  const char *host = origin->text + origin->host;
  const char *dot = memchr (host, '.', origin->host_len);
  gsize rest;

  if (dot == NULL || dot == host || pattern->host != origin->host ||
      memcmp (pattern->text, origin->text, origin->host) != 0)
    return FALSE;
  rest = origin->text + origin->len - (dot + 1);
  return rest == (gsize) (pattern->len - pattern->host) && memcmp (dot + 1, pattern->text + pattern->host, rest) == 0;
}

gboolean
kr_csrf_origin_list_contains (const KrCsrfOriginList *list, const KrCsrfOrigin *origin)
{
  for (guint i = 0; i < list->n_entries; i++)
    {
      const Entry *entry = &list->entries[i];

      if (entry->wildcard ? wildcard_matches (&entry->origin, origin) : kr_csrf_origin_equal (&entry->origin, origin))
        return TRUE;
    }
  return FALSE;
}

static gboolean
host_matches (const KrCsrfOrigin *allowed, const KrCsrfOrigin *origin)
{
  return (allowed->port == 0 || allowed->port == origin->port) && allowed->host_len == origin->host_len &&
         memcmp (allowed->text + allowed->host, origin->text + origin->host, origin->host_len) == 0;
}

/* An empty list allows every host. */
gboolean
kr_csrf_host_list_contains (const KrCsrfOriginList *list, const KrCsrfOrigin *origin)
{
  for (guint i = 0; i < list->n_entries; i++)
    if (host_matches (&list->entries[i].origin, origin))
      return TRUE;
  return list->n_entries == 0;
}
