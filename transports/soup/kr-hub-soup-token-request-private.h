/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupTokenRequest, as it is made. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include "kr-hub-soup-token-request.h"

G_BEGIN_DECLS

/* @task returns the token as a string to free, or NULL. */
KrHubSoupTokenRequest *kr_hub_soup_token_request_new (GTask *task, gboolean refused);

G_END_DECLS
