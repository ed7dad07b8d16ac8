/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupForwarding: what trusted proxies say about the client whose request they pass on. */
#include "config.h"

#include "kr-hub-soup-forwarded-private.h"

#include <string.h>

#define MAX_ADDRESS 64
#define MAX_HOST 261 /* a DNS name and a port */

/**
 * KrHubSoupForwardedFlags:
 * @KR_HUB_SOUP_FORWARDED_NONE: no header counts
 * @KR_HUB_SOUP_FORWARDED_FOR: `X-Forwarded-For`, the client's address
 * @KR_HUB_SOUP_FORWARDED_PROTO: `X-Forwarded-Proto`, the scheme that the client used
 * @KR_HUB_SOUP_FORWARDED_HOST: `X-Forwarded-Host`, the host that it asked
 * @KR_HUB_SOUP_FORWARDED_STANDARD: `Forwarded` (RFC 7239), which says all of it; where a request has it, the others do not
 *   count
 *
 * Which headers of a trusted proxy count.
 *
 * Name only those that your proxies set or remove themselves: what they pass on unseen is the client's word.
 *
 * Since: 0.1
 */
G_DEFINE_FLAGS_TYPE (KrHubSoupForwardedFlags,
                     kr_hub_soup_forwarded_flags,
                     G_DEFINE_ENUM_VALUE (KR_HUB_SOUP_FORWARDED_NONE, "none"),
                     G_DEFINE_ENUM_VALUE (KR_HUB_SOUP_FORWARDED_FOR, "for"),
                     G_DEFINE_ENUM_VALUE (KR_HUB_SOUP_FORWARDED_PROTO, "proto"),
                     G_DEFINE_ENUM_VALUE (KR_HUB_SOUP_FORWARDED_HOST, "host"),
                     G_DEFINE_ENUM_VALUE (KR_HUB_SOUP_FORWARDED_STANDARD, "standard"))

void
kr_hub_soup_forwarded_client_clear (KrHubSoupForwardedClient *self)
{
  g_clear_pointer (&self->address, g_free);
  g_clear_pointer (&self->host, g_free);
  self->scheme = NULL;
}

/* --- proxies --- */

/* ::ffff:192.0.2.1 is 192.0.2.1 that came through a socket for both kinds. */
static GInetAddress *
parse_address (const char *text)
{
  g_autoptr (GInetAddress) address = NULL;
  static const guint8 prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
  const guint8 *bytes;

  if (text == NULL || strlen (text) > MAX_ADDRESS || strspn (text, "0123456789abcdefABCDEF.:") != strlen (text))
    return NULL;
  address = g_inet_address_new_from_string (text);
  if (address == NULL)
    return NULL;
  bytes = g_inet_address_to_bytes (address);
  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6 && memcmp (bytes, prefix, sizeof prefix) == 0)
    return g_inet_address_new_from_bytes (bytes + sizeof prefix, G_SOCKET_FAMILY_IPV4);
  return g_steal_pointer (&address);
}

GPtrArray *
kr_hub_soup_proxies_parse (const char *const *texts)
{
  GPtrArray *proxies = g_ptr_array_new_with_free_func (g_object_unref);

  for (; texts != NULL && *texts != NULL; texts++)
    {
      g_autoptr (GError) error = NULL;
      GInetAddressMask *mask = g_inet_address_mask_new_from_string (*texts, &error);

      if (mask != NULL)
        g_ptr_array_add (proxies, mask);
      else
        g_warning ("No proxy is trusted by that name: %s", error->message);
    }
  return proxies;
}

static gboolean
is_proxy (GPtrArray *proxies, GInetAddress *address)
{
  for (guint i = 0; i < proxies->len; i++)
    if (g_inet_address_mask_matches (proxies->pdata[i], address))
      return TRUE;
  return FALSE;
}

gboolean
kr_hub_soup_proxies_contain (GPtrArray *proxies, const char *address)
{
  g_autoptr (GInetAddress) parsed = parse_address (address);

  return parsed != NULL && is_proxy (proxies, parsed);
}

/* --- elements; what is not what it should be says nothing --- */

typedef struct
{
  const char *text;  /* NULL: not said */
  gsize len;
} Slice;

typedef struct
{
  Slice address;
  Slice scheme;
  Slice host;
} Hop;

/* The last hops of a request, at the end of the array; they count from there, since each proxy appends. */
typedef struct
{
  Hop hops[KR_HUB_SOUP_FORWARDED_MAX_HOPS];
  guint n;
} Hops;

static gboolean
is_space (char c)
{
  return c == ' ' || c == '\t';
}

static Slice
trim (const char *text, gsize len)
{
  while (len > 0 && is_space (*text))
    text++, len--;
  while (len > 0 && is_space (text[len - 1]))
    len--;
  return (Slice) { text, len };
}

static Slice
slice_until (const char *text, const char *end)
{
  return trim (text, end - text);
}

/* The end of what @stop ends outside of quotes; NULL: a quote is not closed. */
static const char *
skip_to (const char *at, const char *end, const char *stop)
{
  gboolean quoted = FALSE;

  for (; at < end; at++)
    if (*at == '"')
      quoted = !quoted;
    else if (quoted && *at == '\\' && at + 1 < end)
      at++;
    else if (!quoted && strchr (stop, *at) != NULL)
      break;
  return quoted ? NULL : at;
}

/* A number with nothing else, 1 to 65535. */
static gboolean
is_port (const char *text, gsize len)
{
  guint port = 0;

  if (len == 0 || len > 5)
    return FALSE;
  for (gsize i = 0; i < len; i++)
    {
      if (!g_ascii_isdigit (text[i]))
        return FALSE;
      port = port * 10 + (text[i] - '0');
    }
  return port > 0 && port <= G_MAXUINT16;
}

/* What is in front of a port, and whether the rest is one: [IPv6], [IPv6]:port, name, name:port, bare IPv6. */
static gboolean
split_port (Slice node, Slice *name, gboolean *bracketed)
{
  const char *end = node.text + node.len;
  const char *colon;

  *bracketed = node.len > 0 && *node.text == '[';
  if (*bracketed)
    {
      const char *close = memchr (node.text, ']', node.len);

      if (close == NULL)
        return FALSE;
      *name = (Slice) { node.text + 1, close - node.text - 1 };
      return close + 1 == end || (close[1] == ':' && is_port (close + 2, end - close - 2));
    }
  colon = memchr (node.text, ':', node.len);
  if (colon == NULL || memchr (colon + 1, ':', end - colon - 1) != NULL)
    {
      *name = node;
      return TRUE;
    }
  *name = (Slice) { node.text, colon - node.text };
  return is_port (colon + 1, end - colon - 1);
}

/* A client that hides, by "unknown" or "_name" (RFC 7239, 6.2 and 6.3), has no address. */
static GInetAddress *
address_of (Slice node)
{
  char text[MAX_ADDRESS + 1];
  gboolean bracketed;
  Slice name;

  if (!split_port (node, &name, &bracketed) || name.len > MAX_ADDRESS)
    return NULL;
  memcpy (text, name.text, name.len);
  text[name.len] = '\0';
  if (bracketed && strchr (text, ':') == NULL)
    return NULL;
  return parse_address (text);
}

static gboolean
is_address (Slice node)
{
  g_autoptr (GInetAddress) address = address_of (node);

  return address != NULL;
}

static const char *
scheme_of (Slice scheme)
{
  if (scheme.len == 4 && g_ascii_strncasecmp (scheme.text, "http", 4) == 0)
    return "http";
  if (scheme.len == 5 && g_ascii_strncasecmp (scheme.text, "https", 5) == 0)
    return "https";
  return NULL;
}

static gboolean
is_host (Slice host)
{
  gboolean bracketed;
  Slice name;

  if (host.len == 0 || host.len > MAX_HOST || !split_port (host, &name, &bracketed) || name.len == 0)
    return FALSE;
  if (bracketed)
    return is_address (host);
  for (gsize i = 0; i < name.len; i++)
    if (!g_ascii_isalnum (name.text[i]) && strchr ("-._", name.text[i]) == NULL)
      return FALSE;
  return TRUE;
}

/* --- lists --- */

/* The last @limit elements of a plain list; returns how many. */
static guint
last_elements (const char *list, guint limit, Slice *elements)
{
  const char *end = list + strlen (list);
  guint n = 0;

  while (n < limit)
    {
      const char *comma = memrchr (list, ',', end - list);

      elements[n++] = slice_until (comma != NULL ? comma + 1 : list, end);
      if (comma == NULL)
        break;
      end = comma;
    }
  return n;
}

static gboolean
counts (const char *header)
{
  return header != NULL && strlen (header) <= KR_HUB_SOUP_FORWARDED_MAX_SIZE;
}

static void
read_list (Hops *self, const char *header, guint limit, gsize member)
{
  Slice elements[KR_HUB_SOUP_FORWARDED_MAX_HOPS];
  guint n = counts (header) ? last_elements (header, limit, elements) : 0;

  for (guint i = 0; i < n; i++)
    G_STRUCT_MEMBER (Slice, &self->hops[i], member) = elements[i];
  self->n = MAX (self->n, n);
}

/* Without its quotes. Nothing that counts here has need of a quoted pair, so what has one says nothing. */
static Slice
unquote (Slice value)
{
  if (value.len >= 2 && value.text[0] == '"' && value.text[value.len - 1] == '"')
    value = (Slice) { value.text + 1, value.len - 2 };
  return value;
}

static void
read_pair (Hop *hop, const char *at, const char *end)
{
  const char *equals = memchr (at, '=', end - at);
  Slice name, value;

  if (equals == NULL)
    return;
  name = slice_until (at, equals);
  value = unquote (slice_until (equals + 1, end));
  if (name.len == 3 && g_ascii_strncasecmp (name.text, "for", 3) == 0)
    hop->address = value;
  else if (name.len == 5 && g_ascii_strncasecmp (name.text, "proto", 5) == 0)
    hop->scheme = value;
  else if (name.len == 4 && g_ascii_strncasecmp (name.text, "host", 4) == 0)
    hop->host = value;
}

/* One element of Forwarded: pairs behind semicolons (RFC 7239, 4). FALSE: a quote is not closed. */
static gboolean
read_element (Hop *hop, const char *at, const char *end)
{
  for (;;)
    {
      const char *stop = skip_to (at, end, ";");

      if (stop == NULL)
        return FALSE;
      read_pair (hop, at, stop);
      if (stop == end)
        return TRUE;
      at = stop + 1;
    }
}

/* The newest first, as in the plain lists. A header with a quote that is not closed says nothing at all: where it would
 * have ended is anybody's guess. */
static void
read_standard (Hops *self, const char *header, guint limit)
{
  const char *end = header + strlen (header);

  while (counts (header))
    {
      const char *stop = skip_to (header, end, ",");
      Hop hop = { 0 };

      if (stop == NULL || !read_element (&hop, header, stop))
        {
          self->n = 0;
          return;
        }
      memmove (self->hops + 1, self->hops, (KR_HUB_SOUP_FORWARDED_MAX_HOPS - 1) * sizeof (Hop));
      self->hops[0] = hop;
      self->n = MIN (self->n + 1, limit);
      if (stop == end)
        return;
      header = stop + 1;
    }
}

/* --- all of it --- */

static void
read_hops (Hops *self, const KrHubSoupForwardedHeaders *headers, KrHubSoupForwardedFlags which, guint limit)
{
  if ((which & KR_HUB_SOUP_FORWARDED_STANDARD) && headers->standard != NULL)
    {
      read_standard (self, headers->standard, limit);
      return;
    }
  if (which & KR_HUB_SOUP_FORWARDED_FOR)
    read_list (self, headers->x_for, limit, G_STRUCT_OFFSET (Hop, address));
  if (which & KR_HUB_SOUP_FORWARDED_PROTO)
    read_list (self, headers->x_proto, limit, G_STRUCT_OFFSET (Hop, scheme));
  if (which & KR_HUB_SOUP_FORWARDED_HOST)
    read_list (self, headers->x_host, limit, G_STRUCT_OFFSET (Hop, host));
}

/* FALSE: what this hop says of the client ends the walk, since it does not name one. */
static gboolean
apply_hop (const Hop *hop, GInetAddress **current, KrHubSoupForwardedClient *client)
{
  if (hop->address.text != NULL)
    {
      g_autoptr (GInetAddress) address = address_of (hop->address);

      if (address == NULL)
        return FALSE;
      g_set_object (current, address);
      g_free (client->address);
      client->address = g_inet_address_to_string (address);
    }
  if (hop->scheme.text != NULL && scheme_of (hop->scheme) != NULL)
    client->scheme = scheme_of (hop->scheme);
  if (hop->host.text != NULL && is_host (hop->host))
    {
      g_free (client->host);
      client->host = g_strndup (hop->host.text, hop->host.len);
    }
  return TRUE;
}

/* As ASP.NET Core's ForwardedHeadersMiddleware: from the last element on, as far as each one was added by a proxy that is
 * trusted, at most @limit of them. @peer: the address at the other end of the socket, or NULL. */
void
kr_hub_soup_forwarded_read (const KrHubSoupForwardedHeaders *headers,
                            KrHubSoupForwardedFlags which,
                            guint limit,
                            GPtrArray *proxies,
                            const char *peer,
                            KrHubSoupForwardedClient *client)
{
  g_autoptr (GInetAddress) current = parse_address (peer);
  Hops hops = { 0 };

  if (current == NULL || !is_proxy (proxies, current))
    return;
  read_hops (&hops, headers, which, MIN (limit, KR_HUB_SOUP_FORWARDED_MAX_HOPS));
  for (guint i = 0; i < hops.n && is_proxy (proxies, current); i++)
    if (!apply_hop (&hops.hops[i], &current, client))
      return;
}
