/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrCsrfRequest: what a server tells about one HTTP request. */
#include "config.h"

#include "kr-csrf-request-private.h"

#include "kr-csrf-bytes-private.h"


/**
 * KrCsrfRequest:
 *
 * What a server tells about one HTTP request.
 *
 * The server's adapter fills it in: method, scheme and authority as the client meant them (behind a proxy, those of the
 * proxy: nothing is guessed), **all** header lines in the order in which they came, and whom the request belongs to.
 * Duplicate lines must not be joined or dropped: that they are there is what gets a request refused.
 *
 * Everything is copied. A request is used by one thread at a time, and by one protector.
 *
 * Since: 0.1
 */

#define MAX_HEADER 16384
#define MAX_COOKIES 65536
#define MAX_TOKEN_TEXT 256
#define MAX_NAME 64

/**
 * kr_csrf_request_get_type:
 *
 * Gets the type of #KrCsrfRequest.
 *
 * Returns: the type
 *
 * Since: 0.1
 */
G_DEFINE_BOXED_TYPE (KrCsrfRequest, kr_csrf_request, kr_csrf_request_ref, kr_csrf_request_unref)

static gpointer
arena_alloc (KrCsrfRequest *self, gsize size)
{
  gpointer memory;

  size = (size + 7) & ~(gsize) 7;
  if (size > KR_CSRF_ARENA_SIZE - self->arena_used)
    {
      memory = g_malloc (size);
      self->chunks = g_slist_prepend (self->chunks, memory);
      return memory;
    }
  memory = self->arena + self->arena_used;
  self->arena_used += size;
  return memory;
}

static const char *
arena_copy (KrCsrfRequest *self, const char *text, gsize len)
{
  char *copy = arena_alloc (self, len + 1);

  if (len > 0)
    memcpy (copy, text, len);
  copy[len] = '\0';
  return copy;
}

/**
 * kr_csrf_request_new:
 * @method: the method on the wire, before any override
 * @scheme: "http" or "https", as the client sees it
 * @authority: (nullable): host and optional port, as the client sees it: the Host header or :authority; %NULL if
 *   the client names none
 * @path: the path, without query
 *
 * Makes a request without headers.
 *
 * Returns: (transfer full): a new request
 *
 * Since: 0.1
 */
KrCsrfRequest *
kr_csrf_request_new (const char *method, const char *scheme, const char *authority, const char *path)
{
  KrCsrfRequest *self;

  g_return_val_if_fail (method != NULL, NULL);
  g_return_val_if_fail (scheme != NULL, NULL);
  g_return_val_if_fail (path != NULL, NULL);

  self = g_malloc (sizeof (KrCsrfRequest));
  memset (self, 0, G_STRUCT_OFFSET (KrCsrfRequest, arena));
  g_atomic_ref_count_init (&self->ref_count);
  self->header_error = KR_CSRF_OK;
  self->form_error = KR_CSRF_OK;
  self->method = arena_copy (self, method, strlen (method));
  self->path = arena_copy (self, path, strlen (path));
  self->origin_valid = authority != NULL && kr_csrf_origin_init (&self->origin, scheme, authority);
  return self;
}

/**
 * kr_csrf_request_ref:
 * @self: a request
 *
 * Takes a reference. May be called from any thread.
 *
 * Returns: (transfer full): @self
 *
 * Since: 0.1
 */
KrCsrfRequest *
kr_csrf_request_ref (KrCsrfRequest *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * kr_csrf_request_unref:
 * @self: (transfer full): a request
 *
 * Drops a reference. May be called from any thread.
 *
 * Since: 0.1
 */
void
kr_csrf_request_unref (KrCsrfRequest *self)
{
  g_return_if_fail (self != NULL);

  /* The last one need not be counted down, which would take longer than the check. */
  if (!g_atomic_ref_count_compare (&self->ref_count, 1) && !g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_slist_free_full (self->chunks, g_free);
  g_free (self);
}

static void
note_error (KrCsrfRequest *self, KrCsrfCode code)
{
  if (self->header_error == KR_CSRF_OK)
    self->header_error = code;
}

static void
trim (const char **text, gsize *len)
{
  while (*len > 0 && (**text == ' ' || **text == '\t'))
    (*text)++, (*len)--;
  while (*len > 0 && ((*text)[*len - 1] == ' ' || (*text)[*len - 1] == '\t'))
    (*len)--;
}

static inline gboolean
text_is (const char *text, gsize len, const char *word)
{
  return strlen (word) == len && memcmp (text, word, len) == 0;
}

/* The values of W3C Fetch Metadata, section 2.2: lower case, nothing else. */
static KrCsrfFetchSite
parse_fetch_site (const char *value, gsize len)
{
  if (text_is (value, len, "same-origin"))
    return KR_CSRF_FETCH_SITE_SAME_ORIGIN;
  if (text_is (value, len, "same-site"))
    return KR_CSRF_FETCH_SITE_SAME_SITE;
  if (text_is (value, len, "cross-site"))
    return KR_CSRF_FETCH_SITE_CROSS_SITE;
  return text_is (value, len, "none") ? KR_CSRF_FETCH_SITE_NONE : KR_CSRF_FETCH_SITE_UNKNOWN;
}

static void
add_to_slot (KrCsrfRequest *self, KrCsrfSlot slot, const char *value, gsize len)
{
  if (self->slots[slot].data != NULL)
    note_error (self, KR_CSRF_ERROR_AMBIGUOUS_HEADER);
  else if (len > MAX_HEADER || !kr_csrf_bytes_are_text (value, len))
    note_error (self, KR_CSRF_ERROR_HEADER_INVALID);
  else
    {
      self->slots[slot].data = arena_copy (self, value, len);
      self->slots[slot].len = len;
      if (slot == KR_CSRF_SLOT_FETCH_SITE)
        self->fetch_site = parse_fetch_site (value, len);
    }
}

static KrCsrfHeader *
header_new (KrCsrfRequest *self, const char *value, gsize len, gsize keep)
{
  KrCsrfHeader *header = arena_alloc (self, sizeof (KrCsrfHeader));

  memset (header, 0, sizeof *header);
  header->value.data = arena_copy (self, value, MIN (len, keep));
  header->value.len = len;
  return header;
}

static void
add_cookies (KrCsrfRequest *self, const char *value, gsize len)
{
  KrCsrfHeader *header;

  if (len > MAX_COOKIES - self->cookies_len || !kr_csrf_cookie_bytes_valid (value, len))
    {
      note_error (self, KR_CSRF_ERROR_HEADER_INVALID);
      return;
    }
  self->cookies_len += len;
  header = header_new (self, value, len, len);
  header->next = self->cookies;
  self->cookies = header;
}

/* @name is in lower case, and copied. */
static void
add_other (KrCsrfRequest *self, const char *name, gsize name_len, const char *value, gsize len)
{
  KrCsrfHeader *header = header_new (self, value, len, MAX_TOKEN_TEXT);

  header->name = arena_copy (self, name, name_len);
  header->name_len = name_len;
  header->valid = len <= MAX_HEADER && kr_csrf_bytes_are_text (value, len);
  header->next = self->others;
  self->others = header;
}

/* A list of protocols (RFC 9110, section 7.8), each perhaps with a version. */
static gboolean
list_has_websocket (const char *value, gsize len)
{
  while (len > 0)
    {
      const char *comma = memchr (value, ',', len);
      gsize item_len = comma != NULL ? (gsize) (comma - value) : len;
      const char *item = value;
      gsize step = comma != NULL ? item_len + 1 : len;

      trim (&item, &item_len);
      if (item_len >= 9 && g_ascii_strncasecmp (item, "websocket", 9) == 0 && (item_len == 9 || item[9] == '/'))
        return TRUE;
      value += step;
      len -= step;
    }
  return FALSE;
}

/* @name is in lower case. */
static void
add_lower (KrCsrfRequest *self, const char *name, gsize name_len, const char *value, gsize len)
{
  if (text_is (name, name_len, "cookie"))
    add_cookies (self, value, len);
  else if (text_is (name, name_len, "origin"))
    add_to_slot (self, KR_CSRF_SLOT_ORIGIN, value, len);
  else if (text_is (name, name_len, "sec-fetch-site"))
    add_to_slot (self, KR_CSRF_SLOT_FETCH_SITE, value, len);
  else if (text_is (name, name_len, "referer"))
    add_to_slot (self, KR_CSRF_SLOT_REFERER, value, len);
  else if (text_is (name, name_len, "host"))
    add_to_slot (self, KR_CSRF_SLOT_HOST, value, len);
  else if (text_is (name, name_len, "content-type"))
    add_to_slot (self, KR_CSRF_SLOT_CONTENT_TYPE, value, len);
  else
    add_other (self, name, name_len, value, len);
  if (text_is (name, name_len, "upgrade") && list_has_websocket (value, len))
    self->upgrade = KR_CSRF_UPGRADE_WEBSOCKET;
}

/**
 * kr_csrf_request_add_header:
 * @self: a request
 * @name: the header's name, in any case
 * @value: (array length=len) (element-type gchar): the header's value
 * @len: bytes, or -1 if a NUL ends it
 *
 * Adds one header line.
 *
 * Of Origin, Sec-Fetch-Site, Referer, Host and Content-Type there may be one each, of at most 16,384 printable ASCII
 * characters; otherwise the request will be refused. Cookie lines add up, to at most 65,536 bytes. An Upgrade line that
 * names WebSocket sets [method@KrCsrf.Request.set_upgrade].
 *
 * Since: 0.1
 */
void
kr_csrf_request_add_header (KrCsrfRequest *self, const char *name, const char *value, gssize len)
{
  char lower[MAX_NAME];
  gsize name_len, value_len;

  g_return_if_fail (self != NULL);
  g_return_if_fail (name != NULL);
  g_return_if_fail (value != NULL || len == 0);

  name_len = strlen (name);
  value_len = len < 0 ? strlen (value) : (gsize) len;
  /* No header that matters has a longer name. */
  if (name_len > MAX_NAME)
    return;
  for (gsize i = 0; i < name_len; i++)
    lower[i] = name[i] >= 'A' && name[i] <= 'Z' ? name[i] | 0x20 : name[i];
  trim (&value, &value_len);
  add_lower (self, lower, name_len, value, value_len);
}

/**
 * kr_csrf_request_set_form_token:
 * @self: a request
 * @value: (array length=len) (element-type gchar): the value of the form field that holds the token
 * @len: bytes, or -1 if a NUL ends it
 *
 * Gives the token that came in a form. A second one makes the request ambiguous, so that it will be refused.
 *
 * Since: 0.1
 */
void
kr_csrf_request_set_form_token (KrCsrfRequest *self, const char *value, gssize len)
{
  gsize length;

  g_return_if_fail (self != NULL);
  g_return_if_fail (value != NULL || len == 0);

  length = len < 0 ? strlen (value) : (gsize) len;
  self->form_tokens++;
  self->form_token.data = arena_copy (self, value, MIN (length, MAX_TOKEN_TEXT));
  self->form_token.len = length;
}

/**
 * kr_csrf_request_set_form_error:
 * @self: a request
 * @error: why the form could not be read
 *
 * Tells that the form was broken off, so that a request without a token in its header is refused for that reason.
 *
 * Since: 0.1
 */
void
kr_csrf_request_set_form_error (KrCsrfRequest *self, const GError *error)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (error != NULL);

  if (error->domain == KR_CSRF_ERROR && (guint) error->code < KR_CSRF_N_ERRORS)
    self->form_error = error->code;
  else
    self->form_error = KR_CSRF_ERROR_FORM_UNREADABLE;
}

/**
 * kr_csrf_request_set_upgrade:
 * @self: a request
 * @upgrade: what the connection becomes
 *
 * Tells that the request turns its connection into something else: then its method does not make it safe.
 *
 * Since: 0.1
 */
void
kr_csrf_request_set_upgrade (KrCsrfRequest *self, KrCsrfUpgrade upgrade)
{
  g_return_if_fail (self != NULL);

  self->upgrade = upgrade;
}

static void
set_identity (KrCsrfRequest *self, KrCsrfText *text, const char *value)
{
  text->len = value != NULL ? strlen (value) : 0;
  text->data = value != NULL ? arena_copy (self, value, text->len) : NULL;
  self->binding.owner = 0;
}

/**
 * kr_csrf_request_set_user_id:
 * @self: a request
 * @user_id: (nullable): who is logged in, or %NULL if nobody is
 *
 * Binds tokens to a user: what was issued to one is worth nothing to another, or to nobody.
 *
 * Since: 0.1
 */
void
kr_csrf_request_set_user_id (KrCsrfRequest *self, const char *user_id)
{
  g_return_if_fail (self != NULL);

  set_identity (self, &self->user_id, user_id);
}

/**
 * kr_csrf_request_set_session_id:
 * @self: a request
 * @session_id: (nullable): the id of the session, or %NULL if there is none
 *
 * Binds tokens to a session. Before login, the id of a session to come protects against login CSRF.
 *
 * Since: 0.1
 */
void
kr_csrf_request_set_session_id (KrCsrfRequest *self, const char *session_id)
{
  g_return_if_fail (self != NULL);

  set_identity (self, &self->session_id, session_id);
}

/**
 * kr_csrf_request_set_scope:
 * @self: a request
 * @scope: (nullable): what the token is for, such as [func@KrCsrf.scope_for_form] makes, or %NULL for everything
 *
 * When issuing, makes a token for one purpose only. When validating, demands such a token: one for everything, or for
 * another purpose, is refused.
 *
 * Since: 0.1
 */
void
kr_csrf_request_set_scope (KrCsrfRequest *self, const char *scope)
{
  g_return_if_fail (self != NULL);

  set_identity (self, &self->scope, scope);
}

/**
 * kr_csrf_request_get_method:
 * @self: a request
 *
 * Gets the method.
 *
 * Returns: (transfer none): the method, as long as @self
 *
 * Since: 0.1
 */
const char *
kr_csrf_request_get_method (KrCsrfRequest *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->method;
}

/**
 * kr_csrf_request_get_path:
 * @self: a request
 *
 * Gets the path.
 *
 * Returns: (transfer none): the path, as long as @self
 *
 * Since: 0.1
 */
const char *
kr_csrf_request_get_path (KrCsrfRequest *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->path;
}

/**
 * kr_csrf_request_get_origin:
 * @self: a request
 *
 * Gets the server's own origin, in its canonical form: what an Origin header is compared to.
 *
 * Returns: (transfer none) (nullable): the origin, as long as @self; %NULL if the authority is no host
 *
 * Since: 0.1
 */
const char *
kr_csrf_request_get_origin (KrCsrfRequest *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->origin_valid ? self->origin.text : NULL;
}

static gboolean
media_type_is (const KrCsrfText *value, const char *type)
{
  gsize len = strlen (type);

  return value->len >= len && g_ascii_strncasecmp (value->data, type, len) == 0 &&
         (value->len == len || strchr ("; \t", value->data[len]) != NULL);
}

/**
 * kr_csrf_request_is_form:
 * @self: a request
 *
 * Tells whether the body is a form (application/x-www-form-urlencoded or multipart/form-data), so that it is worth
 * looking for a token in it. The content type never decides whether a request is checked.
 *
 * Returns: %TRUE for a form
 *
 * Since: 0.1
 */
gboolean
kr_csrf_request_is_form (KrCsrfRequest *self)
{
  const KrCsrfText *type;

  g_return_val_if_fail (self != NULL, FALSE);

  type = &self->slots[KR_CSRF_SLOT_CONTENT_TYPE];
  return type->data != NULL && (media_type_is (type, "application/x-www-form-urlencoded") ||
                                media_type_is (type, "multipart/form-data"));
}

/* The cookie's value, 64 characters long, as a piece of the header. */
KrCsrfCode
kr_csrf_request_find_cookie (KrCsrfRequest *self, const char *name, gsize name_len, KrCsrfText *value)
{
  KrCsrfCookie cookie = { NULL, 0, 0 };

  for (const KrCsrfHeader *line = self->cookies; line != NULL; line = line->next)
    kr_csrf_cookie_scan (&cookie, line->value.data, line->value.len, name, name_len);
  value->data = cookie.value;
  value->len = cookie.len;
  return kr_csrf_cookie_verdict (&cookie);
}

/* The one header of that name, which is in lower case; KR_CSRF_ERROR_TOKEN_MISSING if there is none. */
KrCsrfCode
kr_csrf_request_find_header (KrCsrfRequest *self, const char *name, gsize name_len, KrCsrfText *value)
{
  const KrCsrfHeader *found = NULL;

  for (const KrCsrfHeader *header = self->others; header != NULL; header = header->next)
    if (header->name_len == name_len && header->name[0] == name[0] && memcmp (header->name, name, name_len) == 0)
      {
        if (found != NULL)
          return KR_CSRF_ERROR_AMBIGUOUS_HEADER;
        found = header;
      }
  if (found == NULL)
    return KR_CSRF_ERROR_TOKEN_MISSING;
  if (!found->valid && found->value.len <= MAX_HEADER)
    return KR_CSRF_ERROR_HEADER_INVALID;
  *value = found->value;
  return KR_CSRF_OK;
}

/* Among the subprotocols that a client offers; FALSE if there is none, or more than one. */
gboolean
kr_csrf_request_find_ticket (KrCsrfRequest *self, KrCsrfText *ticket)
{
  static const char name[] = "sec-websocket-protocol", prefix[] = KR_CSRF_TICKET_PROTOCOL;
  guint found = 0;

  for (const KrCsrfHeader *header = self->others; header != NULL; header = header->next)
    {
      const char *at = header->value.data, *end;

      if (!text_is (header->name, header->name_len, name) || !header->valid)
        continue;
      for (end = at + MIN (header->value.len, MAX_TOKEN_TEXT); at < end;)
        {
          const char *comma = memchr (at, ',', end - at);
          gsize len = (comma != NULL ? comma : end) - at;
          const char *item = at;

          at += len + 1;
          trim (&item, &len);
          if (len < sizeof prefix - 1 || memcmp (item, prefix, sizeof prefix - 1) != 0)
            continue;
          ticket->data = item + sizeof prefix - 1;
          ticket->len = len - (sizeof prefix - 1);
          found++;
        }
    }
  return found == 1;
}

static guint8 *
append_bound (guint8 *to, const char *data, gsize len)
{
  guint32 length = GUINT32_TO_BE (data != NULL ? (guint32) len : G_MAXUINT32);

  memcpy (to, &length, sizeof length);
  if (data != NULL && len > 0)
    memcpy (to + sizeof length, data, len);
  return to + sizeof length + (data != NULL ? len : 0);
}

/* SHA-256 over application, origin, user, session and scope, each with its length; what is absent differs from what is
 * empty. */
static gboolean
digest_binding (KrCsrfRequest *self, const char *app_id, gboolean scoped, guint8 digest[KR_CSRF_BINDING_SIZE])
{
  guint8 on_stack[512];
  g_autofree guint8 *on_heap = NULL;
  guint8 *buffer = on_stack, *end;
  gsize app_len = app_id != NULL ? strlen (app_id) : 0;
  gsize size = 5 * sizeof (guint32) + app_len + self->origin.len + self->user_id.len + self->session_id.len +
               self->scope.len;

  if (size > sizeof on_stack)
    buffer = on_heap = g_malloc (size);
  end = append_bound (buffer, app_id, app_len);
  end = append_bound (end, self->origin.text, self->origin.len);
  end = append_bound (end, self->user_id.data, self->user_id.len);
  end = append_bound (end, self->session_id.data, self->session_id.len);
  end = append_bound (end, scoped ? self->scope.data : NULL, self->scope.len);
  return kr_csrf_sha256 (buffer, end - buffer, digest);
}

/* What tokens are bound to, kept for the next time. @owner tells one @app_id from another. */
gboolean
kr_csrf_request_digest_binding (KrCsrfRequest *self, gsize owner, const char *app_id, gboolean scoped,
                                const guint8 **digest)
{
  KrCsrfBindingMemo *memo = &self->binding;

  if (memo->owner != owner)
    {
      memo->owner = owner;
      memo->known[0] = memo->known[1] = FALSE;
    }
  *digest = memo->digest[scoped];
  if (!memo->known[scoped])
    memo->known[scoped] = digest_binding (self, app_id, scoped, memo->digest[scoped]);
  return memo->known[scoped];
}
