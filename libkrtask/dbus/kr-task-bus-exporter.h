/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskBusExporter: shows the jobs of a manager on D-Bus. */
#pragma once

#if !defined (KR_TASK_INSIDE) && !defined (KR_TASK_COMPILATION)
#error "Only <krtask.h> can be included directly."
#endif

#include "kr-task-manager.h"

G_BEGIN_DECLS

#define KR_TASK_TYPE_BUS_EXPORTER (kr_task_bus_exporter_get_type ())
KR_TASK_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (KrTaskBusExporter, kr_task_bus_exporter, KR_TASK, BUS_EXPORTER, GObject)

/**
 * KrTaskFactory:
 * @parameters: (nullable): the caller's parameters, `a{sv}`
 * @options: (nullable): the caller's options, `a{sv}`
 * @user_data: as given to [method@KrTask.BusExporter.add_kind]
 * @error: return location for an error
 *
 * Makes a job of one kind, called in the owner's context. The exporter submits it.
 *
 * Returns: (transfer full) (nullable): a new job
 *
 * Since: 0.1
 */
typedef KrTaskJob *(*KrTaskFactory) (GVariant *parameters, GVariant *options, gpointer user_data, GError **error);

KR_TASK_AVAILABLE_IN_ALL
KrTaskBusExporter *kr_task_bus_exporter_new (KrTaskManager *manager, GDBusConnection *connection,
                                             const char *object_path);
KR_TASK_AVAILABLE_IN_ALL
gboolean kr_task_bus_exporter_export (KrTaskBusExporter *self, GError **error);
KR_TASK_AVAILABLE_IN_ALL
void kr_task_bus_exporter_unexport (KrTaskBusExporter *self);
KR_TASK_AVAILABLE_IN_ALL
void kr_task_bus_exporter_add_kind (KrTaskBusExporter *self, const char *kind, KrTaskFactory factory,
                                    gpointer user_data, GDestroyNotify destroy);
KR_TASK_AVAILABLE_IN_ALL
char *kr_task_bus_exporter_dup_path (KrTaskBusExporter *self, KrTaskJob *job);

G_END_DECLS
