/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The file of a key ring: read and written so that nobody else can and no crash can break it. */
#pragma once

#include "kr-csrf-key-format-private.h"

/* What tells that a file is another than before. */
typedef struct
{
  guint64 inode;
  gint64 size;
  gint64 mtime;  /* ns */
} KrCsrfKeyFileStamp;

gboolean kr_csrf_key_file_stamp (const char *path, KrCsrfKeyFileStamp *stamp);
gboolean kr_csrf_key_file_stamp_equal (const KrCsrfKeyFileStamp *a, const KrCsrfKeyFileStamp *b);
KrCsrfCode kr_csrf_key_file_read (const char *path, KrCsrfKeySet *set, KrCsrfKeyFileStamp *stamp, gboolean *missing);
KrCsrfCode kr_csrf_key_file_write (const char *path, const KrCsrfKeySet *set, KrCsrfKeyFileStamp *stamp);
KrCsrfCode kr_csrf_key_file_lock (const char *path, int *lock);
void kr_csrf_key_file_unlock (int lock);
