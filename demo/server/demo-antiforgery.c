/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The guard of the demo's routes, and the route that gives out tokens. */
#include "config.h"

#include "demo-antiforgery.h"

#include "demo-http.h"

#define COOKIE_NAME ".Kestrun.AntiXSRF"
#define HEADER_NAME "X-CSRF-TOKEN"

/**
 * demo_antiforgery_new_guard:
 * @secure: whether the server speaks HTTPS; without it a browser would drop a cookie with the Secure attribute
 * @error: return location for an error
 *
 * Creates a guard with Kestrun's names. Its keys live as long as the process: pages fetch a new token after a restart.
 *
 * Returns: (transfer full): a guard, or %NULL
 */
KrCsrfSoupGuard *
demo_antiforgery_new_guard (gboolean secure, GError **error)
{
  g_autoptr (KrCsrfKeyRing) key_ring = kr_csrf_key_ring_new_ephemeral ();
  g_autoptr (KrCsrfProtector) protector = g_initable_new (KR_CSRF_TYPE_PROTECTOR, NULL, error,
                                                          "key-ring", key_ring,
                                                          "app-id", "kr-demo",
                                                          "cookie-name", COOKIE_NAME,
                                                          "cookie-secure", secure,
                                                          "header-name", HEADER_NAME,
                                                          NULL);

  return protector != NULL ? kr_csrf_soup_guard_new (protector) : NULL;
}

static void
on_token (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer user_data)
{
  KrCsrfSoupGuard *guard = user_data;
  g_autoptr (KrCsrfProtector) protector = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfTokens) tokens = kr_csrf_soup_guard_get_tokens (guard, message, &error);
  g_autofree char *json = NULL;

  if (tokens == NULL)
    {
      kr_csrf_soup_guard_refuse (guard, message, error);
      return;
    }
  g_object_get (guard, "protector", &protector, NULL);
  json = kr_csrf_protector_token_json (protector, tokens);
  demo_http_set_text (message, SOUP_STATUS_OK, "application/json; charset=utf-8", json);
}

/**
 * demo_antiforgery_add_token_route:
 * @server: a server
 * @guard: a guard; must outlive @server
 *
 * Adds `/csrf-token`: the request token and its header as JSON, and the cookie that belongs to it.
 */
void
demo_antiforgery_add_token_route (SoupServer *server, KrCsrfSoupGuard *guard)
{
  demo_http_add_route (server, "/csrf-token", "GET", on_token, guard);
}
