/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupClientEnd: what a client's transports have in common whose output goes out as POST requests. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include "kr-hub-soup-poster-private.h"

G_BEGIN_DECLS

typedef struct _KrHubSoupClientEnd KrHubSoupClientEnd;

typedef struct
{
  const char *name;                                         /* of the source that ends an aborted one */
  void (*deliver) (KrHubSoupClientEnd *end, GBytes *bytes); /* received, and wanted */
  void (*read_more) (KrHubSoupClientEnd *end);              /* unless it reads already */
  void (*said_all) (KrHubSoupClientEnd *end);               /* after a close; NULL: that is the end */
  void (*ended) (KrHubSoupClientEnd *end);                  /* NULL: nothing to clean up */
} KrHubSoupClientEndFuncs;

/* Embedded in its transport. */
struct _KrHubSoupClientEnd
{
  GObject *owner;                  /* no reference */
  const KrHubSoupClientEndFuncs *funcs;
  KrHubSoupRequester *requester;
  KrHubSoupPoster poster;
  GCancellable *cancellable;       /* of all that is under way but the POST */
  const KrHubTransportSink *sink;  /* NULL before the start and after the end */
  gpointer sink_data;
  GBytes *held;                    /* received while reading was paused */
  gboolean reading;
  gboolean deaf;                   /* closed by its user */
  KrHubClock *clock;
  KrHubTimer deadline;             /* of the farewell */
};

void kr_hub_soup_client_end_init (KrHubSoupClientEnd *self,
                                  GObject *owner,
                                  const KrHubSoupClientEndFuncs *funcs,
                                  KrHubSoupRequester *requester,
                                  KrHubClock *clock);
void kr_hub_soup_client_end_clear (KrHubSoupClientEnd *self);

/* The functions of a transport. */
void kr_hub_soup_client_end_start (KrHubSoupClientEnd *self, const KrHubTransportSink *sink, gpointer sink_data);
void kr_hub_soup_client_end_set_reading (KrHubSoupClientEnd *self, gboolean reading);
void kr_hub_soup_client_end_close (KrHubSoupClientEnd *self);
void kr_hub_soup_client_end_abort (KrHubSoupClientEnd *self);

/* Bytes have arrived: delivers or keeps them, and reads on. */
void kr_hub_soup_client_end_receive (KrHubSoupClientEnd *self, GBytes *bytes);
/* Passes on what the peer said. */
void kr_hub_soup_client_end_pass_on (KrHubSoupClientEnd *self, const guint8 *data, gsize len);
/* Once; nobody hears of an error after a close. */
void kr_hub_soup_client_end_finish (KrHubSoupClientEnd *self, const GError *error);

G_END_DECLS
