/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Verdicts as plain numbers, so that a refusal allocates nothing until somebody asks for a GError. */
#pragma once

#include "config.h"

#include "kr-csrf-error.h"

#define KR_CSRF_OK (-1)
#define KR_CSRF_N_ERRORS (KR_CSRF_ERROR_CRYPTO_FAILED + 1)

/* A KrCsrfError, or KR_CSRF_OK. */
typedef int KrCsrfCode;

const char *kr_csrf_error_default_text (KrCsrfError code);
gboolean kr_csrf_error_set (GError **error, KrCsrfCode code);
void kr_csrf_json_append_string (GString *json, const char *text);
