/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupForwarding: what trusted proxies say about the client whose request they pass on. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include "kr-hub-soup-endpoint.h"

G_BEGIN_DECLS

/* Longer headers, and those of more elements, are not looked at; the limit of hops is at most this. */
#define KR_HUB_SOUP_FORWARDED_MAX_SIZE (8 * 1024)
#define KR_HUB_SOUP_FORWARDED_MAX_HOPS 16

/* The headers of one request, of several lines joined by commas; NULL where there is none. */
typedef struct
{
  const char *standard;  /* Forwarded, RFC 7239 */
  const char *x_for;     /* X-Forwarded-For */
  const char *x_proto;   /* X-Forwarded-Proto */
  const char *x_host;    /* X-Forwarded-Host */
} KrHubSoupForwardedHeaders;

/* What they come to; NULL where they do not say anything that counts. */
typedef struct
{
  char *address;        /* of the client, in canonical form */
  const char *scheme;   /* "http" or "https", static */
  char *host;           /* with its port, if it has one */
} KrHubSoupForwardedClient;

void kr_hub_soup_forwarded_client_clear (KrHubSoupForwardedClient *self);

/* The networks of trusted proxies, from their texts: addresses, or addresses with a length of prefix. */
GPtrArray *kr_hub_soup_proxies_parse (const char *const *texts);
gboolean kr_hub_soup_proxies_contain (GPtrArray *proxies, const char *address);

void kr_hub_soup_forwarded_read (const KrHubSoupForwardedHeaders *headers,
                                 KrHubSoupForwardedFlags which,
                                 guint limit,
                                 GPtrArray *proxies,
                                 const char *peer,
                                 KrHubSoupForwardedClient *client);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (KrHubSoupForwardedClient, kr_hub_soup_forwarded_client_clear)

G_END_DECLS
