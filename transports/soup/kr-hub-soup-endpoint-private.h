/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupEndpoint, as the files that answer its requests see it. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include "kr-hub-soup-endpoint.h"
#include "kr-hub-soup-http-counters-private.h"
#include "kr-hub-soup-token-store-private.h"

G_BEGIN_DECLS

struct _KrHubSoupEndpoint
{
  GObject parent_instance;

  KrHubServer *hub;
  char *path;                        /* without a slash at the end */
  KrHubTransportFlags transports;
  gint minimum_protocol_version;
  gboolean allow_stateful_reconnects;
  char **allowed_origins;            /* NULL: the own one only */
  char **trusted_proxies;            /* as they were set, or NULL */
  GPtrArray *proxies;                /* of GInetAddressMask: the same */
  KrHubSoupForwardedFlags forwarded_headers;
  guint forward_limit;
  guint max_connections;
  guint max_negotiated;
  gint64 poll_timeout;
  gint64 close_timeout;
  gint64 disconnect_timeout;
  guint busy_poll;
  GPtrArray *io_threads;             /* of KrHubSoupIoThread */
  gint next_io_thread;               /* atomic */
  KrHubSoupTokenStore *store;
  KrHubSoupHttpCounters *requests;
  gint expiring;                     /* atomic: a source looks after the tokens that wait */
};

typedef enum
{
  KR_HUB_SOUP_TARGET_NONE,
  KR_HUB_SOUP_TARGET_HUB,
  KR_HUB_SOUP_TARGET_NEGOTIATE,
} KrHubSoupTarget;

/* kr-hub-soup-endpoint.c; @status: 0 or the refusal of a handler */
void kr_hub_soup_endpoint_look_after_tokens (KrHubSoupEndpoint *self);
guint kr_hub_soup_endpoint_emit_authorize (KrHubSoupEndpoint *self, SoupServerMessage *message);

/* kr-hub-soup-admission.c: FALSE: it is answered. */
gboolean kr_hub_soup_endpoint_admit (KrHubSoupEndpoint *self, SoupServerMessage *message);
const char *kr_hub_soup_message_get_user_id (SoupServerMessage *message);
void kr_hub_soup_message_set_user_id (SoupServerMessage *message, const char *user_id);
char *kr_hub_soup_message_dup_remote_address (SoupServerMessage *message);
void kr_hub_soup_message_set_expiry (SoupServerMessage *message, gint64 expiry);
/* FALSE: nothing was said. */
gboolean kr_hub_soup_message_get_expiry (SoupServerMessage *message, gint64 *expiry);
void kr_hub_soup_message_set_redirect (SoupServerMessage *message, const char *url, const char *access_token);
/* NULL: it is to negotiate here. */
const char *kr_hub_soup_message_get_redirect (SoupServerMessage *message, const char **access_token);

/* kr-hub-soup-answers.c */
void kr_hub_soup_endpoint_limit_body (KrHubSoupEndpoint *self, SoupServerMessage *message, KrHubSoupTarget target);
void kr_hub_soup_endpoint_answer (KrHubSoupEndpoint *self, SoupServerMessage *message, KrHubSoupTarget target);

G_END_DECLS
