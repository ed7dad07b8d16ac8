/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Runs the code of docs/writing-a-transport.md: what its flush() writes is what waited, behind its header. */
#include <krhub.h>
#include <sys/socket.h>

#include "guide-writing-a-transport.h"
#include "kr-test.h"

static gsize
peek (gpointer sink, GOutputVector *vectors, gsize max_vectors, gsize *n_bytes)
{
  vectors[0] = (GOutputVector) { "hello", 5 };
  *n_bytes = 5;
  return 1;
}

static void
sent (gpointer sink, gsize n_bytes)
{
  gsize *total = sink;

  *total += n_bytes;
}

static void
test_flush (void)
{
  static const KrHubTransportSink sink = { .peek = peek, .sent = sent };
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) near = NULL, far = NULL;
  gsize total = 0;
  char buffer[16];
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
  near = g_socket_new_from_fd (fds[0], &error);
  far = g_socket_new_from_fd (fds[1], &error);
  g_assert_no_error (error);
  g_assert_cmpint (flush (near, &sink, &total, &error), ==, 0);
  g_assert_no_error (error);
  g_assert_cmpuint (total, ==, 5);
  g_assert_cmpint (g_socket_receive (far, buffer, sizeof buffer, NULL, &error), ==, 8);
  g_assert_cmpmem (buffer, 8, "\001\000\005hello", 8);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/docs/writing-a-transport/flush", test_flush);
  return kr_test_run ();
}
