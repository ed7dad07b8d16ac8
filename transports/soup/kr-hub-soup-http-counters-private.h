/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupHttpCounters: the requests of an endpoint, how many and how long. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include <krhub.h>
#include <libsoup/soup.h>

G_BEGIN_DECLS

/* As Kestrel says it of a client that did not wait. */
#define KR_HUB_SOUP_CLIENT_CLOSED_REQUEST 499

/* Any thread, unless it says otherwise. */
typedef struct _KrHubSoupHttpCounters KrHubSoupHttpCounters;

/* A request from its head to its end, which for a connection that was taken from libsoup is that of the connection. */
typedef struct _KrHubSoupHttpRequest KrHubSoupHttpRequest;

KrHubSoupHttpCounters *kr_hub_soup_http_counters_new (const char *path);
void kr_hub_soup_http_counters_unref (KrHubSoupHttpCounters *self);
/* Adds KrHubMetric. */
void kr_hub_soup_http_counters_read (KrHubSoupHttpCounters *self, GPtrArray *metrics);

/* In the HTTP thread: the head of a request is read; it is over. Of others than those that began, finish() takes no notice. */
void kr_hub_soup_http_counters_begin (KrHubSoupHttpCounters *self, SoupServerMessage *message, gboolean negotiation);
void kr_hub_soup_http_counters_finish (KrHubSoupHttpCounters *self, SoupServerMessage *message, gboolean aborted);

/* In the HTTP thread: it does not end with the message. NULL if it did not begin. */
KrHubSoupHttpRequest *kr_hub_soup_http_request_steal (SoupServerMessage *message);
/* Nothing more is known of it. */
void kr_hub_soup_http_request_drop (KrHubSoupHttpRequest *self);
/* Takes @self, which ends with @object; NULL does nothing. */
void kr_hub_soup_http_request_follow (KrHubSoupHttpRequest *self, GObject *object, guint status);
/* Of a message, or what a request follows: it is counted with this status, whatever else is said. */
void kr_hub_soup_http_request_set_status (GObject *object, guint status);

G_END_DECLS
