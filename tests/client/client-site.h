/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A client of the server under test, and what the cases of the table do with it. */
#pragma once

#include <krhub-soup.h>

#include "kr-test.h"

G_BEGIN_DECLS

/* How the clients of one run of the table speak. */
typedef struct
{
  const char *name;
  KrHubTransportFlags transport;
  const char *transport_name;
  gboolean messagepack;
} ClientKind;

typedef struct
{
  const ClientKind *kind;
  guint16 port;             /* of the server, or of what stands before it */
  SoupSession *session;
  GPtrArray *clients;       /* ended and freed with the site */
} ClientSite;

typedef struct
{
  const char *name;
  void (*run) (ClientSite *site);
  KrHubTransportFlags only; /* 0: all */
} ClientCase;

extern const ClientCase client_value_cases[], client_call_cases[], client_connection_cases[];

/* The address of @path at @port. */
char *client_site_dup_url (guint16 port, const char *path);
KrHubSoupConnector *client_site_new_connector (ClientSite *site, const char *path);
/* Not started; @token NULL: none. Both belong to the site. */
KrHubClient *client_site_new_client (ClientSite *site, const char *path, const char *token);
KrHubClient *client_site_adopt (ClientSite *site, KrHubSoupConnector *connector);
gboolean client_site_start (KrHubClient *client, GError **error);
void client_site_stop (KrHubClient *client);
/* Started. */
KrHubClient *client_site_connect (ClientSite *site, const char *path, const char *token);

/* Calls and waits. @type NULL: whatever comes. */
GVariant *client_call (KrHubClient *client, const char *target, GVariant *arguments, const char *type, GError **error);
/* The result printed, or "error: {message}". */
char *client_call_text (KrHubClient *client, const char *target, GVariant *arguments, const char *type);
void client_assert_call (KrHubClient *client, const char *target, GVariant *arguments, const char *type, const char *expected);
/* Calls EchoInt. */
void client_assert_number (KrHubClient *client, gint number);
/* The next item, printed; "end", or "error: {message}". */
char *client_next_text (KrHubStream *stream);
KrHubStream *client_stream (KrHubClient *client,
                            const char *target,
                            GVariant *arguments,
                            KrHubStream *const *uploads,
                            const char *type);

G_END_DECLS
