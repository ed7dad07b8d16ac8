/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The hub of the demo: its methods, and the events that it sends to all clients. */
#pragma once

#include <krhub.h>

G_BEGIN_DECLS

KrHubServer *demo_hub_new (void);
void demo_hub_send_event (KrHubServer *hub, const char *name, GVariant *data);
void demo_hub_shutdown (KrHubServer *hub);
char *demo_hub_format_now (void);

G_END_DECLS
