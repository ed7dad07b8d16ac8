/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskBusClient: the jobs of another program on the bus, as a list model. */
#pragma once

#if !defined (KR_TASK_INSIDE) && !defined (KR_TASK_COMPILATION)
#error "Only <krtask.h> can be included directly."
#endif

#include "kr-task-remote-job.h"

G_BEGIN_DECLS

#define KR_TASK_TYPE_BUS_CLIENT (kr_task_bus_client_get_type ())
KR_TASK_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (KrTaskBusClient, kr_task_bus_client, KR_TASK, BUS_CLIENT, GObject)

KR_TASK_AVAILABLE_IN_ALL
void kr_task_bus_client_new_async (GDBusConnection *connection, const char *bus_name, const char *object_path,
                                   GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
KR_TASK_AVAILABLE_IN_ALL
KrTaskBusClient *kr_task_bus_client_new_finish (GAsyncResult *result, GError **error);
KR_TASK_AVAILABLE_IN_ALL
gboolean kr_task_bus_client_get_connected (KrTaskBusClient *self);
KR_TASK_AVAILABLE_IN_ALL
const char *const *kr_task_bus_client_get_kinds (KrTaskBusClient *self);
KR_TASK_AVAILABLE_IN_ALL
void kr_task_bus_client_start_async (KrTaskBusClient *self, const char *kind, GVariant *parameters, GVariant *options,
                                     GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
KR_TASK_AVAILABLE_IN_ALL
KrTaskRemoteJob *kr_task_bus_client_start_finish (KrTaskBusClient *self, GAsyncResult *result, GError **error);

G_END_DECLS
