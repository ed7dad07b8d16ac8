/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The file of a key ring: its text, and reading and writing it so that nobody else can and no crash can break it. */
#pragma once

#include "kr-csrf-ring-private.h"

#define KR_CSRF_KEY_FILE_MAX_SIZE 65536

/* Keys being changed; wiped by whoever has them. */
typedef struct
{
  guint n_keys;
  KrCsrfKey keys[KR_CSRF_MAX_KEYS];
} KrCsrfKeySet;

/* What tells that a file is another than before. */
typedef struct
{
  guint64 inode;
  gint64 size;
  gint64 mtime;  /* ns */
} KrCsrfKeyFileStamp;

KrCsrfCode kr_csrf_key_file_parse (const char *text, gsize len, KrCsrfKeySet *set);
char *kr_csrf_key_file_format (const KrCsrfKeySet *set);

gboolean kr_csrf_key_file_stamp (const char *path, KrCsrfKeyFileStamp *stamp);
gboolean kr_csrf_key_file_stamp_equal (const KrCsrfKeyFileStamp *a, const KrCsrfKeyFileStamp *b);
KrCsrfCode kr_csrf_key_file_read (const char *path, KrCsrfKeySet *set, KrCsrfKeyFileStamp *stamp, gboolean *missing);
KrCsrfCode kr_csrf_key_file_write (const char *path, const KrCsrfKeySet *set, KrCsrfKeyFileStamp *stamp);
int kr_csrf_key_file_lock (const char *path);
void kr_csrf_key_file_unlock (int fd);
