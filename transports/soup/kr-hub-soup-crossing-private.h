/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Calls from one main context into another one. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include <gio/gio.h>

G_BEGIN_DECLS

GMainContext *kr_hub_soup_ref_current_context (void);
void kr_hub_soup_cross (GMainContext *context, GSourceOnceFunc func, gpointer data, GDestroyNotify destroy);

G_END_DECLS
