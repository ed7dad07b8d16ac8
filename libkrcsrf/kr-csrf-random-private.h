/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Random bytes in small portions, from a pool per thread. */
#pragma once

#include "config.h"

#include <glib.h>

gboolean kr_csrf_random_pool_fill (guint8 *buffer, gsize len, gpointer user_data);
