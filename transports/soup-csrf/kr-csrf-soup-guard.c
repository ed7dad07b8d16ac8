/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrCsrfSoupGuard: a protector in front of a SoupServer or of single handlers. */
#include "config.h"

#include "kr-csrf-soup-guard.h"

/**
 * KrCsrfSoupGuard:
 *
 * A protector in front of a SoupServer or of single handlers.
 *
 * With [method@KrCsrfSoup.Guard.protect_server] every request of a server is judged before any handler sees it: as soon
 * as its headers are there, or, if the token is in a form, as soon as the form is; the form is scanned while it comes
 * in, so that nothing is kept twice. Where only some handlers need it, each calls [method@KrCsrfSoup.Guard.check]
 * first. It fails closed: what cannot be judged is refused.
 *
 * Who a request belongs to is said by a handler of [signal@KrCsrfSoup.Guard::identify].
 *
 * A guard belongs to the thread of its servers; its protector may be shared.
 *
 * Since: 0.1
 */
struct _KrCsrfSoupGuard
{
  GObject parent_instance;

  KrCsrfProtector *protector;
  KrCsrfStatusProfile profile;
  char *form_field_name;
  char *header_name;         /* NULL: form only */
  gboolean read_form_body;
  char *external_scheme;     /* behind a proxy: what the client sees; NULL: what arrives here */
  char *external_authority;
};

typedef enum
{
  PROP_PROTECTOR = 1,
  PROP_EXTERNAL_SCHEME,
  PROP_EXTERNAL_AUTHORITY,
} KrCsrfSoupGuardProperty;
static GParamSpec *props[PROP_EXTERNAL_AUTHORITY + 1];

typedef enum
{
  SIGNAL_IDENTIFY,
} KrCsrfSoupGuardSignal;
static guint signals[SIGNAL_IDENTIFY + 1];

/**
 * kr_csrf_soup_guard_get_type:
 *
 * Gets the type of #KrCsrfSoupGuard.
 *
 * Returns: the type
 *
 * Since: 0.1
 */
G_DEFINE_FINAL_TYPE (KrCsrfSoupGuard, kr_csrf_soup_guard, G_TYPE_OBJECT)

/* What a message carries while its form comes in. */
typedef struct
{
  KrCsrfSoupGuard *guard;     /* a reference */
  KrCsrfRequest *request;
  KrCsrfFormScanner *scanner;
  goffset missing;            /* bytes of the body that are still to come */
} Body;

static void
body_free (gpointer data)
{
  Body *body = data;

  g_object_unref (body->guard);
  kr_csrf_request_unref (body->request);
  g_clear_pointer (&body->scanner, kr_csrf_form_scanner_unref);
  g_free (body);
}

static void
copy_header (const char *name, const char *value, gpointer request)
{
  kr_csrf_request_add_header (request, name, value, -1);
}

static KrCsrfRequest *
make_request (KrCsrfSoupGuard *self, SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  GUri *uri = soup_server_message_get_uri (message);
  const char *scheme = self->external_scheme != NULL ? self->external_scheme : g_uri_get_scheme (uri);
  const char *authority = self->external_authority != NULL ? self->external_authority
                                                           : soup_message_headers_get_one (headers, "Host");
  KrCsrfRequest *request = kr_csrf_request_new (soup_server_message_get_method (message), scheme, authority,
                                                g_uri_get_path (uri));

  soup_message_headers_foreach (headers, copy_header, request);
  g_signal_emit (self, signals[SIGNAL_IDENTIFY], 0, message, request);
  return request;
}

static GQuark
request_quark (void)
{
  return g_quark_from_static_string ("kr-csrf-soup-request");
}

/**
 * kr_csrf_soup_guard_get_request:
 * @self: a guard
 * @message: a message of its server
 *
 * Gets the request as the protector sees it, to set a scope, or a new user before [method@KrCsrfSoup.Guard.rotate].
 *
 * Returns: (transfer none): the request, as long as @message
 *
 * Since: 0.1
 */
KrCsrfRequest *
kr_csrf_soup_guard_get_request (KrCsrfSoupGuard *self, SoupServerMessage *message)
{
  KrCsrfRequest *request;

  g_return_val_if_fail (KR_CSRF_SOUP_IS_GUARD (self), NULL);
  g_return_val_if_fail (SOUP_IS_SERVER_MESSAGE (message), NULL);

  request = g_object_get_qdata (G_OBJECT (message), request_quark ());
  if (request != NULL)
    return request;
  request = make_request (self, message);
  g_object_set_qdata_full (G_OBJECT (message), request_quark (), request, (GDestroyNotify) kr_csrf_request_unref);
  return request;
}

/**
 * kr_csrf_soup_guard_refuse:
 * @self: a guard
 * @message: a message of its server
 * @error: what the protector has reported
 *
 * Answers a message with the status of the protector's profile and a problem document.
 *
 * Since: 0.1
 */
void
kr_csrf_soup_guard_refuse (KrCsrfSoupGuard *self, SoupServerMessage *message, const GError *error)
{
  SoupMessageHeaders *headers;
  char *problem;

  g_return_if_fail (KR_CSRF_SOUP_IS_GUARD (self));
  g_return_if_fail (SOUP_IS_SERVER_MESSAGE (message));
  g_return_if_fail (error != NULL);

  headers = soup_server_message_get_response_headers (message);
  /* Nobody will read what libsoup would keep. */
  soup_message_body_set_accumulate (soup_server_message_get_request_body (message), FALSE);
  problem = kr_csrf_problem_json (error, self->profile);
  soup_server_message_set_status (message, kr_csrf_error_to_status (error, self->profile), NULL);
  soup_server_message_set_response (message, "application/problem+json", SOUP_MEMORY_TAKE, problem, strlen (problem));
  soup_message_headers_replace (headers, "Cache-Control", "no-store");
  if (self->profile == KR_CSRF_STATUS_PROFILE_STRICT &&
      (g_error_matches (error, KR_CSRF_ERROR, KR_CSRF_ERROR_TOKEN_EXPIRED) ||
       g_error_matches (error, KR_CSRF_ERROR, KR_CSRF_ERROR_TOKEN_NOT_YET_VALID)))
    soup_message_headers_replace (headers, "X-CSRF-Refresh", "1");
}

static gboolean
judge (KrCsrfSoupGuard *self, SoupServerMessage *message, KrCsrfRequest *request)
{
  g_autoptr (GError) error = NULL;

  if (kr_csrf_protector_is_request_valid (self->protector, request, &error))
    return TRUE;
  kr_csrf_soup_guard_refuse (self, message, error);
  return FALSE;
}

/* Whether the verdict has to wait for a form. */
static gboolean
needs_form (KrCsrfSoupGuard *self, SoupServerMessage *message, KrCsrfRequest *request)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);

  return self->read_form_body && kr_csrf_request_is_form (request) &&
         !kr_csrf_protector_is_safe_method (self->protector, soup_server_message_get_method (message)) &&
         (self->header_name == NULL || soup_message_headers_get_list (headers, self->header_name) == NULL);
}

static KrCsrfFormScanner *
make_scanner (KrCsrfSoupGuard *self, SoupServerMessage *message, GError **error)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);

  return kr_csrf_form_scanner_new (soup_message_headers_get_one (headers, "Content-Type"), self->form_field_name,
                                   error);
}

/* No token in a form is not a broken form: then the verdict says so itself. */
static void
take_token (KrCsrfFormScanner *scanner, KrCsrfRequest *request)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *token = kr_csrf_form_scanner_finish (scanner, &error);

  if (token != NULL)
    kr_csrf_request_set_form_token (request, token, -1);
  else if (!g_error_matches (error, KR_CSRF_ERROR, KR_CSRF_ERROR_TOKEN_MISSING))
    kr_csrf_request_set_form_error (request, error);
}

/* The body is whole with its last byte, before libsoup says so and calls the handler. */
static void
on_got_chunk (SoupServerMessage *message, GBytes *chunk, gpointer user_data)
{
  Body *body = user_data;
  gsize len;
  const char *data = g_bytes_get_data (chunk, &len);

  if (body->missing <= 0)
    return;
  body->missing -= len;
  /* What no form can become any more need not be kept until it ends. */
  if (!kr_csrf_form_scanner_push (body->scanner, data, len, NULL))
    body->missing = 0;
  if (body->missing > 0)
    return;
  take_token (body->scanner, body->request);
  judge (body->guard, message, body->request);
}

static void
body_closure_free (gpointer data, GClosure *closure)
{
  body_free (data);
}

static void
wait_for_form (KrCsrfSoupGuard *self, SoupServerMessage *message, KrCsrfRequest *request, GError **error)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  g_autoptr (KrCsrfFormScanner) scanner = make_scanner (self, message, error);
  Body *body;

  if (scanner == NULL)
    return;
  body = g_new0 (Body, 1);
  body->guard = g_object_ref (self);
  body->request = kr_csrf_request_ref (request);
  body->scanner = g_steal_pointer (&scanner);
  body->missing = soup_message_headers_get_content_length (headers);
  g_signal_connect_data (message, "got-chunk", G_CALLBACK (on_got_chunk), body, body_closure_free, 0);
}

static void
on_got_headers (SoupServerMessage *message, gpointer user_data)
{
  KrCsrfSoupGuard *self = user_data;
  KrCsrfRequest *request = kr_csrf_soup_guard_get_request (self, message);
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  g_autoptr (GError) error = NULL;

  /* Without a length nothing tells which piece of the body is the last, and libsoup calls the handler with that one. */
  if (!needs_form (self, message, request) || soup_message_headers_get_content_length (headers) == 0)
    {
      judge (self, message, request);
      return;
    }
  if (soup_message_headers_get_encoding (headers) == SOUP_ENCODING_CONTENT_LENGTH)
    wait_for_form (self, message, request, &error);
  else
    error = g_error_new_literal (KR_CSRF_ERROR, KR_CSRF_ERROR_FORM_UNREADABLE, "The form has no length.");
  if (error == NULL)
    return;
  kr_csrf_request_set_form_error (request, error);
  judge (self, message, request);
}

static void
drop_guard (gpointer data, GClosure *closure)
{
  g_object_unref (data);
}

static void
on_request_started (SoupServer *server, SoupServerMessage *message, gpointer user_data)
{
  g_signal_connect_data (message, "got-headers", G_CALLBACK (on_got_headers), g_object_ref (user_data), drop_guard, 0);
}

/**
 * kr_csrf_soup_guard_protect_server:
 * @self: a guard
 * @server: a server, which holds a reference to @self from now on: there is no way back
 *
 * Judges every request of a server before its handlers see it, and answers those that are refused.
 *
 * A form without Content-Length and without the token's header is refused. Early handlers see a request before it is
 * judged.
 *
 * Since: 0.1
 */
void
kr_csrf_soup_guard_protect_server (KrCsrfSoupGuard *self, SoupServer *server)
{
  g_return_if_fail (KR_CSRF_SOUP_IS_GUARD (self));
  g_return_if_fail (SOUP_IS_SERVER (server));

  g_signal_connect_data (server, "request-started", G_CALLBACK (on_request_started), g_object_ref (self), drop_guard, 0);
}

/* The body is there already, so it is scanned at once, in the pieces that libsoup has. */
static void
scan_body (KrCsrfSoupGuard *self, SoupServerMessage *message, KrCsrfRequest *request)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfFormScanner) scanner = make_scanner (self, message, &error);
  SoupMessageBody *body = soup_server_message_get_request_body (message);
  goffset offset = 0;

  if (scanner == NULL)
    {
      kr_csrf_request_set_form_error (request, error);
      return;
    }
  while (TRUE)
    {
      g_autoptr (GBytes) chunk = soup_message_body_get_chunk (body, offset);

      if (chunk == NULL || g_bytes_get_size (chunk) == 0)
        break;
      kr_csrf_form_scanner_push (scanner, g_bytes_get_data (chunk, NULL), g_bytes_get_size (chunk), NULL);
      offset += g_bytes_get_size (chunk);
    }
  take_token (scanner, request);
}

/**
 * kr_csrf_soup_guard_check:
 * @self: a guard
 * @message: a message, in its handler, of a server that is not protected as a whole
 *
 * Judges one request, and answers it if it is refused.
 *
 * Returns: %TRUE if the handler may go on; %FALSE if the message is answered
 *
 * Since: 0.1
 */
gboolean
kr_csrf_soup_guard_check (KrCsrfSoupGuard *self, SoupServerMessage *message)
{
  KrCsrfRequest *request;

  g_return_val_if_fail (KR_CSRF_SOUP_IS_GUARD (self), FALSE);
  g_return_val_if_fail (SOUP_IS_SERVER_MESSAGE (message), FALSE);

  request = kr_csrf_soup_guard_get_request (self, message);
  if (needs_form (self, message, request))
    scan_body (self, message, request);
  return judge (self, message, request);
}

static gboolean
put_header (KrCsrfHeaderAction action, const char *name, const char *value, gpointer user_data)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (user_data);
  const char *old = soup_message_headers_get_list (headers, name);
  gboolean differs = old != NULL && strcmp (old, value) != 0;

  switch (action)
    {
    case KR_CSRF_HEADER_ACTION_REPLACE:
      soup_message_headers_replace (headers, name, value);
      return differs;
    case KR_CSRF_HEADER_ACTION_SET_IF_ABSENT:
      if (old == NULL)
        soup_message_headers_append (headers, name, value);
      return FALSE;
    case KR_CSRF_HEADER_ACTION_MERGE:
      if (!soup_message_headers_header_contains (headers, name, value))
        soup_message_headers_append (headers, name, value);
      return FALSE;
    case KR_CSRF_HEADER_ACTION_APPEND:
    default:
      soup_message_headers_append (headers, name, value);
      return FALSE;
    }
}

/**
 * kr_csrf_soup_guard_get_tokens:
 * @self: a guard
 * @message: a message, in its handler
 * @error: return location for an error
 *
 * Issues a pair of tokens and puts cookie, cache and frame headers into the response.
 *
 * Errors: those of [method@KrCsrf.Protector.get_and_store_tokens].
 *
 * Returns: (transfer full) (nullable): a pair, or %NULL with @error set
 *
 * Since: 0.1
 */
KrCsrfTokens *
kr_csrf_soup_guard_get_tokens (KrCsrfSoupGuard *self, SoupServerMessage *message, GError **error)
{
  g_return_val_if_fail (KR_CSRF_SOUP_IS_GUARD (self), NULL);
  g_return_val_if_fail (SOUP_IS_SERVER_MESSAGE (message), NULL);

  return kr_csrf_protector_get_and_store_tokens (self->protector, kr_csrf_soup_guard_get_request (self, message),
                                                 put_header, message, error);
}

/**
 * kr_csrf_soup_guard_rotate:
 * @self: a guard
 * @message: the message that logs in or out
 * @error: return location for an error
 *
 * Gives the client a new secret. Set the new user and session of the request first.
 *
 * Errors: those of [method@KrCsrf.Protector.rotate].
 *
 * Returns: %TRUE if the cookie is set
 *
 * Since: 0.1
 */
gboolean
kr_csrf_soup_guard_rotate (KrCsrfSoupGuard *self, SoupServerMessage *message, GError **error)
{
  g_return_val_if_fail (KR_CSRF_SOUP_IS_GUARD (self), FALSE);
  g_return_val_if_fail (SOUP_IS_SERVER_MESSAGE (message), FALSE);

  return kr_csrf_protector_rotate (self->protector, kr_csrf_soup_guard_get_request (self, message), put_header, message,
                                   error);
}

static void
kr_csrf_soup_guard_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KrCsrfSoupGuard *self = KR_CSRF_SOUP_GUARD (object);

  switch ((KrCsrfSoupGuardProperty) prop_id)
    {
    case PROP_PROTECTOR: g_value_set_object (value, self->protector); break;
    case PROP_EXTERNAL_SCHEME: g_value_set_string (value, self->external_scheme); break;
    case PROP_EXTERNAL_AUTHORITY: g_value_set_string (value, self->external_authority); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
kr_csrf_soup_guard_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  KrCsrfSoupGuard *self = KR_CSRF_SOUP_GUARD (object);

  switch ((KrCsrfSoupGuardProperty) prop_id)
    {
    case PROP_PROTECTOR: self->protector = g_value_dup_object (value); break;
    case PROP_EXTERNAL_SCHEME: self->external_scheme = g_value_dup_string (value); break;
    case PROP_EXTERNAL_AUTHORITY: self->external_authority = g_value_dup_string (value); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
kr_csrf_soup_guard_constructed (GObject *object)
{
  KrCsrfSoupGuard *self = KR_CSRF_SOUP_GUARD (object);

  G_OBJECT_CLASS (kr_csrf_soup_guard_parent_class)->constructed (object);
  g_object_get (self->protector, "status-profile", &self->profile, "form-field-name", &self->form_field_name,
                "header-name", &self->header_name, "read-form-body", &self->read_form_body, NULL);
}

static void
kr_csrf_soup_guard_finalize (GObject *object)
{
  KrCsrfSoupGuard *self = KR_CSRF_SOUP_GUARD (object);

  g_clear_object (&self->protector);
  g_free (self->form_field_name);
  g_free (self->header_name);
  g_free (self->external_scheme);
  g_free (self->external_authority);

  G_OBJECT_CLASS (kr_csrf_soup_guard_parent_class)->finalize (object);
}

static void
kr_csrf_soup_guard_class_init (KrCsrfSoupGuardClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = kr_csrf_soup_guard_get_property;
  object_class->set_property = kr_csrf_soup_guard_set_property;
  object_class->constructed = kr_csrf_soup_guard_constructed;
  object_class->finalize = kr_csrf_soup_guard_finalize;

  /**
   * KrCsrfSoupGuard:protector:
   *
   * What judges.
   *
   * Since: 0.1
   */
  props[PROP_PROTECTOR] = g_param_spec_object ("protector", NULL, NULL, KR_CSRF_TYPE_PROTECTOR, flags);

  /**
   * KrCsrfSoupGuard:external-scheme:
   *
   * "http" or "https", as clients see it in front of a proxy; %NULL for what arrives here.
   *
   * Since: 0.1
   */
  props[PROP_EXTERNAL_SCHEME] = g_param_spec_string ("external-scheme", NULL, NULL, NULL, flags);

  /**
   * KrCsrfSoupGuard:external-authority:
   *
   * Host and optional port, as clients see them in front of a proxy; %NULL for the Host header.
   *
   * Since: 0.1
   */
  props[PROP_EXTERNAL_AUTHORITY] = g_param_spec_string ("external-authority", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (props), props);

  /**
   * KrCsrfSoupGuard::identify:
   * @self: the guard
   * @message: a message whose headers are there
   * @request: what the protector will see
   *
   * Emitted once per message, before it is judged: set user, session and scope of @request.
   *
   * Since: 0.1
   */
  signals[SIGNAL_IDENTIFY] = g_signal_new ("identify", KR_CSRF_SOUP_TYPE_GUARD, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                           G_TYPE_NONE, 2, SOUP_TYPE_SERVER_MESSAGE, KR_CSRF_TYPE_REQUEST);
}

static void
kr_csrf_soup_guard_init (KrCsrfSoupGuard *self)
{
}

/**
 * kr_csrf_soup_guard_new:
 * @protector: what judges
 *
 * Makes a guard.
 *
 * Returns: (transfer full): a new guard
 *
 * Since: 0.1
 */
KrCsrfSoupGuard *
kr_csrf_soup_guard_new (KrCsrfProtector *protector)
{
  g_return_val_if_fail (KR_CSRF_IS_PROTECTOR (protector), NULL);

  return g_object_new (KR_CSRF_SOUP_TYPE_GUARD, "protector", protector, NULL);
}
