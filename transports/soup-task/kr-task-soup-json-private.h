/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A strict reader of JSON for request bodies: bytes in, GVariant out. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define KR_TASK_SOUP_JSON_DEPTH 16     /* objects and arrays inside each other */
#define KR_TASK_SOUP_JSON_VALUES 4096  /* in one document */

GVariant *kr_task_soup_json_read_object (const char *data, gsize length, GError **error);

G_END_DECLS
