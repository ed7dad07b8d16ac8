/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A GSource that is ready when the machine wakes up again: the monotonic clock stood still meanwhile. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include <glib.h>

G_BEGIN_DECLS

/* @slept: µs since the source was made, or since the last call. In the source's context. */
typedef void (*KrHubJumpFunc) (gint64 slept, gpointer data);

/* NULL where the system cannot tell. Not attached yet. */
GSource *kr_hub_jump_source_new (KrHubJumpFunc func, gpointer data);

G_END_DECLS
