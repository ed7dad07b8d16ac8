/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What one request needs of its routes. */
#pragma once

#include "kr-task-soup-routes.h"

G_BEGIN_DECLS

gboolean kr_task_soup_routes_has_kind (KrTaskSoupRoutes *self, const char *kind);
KrTaskJob *kr_task_soup_routes_create (KrTaskSoupRoutes *self, const char *kind, GVariant *parameters, GError **error);
const char *kr_task_soup_routes_get_path (KrTaskSoupRoutes *self);
gint64 kr_task_soup_routes_get_max_wait_us (KrTaskSoupRoutes *self);
gboolean kr_task_soup_routes_enter_wait (KrTaskSoupRoutes *self);
void kr_task_soup_routes_leave_wait (KrTaskSoupRoutes *self);

G_END_DECLS
