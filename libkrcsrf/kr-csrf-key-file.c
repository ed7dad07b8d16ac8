/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The file of a key ring: read and written so that nobody else can and no crash can break it. */
#include "config.h"

#include "kr-csrf-key-file-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kr-csrf-secret-private.h"

static void
take_stamp (KrCsrfKeyFileStamp *stamp, const struct stat *status)
{
  stamp->inode = status->st_ino;
  stamp->size = status->st_size;
  stamp->mtime = (gint64) status->st_mtim.tv_sec * G_GINT64_CONSTANT (1000000000) + status->st_mtim.tv_nsec;
}

gboolean
kr_csrf_key_file_stamp (const char *path, KrCsrfKeyFileStamp *stamp)
{
  struct stat status;

  if (lstat (path, &status) < 0)
    return FALSE;
  take_stamp (stamp, &status);
  return TRUE;
}

gboolean
kr_csrf_key_file_stamp_equal (const KrCsrfKeyFileStamp *a, const KrCsrfKeyFileStamp *b)
{
  return a->inode == b->inode && a->size == b->size && a->mtime == b->mtime;
}

static gboolean
is_our_file (const struct stat *status)
{
  return S_ISREG (status->st_mode) && status->st_uid == geteuid ();
}

/* A regular file of ours that nobody else may even read. */
static KrCsrfCode
check_status (const struct stat *status)
{
  if (!is_our_file (status) || (status->st_mode & 077) != 0)
    return KR_CSRF_ERROR_KEYRING_PERMISSIONS;
  if (status->st_size < 1 || status->st_size > KR_CSRF_KEY_FILE_MAX_SIZE)
    return KR_CSRF_ERROR_KEYRING_CORRUPT;
  return KR_CSRF_OK;
}

static gboolean
read_all (int fd, char *buffer, gsize size, gsize *len)
{
  for (*len = 0; *len < size;)
    {
      gssize n = read (fd, buffer + *len, size - *len);

      if (n == 0)
        return TRUE;
      if (n < 0 && errno != EINTR)
        return FALSE;
      *len += MAX (n, 0);
    }
  return TRUE;
}

static gboolean
write_all (int fd, const char *data, gsize len)
{
  while (len > 0)
    {
      gssize n = write (fd, data, len);

      if (n < 0 && errno != EINTR)
        return FALSE;
      data += MAX (n, 0);
      len -= MAX (n, 0);
    }
  return TRUE;
}

static KrCsrfCode
read_open (int fd, KrCsrfKeySet *set, KrCsrfKeyFileStamp *stamp)
{
  struct stat status;
  char *buffer;
  gsize len;
  KrCsrfCode code;

  if (fstat (fd, &status) < 0)
    return KR_CSRF_ERROR_KEYRING_IO;
  code = check_status (&status);
  if (code != KR_CSRF_OK)
    return code;
  take_stamp (stamp, &status);
  buffer = kr_csrf_secret_alloc (KR_CSRF_KEY_FILE_MAX_SIZE + 1, FALSE);
  code = KR_CSRF_ERROR_KEYRING_IO;
  if (read_all (fd, buffer, KR_CSRF_KEY_FILE_MAX_SIZE + 1, &len))
    code = kr_csrf_key_format_parse (buffer, len, set);
  kr_csrf_secret_free (buffer, KR_CSRF_KEY_FILE_MAX_SIZE + 1);
  return code;
}

/* @missing tells a file that is not there from one that cannot be read. */
KrCsrfCode
kr_csrf_key_file_read (const char *path, KrCsrfKeySet *set, KrCsrfKeyFileStamp *stamp, gboolean *missing)
{
  /* Without O_NONBLOCK, a FIFO in its place would wait for a writer. */
  int fd = open (path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  KrCsrfCode code;

  *missing = fd < 0 && errno == ENOENT;
  if (fd < 0)
    return errno == ELOOP || errno == EACCES ? KR_CSRF_ERROR_KEYRING_PERMISSIONS : KR_CSRF_ERROR_KEYRING_IO;
  code = read_open (fd, set, stamp);
  close (fd);
  return code;
}

/* Makes the new name in the directory last. */
static gboolean
sync_directory (const char *path)
{
  g_autofree char *directory = g_path_get_dirname (path);
  int fd = open (directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean synced = fd >= 0 && fsync (fd) == 0;

  if (fd >= 0)
    close (fd);
  return synced;
}

static gboolean
write_temporary (const char *path, const char *text, gsize len, KrCsrfKeyFileStamp *stamp)
{
  int fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  struct stat status;
  gboolean written;

  if (fd < 0)
    return FALSE;
  written = write_all (fd, text, len) && fsync (fd) == 0 && fstat (fd, &status) == 0;
  if (written)
    take_stamp (stamp, &status);
  return close (fd) == 0 && written;
}

/* With the lock held. Whatever happens, @path is the old file or the new one, whole. */
KrCsrfCode
kr_csrf_key_file_write (const char *path, const KrCsrfKeySet *set, KrCsrfKeyFileStamp *stamp)
{
  g_autofree char *temporary = g_strconcat (path, ".tmp", NULL);
  char *text = kr_csrf_secret_alloc (KR_CSRF_KEY_FILE_MAX_SIZE, FALSE);
  gsize len = kr_csrf_key_format_write (set, text);
  gboolean written;

  /* What a crash has left; nobody else writes while we have the lock. */
  unlink (temporary);
  written = write_temporary (temporary, text, len, stamp) && rename (temporary, path) == 0;
  if (!written)
    unlink (temporary);
  else
    sync_directory (path);
  kr_csrf_secret_free (text, KR_CSRF_KEY_FILE_MAX_SIZE);
  return written ? KR_CSRF_OK : KR_CSRF_ERROR_KEYRING_IO;
}

/* Keeps other processes from writing until kr_csrf_key_file_unlock(). A lock of somebody else's is refused: he could keep
 * it for ever. */
KrCsrfCode
kr_csrf_key_file_lock (const char *path, int *lock)
{
  g_autofree char *name = g_strconcat (path, ".lock", NULL);
  int fd = open (name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
  KrCsrfCode code = KR_CSRF_OK;
  struct stat status;

  if (fd < 0)
    return KR_CSRF_ERROR_KEYRING_IO;
  if (fstat (fd, &status) < 0)
    code = KR_CSRF_ERROR_KEYRING_IO;
  else if (!is_our_file (&status))
    code = KR_CSRF_ERROR_KEYRING_PERMISSIONS;
  while (code == KR_CSRF_OK && flock (fd, LOCK_EX) < 0)
    if (errno != EINTR)
      code = KR_CSRF_ERROR_KEYRING_IO;
  if (code == KR_CSRF_OK)
    *lock = fd;
  else
    close (fd);
  return code;
}

void
kr_csrf_key_file_unlock (int lock)
{
  close (lock);
}
