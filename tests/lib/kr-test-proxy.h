/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A TCP proxy that cuts, stalls, splits and refuses: what networks do. Or an HTTP proxy. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Lives in the main context it was made in; settings count from the next bytes on. */
typedef struct
{
  guint16 port;             /* where it listens, on the loopback */
  guint16 target;           /* where it connects to, on the loopback */
  gboolean stalled;         /* passes nothing on, and says nothing; see kr_test_proxy_set_stalled() */
  gboolean refuse_upgrades; /* answers requests for a WebSocket with 503 */
  gboolean http;            /* what comes is for an HTTP proxy, which finds every host at @target */
  gsize split;              /* passes on at most so many bytes at a time; 0: what it has */
  guint64 cut_after;        /* cuts a connection once it has passed on so many bytes; 0: never */
  guint n_accepted;
  guint n_cuts;
  guint n_refused;
  guint n_tunnels;          /* asked of an HTTP proxy: CONNECT */
  guint n_forwarded;        /* connections whose first request was one to pass on */
  guint n_pieces;           /* passed on */
  /* private */
  GSocketService *service;
  GPtrArray *pairs;
} KrTestProxy;

KrTestProxy *kr_test_proxy_new (guint16 target);
void kr_test_proxy_free (KrTestProxy *self);
/* Resets all connections; the next ones are none of its business. */
void kr_test_proxy_cut (KrTestProxy *self);
void kr_test_proxy_set_stalled (KrTestProxy *self, gboolean stalled);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KrTestProxy, kr_test_proxy_free)

G_END_DECLS
