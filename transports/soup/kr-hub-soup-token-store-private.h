/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupTokenStore: which connection a token stands for, from the negotiation to its end. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include <krhub.h>

G_BEGIN_DECLS

/* Both are counted and may be used from any thread: negotiation happens in the HTTP thread, the end in the hub's. */
typedef struct _KrHubSoupTokenStore KrHubSoupTokenStore;
typedef struct _KrHubSoupToken KrHubSoupToken;

typedef enum
{
  KR_HUB_SOUP_CLAIM_NEW,    /* this is the connection's first request */
  KR_HUB_SOUP_CLAIM_AGAIN,  /* another one of the same transport */
  KR_HUB_SOUP_CLAIM_OTHER,  /* the connection uses another transport */
  KR_HUB_SOUP_CLAIM_GONE,   /* ended or expired meanwhile */
  KR_HUB_SOUP_CLAIM_FULL,   /* too many connections */
} KrHubSoupClaim;

KrHubSoupTokenStore *kr_hub_soup_token_store_new (void);
KrHubSoupTokenStore *kr_hub_soup_token_store_ref (KrHubSoupTokenStore *self);
void kr_hub_soup_token_store_unref (KrHubSoupTokenStore *self);
void kr_hub_soup_token_store_set_limits (KrHubSoupTokenStore *self,
                                         guint max_waiting,
                                         guint max_connections,
                                         gint64 timeout);
KrHubSoupToken *kr_hub_soup_token_store_create (KrHubSoupTokenStore *self, gboolean with_secret, gint64 now);
KrHubSoupToken *kr_hub_soup_token_store_lookup (KrHubSoupTokenStore *self, const char *token, gint64 now);
gint64 kr_hub_soup_token_store_expire (KrHubSoupTokenStore *self, gint64 now);
guint kr_hub_soup_token_store_get_n_waiting (KrHubSoupTokenStore *self);
guint kr_hub_soup_token_store_get_n_connections (KrHubSoupTokenStore *self);

KrHubSoupToken *kr_hub_soup_token_ref (KrHubSoupToken *self);
void kr_hub_soup_token_unref (KrHubSoupToken *self);
const char *kr_hub_soup_token_get_id (KrHubSoupToken *self);
const char *kr_hub_soup_token_get_token (KrHubSoupToken *self);
void kr_hub_soup_token_set_stateful (KrHubSoupToken *self);
gboolean kr_hub_soup_token_is_stateful (KrHubSoupToken *self);
void kr_hub_soup_token_follow (KrHubSoupToken *self, GObject *connection);
GObject *kr_hub_soup_token_get_followed (KrHubSoupToken *self);
/* In the hub's thread: somebody else than its user has asked for this connection. TRUE: for the first time. */
gboolean kr_hub_soup_token_note_stranger (KrHubSoupToken *self);
KrHubSoupClaim kr_hub_soup_token_claim (KrHubSoupToken *self, KrHubTransportFlags transport);
KrHubTransportFlags kr_hub_soup_token_get_transport (KrHubSoupToken *self);
void kr_hub_soup_token_set_object (KrHubSoupToken *self, GObject *object);
GObject *kr_hub_soup_token_dup_object (KrHubSoupToken *self);
gboolean kr_hub_soup_token_keep_early (KrHubSoupToken *self, GBytes *bytes, gsize max_size);
GBytes *kr_hub_soup_token_take_early (KrHubSoupToken *self);
void kr_hub_soup_token_end (KrHubSoupToken *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KrHubSoupTokenStore, kr_hub_soup_token_store_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KrHubSoupToken, kr_hub_soup_token_unref)

G_END_DECLS
