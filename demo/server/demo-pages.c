/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The pages of the demo and the files they load, from the program's own resources. */
#include "config.h"

#include "demo-pages.h"

#include "demo-http.h"

typedef struct
{
  const char *path;
  const char *file;
  const char *content_type;
} DemoPage;

static const DemoPage pages[] = {
  { "/", "index.html", "text/html; charset=utf-8" },
  { "/Cancel", "cancel.html", "text/html; charset=utf-8" },
  { "/cancel", "cancel.html", "text/html; charset=utf-8" },
  { "/assets/app.js", "app.js", "text/javascript; charset=utf-8" },
  { "/assets/icon.svg", "icon.svg", "image/svg+xml" },
  { "/assets/signalr.min.js", "signalr.min.js", "text/javascript; charset=utf-8" },
  { "/assets/style.css", "style.css", "text/css; charset=utf-8" },
};

/* Without antiforgery any site could press the buttons, so the page has none. */
static const DemoPage unavailable = { "/Cancel", "unavailable.html", "text/html; charset=utf-8" };

static void
answer_page (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer user_data)
{
  const DemoPage *page = user_data;
  g_autofree char *name = g_strconcat ("/org/kestrun/demo/web/", page->file, NULL);
  g_autoptr (GBytes) content = NULL;

  content = g_resources_lookup_data (name, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
  soup_message_headers_replace (soup_server_message_get_response_headers (message), "Content-Type", page->content_type);
  soup_message_body_append_bytes (soup_server_message_get_response_body (message), content);
}

/**
 * demo_pages_add:
 * @server: a server
 * @antiforgery: whether tokens guard the requests of the Cancel page; otherwise it is shown as unavailable
 *
 * Adds handlers for the pages of the demo to @server; whatever has no handler is answered with 404.
 */
void
demo_pages_add (SoupServer *server, gboolean antiforgery)
{
  for (gsize i = 0; i < G_N_ELEMENTS (pages); i++)
    {
      gboolean offered = antiforgery || g_strcmp0 (pages[i].file, "cancel.html") != 0;

      demo_http_add_route (server, pages[i].path, "GET, HEAD", answer_page,
                           (gpointer) (offered ? &pages[i] : &unavailable));
    }
}
