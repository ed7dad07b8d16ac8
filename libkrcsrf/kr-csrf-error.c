/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The error domain of libkrcsrf. */
#include "config.h"

#include "kr-csrf-error.h"

G_DEFINE_QUARK (kr-csrf-error-quark, kr_csrf_error)
