/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The text of a key ring's file. */
#pragma once

#include "kr-csrf-ring-private.h"

#define KR_CSRF_KEY_FILE_MAX_SIZE 65536

/* Keys being changed; wiped by whoever has them. */
typedef struct
{
  guint n_keys;
  KrCsrfKey keys[KR_CSRF_MAX_KEYS];
} KrCsrfKeySet;

KrCsrfCode kr_csrf_key_format_parse (const char *text, gsize len, KrCsrfKeySet *set);
gsize kr_csrf_key_format_write (const KrCsrfKeySet *set, char text[KR_CSRF_KEY_FILE_MAX_SIZE]);
