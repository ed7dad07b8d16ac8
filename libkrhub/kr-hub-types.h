/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Forward declarations of the types that refer to each other. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "Only <krhub.h> can be included directly."
#endif

#include <gio/gio.h>

#include "kr-hub-visibility.h"

G_BEGIN_DECLS

typedef struct _KrHubConnection KrHubConnection;

/**
 * KrHubInvocation:
 *
 * One call from the other end: its arguments, and the way to answer it.
 *
 * An invocation is counted atomically and may be kept and answered from any thread; only the first answer counts. While
 * the handler runs, its arguments are slices of the received bytes; they are copied only if it is kept. Arguments are
 * decoded when asked for, in the form that is asked for.
 *
 * Since: 0.1
 */
typedef struct _KrHubInvocation KrHubInvocation;

G_END_DECLS
