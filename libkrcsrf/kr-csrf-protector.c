/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrCsrfProtector: issues antiforgery tokens and judges requests. */
#include "config.h"

#include "kr-csrf-protector-private.h"

/**
 * KrCsrfProtector:
 *
 * Issues antiforgery tokens and judges requests.
 *
 * A client gets two tokens: one in a cookie that scripts cannot read, one in the page or by a request of its own. A
 * request that changes something brings both: the cookie by itself, the other in a header or a form field. Another site
 * can make a browser send the cookie, but cannot read the second token. What is more, the request has to come from the
 * server's own origin, as far as the browser tells (Sec-Fetch-Site, Origin, Referer); in the default mode neither
 * replaces the other.
 *
 * It knows nothing of HTTP libraries: an adapter fills a [struct@KrCsrf.Request], puts the headers that a sink gets
 * into the response, and answers an error with [func@KrCsrf.Error.to_status] and [func@KrCsrf.problem_json].
 *
 * All settings are given at construction, by g_initable_new(); settings that contradict each other fail it with
 * %KR_CSRF_ERROR_CONFIG. After that, all functions may be called from any thread; signals are emitted in the thread of
 * the call that causes them.
 *
 * Since: 0.1
 */

typedef enum
{
  PROP_KEY_RING = 1,
  PROP_APP_ID,
  PROP_MODE,
  PROP_COOKIE_NAME,
  PROP_COOKIE_PATH,
  PROP_COOKIE_SECURE,
  PROP_COOKIE_HTTP_ONLY,
  PROP_COOKIE_SAME_SITE,
  PROP_COOKIE_MAX_AGE,
  PROP_HEADER_NAME,
  PROP_FORM_FIELD_NAME,
  PROP_READ_FORM_BODY,
  PROP_TOKEN_LIFETIME,
  PROP_COOKIE_LIFETIME,
  PROP_CLOCK_SKEW,
  PROP_TRUSTED_ORIGINS,
  PROP_ALLOWED_HOSTS,
  PROP_ALLOW_SAME_SITE,
  PROP_SAFE_METHODS,
  PROP_REFERER_FALLBACK,
  PROP_SUPPRESS_X_FRAME_OPTIONS,
  PROP_ALLOW_BFCACHE,
  PROP_STATUS_PROFILE,
  PROP_REPORT_ONLY,
} KrCsrfProtectorProperty;
static GParamSpec *props[PROP_REPORT_ONLY + 1];

typedef enum
{
  SIGNAL_REJECTED,
  SIGNAL_BYPASSED,
} KrCsrfProtectorSignal;
static guint signals[SIGNAL_BYPASSED + 1];

/**
 * kr_csrf_mode_get_type:
 *
 * Gets the type of #KrCsrfMode.
 *
 * Returns: the type
 *
 * Since: 0.1
 */
G_DEFINE_ENUM_TYPE (KrCsrfMode, kr_csrf_mode,
                    G_DEFINE_ENUM_VALUE (KR_CSRF_MODE_TOKEN_AND_ORIGIN, "token-and-origin"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_MODE_TOKEN_ONLY, "token-only"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_MODE_ORIGIN_ONLY, "origin-only"))

/**
 * kr_csrf_same_site_get_type:
 *
 * Gets the type of #KrCsrfSameSite.
 *
 * Returns: the type
 *
 * Since: 0.1
 */
G_DEFINE_ENUM_TYPE (KrCsrfSameSite, kr_csrf_same_site,
                    G_DEFINE_ENUM_VALUE (KR_CSRF_SAME_SITE_LAX, "lax"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_SAME_SITE_STRICT, "strict"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_SAME_SITE_NONE, "none"))

static void kr_csrf_protector_initable_iface_init (GInitableIface *iface);

/**
 * kr_csrf_protector_get_type:
 *
 * Gets the type of #KrCsrfProtector.
 *
 * Returns: the type
 *
 * Since: 0.1
 */
G_DEFINE_FINAL_TYPE_WITH_CODE (KrCsrfProtector, kr_csrf_protector, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_INITABLE, kr_csrf_protector_initable_iface_init))

void
kr_csrf_protector_notify_rejected (KrCsrfProtector *self, KrCsrfRequest *request, KrCsrfCode code)
{
  if (g_signal_has_handler_pending (self, signals[SIGNAL_REJECTED], 0, TRUE))
    g_signal_emit (self, signals[SIGNAL_REJECTED], 0, request, code);
}

/**
 * kr_csrf_protector_bypass:
 * @self: a protector
 * @request: a request that is let through unjudged
 * @reason: why: not empty, for people who read the log
 *
 * Records that a route is exempt. Call it from the route that runs, never by comparing paths: what a path matches and
 * what then runs need not be the same.
 *
 * Since: 0.1
 */
void
kr_csrf_protector_bypass (KrCsrfProtector *self, KrCsrfRequest *request, const char *reason)
{
  g_return_if_fail (KR_CSRF_IS_PROTECTOR (self));
  g_return_if_fail (request != NULL);
  g_return_if_fail (reason != NULL && *reason != '\0');

  kr_csrf_counters_add (self->counters, KR_CSRF_COUNT_BYPASSED);
  g_debug ("Exempt: %.128s", reason);
  g_signal_emit (self, signals[SIGNAL_BYPASSED], 0, request, reason);
}

/**
 * kr_csrf_protector_get_stats:
 * @self: a protector
 * @stats: (out caller-allocates): where the counters go
 *
 * Gets what was counted so far. Other threads may be counting meanwhile.
 *
 * Since: 0.1
 */
void
kr_csrf_protector_get_stats (KrCsrfProtector *self, KrCsrfStats *stats)
{
  g_return_if_fail (KR_CSRF_IS_PROTECTOR (self));
  g_return_if_fail (stats != NULL);

  kr_csrf_counters_fill (self->counters, stats);
}

/**
 * kr_csrf_protector_get_rejections:
 * @self: a protector
 * @code: an error code
 *
 * Gets how often that code was the verdict, in report-only mode too.
 *
 * Returns: a number
 *
 * Since: 0.1
 */
guint64
kr_csrf_protector_get_rejections (KrCsrfProtector *self, KrCsrfError code)
{
  g_return_val_if_fail (KR_CSRF_IS_PROTECTOR (self), 0);
  g_return_val_if_fail ((guint) code < KR_CSRF_N_ERRORS, 0);

  return kr_csrf_counters_get (self->counters, KR_CSRF_COUNT_REJECTED + code);
}

static void
kr_csrf_protector_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KrCsrfProtector *self = KR_CSRF_PROTECTOR (object);
  const KrCsrfSettings *settings = &self->settings;

  switch ((KrCsrfProtectorProperty) prop_id)
    {
    case PROP_KEY_RING: g_value_set_object (value, self->key_ring); break;
    case PROP_APP_ID: g_value_set_string (value, settings->app_id); break;
    case PROP_MODE: g_value_set_enum (value, settings->mode); break;
    case PROP_COOKIE_NAME: g_value_set_string (value, settings->cookie_name); break;
    case PROP_COOKIE_PATH: g_value_set_string (value, settings->cookie_path); break;
    case PROP_COOKIE_SECURE: g_value_set_boolean (value, settings->cookie_secure); break;
    case PROP_COOKIE_HTTP_ONLY: g_value_set_boolean (value, settings->cookie_http_only); break;
    case PROP_COOKIE_SAME_SITE: g_value_set_enum (value, settings->cookie_same_site); break;
    case PROP_COOKIE_MAX_AGE: g_value_set_uint (value, settings->cookie_max_age); break;
    case PROP_HEADER_NAME: g_value_set_string (value, settings->header_name); break;
    case PROP_FORM_FIELD_NAME: g_value_set_string (value, settings->form_field_name); break;
    case PROP_READ_FORM_BODY: g_value_set_boolean (value, settings->read_form_body); break;
    case PROP_TOKEN_LIFETIME: g_value_set_uint (value, settings->token_lifetime / 1000); break;
    case PROP_COOKIE_LIFETIME: g_value_set_uint (value, settings->cookie_lifetime / 1000); break;
    case PROP_CLOCK_SKEW: g_value_set_uint (value, settings->clock_skew / 1000); break;
    case PROP_TRUSTED_ORIGINS: g_value_set_boxed (value, settings->trusted_origins); break;
    case PROP_ALLOWED_HOSTS: g_value_set_boxed (value, settings->allowed_hosts); break;
    case PROP_ALLOW_SAME_SITE: g_value_set_boolean (value, settings->allow_same_site); break;
    case PROP_SAFE_METHODS: g_value_set_boxed (value, settings->safe_methods); break;
    case PROP_REFERER_FALLBACK: g_value_set_boolean (value, settings->referer_fallback); break;
    case PROP_SUPPRESS_X_FRAME_OPTIONS: g_value_set_boolean (value, settings->suppress_x_frame_options); break;
    case PROP_ALLOW_BFCACHE: g_value_set_boolean (value, settings->allow_bfcache); break;
    case PROP_STATUS_PROFILE: g_value_set_enum (value, settings->status_profile); break;
    case PROP_REPORT_ONLY: g_value_set_boolean (value, g_atomic_int_get (&self->report_only)); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static gint64
get_ms (const GValue *value)
{
  return (gint64) g_value_get_uint (value) * 1000;
}

static void
set_report_only (KrCsrfProtector *self, gboolean report_only)
{
  if (g_atomic_int_exchange (&self->report_only, report_only) != report_only)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_REPORT_ONLY]);
}

static void
kr_csrf_protector_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  KrCsrfProtector *self = KR_CSRF_PROTECTOR (object);
  KrCsrfSettings *settings = &self->settings;

  switch ((KrCsrfProtectorProperty) prop_id)
    {
    case PROP_KEY_RING: self->key_ring = g_value_dup_object (value); break;
    case PROP_APP_ID: settings->app_id = g_value_dup_string (value); break;
    case PROP_MODE: settings->mode = g_value_get_enum (value); break;
    case PROP_COOKIE_NAME: settings->cookie_name = g_value_dup_string (value); break;
    case PROP_COOKIE_PATH: settings->cookie_path = g_value_dup_string (value); break;
    case PROP_COOKIE_SECURE: settings->cookie_secure = g_value_get_boolean (value); break;
    case PROP_COOKIE_HTTP_ONLY: settings->cookie_http_only = g_value_get_boolean (value); break;
    case PROP_COOKIE_SAME_SITE: settings->cookie_same_site = g_value_get_enum (value); break;
    case PROP_COOKIE_MAX_AGE: settings->cookie_max_age = g_value_get_uint (value); break;
    case PROP_HEADER_NAME: settings->header_name = g_intern_string (g_value_get_string (value)); break;
    case PROP_FORM_FIELD_NAME: settings->form_field_name = g_intern_string (g_value_get_string (value)); break;
    case PROP_READ_FORM_BODY: settings->read_form_body = g_value_get_boolean (value); break;
    case PROP_TOKEN_LIFETIME: settings->token_lifetime = get_ms (value); break;
    case PROP_COOKIE_LIFETIME: settings->cookie_lifetime = get_ms (value); break;
    case PROP_CLOCK_SKEW: settings->clock_skew = get_ms (value); break;
    case PROP_TRUSTED_ORIGINS: settings->trusted_origins = g_value_dup_boxed (value); break;
    case PROP_ALLOWED_HOSTS: settings->allowed_hosts = g_value_dup_boxed (value); break;
    case PROP_ALLOW_SAME_SITE: settings->allow_same_site = g_value_get_boolean (value); break;
    case PROP_SAFE_METHODS: settings->safe_methods = g_value_dup_boxed (value); break;
    case PROP_REFERER_FALLBACK: settings->referer_fallback = g_value_get_boolean (value); break;
    case PROP_SUPPRESS_X_FRAME_OPTIONS: settings->suppress_x_frame_options = g_value_get_boolean (value); break;
    case PROP_ALLOW_BFCACHE: settings->allow_bfcache = g_value_get_boolean (value); break;
    case PROP_STATUS_PROFILE: settings->status_profile = g_value_get_enum (value); break;
    case PROP_REPORT_ONLY: set_report_only (self, g_value_get_boolean (value)); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
kr_csrf_protector_finalize (GObject *object)
{
  KrCsrfProtector *self = KR_CSRF_PROTECTOR (object);

  g_clear_object (&self->key_ring);
  kr_csrf_settings_clear (&self->settings);
  kr_csrf_counters_free (self->counters);
  kr_csrf_ticket_memory_free (self->tickets);

  G_OBJECT_CLASS (kr_csrf_protector_parent_class)->finalize (object);
}

static gboolean
kr_csrf_protector_initable_init (GInitable *initable, GCancellable *cancellable, GError **error)
{
  KrCsrfProtector *self = KR_CSRF_PROTECTOR (initable);

  /* A second call changes nothing, as the interface demands. */
  if (self->settings.serial != 0)
    return TRUE;
  if (self->key_ring == NULL)
    {
      g_set_error_literal (error, KR_CSRF_ERROR, KR_CSRF_ERROR_CONFIG, "There is no key ring");
      return FALSE;
    }
  return kr_csrf_settings_prepare (&self->settings, error);
}

static void
kr_csrf_protector_initable_iface_init (GInitableIface *iface)
{
  iface->init = kr_csrf_protector_initable_init;
}

#define CONSTRUCT (G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS)

static void
install_cookie_properties (void)
{
  /**
   * KrCsrfProtector:cookie-name:
   *
   * The exact name of the cookie. With the prefix "__Host-" browsers accept it from this host over HTTPS only, which is
   * why it is in the default.
   *
   * Since: 0.1
   */
  props[PROP_COOKIE_NAME] = g_param_spec_string ("cookie-name", NULL, NULL, "__Host-krcsrf", CONSTRUCT);

  /**
   * KrCsrfProtector:cookie-path:
   *
   * The Path attribute of the cookie.
   *
   * Since: 0.1
   */
  props[PROP_COOKIE_PATH] = g_param_spec_string ("cookie-path", NULL, NULL, "/", CONSTRUCT);

  /**
   * KrCsrfProtector:cookie-secure:
   *
   * Whether the cookie has the attribute Secure; then plain HTTP is refused.
   *
   * Since: 0.1
   */
  props[PROP_COOKIE_SECURE] = g_param_spec_boolean ("cookie-secure", NULL, NULL, TRUE, CONSTRUCT);

  /**
   * KrCsrfProtector:cookie-http-only:
   *
   * Whether scripts cannot read the cookie. None has to.
   *
   * Since: 0.1
   */
  props[PROP_COOKIE_HTTP_ONLY] = g_param_spec_boolean ("cookie-http-only", NULL, NULL, TRUE, CONSTRUCT);

  /**
   * KrCsrfProtector:cookie-same-site:
   *
   * The SameSite attribute of the cookie.
   *
   * Since: 0.1
   */
  props[PROP_COOKIE_SAME_SITE] = g_param_spec_enum ("cookie-same-site", NULL, NULL, KR_CSRF_TYPE_SAME_SITE,
                                                    KR_CSRF_SAME_SITE_LAX, CONSTRUCT);

  /**
   * KrCsrfProtector:cookie-max-age:
   *
   * The Max-Age attribute of the cookie, in seconds; 0 keeps it until the browser ends.
   *
   * Since: 0.1
   */
  props[PROP_COOKIE_MAX_AGE] = g_param_spec_uint ("cookie-max-age", NULL, NULL, 0, G_MAXUINT, 0, CONSTRUCT);

  /**
   * KrCsrfProtector:cookie-lifetime:
   *
   * How long a cookie token is valid, in seconds. In the second half of that time it is renewed with the next pair,
   * over the same secret.
   *
   * Since: 0.1
   */
  props[PROP_COOKIE_LIFETIME] = g_param_spec_uint ("cookie-lifetime", NULL, NULL, 1, G_MAXUINT, 12 * 3600, CONSTRUCT);
}

static void
install_token_properties (void)
{
  /**
   * KrCsrfProtector:key-ring:
   *
   * The keys that tokens are signed with.
   *
   * Since: 0.1
   */
  props[PROP_KEY_RING] = g_param_spec_object ("key-ring", NULL, NULL, KR_CSRF_TYPE_KEY_RING, CONSTRUCT);

  /**
   * KrCsrfProtector:app-id:
   *
   * Keeps applications apart that share a key ring, or %NULL.
   *
   * Since: 0.1
   */
  props[PROP_APP_ID] = g_param_spec_string ("app-id", NULL, NULL, NULL, CONSTRUCT);

  /**
   * KrCsrfProtector:header-name:
   *
   * The name of the header that brings the request token, or %NULL if only a form may.
   *
   * Since: 0.1
   */
  props[PROP_HEADER_NAME] = g_param_spec_string ("header-name", NULL, NULL, "X-CSRF-TOKEN", CONSTRUCT);

  /**
   * KrCsrfProtector:form-field-name:
   *
   * The name of the form field that brings the request token.
   *
   * Since: 0.1
   */
  props[PROP_FORM_FIELD_NAME] = g_param_spec_string ("form-field-name", NULL, NULL, "__RequestVerificationToken",
                                                     CONSTRUCT);

  /**
   * KrCsrfProtector:read-form-body:
   *
   * Whether the request token may come in a form.
   *
   * Since: 0.1
   */
  props[PROP_READ_FORM_BODY] = g_param_spec_boolean ("read-form-body", NULL, NULL, TRUE, CONSTRUCT);

  /**
   * KrCsrfProtector:token-lifetime:
   *
   * How long a request token is valid, in seconds.
   *
   * Since: 0.1
   */
  props[PROP_TOKEN_LIFETIME] = g_param_spec_uint ("token-lifetime", NULL, NULL, 1, G_MAXUINT, 8 * 3600, CONSTRUCT);

  /**
   * KrCsrfProtector:clock-skew:
   *
   * By how much the clock that a token was issued by may be ahead, in seconds.
   *
   * Since: 0.1
   */
  props[PROP_CLOCK_SKEW] = g_param_spec_uint ("clock-skew", NULL, NULL, 0, G_MAXUINT, 60, CONSTRUCT);
}

static void
install_policy_properties (void)
{
  /**
   * KrCsrfProtector:mode:
   *
   * What a request needs to pass.
   *
   * Since: 0.1
   */
  props[PROP_MODE] = g_param_spec_enum ("mode", NULL, NULL, KR_CSRF_TYPE_MODE, KR_CSRF_MODE_TOKEN_AND_ORIGIN,
                                        CONSTRUCT);

  /**
   * KrCsrfProtector:trusted-origins:
   *
   * Origins besides our own that may send requests, such as "https://example.org:8443". A host "*.example.org" stands
   * for exactly one label more. Scheme, host and port all count.
   *
   * Since: 0.1
   */
  props[PROP_TRUSTED_ORIGINS] = g_param_spec_boxed ("trusted-origins", NULL, NULL, G_TYPE_STRV, CONSTRUCT);

  /**
   * KrCsrfProtector:allowed-hosts:
   *
   * Hosts that this server answers for, with or without a port; none allows all. Without it, whoever points a name at
   * this server can make its own origin look like ours (DNS rebinding).
   *
   * Since: 0.1
   */
  props[PROP_ALLOWED_HOSTS] = g_param_spec_boxed ("allowed-hosts", NULL, NULL, G_TYPE_STRV, CONSTRUCT);

  /**
   * KrCsrfProtector:allow-same-site:
   *
   * Whether sibling subdomains may send requests. Then a hole in any of them is one here.
   *
   * Since: 0.1
   */
  props[PROP_ALLOW_SAME_SITE] = g_param_spec_boolean ("allow-same-site", NULL, NULL, FALSE, CONSTRUCT);

  /**
   * KrCsrfProtector:safe-methods:
   *
   * The methods that change nothing, or %NULL for GET, HEAD, OPTIONS and TRACE (RFC 9110, section 9.2.1).
   *
   * Since: 0.1
   */
  props[PROP_SAFE_METHODS] = g_param_spec_boxed ("safe-methods", NULL, NULL, G_TYPE_STRV, CONSTRUCT);

  /**
   * KrCsrfProtector:referer-fallback:
   *
   * Whether Referer counts where neither Sec-Fetch-Site nor Origin is there.
   *
   * Since: 0.1
   */
  props[PROP_REFERER_FALLBACK] = g_param_spec_boolean ("referer-fallback", NULL, NULL, TRUE, CONSTRUCT);

  /**
   * KrCsrfProtector:report-only:
   *
   * Whether refusals are only counted, logged and signalled, and the requests let through. May be changed at any time.
   *
   * Since: 0.1
   */
  props[PROP_REPORT_ONLY] = g_param_spec_boolean ("report-only", NULL, NULL, FALSE, G_PARAM_READWRITE |
                                                  G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
}

static void
install_response_properties (void)
{
  /**
   * KrCsrfProtector:suppress-x-frame-options:
   *
   * Whether X-Frame-Options is left to the application.
   *
   * Since: 0.1
   */
  props[PROP_SUPPRESS_X_FRAME_OPTIONS] =
    g_param_spec_boolean ("suppress-x-frame-options", NULL, NULL, FALSE, CONSTRUCT);

  /**
   * KrCsrfProtector:allow-bfcache:
   *
   * Whether the browser may keep pages with a token for its Back button: "no-cache, private" instead of
   * "no-cache, no-store".
   *
   * Since: 0.1
   */
  props[PROP_ALLOW_BFCACHE] = g_param_spec_boolean ("allow-bfcache", NULL, NULL, FALSE, CONSTRUCT);

  /**
   * KrCsrfProtector:status-profile:
   *
   * Which HTTP statuses the adapter answers errors with.
   *
   * Since: 0.1
   */
  props[PROP_STATUS_PROFILE] = g_param_spec_enum ("status-profile", NULL, NULL, KR_CSRF_TYPE_STATUS_PROFILE,
                                                  KR_CSRF_STATUS_PROFILE_KESTRUN, CONSTRUCT);
}

static void
kr_csrf_protector_class_init (KrCsrfProtectorClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = kr_csrf_protector_get_property;
  object_class->set_property = kr_csrf_protector_set_property;
  object_class->finalize = kr_csrf_protector_finalize;

  install_cookie_properties ();
  install_token_properties ();
  install_policy_properties ();
  install_response_properties ();
  g_object_class_install_properties (object_class, G_N_ELEMENTS (props), props);

  /**
   * KrCsrfProtector::rejected:
   * @self: the protector
   * @request: the request
   * @code: why
   *
   * Emitted for each refusal, in the thread of the call.
   *
   * Since: 0.1
   */
  signals[SIGNAL_REJECTED] = g_signal_new ("rejected", KR_CSRF_TYPE_PROTECTOR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                           G_TYPE_NONE, 2, KR_CSRF_TYPE_REQUEST, KR_CSRF_TYPE_ERROR);

  /**
   * KrCsrfProtector::bypassed:
   * @self: the protector
   * @request: the request
   * @reason: why it was let through
   *
   * Emitted for each request that a route exempts, in the thread of the call.
   *
   * Since: 0.1
   */
  signals[SIGNAL_BYPASSED] = g_signal_new ("bypassed", KR_CSRF_TYPE_PROTECTOR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                           G_TYPE_NONE, 2, KR_CSRF_TYPE_REQUEST, G_TYPE_STRING);
}

static void
kr_csrf_protector_init (KrCsrfProtector *self)
{
  self->counters = kr_csrf_counters_new ();
  self->tickets = kr_csrf_ticket_memory_new ();
}

/**
 * kr_csrf_protector_new:
 * @key_ring: the keys to sign with
 * @error: return location for an error
 *
 * Makes a protector with the default settings. For others, use g_initable_new() with the properties.
 *
 * Returns: (transfer full) (nullable): a new protector, or %NULL with @error set
 *
 * Since: 0.1
 */
KrCsrfProtector *
kr_csrf_protector_new (KrCsrfKeyRing *key_ring, GError **error)
{
  g_return_val_if_fail (KR_CSRF_IS_KEY_RING (key_ring), NULL);

  return g_initable_new (KR_CSRF_TYPE_PROTECTOR, NULL, error, "key-ring", key_ring, NULL);
}
