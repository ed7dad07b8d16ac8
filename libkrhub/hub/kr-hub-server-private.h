/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubServer, as its selectors see it. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include "kr-hub-router-private.h"
#include "kr-hub-server.h"

G_BEGIN_DECLS

KrHubRouter *kr_hub_server_get_router (KrHubServer *self);
KrHubSettings *kr_hub_server_get_settings (KrHubServer *self);
gboolean kr_hub_server_is_own_thread (KrHubServer *self);

G_END_DECLS
