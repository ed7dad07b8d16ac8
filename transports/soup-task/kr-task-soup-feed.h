/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskSoupFeed: says whenever a task has changed, for those who pass it on. */
#pragma once

#if !defined (KR_TASK_SOUP_INSIDE) && !defined (KR_TASK_SOUP_COMPILATION)
#error "Only <krtask-soup.h> can be included directly."
#endif

#include <krtask.h>

#include "kr-task-soup-visibility.h"

G_BEGIN_DECLS

#define KR_TASK_SOUP_TYPE_FEED (kr_task_soup_feed_get_type ())

KR_TASK_SOUP_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (KrTaskSoupFeed, kr_task_soup_feed, KR_TASK_SOUP, FEED, GObject)

KR_TASK_SOUP_AVAILABLE_IN_ALL
KrTaskSoupFeed *kr_task_soup_feed_new (KrTaskManager *manager);
KR_TASK_SOUP_AVAILABLE_IN_ALL
char *kr_task_soup_feed_to_json (KrTaskJob *job);

G_END_DECLS
