/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The error domain of libkrcsrf. */
#pragma once

#if !defined (KR_CSRF_INSIDE) && !defined (KR_CSRF_COMPILATION)
#error "Only <krcsrf.h> can be included directly."
#endif

#include <glib-object.h>

#include "kr-csrf-visibility.h"

G_BEGIN_DECLS

#define KR_CSRF_ERROR (kr_csrf_error_quark ())

/**
 * KrCsrfError:
 * @KR_CSRF_ERROR_FAILED: a placeholder
 *
 * Since: 0.1
 */
typedef enum
{
  KR_CSRF_ERROR_FAILED,
} KrCsrfError;

KR_CSRF_AVAILABLE_IN_ALL
GQuark kr_csrf_error_quark (void);

G_END_DECLS
