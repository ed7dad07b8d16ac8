/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What a task returned, as JSON text. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Bare, for the caller to free; nothing (NULL), and numbers that JSON does not have, are null. */
char *kr_task_soup_result_to_text (GVariant *result);

G_END_DECLS
