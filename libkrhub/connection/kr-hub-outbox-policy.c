/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubOutboxPolicy: what happens when a peer does not read. */
#include "config.h"

#include "kr-hub-outbox-policy.h"

G_DEFINE_ENUM_TYPE (KrHubOutboxPolicy, kr_hub_outbox_policy,
                    G_DEFINE_ENUM_VALUE (KR_HUB_OUTBOX_DISCONNECT, "disconnect"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_OUTBOX_WAIT, "wait"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_OUTBOX_DROP_OLDEST, "drop-oldest"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_OUTBOX_LATEST_WINS, "latest-wins"))
