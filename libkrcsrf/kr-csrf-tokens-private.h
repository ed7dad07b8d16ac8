/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The inside of an issued pair of tokens. */
#pragma once

#include "kr-csrf-token-codec-private.h"
#include "kr-csrf-tokens.h"

struct _KrCsrfTokens
{
  gatomicrefcount ref_count;
  const char *header_name;      /* interned; NULL: form only */
  const char *form_field_name;  /* interned */
  gboolean has_cookie;
  char request_token[KR_CSRF_TOKEN_LENGTH + 1];
  char cookie_token[KR_CSRF_TOKEN_LENGTH + 1];
};

KrCsrfTokens *kr_csrf_tokens_new (const char *header_name, const char *form_field_name, const char *cookie_token);
