/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The client of a run, as the command line wants it. */
#pragma once

#include "krhub-http.h"

G_BEGIN_DECLS

KrHubClient *krhub_client_new (const KrhubOptions *options, KrhubHttp *http, GError **error);
void krhub_client_tell_connected (KrHubClient *client, KrhubOutput *output);

G_END_DECLS
