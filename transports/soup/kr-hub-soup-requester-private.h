/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupRequester: makes the HTTP requests of one client connection, all with its headers and token. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include <krhub.h>
#include <libsoup/soup.h>

G_BEGIN_DECLS

/* Counted; in one thread. */
typedef struct
{
  grefcount ref_count;
  SoupSession *session;
  GUri *uri;            /* of the hub; with its id once negotiated */
  char *access_token;   /* NULL: none */
  GHashTable *headers;  /* extra ones, by name */
} KrHubSoupRequester;

KrHubSoupRequester *kr_hub_soup_requester_new (SoupSession *session, GUri *uri, GHashTable *headers, const char *token);
KrHubSoupRequester *kr_hub_soup_requester_ref (KrHubSoupRequester *self);
void kr_hub_soup_requester_unref (KrHubSoupRequester *self);

/* The same with "id={token}" in the query: where a negotiated connection lives. */
KrHubSoupRequester *kr_hub_soup_requester_with_id (KrHubSoupRequester *self, const char *connection_token);
/* {uri}/negotiate?negotiateVersion=1, and &useStatefulReconnect=true */
GUri *kr_hub_soup_requester_negotiate_uri (KrHubSoupRequester *self, gboolean stateful);

/* @uri NULL: the connection's own. */
SoupMessage *kr_hub_soup_requester_new_message (KrHubSoupRequester *self, const char *method, GUri *uri);
/* TRUE for 200 to 299; else G_IO_ERROR_FAILED, or PERMISSION_DENIED for 401 and 403, with the status in the text. */
gboolean kr_hub_soup_requester_check (SoupMessage *message, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KrHubSoupRequester, kr_hub_soup_requester_unref)

G_END_DECLS
