/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The file of a key ring: its text, and reading and writing it so that nobody else can and no crash can break it. */
#include "config.h"

#include "kr-csrf-key-file-private.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD "krcsrf"
#define VERSION 1
#define SECRET_TEXT 44  /* 32 bytes in base64 */

static void
free_wiped (char *text)
{
  if (text != NULL)
    gnutls_memset (text, 0, strlen (text));
  g_free (text);
}

/* Eight lower-case digits, as format() writes them: one key has one name. */
static gboolean
parse_id (const char *group, guint32 *id)
{
  char again[16];

  if (!g_str_has_prefix (group, "key "))
    return FALSE;
  *id = strtoul (group + 4, NULL, 16);
  g_snprintf (again, sizeof again, "key %08x", *id);
  return *id != 0 && strcmp (again, group) == 0;
}

static gboolean
parse_time (GKeyFile *file, const char *group, const char *name, gint64 absent, gint64 *time)
{
  g_autoptr (GError) error = NULL;

  *time = g_key_file_get_int64 (file, group, name, &error);
  if (error == NULL)
    return *time >= 0 && *time <= G_MAXINT64 / 2;
  *time = absent;
  return absent >= 0 && g_error_matches (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_KEY_NOT_FOUND);
}

/* GLib's decoder skips what is no base64; so what it made has to give the same text again. */
static gboolean
parse_secret (GKeyFile *file, const char *group, guint8 secret[KR_CSRF_SECRET_SIZE])
{
  char *text = g_key_file_get_string (file, group, "secret", NULL);
  gboolean valid = FALSE;

  if (text != NULL && strlen (text) == SECRET_TEXT)
    {
      gsize len;
      guchar *bytes = g_base64_decode (text, &len);
      char *again = g_base64_encode (bytes, len);

      valid = len == KR_CSRF_SECRET_SIZE && strcmp (again, text) == 0;
      if (valid)
        memcpy (secret, bytes, len);
      gnutls_memset (bytes, 0, len);
      g_free (bytes);
      free_wiped (again);
    }
  free_wiped (text);
  return valid;
}

static KrCsrfCode
parse_key (GKeyFile *file, const char *group, KrCsrfKey *key)
{
  memset (key, 0, sizeof *key);
  if (!parse_id (group, &key->id) ||
      !parse_time (file, group, "created", -1, &key->created) ||
      !parse_time (file, group, "activates", -1, &key->activates) ||
      !parse_time (file, group, "retires", G_MAXINT64, &key->retires) ||
      !parse_time (file, group, "revoked", 0, &key->revoked) ||
      !parse_secret (file, group, key->secret))
    return KR_CSRF_ERROR_KEYRING_CORRUPT;
  return kr_csrf_key_derive (key) ? KR_CSRF_OK : KR_CSRF_ERROR_CRYPTO_FAILED;
}

/* GKeyFile makes one group of two with the same name; here that is a fault. */
static gsize
count_group_lines (const char *text, gsize len)
{
  gsize count = 0;

  for (gsize i = 0; i < len; i++)
    count += text[i] == '[' && (i == 0 || text[i - 1] == '\n');
  return count;
}

static KrCsrfCode
parse_groups (GKeyFile *file, char **groups, KrCsrfKeySet *set)
{
  for (char **group = groups; *group != NULL; group++)
    {
      KrCsrfCode code;

      if (strcmp (*group, HEAD) == 0)
        continue;
      if (set->n_keys == KR_CSRF_MAX_KEYS)
        return KR_CSRF_ERROR_KEYRING_CORRUPT;
      code = parse_key (file, *group, &set->keys[set->n_keys]);
      if (code != KR_CSRF_OK)
        return code;
      set->n_keys++;
    }
  return set->n_keys > 0 ? KR_CSRF_OK : KR_CSRF_ERROR_KEYRING_CORRUPT;
}

KrCsrfCode
kr_csrf_key_file_parse (const char *text, gsize len, KrCsrfKeySet *set)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_auto (GStrv) groups = NULL;
  gsize n_groups;

  set->n_keys = 0;
  if (len == 0 || len > KR_CSRF_KEY_FILE_MAX_SIZE || memchr (text, '\0', len) != NULL ||
      !g_key_file_load_from_data (file, text, len, G_KEY_FILE_NONE, NULL))
    return KR_CSRF_ERROR_KEYRING_CORRUPT;
  groups = g_key_file_get_groups (file, &n_groups);
  if (n_groups != count_group_lines (text, len) || g_key_file_get_integer (file, HEAD, "version", NULL) != VERSION)
    return KR_CSRF_ERROR_KEYRING_CORRUPT;
  return parse_groups (file, groups, set);
}

static void
append_time (GString *text, const char *name, gint64 time, gint64 absent)
{
  if (time != absent)
    g_string_append_printf (text, "%s=%" G_GINT64_FORMAT "\n", name, time);
}

/* Times are ms since the epoch. The text is to be wiped. */
char *
kr_csrf_key_file_format (const KrCsrfKeySet *set)
{
  /* Large enough that it never moves and leaves a copy behind. */
  GString *text = g_string_sized_new (KR_CSRF_KEY_FILE_MAX_SIZE);

  g_string_append_printf (text, "[" HEAD "]\nversion=%d\n", VERSION);
  for (guint i = 0; i < set->n_keys; i++)
    {
      const KrCsrfKey *key = &set->keys[i];
      char *secret = g_base64_encode (key->secret, sizeof key->secret);

      g_string_append_printf (text, "\n[key %08x]\n", key->id);
      append_time (text, "created", key->created, -1);
      append_time (text, "activates", key->activates, -1);
      append_time (text, "retires", key->retires, G_MAXINT64);
      append_time (text, "revoked", key->revoked, 0);
      g_string_append_printf (text, "secret=%s\n", secret);
      free_wiped (secret);
    }
  return g_string_free (text, FALSE);
}

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

/* A regular file of ours that nobody else may even read. */
static KrCsrfCode
check_status (const struct stat *status)
{
  if (!S_ISREG (status->st_mode) || status->st_uid != geteuid () || (status->st_mode & 077) != 0)
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
  buffer = g_malloc (KR_CSRF_KEY_FILE_MAX_SIZE + 1);
  code = KR_CSRF_ERROR_KEYRING_IO;
  if (read_all (fd, buffer, KR_CSRF_KEY_FILE_MAX_SIZE + 1, &len))
    code = kr_csrf_key_file_parse (buffer, len, set);
  gnutls_memset (buffer, 0, KR_CSRF_KEY_FILE_MAX_SIZE + 1);
  g_free (buffer);
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
write_temporary (const char *path, const char *text, KrCsrfKeyFileStamp *stamp)
{
  int fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  struct stat status;
  gboolean written;

  if (fd < 0)
    return FALSE;
  written = write_all (fd, text, strlen (text)) && fsync (fd) == 0 && fstat (fd, &status) == 0;
  if (written)
    take_stamp (stamp, &status);
  return close (fd) == 0 && written;
}

/* With the lock held. Whatever happens, @path is the old file or the new one, whole. */
KrCsrfCode
kr_csrf_key_file_write (const char *path, const KrCsrfKeySet *set, KrCsrfKeyFileStamp *stamp)
{
  g_autofree char *temporary = g_strconcat (path, ".tmp", NULL);
  char *text = kr_csrf_key_file_format (set);
  gboolean written;

  /* What a crash has left; nobody else writes while we have the lock. */
  unlink (temporary);
  written = write_temporary (temporary, text, stamp) && rename (temporary, path) == 0;
  if (!written)
    unlink (temporary);
  else
    sync_directory (path);
  free_wiped (text);
  return written ? KR_CSRF_OK : KR_CSRF_ERROR_KEYRING_IO;
}

/* Keeps other processes from writing until kr_csrf_key_file_unlock(); -1 if that cannot be. */
int
kr_csrf_key_file_lock (const char *path)
{
  g_autofree char *lock = g_strconcat (path, ".lock", NULL);
  int fd = open (lock, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

  if (fd < 0)
    return -1;
  while (flock (fd, LOCK_EX) < 0)
    if (errno != EINTR)
      {
        close (fd);
        return -1;
      }
  return fd;
}

void
kr_csrf_key_file_unlock (int fd)
{
  close (fd);
}
