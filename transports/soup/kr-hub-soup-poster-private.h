/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupPoster: sends a client's output as POST requests, one at a time, each with all that waits. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include "kr-hub-soup-requester-private.h"

G_BEGIN_DECLS

/* Called when everything is sent and the poster was asked to finish, or with what went wrong; not after clear(). */
typedef void (*KrHubSoupPosterDone) (gpointer data, const GError *error);

/* Embedded in its transport. */
typedef struct
{
  KrHubSoupRequester *requester;
  const KrHubTransportSink *sink;
  gpointer sink_data;
  KrHubSoupPosterDone done;
  gpointer done_data;
  GCancellable *cancellable;  /* of the request under way; NULL: none */
  KrHubClock *clock;
  KrHubTimer timer;           /* of that request */
  gboolean probing;           /* the next one is made even if there is nothing to say */
  KrHubTransferFormat format;
  gboolean finishing;
  GSource *turn;              /* will look for output; NULL: none */
} KrHubSoupPoster;

void kr_hub_soup_poster_init (KrHubSoupPoster *self,
                              KrHubSoupRequester *requester,
                              KrHubClock *clock,
                              KrHubSoupPosterDone done,
                              gpointer done_data);
void kr_hub_soup_poster_start (KrHubSoupPoster *self, const KrHubTransportSink *sink, gpointer sink_data);
void kr_hub_soup_poster_request (KrHubSoupPoster *self);
/* Finds out whether the server answers at all. */
void kr_hub_soup_poster_probe (KrHubSoupPoster *self);
/* Sends what waits, then calls done. */
void kr_hub_soup_poster_finish (KrHubSoupPoster *self);
void kr_hub_soup_poster_clear (KrHubSoupPoster *self);

G_END_DECLS
