/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Measures libkrcsrf beside what its SHA-256 alone takes: issue, validate, refuse; allocations; threads. */
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <krcsrf.h>
#include <stdlib.h>
#include <time.h>

/* Many short rounds: other programs disturb a long one somewhere nearly always. */
#define ROUNDS 41
#define MAX_THREADS 16

/* Seconds that one round takes; a short run only proves that the program works. */
static double round_time = 0.025;

/* The one row to measure, for a profiler; NULL: all. */
static const char *only;

/* Allocations of this thread, counted in front of the C library's own function. */
static __thread guint64 allocations;

#if defined (__GLIBC__) && !defined (__SANITIZE_ADDRESS__) && !defined (__SANITIZE_THREAD__)
#define COUNTS_ALLOCATIONS 1
extern void *__libc_malloc (size_t size);
extern void *__libc_calloc (size_t n, size_t size);

void *
malloc (size_t size)
{
  allocations++;
  return __libc_malloc (size);
}

void *
calloc (size_t n, size_t size)
{
  allocations++;
  return __libc_calloc (n, size);
}
#else
#define COUNTS_ALLOCATIONS 0
#endif

typedef struct
{
  KrCsrfProtector *protector;
  KrCsrfRequest *get;       /* with a good cookie */
  KrCsrfRequest *post;      /* with a good pair */
  KrCsrfRequest *malformed; /* with a token of the wrong length */
  KrCsrfRequest *forged;    /* with a token of another cookie */
  char *cookie;
  char *token;
  guint8 block[64 * 1024];
} Bench;

typedef void (*Body) (Bench *bench);

static double
thread_seconds (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec + now.tv_nsec / 1e9;
}

static KrCsrfRequest *
make_request (Bench *bench, const char *method, const char *token)
{
  KrCsrfRequest *request = kr_csrf_request_new (method, "https", "app.example", "/tasks/cancel");

  kr_csrf_request_add_header (request, "Host", "app.example", -1);
  kr_csrf_request_add_header (request, "User-Agent", "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101", -1);
  kr_csrf_request_add_header (request, "Accept", "*/*", -1);
  if (bench->cookie != NULL)
    kr_csrf_request_add_header (request, "Cookie", bench->cookie, -1);
  kr_csrf_request_add_header (request, "Origin", "https://app.example", -1);
  kr_csrf_request_add_header (request, "Sec-Fetch-Site", "same-origin", -1);
  if (token != NULL)
    kr_csrf_request_add_header (request, "X-CSRF-TOKEN", token, -1);
  kr_csrf_request_set_user_id (request, "user-4711");
  kr_csrf_request_set_session_id (request, "0123456789abcdef0123456789abcdef");
  return request;
}

static void
hash_blocks (Bench *bench)
{
  guint8 digest[32];

  gnutls_hash_fast (GNUTLS_DIG_SHA256, bench->block, sizeof bench->block, digest);
}

static void
issue (Bench *bench)
{
  kr_csrf_tokens_unref (kr_csrf_protector_get_tokens (bench->protector, bench->get, NULL));
}

static void
issue_whole (Bench *bench)
{
  g_autoptr (KrCsrfRequest) request = make_request (bench, "GET", NULL);

  kr_csrf_tokens_unref (kr_csrf_protector_get_tokens (bench->protector, request, NULL));
}

static void
validate (Bench *bench)
{
  g_assert_true (kr_csrf_protector_is_request_valid (bench->protector, bench->post, NULL));
}

static void
validate_whole (Bench *bench)
{
  g_autoptr (KrCsrfRequest) request = make_request (bench, "POST", bench->token);

  g_assert_true (kr_csrf_protector_is_request_valid (bench->protector, request, NULL));
}

static void
refuse_malformed (Bench *bench)
{
  g_assert_false (kr_csrf_protector_is_request_valid (bench->protector, bench->malformed, NULL));
}

static void
refuse_forged (Bench *bench)
{
  g_assert_false (kr_csrf_protector_is_request_valid (bench->protector, bench->forged, NULL));
}

static gboolean
take_cookie (KrCsrfHeaderAction action, const char *name, const char *value, gpointer user_data)
{
  Bench *bench = user_data;

  if (action == KR_CSRF_HEADER_ACTION_APPEND)
    {
      g_free (bench->cookie);
      bench->cookie = g_strndup (value, strcspn (value, ";"));
    }
  return FALSE;
}

static char *
issue_pair (Bench *bench)
{
  g_autoptr (KrCsrfRequest) request = make_request (bench, "GET", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfTokens) tokens =
    kr_csrf_protector_get_and_store_tokens (bench->protector, request, take_cookie, bench, &error);

  g_assert_no_error (error);
  return g_strdup (kr_csrf_tokens_get_request_token (tokens));
}

static void
set_up (Bench *bench)
{
  g_autoptr (KrCsrfKeyRing) ring = kr_csrf_key_ring_new_ephemeral ();
  g_autoptr (GError) error = NULL;
  g_autofree char *other = NULL;

  bench->protector = kr_csrf_protector_new (ring, &error);
  g_assert_no_error (error);
  other = issue_pair (bench);
  g_clear_pointer (&bench->cookie, g_free);
  bench->token = issue_pair (bench);
  bench->get = make_request (bench, "GET", NULL);
  bench->post = make_request (bench, "POST", bench->token);
  bench->malformed = make_request (bench, "POST", "not a token");
  bench->forged = make_request (bench, "POST", other);
}

static void
tear_down (Bench *bench)
{
  kr_csrf_request_unref (bench->get);
  kr_csrf_request_unref (bench->post);
  kr_csrf_request_unref (bench->malformed);
  kr_csrf_request_unref (bench->forged);
  g_object_unref (bench->protector);
  g_free (bench->cookie);
  g_free (bench->token);
}

typedef struct
{
  const char *name;
  Body body;
  guint n_compressions;  /* of SHA-256 that it cannot do without; 0: does not matter */
  double ns;             /* per call, in the best round */
  double allocations;    /* per call */
} Row;

static Row rows[] = {
  { "SHA-256 of 64 kB", hash_blocks, 0 },
  { "issue", issue, 3 },
  { "validate a pair", validate, 5 },
  { "refuse a malformed token", refuse_malformed, 0 },
  { "refuse a forged token", refuse_forged, 5 },
  { "request made anew, issue", issue_whole, 0 },
  { "request made anew, validate", validate_whole, 0 },
};

/* By the CPU time of this thread. */
static void
measure_round (Bench *bench, Row *row)
{
  guint64 calls = 0, before = allocations;
  double start = thread_seconds (), taken;

  do
    {
      for (guint i = 0; i < 64; i++)
        row->body (bench);
      calls += 64;
      taken = thread_seconds () - start;
    }
  while (taken < round_time);
  row->ns = row->ns > 0 ? MIN (row->ns, taken * 1e9 / calls) : taken * 1e9 / calls;
  row->allocations = (double) (allocations - before) / calls;
}

/* All rows in turn, again and again, so that what disturbs the machine for a second disturbs them alike. */
static void
measure_rows (Bench *bench)
{
  for (guint round = 0; round < ROUNDS; round++)
    for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
      if (only == NULL || g_str_equal (only, rows[i].name))
        measure_round (bench, &rows[i]);
}

static void
report (const Row *row, double compression)
{
  double limit = row->n_compressions * compression;

  g_print ("%-34s %8.1f ns  %6.2f M/s", row->name, row->ns, 1e3 / row->ns);
  if (limit > 0)
    g_print ("  limit %6.1f ns  %6.2f M/s  ratio %.2f", limit, 1e3 / limit, row->ns / limit);
  if (COUNTS_ALLOCATIONS)
    g_print ("  allocations %.2f", row->allocations);
  g_print ("\n");
}

static void
report_rows (Bench *bench)
{
  double compression = rows[0].ns * 64 / sizeof bench->block;

  if (only == NULL)
    g_print ("SHA-256 of 64 bytes: %.1f ns. A request token needs 3, its cookie 2 more.\n", compression);
  for (guint i = 1; i < G_N_ELEMENTS (rows); i++)
    if (rows[i].ns > 0)
      report (&rows[i], compression);
}

typedef struct
{
  Bench *bench;
  KrCsrfRequest *request;
  guint64 calls;
  double taken;
} Worker;

static gpointer
work (gpointer data)
{
  Worker *worker = data;
  double start = thread_seconds ();

  do
    {
      for (guint i = 0; i < 64; i++)
        g_assert_true (kr_csrf_protector_is_request_valid (worker->bench->protector, worker->request, NULL));
      worker->calls += 64;
      worker->taken = thread_seconds () - start;
    }
  while (worker->taken < 12 * round_time);
  return NULL;
}

/* By CPU time, so that more threads than cores show what threads cost each other, not that cores are few. */
static double
measure_threads (Bench *bench, guint n_threads)
{
  Worker workers[MAX_THREADS] = { 0 };
  GThread *threads[MAX_THREADS];
  double rate = 0;

  for (guint i = 0; i < n_threads; i++)
    {
      workers[i].bench = bench;
      workers[i].request = make_request (bench, "POST", bench->token);
      threads[i] = g_thread_new ("bench", work, &workers[i]);
    }
  for (guint i = 0; i < n_threads; i++)
    {
      g_thread_join (threads[i]);
      rate += workers[i].calls / workers[i].taken;
      kr_csrf_request_unref (workers[i].request);
    }
  return rate / n_threads;
}

static void
report_threads (Bench *bench)
{
  guint n_threads = CLAMP (g_get_num_processors (), 2, MAX_THREADS);
  double one = 0, many = 0;

  for (guint i = 0; i < 3; i++)
    {
      one = MAX (one, measure_threads (bench, 1));
      many = MAX (many, measure_threads (bench, n_threads));
    }
  g_print ("%-34s %u threads: %.2f M/s of CPU time each, alone %.2f; scaling %.2f\n", "validate, in threads", n_threads,
           many / 1e6, one / 1e6, many / one);
}

int
main (int argc, char **argv)
{
  g_autofree Bench *bench = g_new0 (Bench, 1);

  if (argc > 1 && g_str_equal (argv[1], "--short"))
    round_time = 0.001;
  if (argc > 2 && g_str_equal (argv[1], "--only"))
    only = argv[2];
  set_up (bench);
  measure_rows (bench);
  report_rows (bench);
  if (only == NULL)
    report_threads (bench);
  tear_down (bench);
  return 0;
}
