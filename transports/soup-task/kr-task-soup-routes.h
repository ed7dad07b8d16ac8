/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskSoupRoutes: the tasks of a manager below a path of a SoupServer. */
#pragma once

#if !defined (KR_TASK_SOUP_INSIDE) && !defined (KR_TASK_SOUP_COMPILATION)
#error "Only <krtask-soup.h> can be included directly."
#endif

#include <krtask.h>
#include <libsoup/soup.h>

#include "kr-task-soup-visibility.h"

G_BEGIN_DECLS

#define KR_TASK_SOUP_TYPE_ROUTES (kr_task_soup_routes_get_type ())

KR_TASK_SOUP_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (KrTaskSoupRoutes, kr_task_soup_routes, KR_TASK_SOUP, ROUTES, GObject)

/**
 * KrTaskSoupFactory:
 * @parameters: what the request says, an `a{sv}`: whole numbers are `x`, other numbers `d`, lists `av`
 * @user_data: as given to [method@KrTaskSoup.Routes.add_kind]
 * @error: return location for what is wrong with @parameters; the client is told its message
 *
 * Makes a job of a kind, in the main context that owns the manager. Its body may be a function, an asynchronous one,
 * or a subprocess.
 *
 * Returns: (transfer full): a job that is not submitted yet, or %NULL with @error set
 *
 * Since: 0.1
 */
typedef KrTaskJob *(*KrTaskSoupFactory) (GVariant *parameters, gpointer user_data, GError **error);

KR_TASK_SOUP_AVAILABLE_IN_ALL
KrTaskSoupRoutes *kr_task_soup_routes_new (KrTaskManager *manager);
KR_TASK_SOUP_AVAILABLE_IN_ALL
KrTaskManager *kr_task_soup_routes_get_manager (KrTaskSoupRoutes *self);
KR_TASK_SOUP_AVAILABLE_IN_ALL
void kr_task_soup_routes_add_kind (KrTaskSoupRoutes *self, const char *kind, KrTaskSoupFactory factory,
                                   gpointer user_data, GDestroyNotify destroy);
KR_TASK_SOUP_AVAILABLE_IN_ALL
void kr_task_soup_routes_add_command (KrTaskSoupRoutes *self, const char *kind, const char *title,
                                      const char *const *argv);
KR_TASK_SOUP_AVAILABLE_IN_ALL
void kr_task_soup_routes_attach (KrTaskSoupRoutes *self, SoupServer *server, const char *path);
KR_TASK_SOUP_AVAILABLE_IN_ALL
gboolean kr_task_soup_routes_take_integer (GVariant *parameters, const char *name, gint64 lowest, gint64 highest,
                                           gint64 *value, GError **error);

G_END_DECLS
