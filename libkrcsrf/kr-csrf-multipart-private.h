/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Finds the token in a multipart form as its bytes come in. */
#pragma once

#include "kr-csrf-form-private.h"

#define KR_CSRF_MAX_BOUNDARY 70         /* RFC 2046, section 5.1.1 */
#define KR_CSRF_MAX_PARTS 4096
#define KR_CSRF_MAX_PART_HEADER 4096    /* bytes of one line */
#define KR_CSRF_MAX_PART_HEADERS 16

typedef enum
{
  KR_CSRF_MULTIPART_PREAMBLE,
  KR_CSRF_MULTIPART_DELIMITER,  /* behind the boundary, before its line ends */
  KR_CSRF_MULTIPART_HEADER,
  KR_CSRF_MULTIPART_BODY,
  KR_CSRF_MULTIPART_EPILOGUE,
} KrCsrfMultipartState;

typedef struct
{
  const char *field;
  KrCsrfMultipartState state;
  char delimiter[4 + KR_CSRF_MAX_BOUNDARY + 1];  /* CR LF - - boundary */
  gsize delimiter_len;
  gsize matched;            /* bytes of the delimiter seen so far, in preamble and body */
  char line[KR_CSRF_MAX_PART_HEADER];
  gsize line_len;
  guint n_headers;
  guint n_parts;
  gboolean has_disposition;
  gboolean ours;            /* the part at hand is the token field */
  KrCsrfFormValue value;
} KrCsrfMultipart;

KrCsrfCode kr_csrf_multipart_init (KrCsrfMultipart *self, const char *content_type, const char *field);
KrCsrfCode kr_csrf_multipart_push (KrCsrfMultipart *self, const char *data, gsize len);
KrCsrfCode kr_csrf_multipart_finish (KrCsrfMultipart *self);
