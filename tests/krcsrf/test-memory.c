/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Looks through the memory of the process for the secrets of a key ring that is gone. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <krcsrf.h>
#include <stdio.h>
#include <unistd.h>

#define SECRET_SIZE 32
#define TEXT_SIZE 44
#define MASK 0xa5

/* The secret is never in one piece in what this program itself holds. */
static guint8
secret_byte (guint i)
{
  return (guint8) (i * 73 + 41) ^ MASK;
}

static char
text_character (guint i)
{
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  guint bits = 0;

  if (i == TEXT_SIZE - 1)
    return '=';
  for (guint bit = i * 6; bit < i * 6 + 6; bit++)
    bits = bits << 1 | (bit < SECRET_SIZE * 8 ? secret_byte (bit / 8) >> (7 - bit % 8) & 1 : 0);
  return alphabet[bits];
}

static guint8
text_byte (guint i)
{
  return (guint8) text_character (i);
}

static void
write_file (const char *path)
{
  static const char head[] = "[krcsrf]\nversion=1\n\n[key 00000007]\ncreated=1\nactivates=1\nsecret=";
  int fd = g_open (path, O_WRONLY | O_CREAT | O_EXCL, 0600);

  g_assert_cmpint (write (fd, head, sizeof head - 1), ==, sizeof head - 1);
  for (guint i = 0; i < TEXT_SIZE; i++)
    {
      char c = text_character (i);

      g_assert_cmpint (write (fd, &c, 1), ==, 1);
    }
  g_assert_cmpint (write (fd, "\n", 1), ==, 1);
  close (fd);
}

typedef guint8 (*Byte) (guint i);

/* The second 16 bytes: an allocator writes over the first ones of what it gets back. */
static gboolean
stands_at (const guint8 *at, Byte byte)
{
  for (guint i = 0; i < 16; i++)
    if (at[i] != byte (i + 16))
      return FALSE;
  return TRUE;
}

static guint
count_in (const guint8 *begin, const guint8 *end, Byte byte)
{
  const guint8 first = byte (16);
  guint count = 0;

  for (const guint8 *at = begin; end - at >= 16 && (at = memchr (at, first, end - at - 15)) != NULL; at++)
    count += stands_at (at, byte);
  return count;
}

/* In all memory of the process that can be written: heap, stacks, data. */
static guint
count_in_memory (Byte byte)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *maps = NULL;
  g_auto (GStrv) lines = NULL;
  guint count = 0;

  g_file_get_contents ("/proc/self/maps", &maps, NULL, &error);
  g_assert_no_error (error);
  lines = g_strsplit (maps, "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    {
      guint64 begin, end;
      char mode[8];

      if (sscanf (*line, "%" G_GINT64_MODIFIER "x-%" G_GINT64_MODIFIER "x %7s", &begin, &end, mode) != 3 ||
          strcmp (mode, "rw-p") != 0)
        continue;
      count += count_in ((const guint8 *) (gsize) begin, (const guint8 *) (gsize) end, byte);
    }
  return count;
}

/* The tokens of the ring, and all that reads and writes its file. Handles are kept per thread, so this is one. */
static gpointer
use_ring (gpointer path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfKeyRing) ring = kr_csrf_key_ring_new_for_path (path, FALSE, &error);
  g_autoptr (KrCsrfProtector) protector = kr_csrf_protector_new (ring, &error);
  g_autoptr (KrCsrfRequest) request = kr_csrf_request_new ("GET", "https", "bank.example", "/");
  g_autoptr (KrCsrfTokens) tokens = kr_csrf_protector_get_tokens (protector, request, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (count_in_memory (secret_byte), >, 0);
  g_assert_true (kr_csrf_key_ring_rotate (ring, &error));
  g_assert_true (kr_csrf_key_ring_reload (ring, &error));
  g_assert_true (kr_csrf_key_ring_revoke (ring, 7, &error));
  g_assert_no_error (error);
  return NULL;
}

static void
test_secrets (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("csrf-memory-XXXXXX", &error);
  g_autofree char *path = g_build_filename (folder, "keys", NULL), *lock = g_strconcat (path, ".lock", NULL);

  g_assert_no_error (error);
  write_file (path);
  g_thread_join (g_thread_new ("user", use_ring, path));
  g_assert_cmpuint (count_in_memory (secret_byte), ==, 0);
  g_assert_cmpuint (count_in_memory (text_byte), ==, 0);
  g_unlink (path);
  g_unlink (lock);
  g_rmdir (folder);
}

/* A function that is bound when it is first called has the dynamic linker put all registers on the stack, and in them may
 * be what was copied last. */
static void
bind_at_once (char **argv)
{
  if (g_getenv ("LD_BIND_NOW") == NULL)
    {
      g_setenv ("LD_BIND_NOW", "1", TRUE);
      execv ("/proc/self/exe", argv);
    }
}

int
main (int argc, char **argv)
{
  bind_at_once (argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/csrf/memory/secrets", test_secrets);
  return g_test_run ();
}
