/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What the tasks of the tests do. */
#pragma once

#include <krtask.h>

G_BEGIN_DECLS

/* Cannot be cancelled until it may go on. */
GVariant *gtk_body_hold (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error);
GVariant *gtk_body_fail (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error);
GVariant *gtk_body_return (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error);
/* Counts ten files, five of them before it may go on. */
GVariant *gtk_body_count (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error);

/* Whether those who wait may go on. */
void gtk_bodies_let_go (gboolean go);

G_END_DECLS
