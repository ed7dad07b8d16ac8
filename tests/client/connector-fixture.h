/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A hub at http(s)://hub.test/hub that only an HTTP proxy finds, a client of it, and what its requests looked like. */
#pragma once

#include <krhub-soup.h>

#include "kr-test-proxy.h"
#include "kr-test.h"

G_BEGIN_DECLS

typedef enum
{
  CONNECTOR_TLS = 1 << 0,                 /* by an authority of our own */
  CONNECTOR_CLIENT_CERTIFICATE = 1 << 1,  /* wanted by the server */
} ConnectorFlags;

typedef struct
{
  KrHubTransportFlags transport;
  ConnectorFlags flags;
} ConnectorKind;

typedef struct
{
  KrHubServer *hub;               /* has Echo (s) -> s */
  KrHubSoupEndpoint *endpoint;
  SoupServer *server;
  guint16 port;                   /* of the server itself */
  KrTestProxy *proxy;
  SoupSession *session;
  KrHubTransportFlags transport;
  KrHubSoupConnector *connector;
  KrHubClient *client;
  GPtrArray *requests;            /* of char *: method, path and headers, in order */
  const char *set_cookie;         /* by each answer to a negotiation; NULL: none */
  const char *redirect;           /* what one negotiation is answered with; NULL: the endpoint's */
  const char *refuse_tokens;      /* 401 for this one; NULL: all are welcome */
  gboolean refuse_upgrade;        /* 503 for a WebSocket */
  gboolean silent_to_get;         /* what comes for a connection by this method is never answered */
  gboolean silent_to_post;
} ConnectorFixture;

/* @kind: freed with the fixture */
void connector_fixture_set_up (ConnectorFixture *f, gconstpointer kind);
void connector_fixture_tear_down (ConnectorFixture *f, gconstpointer kind);
/* Another connector and client, which are not started. */
void connector_fixture_use_url (ConnectorFixture *f, const char *url);
gboolean connector_fixture_try_start (ConnectorFixture *f, GError **error);
void connector_fixture_start (ConnectorFixture *f);
void connector_fixture_stop (ConnectorFixture *f);
void connector_fixture_assert_echo (ConnectorFixture *f, const char *text);
/* Each request from the one at @from on has @text, and there are some. */
void connector_fixture_assert_all (ConnectorFixture *f, guint from, const char *text);
void connector_fixture_assert_none (ConnectorFixture *f, const char *text);

/* The system's proxy is one that nobody runs; how often somebody asked for it. */
void connector_fixture_use_test_proxies (void);
extern guint connector_n_lookups;

/* Has a client's certificate. */
GTlsInteraction *connector_interaction_new (void);

G_END_DECLS
