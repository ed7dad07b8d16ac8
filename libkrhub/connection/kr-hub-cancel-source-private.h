/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A GSource that is ready when a cancellable fires, and that may be dropped at any time. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include <gio/gio.h>

G_BEGIN_DECLS

/* As g_cancellable_source_new(), with callbacks of that kind; but GLib loses one of those that is dropped while the handlers of
 * its cancellable run, be it in another thread or because one of them ends what waits. */
GSource *kr_hub_cancel_source_new (GCancellable *cancellable);
/* Takes the reference, in the thread of its context; nothing is called any more. */
void kr_hub_cancel_source_drop (GSource *source);

G_END_DECLS
