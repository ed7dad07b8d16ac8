/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupRequester: makes the HTTP requests of one client connection, all with its headers and token. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include <krhub.h>
#include <libsoup/soup.h>

#include "kr-hub-soup-credentials-private.h"

G_BEGIN_DECLS

/* With a server. */
typedef struct
{
  gsize max_body;                     /* of an answer, bytes; 0: no limit */
  gint64 timeout;                     /* of an answer on a connection that is open, µs; 0: for ever */
} KrHubSoupPatience;

/* Counted; in one thread. */
typedef struct
{
  grefcount ref_count;
  SoupSession *session;
  GUri *uri;                          /* of the hub; with its id once negotiated */
  KrHubSoupCredentials *credentials;
  GHashTable *headers;                /* extra ones, by name */
  KrHubSoupPatience patience;
} KrHubSoupRequester;

KrHubSoupRequester *kr_hub_soup_requester_new (SoupSession *session,
                                               GUri *uri,
                                               GHashTable *headers,
                                               KrHubSoupCredentials *credentials,
                                               const KrHubSoupPatience *patience);
KrHubSoupRequester *kr_hub_soup_requester_ref (KrHubSoupRequester *self);
void kr_hub_soup_requester_unref (KrHubSoupRequester *self);

/* The same with "id={token}" in the query: where a negotiated connection lives. */
KrHubSoupRequester *kr_hub_soup_requester_with_id (KrHubSoupRequester *self, const char *connection_token);
/* {uri}/negotiate?negotiateVersion=1, and &useStatefulReconnect=true */
GUri *kr_hub_soup_requester_negotiate_uri (KrHubSoupRequester *self, gboolean stateful);

/* @uri NULL: the connection's own. */
SoupMessage *kr_hub_soup_requester_new_message (KrHubSoupRequester *self, const char *method, GUri *uri);

/* G_IO_ERROR_PERMISSION_DENIED for 401 and 403, NOT_FOUND for 404, else FAILED, with the status in the text. */
GError *kr_hub_soup_requester_status_error (guint status, const char *reason);

/* Takes @error; one about a certificate says what is wrong with it. */
GError *kr_hub_soup_requester_explain (GError *error, GTlsCertificateFlags problems);

/* What is asked for, beside the method; all may be NULL. A request that is answered by 401 is made once more with another
 * token, if there is somebody to ask for one. */
typedef struct
{
  GUri *uri;                          /* NULL: the connection's own */
  const char *accept;
  const char *content_type;           /* of @body */
  GBytes *body;
} KrHubSoupAsk;

void kr_hub_soup_requester_send_async (KrHubSoupRequester *self,
                                       const char *method,
                                       const KrHubSoupAsk *ask,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
/* The body of an answer from 200 to 299; @status may be NULL. */
GBytes *kr_hub_soup_requester_send_finish (GAsyncResult *result, guint *status, GError **error);

/* The same for a body that goes on for ever. */
void kr_hub_soup_requester_open_async (KrHubSoupRequester *self,
                                       const char *method,
                                       const KrHubSoupAsk *ask,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
GInputStream *kr_hub_soup_requester_open_finish (GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KrHubSoupRequester, kr_hub_soup_requester_unref)

G_END_DECLS
