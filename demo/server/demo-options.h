/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The command line of the demo server. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct
{
  char *address;
  int port;
  char *bus;            /* "session", "system", "none", an address, or NULL: the session bus if there is one */
  gboolean http;        /* plain, without TLS */
  gboolean antiforgery;
  gboolean version;     /* only print it */
} DemoOptions;

gboolean demo_options_parse (DemoOptions *options, int *argc, char ***argv, GError **error);
void demo_options_clear (DemoOptions *options);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DemoOptions, demo_options_clear)

G_END_DECLS
