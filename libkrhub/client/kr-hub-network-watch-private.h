/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubNetworkWatch: tells, in its maker's thread, that the network is there again. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _KrHubNetworkWatch KrHubNetworkWatch;

KrHubNetworkWatch *kr_hub_network_watch_new (void (*func) (gpointer data), gpointer data);
/* In the thread that made it; nothing is called any more. */
void kr_hub_network_watch_free (KrHubNetworkWatch *self);

G_END_DECLS
