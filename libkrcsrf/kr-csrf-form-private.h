/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Finds the token in a form as its bytes come in, and keeps nothing else. */
#pragma once

#include "kr-csrf-error-private.h"
#include "kr-csrf-token-codec-private.h"

#define KR_CSRF_MAX_FIELDS 65536

/* The value of the token field, however the form is encoded. */
typedef struct
{
  guint count;  /* how often the field was there */
  gsize len;    /* of the last one; only what fits a token is kept */
  char text[KR_CSRF_TOKEN_LENGTH];
} KrCsrfFormValue;

typedef struct
{
  const char *field;
  gsize field_len;
  gsize name_len;     /* of the field at hand, so far */
  gboolean matches;   /* its name is the beginning of ours, so far */
  gboolean in_value;
  guint escape;       /* characters of a percent escape so far, the sign included */
  char digit;         /* its first digit, if escape is 2 */
  guint n_fields;
  KrCsrfFormValue value;
} KrCsrfUrlencoded;

void kr_csrf_form_value_start (KrCsrfFormValue *value);
void kr_csrf_form_value_append (KrCsrfFormValue *value, char c);
KrCsrfCode kr_csrf_form_value_verdict (const KrCsrfFormValue *value);

void kr_csrf_urlencoded_init (KrCsrfUrlencoded *self, const char *field);
KrCsrfCode kr_csrf_urlencoded_push (KrCsrfUrlencoded *self, const char *data, gsize len);
KrCsrfCode kr_csrf_urlencoded_finish (KrCsrfUrlencoded *self);
