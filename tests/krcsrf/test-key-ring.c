/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of KrCsrfKeyRing: rotation, revocation, its file, other processes, fork, threads. */
#include "csrf-fixture.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define HOUR (G_GINT64_CONSTANT (3600) * 1000)
#define DAY (24 * HOUR)

static KrCsrfRequest *
signed_request (CsrfFixture *fixture)
{
  g_autofree char *token = csrf_issue_token (fixture);

  return csrf_request_with (fixture, "POST", token);
}

static void
test_rotate (CsrfFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  guint32 before = kr_csrf_key_ring_get_active_key_id (fixture->ring), by_property = 0;
  g_autoptr (KrCsrfRequest) request = signed_request (fixture);

  g_assert_true (kr_csrf_key_ring_rotate (fixture->ring, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (kr_csrf_key_ring_get_active_key_id (fixture->ring), !=, before);
  g_object_get (fixture->ring, "active-key-id", &by_property, NULL);
  g_assert_cmpuint (by_property, ==, kr_csrf_key_ring_get_active_key_id (fixture->ring));
  csrf_assert_accepted (fixture, request);
}

/* The old key verifies until its grace ends: as long as a cookie lives. */
static void
test_grace (CsrfFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfRequest) request = NULL;

  csrf_fixture_configure (fixture, "token-lifetime", 48 * 3600, "cookie-lifetime", 48 * 3600, NULL);
  request = signed_request (fixture);
  g_assert_true (kr_csrf_key_ring_rotate (fixture->ring, &error));
  kr_csrf_test_sources_advance (fixture->sources, 12 * HOUR - 1);
  csrf_assert_accepted (fixture, request);
  kr_csrf_test_sources_advance (fixture->sources, 1);
  csrf_assert_refused (fixture, request, KR_CSRF_ERROR_TOKEN_UNKNOWN_KEY);
}

/* After a rotation, the cookie is stamped with the new key, over the same secret. */
static void
test_cookie_moves_on (CsrfFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *old_token = csrf_issue_token (fixture);
  g_autofree char *new_token = NULL;
  g_autoptr (KrCsrfRequest) with_old = NULL;
  g_autoptr (KrCsrfRequest) with_new = NULL;

  g_assert_true (kr_csrf_key_ring_rotate (fixture->ring, &error));
  new_token = csrf_issue_token (fixture);
  g_assert_cmpuint (kr_csrf_test_jar_get_n_set_cookies (fixture->jar), ==, 2);
  with_old = csrf_request_with (fixture, "POST", old_token);
  with_new = csrf_request_with (fixture, "POST", new_token);
  csrf_assert_accepted (fixture, with_old);
  csrf_assert_accepted (fixture, with_new);
}

static void
test_rotation_period (CsrfFixture *fixture, gconstpointer data)
{
  guint32 before = kr_csrf_key_ring_get_active_key_id (fixture->ring);

  kr_csrf_test_sources_advance (fixture->sources, 30 * DAY - 1);
  g_assert_cmpuint (kr_csrf_key_ring_get_active_key_id (fixture->ring), ==, before);
  kr_csrf_test_sources_advance (fixture->sources, 60 * 1000);
  g_assert_cmpuint (kr_csrf_key_ring_get_active_key_id (fixture->ring), !=, before);
}

static void
count_change (KrCsrfKeyRing *ring, gpointer data)
{
  guint *changes = data;

  (*changes)++;
}

static void
test_revoke (CsrfFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfRequest) request = signed_request (fixture);
  guint32 id = kr_csrf_key_ring_get_active_key_id (fixture->ring);
  guint changes = 0;

  g_signal_connect (fixture->ring, "changed", G_CALLBACK (count_change), &changes);
  g_assert_true (kr_csrf_key_ring_revoke (fixture->ring, id, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (changes, ==, 1);
  csrf_assert_refused (fixture, request, KR_CSRF_ERROR_KEY_REVOKED);
  g_assert_cmpuint (kr_csrf_key_ring_get_active_key_id (fixture->ring), !=, id);
  g_assert_false (kr_csrf_key_ring_revoke (fixture->ring, id ^ 1, &error));
  g_assert_error (error, KR_CSRF_ERROR, KR_CSRF_ERROR_TOKEN_UNKNOWN_KEY);
}

static void
test_revoke_without_random (CsrfFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfRequest) request = signed_request (fixture);
  guint32 id = kr_csrf_key_ring_get_active_key_id (fixture->ring);

  kr_csrf_test_sources_set_random_budget (fixture->sources, 0);
  g_assert_false (kr_csrf_key_ring_revoke (fixture->ring, id, &error));
  g_assert_error (error, KR_CSRF_ERROR, KR_CSRF_ERROR_NO_ACTIVE_KEY);
  csrf_assert_refused (fixture, request, KR_CSRF_ERROR_KEY_REVOKED);
  g_clear_error (&error);
  g_assert_false (kr_csrf_key_ring_rotate (fixture->ring, &error));
  g_assert_error (error, KR_CSRF_ERROR, KR_CSRF_ERROR_RANDOM_FAILED);
  g_assert_cmpuint (kr_csrf_key_ring_get_active_key_id (fixture->ring), ==, 0);
}

static void
test_no_active_key (CsrfFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfRequest) get = csrf_request ("GET");
  guint32 id = kr_csrf_key_ring_get_active_key_id (fixture->ring);

  kr_csrf_test_sources_set_random_budget (fixture->sources, 0);
  kr_csrf_key_ring_revoke (fixture->ring, id, NULL);
  g_assert_null (kr_csrf_protector_get_tokens (fixture->protector, get, &error));
  g_assert_error (error, KR_CSRF_ERROR, KR_CSRF_ERROR_NO_ACTIVE_KEY);
  g_assert_cmpuint (kr_csrf_error_to_status (error, KR_CSRF_STATUS_PROFILE_KESTRUN), ==, 503);
}

static void
test_clock_back (CsrfFixture *fixture, gconstpointer data)
{
  g_autoptr (KrCsrfRequest) request = NULL;
  g_autoptr (KrCsrfRequest) before = signed_request (fixture);

  kr_csrf_test_sources_advance (fixture->sources, -HOUR);
  csrf_assert_refused (fixture, before, KR_CSRF_ERROR_TOKEN_NOT_YET_VALID);
  kr_csrf_test_jar_set_cookie (fixture->jar, CSRF_COOKIE, NULL);
  request = signed_request (fixture);
  csrf_assert_accepted (fixture, request);
}

static void
test_many_rotations (CsrfFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfRequest) last = NULL;
  g_autoptr (KrCsrfRequest) first = signed_request (fixture);

  for (guint i = 0; i < 100; i++)
    g_assert_true (kr_csrf_key_ring_rotate (fixture->ring, &error));
  last = signed_request (fixture);
  csrf_assert_accepted (fixture, last);
  /* 64 keys at most: the oldest had to go. */
  csrf_assert_refused (fixture, first, KR_CSRF_ERROR_TOKEN_UNKNOWN_KEY);
}

/* What follows has a file. */

typedef struct
{
  CsrfFixture base;
  char *directory;
  char *path;
} FileFixture;

static KrCsrfKeyRing *
open_ring (FileFixture *fixture, gboolean auto_create, GError **error)
{
  g_autoptr (KrCsrfKeyRing) ring = g_object_new (KR_CSRF_TYPE_KEY_RING, "path", fixture->path, "auto-create",
                                                 auto_create, NULL);

  kr_csrf_test_sources_install (fixture->base.sources, ring);
  return g_initable_init (G_INITABLE (ring), NULL, error) ? g_steal_pointer (&ring) : NULL;
}

static void
file_set_up (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  csrf_fixture_set_up (&fixture->base, data);
  fixture->directory = g_dir_make_tmp ("krcsrf-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->path = g_build_filename (fixture->directory, "keys", NULL);
  g_clear_object (&fixture->base.protector);
  g_clear_object (&fixture->base.ring);
  fixture->base.ring = open_ring (fixture, TRUE, &error);
  g_assert_no_error (error);
  csrf_fixture_configure (&fixture->base, NULL);
}

static void
file_tear_down (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (GDir) dir = g_dir_open (fixture->directory, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (fixture->directory, name, NULL);

      g_assert_cmpint (g_remove (path), ==, 0);
    }
  g_assert_cmpint (g_rmdir (fixture->directory), ==, 0);
  g_free (fixture->directory);
  g_free (fixture->path);
  csrf_fixture_tear_down (&fixture->base, data);
}

static void
use_ring (FileFixture *fixture, KrCsrfKeyRing *ring)
{
  g_set_object (&fixture->base.ring, ring);
  csrf_fixture_configure (&fixture->base, NULL);
}

static char *
contents_of (FileFixture *fixture)
{
  g_autoptr (GError) error = NULL;
  char *contents = NULL;

  g_file_get_contents (fixture->path, &contents, NULL, &error);
  g_assert_no_error (error);
  return contents;
}

static void
set_contents (FileFixture *fixture, const char *contents, gssize len)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents_full (fixture->path, contents, len, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error);
  g_assert_no_error (error);
}

static void
test_file_survives (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfRequest) request = signed_request (&fixture->base);
  g_autoptr (KrCsrfKeyRing) again = open_ring (fixture, FALSE, &error);
  g_autofree char *contents = contents_of (fixture);
  struct stat status;

  g_assert_no_error (error);
  g_assert_cmpint (stat (fixture->path, &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 07777, ==, 0600);
  g_assert_true (g_str_has_prefix (contents, "[krcsrf]\nversion=1\n"));
  use_ring (fixture, again);
  csrf_assert_accepted (&fixture->base, request);
}

static void
test_file_missing (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_remove (fixture->path), ==, 0);
  g_assert_null (open_ring (fixture, FALSE, &error));
  g_assert_error (error, KR_CSRF_ERROR, KR_CSRF_ERROR_KEYRING_IO);
}

static void
assert_not_opened (FileFixture *fixture, KrCsrfError code, const char *what)
{
  g_autoptr (GError) error = NULL;

  g_test_message ("%s", what);
  /* Even where it might be made, it is not replaced. */
  g_assert_null (open_ring (fixture, TRUE, &error));
  g_assert_error (error, KR_CSRF_ERROR, (int) code);
}

static void
test_file_permissions (FileFixture *fixture, gconstpointer data)
{
  static const mode_t modes[] = { 0644, 0640, 0604, 0660, 0601, 0620 };
  g_autofree char *other = g_build_filename (fixture->directory, "other", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (modes); i++)
    {
      g_assert_cmpint (chmod (fixture->path, modes[i]), ==, 0);
      assert_not_opened (fixture, KR_CSRF_ERROR_KEYRING_PERMISSIONS, "mode");
    }
  g_assert_cmpint (chmod (fixture->path, 0600), ==, 0);
  g_assert_cmpint (rename (fixture->path, other), ==, 0);
  g_assert_cmpint (symlink (other, fixture->path), ==, 0);
  assert_not_opened (fixture, KR_CSRF_ERROR_KEYRING_PERMISSIONS, "symbolic link");
  g_assert_cmpint (unlink (fixture->path), ==, 0);
  g_assert_cmpint (mkfifo (fixture->path, 0600), ==, 0);
  assert_not_opened (fixture, KR_CSRF_ERROR_KEYRING_PERMISSIONS, "FIFO");
  g_assert_cmpint (unlink (fixture->path), ==, 0);
  g_assert_cmpint (mkdir (fixture->path, 0700), ==, 0);
  assert_not_opened (fixture, KR_CSRF_ERROR_KEYRING_PERMISSIONS, "directory");
}

static void
test_file_owner (FileFixture *fixture, gconstpointer data)
{
  if (geteuid () != 0)
    {
      g_test_skip ("only root can give a file away");
      return;
    }
  g_assert_cmpint (chown (fixture->path, 65534, 65534), ==, 0);
  assert_not_opened (fixture, KR_CSRF_ERROR_KEYRING_PERMISSIONS, "owner");
}

#define SECRET "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define KEY(id) "[key " id "]\ncreated=1\nactivates=1\nsecret=" SECRET "\n"

static void
test_file_corrupt (FileFixture *fixture, gconstpointer data)
{
  static const char *const wrong[] = {
    "", "x", "[krcsrf]\nversion=1\n", "[krcsrf]\nversion=2\n" KEY ("00000001"), KEY ("00000001"), "[krcsrf]\n" KEY ("00000001"),
    "[krcsrf]\nversion=1\n" KEY ("00000000"), "[krcsrf]\nversion=1\n" KEY ("0000000A"), "[krcsrf]\nversion=1\n" KEY ("1"),
    "[krcsrf]\nversion=1\n" KEY ("100000001"), "[krcsrf]\nversion=1\n" KEY ("0000000g"),
    "[krcsrf]\nversion=1\n" KEY ("00000001") KEY ("00000001"), "[krcsrf]\nversion=1\n[other]\na=b\n" KEY ("00000001"),
    "[krcsrf]\nversion=1\n[key 00000001]\ncreated=1\nactivates=1\n",
    "[krcsrf]\nversion=1\n[key 00000001]\nactivates=1\nsecret=" SECRET "\n",
    "[krcsrf]\nversion=1\n[key 00000001]\ncreated=1\nsecret=" SECRET "\n",
    "[krcsrf]\nversion=1\n[key 00000001]\ncreated=-1\nactivates=1\nsecret=" SECRET "\n",
    "[krcsrf]\nversion=1\n[key 00000001]\ncreated=1\nactivates=x\nsecret=" SECRET "\n",
    "[krcsrf]\nversion=1\n[key 00000001]\ncreated=1\nactivates=1\nretires=9223372036854775807\nsecret=" SECRET "\n",
    "[krcsrf]\nversion=1\n[key 00000001]\ncreated=1\nactivates=1\nsecret=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=\n",
    "[krcsrf]\nversion=1\n[key 00000001]\ncreated=1\nactivates=1\nsecret=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh*=\n",
    "[krcsrf]\nversion=1\n[key 00000001]\ncreated=1\nactivates=1\nsecret=AAEC\n",
    "[krcsrf]\nversion=1\n" KEY ("00000001") " " KEY ("00000001"), "[krcsrf]\nversion=1\n" KEY ("00000001") "secret=" SECRET "\n",
    "[krcsrf]\nversion=1\nversion=1\n" KEY ("00000001"), "[krcsrf]\nversion=1\n" KEY ("00000001") "[krcsrf]\nversion=1\n",
    "[krcsrf]\nversion=1\n=\n" KEY ("00000001"), "[krcsrf]\nversion=1\nx\n" KEY ("00000001"), "[krcsrf\nversion=1\n" KEY ("00000001"),
    "[krcsrf]\nversion=1\n[key 00000001]\ncreated=\nactivates=1\nsecret=" SECRET "\n",
    "[krcsrf]\nversion=1\n[key 00000001]\ncreated=+1\nactivates=1\nsecret=" SECRET "\n",
    "[krcsrf]\nversion=1\n[key 00000001]\ncreated=99999999999999999999999\nactivates=1\nsecret=" SECRET "\n",
    "[krcsrf]\nversion=1\n[key 00000001]\ncreated=1\nactivates=1\nsecret=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8A\n",
  };
  g_autofree char *large = g_strnfill (65 * 1024, '#');
  g_autofree char *valid = contents_of (fixture);
  g_autoptr (GString) many = g_string_new ("[krcsrf]\nversion=1\n");

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      set_contents (fixture, wrong[i], -1);
      assert_not_opened (fixture, KR_CSRF_ERROR_KEYRING_CORRUPT, wrong[i]);
    }
  set_contents (fixture, large, -1);
  assert_not_opened (fixture, KR_CSRF_ERROR_KEYRING_CORRUPT, "65 KiB");
  set_contents (fixture, valid, strlen (valid) - 10);
  assert_not_opened (fixture, KR_CSRF_ERROR_KEYRING_CORRUPT, "cut off");
  for (guint i = 1; i <= 65; i++)
    g_string_append_printf (many, "[key %08x]\ncreated=1\nactivates=1\nsecret=" SECRET "\n", i);
  set_contents (fixture, many->str, -1);
  assert_not_opened (fixture, KR_CSRF_ERROR_KEYRING_CORRUPT, "65 keys");
}

/* What an editor, or a later version, may have put in. */
static void
test_file_edited (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfKeyRing) ring = NULL;

  set_contents (fixture, "# Keys of the shop\r\n\r\n[krcsrf]\r\n version = 1 \r\nhost=a\r\n\r\n[key 0000001f]\r\ncreated=1\r\n"
                         "\tactivates = 1\r\nlater=5\r\n#secret=x\r\nsecret = " SECRET, -1);
  ring = open_ring (fixture, FALSE, &error);
  g_assert_no_error (error);
  /* Its key is past its period: it issues until the successor may. */
  g_assert_cmphex (kr_csrf_key_ring_get_active_key_id (ring), ==, 0x1f);
}

/* A ring at work keeps what it has. */
static void
test_file_breaks_later (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfRequest) request = signed_request (&fixture->base);

  set_contents (fixture, "broken", -1);
  kr_csrf_test_sources_advance (fixture->base.sources, 61000);
  csrf_assert_accepted (&fixture->base, request);
  g_assert_false (kr_csrf_key_ring_reload (fixture->base.ring, &error));
  g_assert_error (error, KR_CSRF_ERROR, KR_CSRF_ERROR_KEYRING_CORRUPT);
  csrf_assert_accepted (&fixture->base, request);
}

static void
test_file_lost (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (KrCsrfRequest) request = signed_request (&fixture->base);
  g_autoptr (KrCsrfRequest) after = NULL;

  g_assert_cmpint (g_remove (fixture->path), ==, 0);
  kr_csrf_test_sources_advance (fixture->base.sources, 61000);
  csrf_assert_refused (&fixture->base, request, KR_CSRF_ERROR_TOKEN_UNKNOWN_KEY);
  g_assert_true (g_file_test (fixture->path, G_FILE_TEST_IS_REGULAR));
  after = signed_request (&fixture->base);
  csrf_assert_accepted (&fixture->base, after);
}

/* created -> (delay) -> active -> retired -> (grace) -> dropped, in two rings as in two processes. */
static void
test_file_life (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfKeyRing) other = open_ring (fixture, FALSE, &error);
  g_autoptr (KrCsrfKeyRing) ours = g_object_ref (fixture->base.ring);
  guint32 first = kr_csrf_key_ring_get_active_key_id (ours), second;
  g_autoptr (KrCsrfRequest) request = NULL;

  g_assert_no_error (error);
  g_assert_true (kr_csrf_key_ring_rotate (ours, &error));
  g_assert_cmpuint (kr_csrf_key_ring_get_active_key_id (ours), ==, first);
  kr_csrf_test_sources_advance (fixture->base.sources, 119999);
  g_assert_cmpuint (kr_csrf_key_ring_get_active_key_id (ours), ==, first);
  kr_csrf_test_sources_advance (fixture->base.sources, 1);
  second = kr_csrf_key_ring_get_active_key_id (ours);
  g_assert_cmpuint (second, !=, first);
  g_assert_cmpuint (kr_csrf_key_ring_get_active_key_id (other), ==, second);
  request = signed_request (&fixture->base);
  use_ring (fixture, other);
  csrf_assert_accepted (&fixture->base, request);
}

/* Both find the rotation due; one new key is made. */
static void
test_file_two_rotate (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfKeyRing) other = open_ring (fixture, FALSE, &error);
  g_autofree char *contents = NULL;
  guint n_keys = 0;

  g_assert_no_error (error);
  kr_csrf_test_sources_advance (fixture->base.sources, 30 * DAY);
  kr_csrf_key_ring_get_active_key_id (fixture->base.ring);
  kr_csrf_key_ring_get_active_key_id (other);
  contents = contents_of (fixture);
  for (const char *at = contents; (at = strstr (at, "[key ")) != NULL; at++)
    n_keys++;
  g_assert_cmpuint (n_keys, ==, 2);
}

static void
test_file_revoke_elsewhere (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfKeyRing) other = open_ring (fixture, FALSE, &error);
  g_autoptr (KrCsrfRequest) request = signed_request (&fixture->base);

  g_assert_no_error (error);
  g_assert_true (kr_csrf_key_ring_revoke (other, kr_csrf_key_ring_get_active_key_id (other), &error));
  g_assert_no_error (error);
  csrf_assert_accepted (&fixture->base, request);
  kr_csrf_test_sources_advance (fixture->base.sources, 60000);
  csrf_assert_refused (&fixture->base, request, KR_CSRF_ERROR_KEY_REVOKED);
}

/* A key made elsewhere a moment ago is found at once, but unknown ones do not keep the disk busy. */
static void
test_file_unknown_key (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfKeyRing) other = open_ring (fixture, FALSE, &error);
  g_autoptr (KrCsrfKeyRing) ours = g_object_ref (fixture->base.ring);
  g_autoptr (KrCsrfRequest) first = NULL;
  g_autoptr (KrCsrfRequest) second = NULL;

  g_assert_no_error (error);
  use_ring (fixture, other);
  g_assert_true (kr_csrf_key_ring_revoke (other, kr_csrf_key_ring_get_active_key_id (other), &error));
  first = signed_request (&fixture->base);
  g_assert_true (kr_csrf_key_ring_revoke (other, kr_csrf_key_ring_get_active_key_id (other), &error));
  second = signed_request (&fixture->base);
  use_ring (fixture, ours);
  csrf_assert_refused (&fixture->base, first, KR_CSRF_ERROR_KEY_REVOKED);
  csrf_assert_accepted (&fixture->base, second);
  use_ring (fixture, other);
  g_assert_true (kr_csrf_key_ring_revoke (other, kr_csrf_key_ring_get_active_key_id (other), &error));
  g_clear_pointer (&second, kr_csrf_request_unref);
  second = signed_request (&fixture->base);
  use_ring (fixture, ours);
  csrf_assert_refused (&fixture->base, second, KR_CSRF_ERROR_TOKEN_UNKNOWN_KEY);
  kr_csrf_test_sources_advance (fixture->base.sources, 1000);
  csrf_assert_accepted (&fixture->base, second);
}

/* A crash between writing and renaming leaves the old file and a rest that the next writer removes. */
static void
test_file_crash (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *rest = g_strconcat (fixture->path, ".tmp", NULL);
  g_autoptr (KrCsrfRequest) request = signed_request (&fixture->base);
  g_autoptr (KrCsrfKeyRing) again = NULL;

  g_file_set_contents (rest, "[krcsrf]\nversi", -1, &error);
  g_assert_no_error (error);
  again = open_ring (fixture, FALSE, &error);
  g_assert_no_error (error);
  use_ring (fixture, again);
  csrf_assert_accepted (&fixture->base, request);
  g_assert_true (kr_csrf_key_ring_rotate (again, &error));
  g_assert_false (g_file_test (rest, G_FILE_TEST_EXISTS));
}

/* A link that somebody put where the temporary file goes is not followed. */
static void
test_file_planted_link (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *rest = g_strconcat (fixture->path, ".tmp", NULL);
  g_autofree char *victim = g_build_filename (fixture->directory, "victim", NULL);
  g_autofree char *contents = NULL;

  g_file_set_contents (victim, "precious", -1, &error);
  g_assert_cmpint (symlink (victim, rest), ==, 0);
  g_assert_true (kr_csrf_key_ring_rotate (fixture->base.ring, &error));
  g_assert_no_error (error);
  g_file_get_contents (victim, &contents, NULL, &error);
  g_assert_cmpstr (contents, ==, "precious");
}

/* Who can wait for ever for a lock of somebody else's would never serve again. */
static void
test_file_planted_lock (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *lock = g_strconcat (fixture->path, ".lock", NULL);
  g_autofree char *before = contents_of (fixture);
  g_autofree char *after = NULL;

  g_assert_cmpint (unlink (lock), ==, 0);
  g_assert_cmpint (mkfifo (lock, 0600), ==, 0);
  g_assert_false (kr_csrf_key_ring_rotate (fixture->base.ring, &error));
  g_assert_error (error, KR_CSRF_ERROR, KR_CSRF_ERROR_KEYRING_PERMISSIONS);
  g_clear_error (&error);
  g_assert_cmpint (unlink (lock), ==, 0);
  g_file_set_contents (lock, "", 0, &error);
  g_assert_no_error (error);
  if (chown (lock, 65534, 65534) == 0)
    {
      g_assert_false (kr_csrf_key_ring_rotate (fixture->base.ring, &error));
      g_assert_error (error, KR_CSRF_ERROR, KR_CSRF_ERROR_KEYRING_PERMISSIONS);
    }
  after = contents_of (fixture);
  g_assert_cmpstr (after, ==, before);
}

/* A key that a wrong clock has made for a day decades away does not keep the one before it from ever ending. */
static void
test_file_clock_forward (FileFixture *fixture, gconstpointer data)
{
  guint32 first = kr_csrf_key_ring_get_active_key_id (fixture->base.ring), later;

  kr_csrf_test_sources_advance (fixture->base.sources, 20 * 365 * DAY);
  g_assert_cmphex (kr_csrf_key_ring_get_active_key_id (fixture->base.ring), ==, first);
  kr_csrf_test_sources_advance (fixture->base.sources, -20 * 365 * DAY);
  g_assert_cmphex (kr_csrf_key_ring_get_active_key_id (fixture->base.ring), ==, first);
  kr_csrf_test_sources_advance (fixture->base.sources, 30 * DAY);
  g_assert_cmphex (kr_csrf_key_ring_get_active_key_id (fixture->base.ring), ==, first);
  kr_csrf_test_sources_advance (fixture->base.sources, 121000);
  later = kr_csrf_key_ring_get_active_key_id (fixture->base.ring);
  g_assert_cmphex (later, !=, first);
  kr_csrf_test_sources_advance (fixture->base.sources, DAY);
  g_assert_cmphex (kr_csrf_key_ring_get_active_key_id (fixture->base.ring), ==, later);
}

/* No room left: the ring stays as it was, on the disk too. */
static void
test_file_full (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *before = contents_of (fixture);
  g_autofree char *after = NULL;
  g_autoptr (KrCsrfRequest) request = signed_request (&fixture->base);
  struct rlimit old, none;

  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &old), ==, 0);
  none = old;
  none.rlim_cur = 10;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &none), ==, 0);
  kr_csrf_key_ring_rotate (fixture->base.ring, &error);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &old), ==, 0);
  g_assert_error (error, KR_CSRF_ERROR, KR_CSRF_ERROR_KEYRING_IO);
  after = contents_of (fixture);
  g_assert_cmpstr (after, ==, before);
  csrf_assert_accepted (&fixture->base, request);
}

static void
test_file_no_directory (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (fixture->directory, "missing", "keys", NULL);

  g_assert_null (kr_csrf_key_ring_new_for_path (path, TRUE, &error));
  g_assert_error (error, KR_CSRF_ERROR, KR_CSRF_ERROR_KEYRING_IO);
  g_assert_cmpuint (kr_csrf_error_to_status (error, KR_CSRF_STATUS_PROFILE_KESTRUN), ==, 503);
}

#define PROCESSES 4
#define ROTATIONS 8

/* Processes that rotate at the same time lose none of each other's keys. */
static void
test_file_processes (FileFixture *fixture, gconstpointer data)
{
  pid_t children[PROCESSES];
  g_autofree char *contents = NULL;
  guint n_keys = 0;

  for (guint i = 0; i < PROCESSES; i++)
    {
      children[i] = fork ();
      g_assert_cmpint (children[i], >=, 0);
      if (children[i] == 0)
        {
          g_autoptr (KrCsrfKeyRing) ring = kr_csrf_key_ring_new_for_path (fixture->path, FALSE, NULL);
          gboolean rotated = ring != NULL;

          for (guint j = 0; rotated && j < ROTATIONS; j++)
            rotated = kr_csrf_key_ring_rotate (ring, NULL);
          _exit (rotated ? 0 : 1);
        }
    }
  for (guint i = 0; i < PROCESSES; i++)
    {
      int status;

      g_assert_cmpint (waitpid (children[i], &status, 0), ==, children[i]);
      g_assert_cmpint (status, ==, 0);
    }
  contents = contents_of (fixture);
  for (const char *at = contents; (at = strstr (at, "[key ")) != NULL; at++)
    n_keys++;
  /* By the real clock, the first key is past its period: one process, and only one, made its successor. */
  g_assert_cmpuint (n_keys, ==, 2 + PROCESSES * ROTATIONS);
}

/* What a child makes differs from what its parent and its siblings make. */
static void
test_fork (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (KrCsrfKeyRing) ring = kr_csrf_key_ring_new_ephemeral ();
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfProtector) protector = kr_csrf_protector_new (ring, &error);
  int fds[2];

  g_assert_no_error (error);
  g_assert_cmpint (pipe (fds), ==, 0);
  /* Fills the pool that the children inherit. */
  {
    g_autoptr (KrCsrfRequest) get = csrf_request ("GET");
    g_autoptr (KrCsrfTokens) tokens = kr_csrf_protector_get_tokens (protector, get, &error);

    g_assert_no_error (error);
  }
  for (guint i = 0; i < 8; i++)
    {
      pid_t child = i < 7 ? fork () : 0;

      g_assert_cmpint (child, >=, 0);
      if (child == 0)
        {
          g_autoptr (KrCsrfRequest) get = csrf_request ("GET");
          g_autoptr (KrCsrfTokens) tokens = kr_csrf_protector_get_tokens (protector, get, &error);

          g_assert_cmpint (write (fds[1], kr_csrf_tokens_get_cookie_token (tokens), 64), ==, 64);
          if (i < 7)
            _exit (0);
        }
      else
        g_assert_cmpint (waitpid (child, NULL, 0), ==, child);
    }
  for (guint i = 0; i < 8; i++)
    {
      char *token = g_malloc0 (65);

      g_assert_cmpint (read (fds[0], token, 64), ==, 64);
      /* Only the secret: key, time and kind are the same. */
      g_assert_true (g_hash_table_add (seen, g_strndup (token + 22, 20)));
      g_free (token);
    }
  close (fds[0]);
  close (fds[1]);
}

#define THREADS 16
#define THREAD_CALLS 300

typedef struct
{
  KrCsrfKeyRing *ring;
  KrCsrfProtector *protector;
  guint accepted;  /* atomic */
} Shared;

static gpointer
issue_and_validate (gpointer data)
{
  Shared *shared = data;

  for (guint i = 0; i < THREAD_CALLS; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (KrCsrfRequest) request = csrf_request ("POST");

      g_assert_true (kr_csrf_test_sign_request (shared->protector, request, &error));
      g_assert_true (kr_csrf_protector_is_request_valid (shared->protector, request, &error));
      g_assert_no_error (error);
      g_atomic_int_inc (&shared->accepted);
    }
  return NULL;
}

static gpointer
change_things (gpointer data)
{
  Shared *shared = data;

  for (guint i = 0; i < 30; i++)
    {
      KrCsrfStats stats;

      g_assert_true (kr_csrf_key_ring_rotate (shared->ring, NULL));
      g_assert_true (kr_csrf_key_ring_reload (shared->ring, NULL));
      g_object_set (shared->protector, "report-only", i % 2 == 1, NULL);
      kr_csrf_protector_get_stats (shared->protector, &stats);
      g_thread_yield ();
    }
  g_object_set (shared->protector, "report-only", FALSE, NULL);
  return NULL;
}

static void
test_threads (FileFixture *fixture, gconstpointer data)
{
  GThread *threads[THREADS];
  Shared shared = { fixture->base.ring, fixture->base.protector, 0 };

  for (guint i = 0; i < THREADS; i++)
    threads[i] = g_thread_new ("csrf", i == 0 ? change_things : issue_and_validate, &shared);
  for (guint i = 0; i < THREADS; i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (shared.accepted, ==, (THREADS - 1) * THREAD_CALLS);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  CSRF_TEST_ADD ("key-ring/rotate", test_rotate);
  CSRF_TEST_ADD ("key-ring/grace", test_grace);
  CSRF_TEST_ADD ("key-ring/cookie-moves-on", test_cookie_moves_on);
  CSRF_TEST_ADD ("key-ring/rotation-period", test_rotation_period);
  CSRF_TEST_ADD ("key-ring/revoke", test_revoke);
  CSRF_TEST_ADD ("key-ring/revoke-without-random", test_revoke_without_random);
  CSRF_TEST_ADD ("key-ring/no-active-key", test_no_active_key);
  CSRF_TEST_ADD ("key-ring/clock-back", test_clock_back);
  CSRF_TEST_ADD ("key-ring/many-rotations", test_many_rotations);
#define ADD_FILE(path, function) \
  g_test_add ("/csrf/key-ring/file/" path, FileFixture, NULL, file_set_up, function, file_tear_down)
  ADD_FILE ("survives", test_file_survives);
  ADD_FILE ("missing", test_file_missing);
  ADD_FILE ("permissions", test_file_permissions);
  ADD_FILE ("owner", test_file_owner);
  ADD_FILE ("corrupt", test_file_corrupt);
  ADD_FILE ("edited", test_file_edited);
  ADD_FILE ("breaks-later", test_file_breaks_later);
  ADD_FILE ("lost", test_file_lost);
  ADD_FILE ("life", test_file_life);
  ADD_FILE ("two-rotate", test_file_two_rotate);
  ADD_FILE ("revoke-elsewhere", test_file_revoke_elsewhere);
  ADD_FILE ("unknown-key", test_file_unknown_key);
  ADD_FILE ("crash", test_file_crash);
  ADD_FILE ("planted-link", test_file_planted_link);
  ADD_FILE ("planted-lock", test_file_planted_lock);
  ADD_FILE ("clock-forward", test_file_clock_forward);
  ADD_FILE ("full", test_file_full);
  ADD_FILE ("no-directory", test_file_no_directory);
  ADD_FILE ("processes", test_file_processes);
  ADD_FILE ("threads", test_threads);
#undef ADD_FILE
  g_test_add_func ("/csrf/key-ring/fork", test_fork);
  return g_test_run ();
}
