/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of tickets: good once, for a short time, for the one they were issued to. */
#include "csrf-fixture.h"

static char *
issue_ticket (CsrfFixture *fixture, const char *user, guint seconds)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfRequest) request = csrf_request ("POST");
  char *ticket;

  kr_csrf_request_set_user_id (request, user);
  ticket = kr_csrf_protector_issue_ticket (fixture->protector, request, seconds, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (strlen (ticket), ==, 64);
  return ticket;
}

static void
assert_redeem_at (CsrfFixture *fixture, const char *user, const char *ticket, int code, const char *where)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfRequest) request = csrf_request ("GET");
  gboolean redeemed;

  kr_csrf_request_set_user_id (request, user);
  redeemed = kr_csrf_protector_redeem_ticket (fixture->protector, request, ticket, &error);
  g_test_message ("%s", where);
  if (code == -1)
    g_assert_no_error (error);
  else
    g_assert_error (error, KR_CSRF_ERROR, code);
  g_assert_cmpint (redeemed, ==, code == -1);
}
#define assert_redeem(fixture, user, ticket, code) assert_redeem_at (fixture, user, ticket, code, G_STRLOC)

static void
test_once (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *ticket = issue_ticket (fixture, "alice", 30);
  g_autofree char *other = issue_ticket (fixture, "alice", 30);

  assert_redeem (fixture, "alice", ticket, -1);
  assert_redeem (fixture, "alice", ticket, KR_CSRF_ERROR_TICKET_USED);
  assert_redeem (fixture, "alice", other, -1);
  g_assert_cmpuint (kr_csrf_protector_get_rejections (fixture->protector, KR_CSRF_ERROR_TICKET_USED), ==, 1);
}

static void
test_time (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *in_time = issue_ticket (fixture, NULL, 30);
  g_autofree char *late = issue_ticket (fixture, NULL, 30);
  g_autofree char *future = NULL;

  kr_csrf_test_sources_advance (fixture->sources, 30000);
  assert_redeem (fixture, NULL, in_time, -1);
  kr_csrf_test_sources_advance (fixture->sources, 1);
  assert_redeem (fixture, NULL, late, KR_CSRF_ERROR_TOKEN_EXPIRED);
  assert_redeem (fixture, NULL, in_time, KR_CSRF_ERROR_TOKEN_EXPIRED);
  future = issue_ticket (fixture, NULL, 300);
  kr_csrf_test_sources_advance (fixture->sources, -60001);
  assert_redeem (fixture, NULL, future, KR_CSRF_ERROR_TOKEN_NOT_YET_VALID);
}

static void
test_bound (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *ticket = issue_ticket (fixture, "alice", 30);

  assert_redeem (fixture, "bob", ticket, KR_CSRF_ERROR_TOKEN_MISMATCH);
  assert_redeem (fixture, NULL, ticket, KR_CSRF_ERROR_TOKEN_MISMATCH);
  /* Whoever tried in vain has not used it up. */
  assert_redeem (fixture, "alice", ticket, -1);
}

static void
test_kinds (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *ticket = issue_ticket (fixture, NULL, 30);
  g_autofree char *token = csrf_issue_token (fixture);
  g_autoptr (KrCsrfRequest) post = csrf_request_with (fixture, "POST", ticket);

  csrf_assert_refused (fixture, post, KR_CSRF_ERROR_TOKEN_SWAPPED);
  assert_redeem (fixture, NULL, token, KR_CSRF_ERROR_TOKEN_SWAPPED);
  assert_redeem (fixture, NULL, "", KR_CSRF_ERROR_TOKEN_MALFORMED);
  assert_redeem (fixture, NULL, "nonsense", KR_CSRF_ERROR_TOKEN_MALFORMED);
}

static KrCsrfRequest *
websocket_with (const char *protocols, const char *origin)
{
  KrCsrfRequest *request = csrf_request ("GET");

  kr_csrf_request_add_header (request, "Upgrade", "websocket", -1);
  if (protocols != NULL)
    kr_csrf_request_add_header (request, "Sec-WebSocket-Protocol", protocols, -1);
  if (origin != NULL)
    kr_csrf_request_add_header (request, "Origin", origin, -1);
  return request;
}

static void
test_websocket (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *ticket = issue_ticket (fixture, NULL, 30);
  g_autofree char *second = issue_ticket (fixture, NULL, 30);
  g_autofree char *offer = g_strconcat ("chat, krcsrf.ticket.", ticket, NULL);
  g_autofree char *two = g_strconcat ("krcsrf.ticket.", second, ",krcsrf.ticket.", second, NULL);
  g_autoptr (KrCsrfRequest) without = websocket_with ("chat", NULL);
  g_autoptr (KrCsrfRequest) foreign = websocket_with (offer, "https://evil.com");
  g_autoptr (KrCsrfRequest) hidden = websocket_with (offer, "null");
  g_autoptr (KrCsrfRequest) with = websocket_with (offer, NULL);
  g_autoptr (KrCsrfRequest) again = websocket_with (offer, NULL);
  g_autoptr (KrCsrfRequest) twice = websocket_with (two, NULL);

  csrf_assert_refused (fixture, without, KR_CSRF_ERROR_UPGRADE_REJECTED);
  csrf_assert_refused (fixture, foreign, KR_CSRF_ERROR_ORIGIN_MISMATCH);
  csrf_assert_refused (fixture, hidden, KR_CSRF_ERROR_ORIGIN_NULL);
  csrf_assert_accepted (fixture, with);
  csrf_assert_refused (fixture, again, KR_CSRF_ERROR_TICKET_USED);
  csrf_assert_refused (fixture, twice, KR_CSRF_ERROR_UPGRADE_REJECTED);
}

static void
test_event_stream (CsrfFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *ticket = issue_ticket (fixture, NULL, 30);
  g_autoptr (KrCsrfRequest) with = csrf_request ("GET");

  kr_csrf_request_add_header (with, "X-CSRF-TOKEN", ticket, -1);
  g_assert_true (kr_csrf_protector_check_sse (fixture->protector, with, &error));
  g_assert_no_error (error);
  g_assert_false (kr_csrf_protector_check_sse (fixture->protector, with, &error));
  g_assert_error (error, KR_CSRF_ERROR, KR_CSRF_ERROR_TICKET_USED);
}

/* What was redeemed is remembered as long as it could be used again, and no longer. */
static void
test_memory (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *one_too_many = NULL;
  g_autofree char *later = NULL;

  for (guint i = 0; i < 65536; i++)
    {
      g_autofree char *ticket = issue_ticket (fixture, NULL, 30);
      g_autoptr (KrCsrfRequest) request = csrf_request ("GET");

      g_assert_true (kr_csrf_protector_redeem_ticket (fixture->protector, request, ticket, NULL));
    }
  one_too_many = issue_ticket (fixture, NULL, 30);
  assert_redeem (fixture, NULL, one_too_many, KR_CSRF_ERROR_UPGRADE_REJECTED);
  kr_csrf_test_sources_advance (fixture->sources, 30001);
  later = issue_ticket (fixture, NULL, 30);
  assert_redeem (fixture, NULL, later, -1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  CSRF_TEST_ADD ("tickets/once", test_once);
  CSRF_TEST_ADD ("tickets/time", test_time);
  CSRF_TEST_ADD ("tickets/bound", test_bound);
  CSRF_TEST_ADD ("tickets/kinds", test_kinds);
  CSRF_TEST_ADD ("tickets/websocket", test_websocket);
  CSRF_TEST_ADD ("tickets/event-stream", test_event_stream);
  CSRF_TEST_ADD ("tickets/memory", test_memory);
  return g_test_run ();
}
