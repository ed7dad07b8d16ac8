/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Memory for secrets: not in core dumps, wiped when it goes. */
#pragma once

#include "config.h"

#include <glib.h>

gpointer kr_csrf_secret_alloc (gsize size, gboolean wipe_on_fork);
void kr_csrf_secret_free (gpointer memory, gsize size);
