/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* DemoServer: the HTTP side of the demo, in a thread of its own. */
#pragma once

#include "demo-parts.h"

G_BEGIN_DECLS

#define DEMO_TYPE_SERVER (demo_server_get_type ())
G_DECLARE_FINAL_TYPE (DemoServer, demo_server, DEMO, SERVER, GObject)

DemoServer *demo_server_new (const DemoOptions *options, DemoParts *parts);
gboolean demo_server_start (DemoServer *self, GError **error);
void demo_server_say_farewell (DemoServer *self);
void demo_server_stop (DemoServer *self);

G_END_DECLS
