/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The routes that start, cancel and show tasks. */
#pragma once

#include <libsoup/soup.h>

#include "demo-parts.h"

G_BEGIN_DECLS

void demo_task_routes_add (SoupServer *server, DemoParts *parts);

G_END_DECLS
