/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of what goes wrong around libkrcsrf: the disk, a crash at any step, memory; and what is logged then. */
#include "csrf-fixture.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- faults: the library calls these functions instead of the C library's --- */

typedef enum
{
  CALL_NONE,
  CALL_OPEN_LOCK,
  CALL_OPEN_TEMPORARY,
  CALL_READ,
  CALL_WRITE,
  CALL_FSYNC,
  CALL_RENAME,
  CALL_FLOCK,
} Call;

#define CRASHED 77

static struct
{
  Call call;
  int error;      /* 0: no error, but read and write take one byte at a time */
  guint times;    /* how often it fails */
  guint skipped;  /* how often it works before */
  gboolean dies;  /* the process ends there, as with a crash */
} fault;

static gboolean
strikes (Call call)
{
  if (fault.call != call)
    return FALSE;
  if (fault.skipped > 0)
    {
      fault.skipped--;
      return FALSE;
    }
  if (fault.dies)
    _exit (CRASHED);
  if (fault.error == 0 || fault.times == 0)
    return FALSE;
  fault.times--;
  errno = fault.error;
  return TRUE;
}

static gsize
limited (Call call, gsize len)
{
  return fault.call == call && fault.error == 0 ? MIN (len, 1) : len;
}

#define REAL(name) ((__typeof__ (&name)) dlsym (RTLD_NEXT, #name))

int
open (const char *path, int flags, ...)
{
  int (*real) (const char *path, int flags, ...) = dlsym (RTLD_NEXT, "open64");
  Call call = g_str_has_suffix (path, ".lock") ? CALL_OPEN_LOCK : g_str_has_suffix (path, ".tmp") ? CALL_OPEN_TEMPORARY
                                                                                                 : CALL_NONE;
  mode_t mode = 0;
  va_list arguments;

  va_start (arguments, flags);
  if ((flags & O_CREAT) != 0)
    mode = va_arg (arguments, mode_t);
  va_end (arguments);
  return call != CALL_NONE && strikes (call) ? -1 : real (path, flags, mode);
}

ssize_t
read (int fd, void *buffer, size_t len)
{
  return strikes (CALL_READ) ? -1 : REAL (read) (fd, buffer, limited (CALL_READ, len));
}

ssize_t
write (int fd, const void *buffer, size_t len)
{
  return strikes (CALL_WRITE) ? -1 : REAL (write) (fd, buffer, limited (CALL_WRITE, len));
}

int
fsync (int fd)
{
  return strikes (CALL_FSYNC) ? -1 : REAL (fsync) (fd);
}

int
rename (const char *from, const char *to)
{
  return strikes (CALL_RENAME) ? -1 : REAL (rename) (from, to);
}

int
flock (int fd, int operation)
{
  return strikes (CALL_FLOCK) ? -1 : REAL (flock) (fd, operation);
}

static void
set_fault (Call call, int error, guint times)
{
  memset (&fault, 0, sizeof fault);
  fault.call = call;
  fault.error = error;
  fault.times = times;
}

static void
clear_fault (void)
{
  memset (&fault, 0, sizeof fault);
}

/* --- a ring with a file --- */

typedef struct
{
  CsrfFixture base;
  char *directory, *path, *temporary;
} Fixture;

static KrCsrfKeyRing *
open_ring (Fixture *fixture, gboolean auto_create, GError **error)
{
  g_autoptr (KrCsrfKeyRing) ring = g_object_new (KR_CSRF_TYPE_KEY_RING, "path", fixture->path, "auto-create",
                                                 auto_create, NULL);

  kr_csrf_test_sources_install (fixture->base.sources, ring);
  return g_initable_init (G_INITABLE (ring), NULL, error) ? g_steal_pointer (&ring) : NULL;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  csrf_fixture_set_up (&fixture->base, data);
  fixture->directory = g_dir_make_tmp ("krcsrf-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->path = g_build_filename (fixture->directory, "keys", NULL);
  fixture->temporary = g_strconcat (fixture->path, ".tmp", NULL);
  g_clear_object (&fixture->base.protector);
  g_clear_object (&fixture->base.ring);
  fixture->base.ring = open_ring (fixture, TRUE, &error);
  g_assert_no_error (error);
  csrf_fixture_configure (&fixture->base, NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_autofree char *lock = g_strconcat (fixture->path, ".lock", NULL);

  g_remove (fixture->temporary);
  g_remove (lock);
  g_assert_cmpint (g_remove (fixture->path), ==, 0);
  g_assert_cmpint (g_rmdir (fixture->directory), ==, 0);
  g_free (fixture->directory);
  g_free (fixture->path);
  g_free (fixture->temporary);
  csrf_fixture_tear_down (&fixture->base, data);
}

static char *
contents_of (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  char *contents = NULL;

  g_file_get_contents (fixture->path, &contents, NULL, &error);
  g_assert_no_error (error);
  return contents;
}

static KrCsrfRequest *
signed_request (Fixture *fixture)
{
  g_autofree char *token = csrf_issue_token (&fixture->base);

  return csrf_request_with (&fixture->base, "POST", token);
}

/* Whatever refuses, the ring is as it was, in memory and on the disk, and the next rotation works. */
static void
test_disk (Fixture *fixture, gconstpointer data)
{
  static const struct { Call call; int error; } cases[] = {
    { CALL_OPEN_LOCK, EROFS }, { CALL_OPEN_LOCK, EACCES }, { CALL_FLOCK, ENOLCK }, { CALL_OPEN_TEMPORARY, EROFS },
    { CALL_OPEN_TEMPORARY, ENOSPC }, { CALL_WRITE, ENOSPC }, { CALL_WRITE, EDQUOT }, { CALL_WRITE, EIO },
    { CALL_FSYNC, EIO }, { CALL_RENAME, EROFS }, { CALL_RENAME, EIO }, { CALL_READ, EIO },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *before = contents_of (fixture);
      g_autofree char *after = NULL;
      g_autoptr (KrCsrfRequest) request = signed_request (fixture);
      guint32 id = kr_csrf_key_ring_get_active_key_id (fixture->base.ring);
      gboolean rotated;

      set_fault (cases[i].call, cases[i].error, G_MAXUINT);
      rotated = kr_csrf_key_ring_rotate (fixture->base.ring, &error);
      clear_fault ();
      g_test_message ("call %d, %s", cases[i].call, g_strerror (cases[i].error));
      g_assert_false (rotated);
      g_assert_error (error, KR_CSRF_ERROR, KR_CSRF_ERROR_KEYRING_IO);
      after = contents_of (fixture);
      g_assert_cmpstr (after, ==, before);
      g_assert_false (g_file_test (fixture->temporary, G_FILE_TEST_EXISTS));
      g_assert_cmpuint (kr_csrf_key_ring_get_active_key_id (fixture->base.ring), ==, id);
      csrf_assert_accepted (&fixture->base, request);
    }
  g_assert_true (kr_csrf_key_ring_rotate (fixture->base.ring, NULL));
}

/* A ring that may only be read serves all the same. */
static void
test_read_only (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfKeyRing) other = NULL;
  g_autoptr (KrCsrfRequest) request = NULL;

  set_fault (CALL_OPEN_LOCK, EROFS, G_MAXUINT);
  other = open_ring (fixture, FALSE, &error);
  g_assert_no_error (error);
  g_set_object (&fixture->base.ring, other);
  csrf_fixture_configure (&fixture->base, NULL);
  request = signed_request (fixture);
  csrf_assert_accepted (&fixture->base, request);
  /* Even if a rotation is due, and fails again and again. */
  kr_csrf_test_sources_advance (fixture->base.sources, G_GINT64_CONSTANT (31) * 24 * 3600 * 1000);
  g_clear_pointer (&request, kr_csrf_request_unref);
  kr_csrf_test_jar_set_cookie (fixture->base.jar, CSRF_COOKIE, NULL);
  request = signed_request (fixture);
  csrf_assert_accepted (&fixture->base, request);
  clear_fault ();
}

/* A signal, or a disk that takes a byte at a time, is no failure. */
static void
test_interrupted (Fixture *fixture, gconstpointer data)
{
  static const struct { Call call; int error; } cases[] = {
    { CALL_READ, EINTR }, { CALL_WRITE, EINTR }, { CALL_FLOCK, EINTR }, { CALL_READ, 0 }, { CALL_WRITE, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (KrCsrfKeyRing) again = NULL;

      set_fault (cases[i].call, cases[i].error, 3);
      kr_csrf_key_ring_rotate (fixture->base.ring, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (fault.times, ==, cases[i].error != 0 ? 0 : 3);
      again = open_ring (fixture, FALSE, &error);
      clear_fault ();
      g_assert_no_error (error);
      g_assert_cmpuint (kr_csrf_key_ring_get_active_key_id (again), ==,
                        kr_csrf_key_ring_get_active_key_id (fixture->base.ring));
    }
}

static void
crash_at (Fixture *fixture, Call call, guint skipped)
{
  pid_t child = fork ();
  int status;

  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    {
      set_fault (call, 0, 0);
      fault.skipped = skipped;
      fault.dies = TRUE;
      kr_csrf_key_ring_rotate (fixture->base.ring, NULL);
      _exit (0);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, CRASHED);
}

/* Up to the renaming the old file is there, whole; afterwards the new one. Neither lock nor rest is in the way. */
static void
test_crash (Fixture *fixture, gconstpointer data)
{
  static const struct { Call call; guint skipped; gboolean done; } cases[] = {
    { CALL_FLOCK, 0, FALSE }, { CALL_OPEN_TEMPORARY, 0, FALSE }, { CALL_WRITE, 0, FALSE }, { CALL_FSYNC, 0, FALSE },
    { CALL_RENAME, 0, FALSE }, { CALL_FSYNC, 1, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *before = contents_of (fixture);
      g_autofree char *after = NULL;
      g_autoptr (KrCsrfRequest) request = signed_request (fixture);
      g_autoptr (KrCsrfKeyRing) again = NULL;

      crash_at (fixture, cases[i].call, cases[i].skipped);
      after = contents_of (fixture);
      g_test_message ("call %d", cases[i].call);
      if (cases[i].done)
        g_assert_cmpstr (after, !=, before);
      else
        g_assert_cmpstr (after, ==, before);
      again = open_ring (fixture, FALSE, &error);
      g_assert_no_error (error);
      g_assert_true (kr_csrf_key_ring_rotate (again, &error));
      g_assert_false (g_file_test (fixture->temporary, G_FILE_TEST_EXISTS));
      csrf_assert_accepted (&fixture->base, request);
    }
}

/* --- memory --- */

#if defined (__GLIBC__) && !defined (__SANITIZE_ADDRESS__) && !defined (__SANITIZE_THREAD__)
#define COUNTS_ALLOCATIONS 1

static int allocations_left = -1;  /* -1: as many as they like */
static gboolean ran_out;

extern void *__libc_malloc (size_t size);
extern void *__libc_calloc (size_t n, size_t size);
extern void *__libc_realloc (void *memory, size_t size);

static gboolean
runs_out (void)
{
  if (allocations_left < 0)
    return FALSE;
  if (allocations_left > 0)
    {
      allocations_left--;
      return FALSE;
    }
  /* Only this one: what is left is what GLib needs to say so. */
  allocations_left = -1;
  ran_out = TRUE;
  errno = ENOMEM;
  return TRUE;
}

void *
malloc (size_t size)
{
  return runs_out () ? NULL : __libc_malloc (size);
}

void *
calloc (size_t n, size_t size)
{
  return runs_out () ? NULL : __libc_calloc (n, size);
}

void *
realloc (void *memory, size_t size)
{
  return runs_out () ? NULL : __libc_realloc (memory, size);
}

/* Ends with 0 if all went well, 1 if memory ran out and what could not be done was not done, 2 if something was
 * accepted that should not have been. */
static void
work_with (Fixture *fixture, int budget)
{
  g_autoptr (KrCsrfKeyRing) ring = kr_csrf_key_ring_new_ephemeral ();
  g_autoptr (KrCsrfProtector) protector = kr_csrf_protector_new (ring, NULL);
  g_autoptr (KrCsrfRequest) get = csrf_request ("GET");
  g_autoptr (KrCsrfRequest) forged = signed_request (fixture);
  g_autoptr (KrCsrfTokens) tokens = NULL;
  gboolean accepted;

  allocations_left = budget;
  tokens = kr_csrf_protector_get_tokens (protector, get, NULL);
  accepted = kr_csrf_protector_is_request_valid (protector, forged, NULL);
  accepted |= kr_csrf_key_ring_rotate (fixture->base.ring, NULL) &&
              kr_csrf_protector_is_request_valid (protector, forged, NULL);
  allocations_left = -1;
  _exit (accepted || (tokens == NULL && !ran_out) ? 2 : ran_out);
}

/* GLib ends the process when there is no memory left, and GnuTLS says so: neither way is a request let through, a token
 * issued that is none, or the file broken. */
static void
test_memory (Fixture *fixture, gconstpointer data)
{
  guint failures = 0;

  /* All of what issues and judges; of the many that a key file takes, one in a dozen. */
  for (int budget = 0;; budget += budget < 200 ? 1 : 12)
    {
      pid_t child = fork ();
      g_autoptr (KrCsrfKeyRing) again = NULL;
      int status;

      g_assert_cmpint (child, >=, 0);
      if (child == 0)
        {
          const struct rlimit no_core = { 0, 0 };

          setrlimit (RLIMIT_CORE, &no_core);
          dup2 (open ("/dev/null", O_WRONLY), 2);
          dup2 (2, 1);
          work_with (fixture, budget);
        }
      g_assert_cmpint (waitpid (child, &status, 0), ==, child);
      again = open_ring (fixture, FALSE, NULL);
      g_assert_nonnull (again);
      if (WIFSIGNALED (status))
        g_assert_true (WTERMSIG (status) == SIGTRAP || WTERMSIG (status) == SIGABRT);
      else
        g_assert_cmpint (WEXITSTATUS (status), <, 2);
      if (WIFEXITED (status) && WEXITSTATUS (status) == 0)
        break;
      failures++;
    }
  g_test_message ("%u allocations failed one after the other", failures);
  g_assert_cmpuint (failures, >, 10);
}
#else
static void
test_memory (Fixture *fixture, gconstpointer data)
{
  g_test_skip ("a sanitizer has the allocator");
}
#endif

/* --- the log --- */

static GString *captured;

static GLogWriterOutput
capture (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  for (gsize i = 0; i < n_fields; i++)
    if (fields[i].length < 0)
      g_string_append_printf (captured, "%s\n", (const char *) fields[i].value);
    else
      g_string_append_len (captured, fields[i].value, fields[i].length);
  return G_LOG_WRITER_HANDLED;
}

static void
assert_no_piece_of (const char *secret, gsize len)
{
  g_assert_cmpuint (strlen (secret), >=, len);
  for (gsize i = 0; i + 8 <= len; i++)
    {
      g_autofree char *piece = g_strndup (secret + i, 8);

      g_assert_null (strstr (captured->str, piece));
    }
}

static void
break_and_mend (Fixture *fixture)
{
  g_autofree char *good = contents_of (fixture);
  g_autoptr (GError) error = NULL;

  set_fault (CALL_WRITE, ENOSPC, G_MAXUINT);
  kr_csrf_key_ring_rotate (fixture->base.ring, NULL);
  clear_fault ();
  good[strlen (good) - 6] = '!';
  g_file_set_contents_full (fixture->path, good, -1, G_FILE_SET_CONTENTS_NONE, 0600, &error);
  g_assert_no_error (error);
  g_assert_false (kr_csrf_key_ring_reload (fixture->base.ring, NULL));
  kr_csrf_test_sources_advance (fixture->base.sources, 61000);
  kr_csrf_key_ring_get_active_key_id (fixture->base.ring);
  g_assert_cmpint (g_remove (fixture->path), ==, 0);
  kr_csrf_test_sources_advance (fixture->base.sources, 61000);
  kr_csrf_key_ring_get_active_key_id (fixture->base.ring);
}

static char *
use_ticket_twice (Fixture *fixture)
{
  g_autoptr (KrCsrfRequest) request = csrf_request ("GET");
  g_autofree char *ticket = kr_csrf_protector_issue_ticket (fixture->base.protector, request, 30, NULL);

  g_assert_true (kr_csrf_protector_redeem_ticket (fixture->base.protector, request, ticket, NULL));
  g_assert_false (kr_csrf_protector_redeem_ticket (fixture->base.protector, request, ticket, NULL));
  return g_steal_pointer (&ticket);
}

/* All levels, all fields, through everything that is ever logged: no piece of a key, a cookie, a token or a ticket. */
static void
test_log (Fixture *fixture, gconstpointer data)
{
  g_autofree char *token = NULL;
  g_autofree char *ticket = NULL;
  g_autofree char *keys = NULL;
  g_autoptr (KrCsrfRequest) swapped = NULL;
  const char *cookie;

  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
      g_test_trap_assert_passed ();
      return;
    }
  captured = g_string_new (NULL);
  g_log_set_writer_func (capture, NULL, NULL);
  kr_csrf_test_jar_set_header (fixture->base.jar, "Cache-Control", "public");
  token = csrf_issue_token (&fixture->base);
  cookie = kr_csrf_test_jar_get_cookie (fixture->base.jar, CSRF_COOKIE);
  ticket = use_ticket_twice (fixture);
  keys = contents_of (fixture);
  swapped = csrf_request_with (&fixture->base, "POST", cookie);
  csrf_assert_refused (&fixture->base, swapped, KR_CSRF_ERROR_TOKEN_SWAPPED);
  kr_csrf_protector_bypass (fixture->base.protector, swapped, "a test");
  g_object_set (fixture->base.protector, "report-only", TRUE, NULL);
  g_assert_true (kr_csrf_protector_is_request_valid (fixture->base.protector, swapped, NULL));
  break_and_mend (fixture);
  g_assert_nonnull (strstr (captured->str, "token-swapped"));
  g_assert_nonnull (strstr (captured->str, "ticket-used"));
  g_assert_nonnull (strstr (captured->str, "Cache-Control was overridden"));
  g_assert_nonnull (strstr (captured->str, "a test"));
  g_assert_nonnull (strstr (captured->str, "keyring-corrupt"));
  assert_no_piece_of (token, 64);
  assert_no_piece_of (cookie, 64);
  assert_no_piece_of (ticket, 64);
  assert_no_piece_of (strstr (keys, "secret=") + strlen ("secret="), 44);
  g_string_free (captured, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, function) g_test_add ("/csrf/faults/" path, Fixture, NULL, set_up, function, tear_down)
  ADD ("disk", test_disk);
  ADD ("read-only", test_read_only);
  ADD ("interrupted", test_interrupted);
  ADD ("crash", test_crash);
  ADD ("memory", test_memory);
  ADD ("log", test_log);
#undef ADD
  return g_test_run ();
}
