/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The pages of the demo and the files they load. */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

void demo_pages_add (SoupServer *server, gboolean antiforgery);

G_END_DECLS
