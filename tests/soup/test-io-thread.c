/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Sockets in threads of their own: letters arrive whole and in order, what waits is bounded, the threads end. */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "kr-hub-soup-mailbox-private.h"
#include "kr-test-soup.h"

#define HANDSHAKE "{\"protocol\":\"json\",\"version\":1}\x1e"

/* --- KrHubSoupMailbox --- */

#define N_LETTERS 20000

typedef struct
{
  KrHubSoupMailbox mailbox;
  GMainContext *context;
  guint n_read;      /* the reader's */
  guint n_batches;
  gsize n_bytes;
} Post;

static gsize
size_of_letter (guint number)
{
  return number % 1000 == 999 ? 100000 : number % 97; /* one that needs a chunk of its own, now and then */
}

static void
read_letter (gpointer addressee, const guint8 *content, gsize len)
{
  Post *post = addressee;

  g_assert_cmpuint (len, ==, size_of_letter (post->n_read));
  g_assert_cmpuint ((gsize) content % (2 * sizeof (gsize)), ==, 0);
  for (gsize i = 0; i < len; i++)
    g_assert_cmpuint (content[i], ==, (guint8) (post->n_read + i));
  post->n_read++;
  post->n_bytes += len;
}

static gpointer
write_letters (gpointer data)
{
  Post *post = data;

  for (guint number = 0; number < N_LETTERS; number++)
    {
      gsize len = size_of_letter (number);
      guint8 *content = kr_hub_soup_mailbox_write (&post->mailbox, read_letter, post, len);

      for (gsize i = 0; i < len; i++)
        content[i] = number + i;
      if (number % 7 == 0)
        kr_hub_soup_mailbox_post (&post->mailbox);
    }
  kr_hub_soup_mailbox_post (&post->mailbox);
  return NULL;
}

static void
test_mailbox (void)
{
  Post post = { .context = g_main_context_new () };
  gint64 deadline = g_get_monotonic_time () + KR_TEST_DEADLINE * G_USEC_PER_SEC;
  GThread *writer;

  kr_hub_soup_mailbox_init (&post.mailbox, post.context);
  writer = g_thread_new ("writer", write_letters, &post);
  while (post.n_read < N_LETTERS)
    {
      /* A post that did not wake us up would let this sleep for ever. */
      if (!kr_hub_soup_mailbox_is_waiting (&post.mailbox))
        g_main_context_iteration (post.context, TRUE);
      kr_hub_soup_mailbox_deliver (&post.mailbox);
      post.n_batches++;
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
    }
  g_thread_join (writer);
  g_assert_cmpuint (post.n_batches, >, 1);
  g_assert_false (kr_hub_soup_mailbox_is_waiting (&post.mailbox));
  kr_hub_soup_mailbox_clear (&post.mailbox);
  g_main_context_unref (post.context);
}

/* What was written and not posted is not seen; what nobody read is freed. */
static void
test_mailbox_unread (void)
{
  Post post = { .context = g_main_context_new () };

  kr_hub_soup_mailbox_init (&post.mailbox, post.context);
  kr_hub_soup_mailbox_write (&post.mailbox, read_letter, &post, 0);
  g_assert_false (kr_hub_soup_mailbox_is_waiting (&post.mailbox));
  kr_hub_soup_mailbox_deliver (&post.mailbox);
  g_assert_cmpuint (post.n_read, ==, 0);
  kr_hub_soup_mailbox_post (&post.mailbox);
  g_assert_true (kr_hub_soup_mailbox_is_waiting (&post.mailbox));
  kr_hub_soup_mailbox_write (&post.mailbox, read_letter, &post, 5);
  kr_hub_soup_mailbox_clear (&post.mailbox);
  g_main_context_unref (post.context);
}

/* --- the threads --- */

/* A thread that has been told to end may take its time: its sockets say farewell first. */
static guint
count_io_threads (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  const char *name;
  guint n = 0;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename ("/proc/self/task", name, "comm", NULL);
      g_autofree char *comm = NULL;

      if (g_file_get_contents (file, &comm, NULL, NULL) && g_str_has_prefix (comm, "kr-hub-io"))
        n++;
    }
  return n;
}

static void
wait_for_io_threads (guint n)
{
  gint64 deadline = g_get_monotonic_time () + KR_TEST_DEADLINE * G_USEC_PER_SEC;

  while (count_io_threads () != n)
    {
      if (!g_main_context_iteration (NULL, FALSE))
        g_usleep (500);
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
    }
}

static void
append_text (GByteArray *to, const char *text)
{
  gsize len = strlen (text);
  guint8 head[8] = { 0x81, 0x80 | MIN (len, 126), len >> 8, len };

  g_assert_cmpuint (len, <, 65536);
  g_byte_array_append (to, head, len < 126 ? 2 : 4);
  g_byte_array_append (to, (const guint8 *) "\0\0\0\0", 4); /* the mask */
  g_byte_array_append (to, (const guint8 *) text, len);
}

static void
write_text (int fd, const char *text)
{
  g_autoptr (GByteArray) frame = g_byte_array_new ();

  append_text (frame, text);
  kr_test_soup_write (fd, frame->data, frame->len);
}

static int
connect_client (KrTestSoup *soup)
{
  int fd = kr_test_soup_upgrade (soup, "");
  g_autofree char *answer = NULL;

  write_text (fd, HANDSHAKE);
  answer = kr_test_soup_read (fd, "{}\x1e");
  g_assert_nonnull (strstr (answer, "{}\x1e"));
  return fd;
}

static gboolean
nobody_is_left (gpointer hub)
{
  return kr_hub_server_get_n_connections (hub) == 0;
}

static void
test_life (void)
{
  KrTestSoup *soup;
  guint n = 0;
  int fd;

  if (!g_file_test ("/proc/self/task", G_FILE_TEST_IS_DIR))
    {
      g_test_skip ("no /proc/self/task to count threads in");
      return;
    }
  wait_for_io_threads (0);
  soup = kr_test_soup_new (NULL, 0);
  g_object_set (soup->endpoint, "io-threads", 5, NULL);
  g_object_set (soup->endpoint, "io-threads", 3, NULL);
  g_object_get (soup->endpoint, "io-threads", &n, NULL);
  g_assert_cmpuint (n, ==, 3);
  wait_for_io_threads (3);
  kr_test_soup_start (soup);
  fd = connect_client (soup);
  close (fd);
  kr_test_wait ("the end of the connection", nobody_is_left, soup->hub);
  kr_test_soup_free (soup);
  wait_for_io_threads (0);
}

/* The endpoint goes while a connection is up: its thread stays until it has ended. */
static void
test_outlives_endpoint (void)
{
  KrTestSoup *soup = kr_test_soup_new (NULL, 0);
  g_autoptr (KrHubServer) hub = g_object_ref (soup->hub);
  g_autofree char *rest = NULL;
  int fd;

  g_object_set (soup->endpoint, "io-threads", 1, NULL);
  kr_test_soup_start (soup);
  fd = connect_client (soup);
  g_assert_cmpuint (kr_hub_server_get_n_connections (hub), ==, 1);
  kr_test_soup_free (soup);
  kr_hub_server_shutdown (hub);
  rest = kr_test_soup_read (fd, "\x88\x02\x03\xe8");
  g_assert_nonnull (strstr (rest, "{\"type\":7"));
  close (fd);
  kr_test_wait ("the end of the connection", nobody_is_left, hub);
  wait_for_io_threads (0);
}

/* --- what waits --- */

typedef struct
{
  GPtrArray *held;     /* of KrHubInvocation, not answered */
  gint64 next;         /* the number that the next call must bring */
  gboolean answering;
} Held;

static void
hold (KrHubInvocation *invocation, gpointer data)
{
  Held *held = data;

  gint64 number;

  g_variant_get_child (kr_hub_invocation_get_arguments (invocation, NULL), 0, "x", &number);
  g_assert_cmpint (number, ==, held->next++);
  if (held->answering)
    kr_hub_invocation_return_void (invocation);
  else
    g_ptr_array_add (held->held, kr_hub_invocation_ref (invocation));
}

static gboolean
one_is_held (gpointer data)
{
  return ((Held *) data)->held->len == 1;
}

/* A client sends more than the hub takes: the rest waits in the socket, and comes in order when the hub goes on. */
static void
test_hub_does_not_read (void)
{
  KrTestSoup *soup = kr_test_soup_new (NULL, 0);
  Held held = { .held = g_ptr_array_new_with_free_func ((GDestroyNotify) kr_hub_invocation_unref) };
  g_autofree char *padding = g_strnfill (20000, 'p');
  gint64 deadline = g_get_monotonic_time () + KR_TEST_DEADLINE * G_USEC_PER_SEC;
  int n = 200; /* 4 MB: more than a socket and the window take */
  int sent = 0;
  int fd;

  g_object_set (soup->endpoint, "io-threads", 1, NULL);
  kr_hub_server_add_method (soup->hub, "Hold", "(xs)", NULL, hold, &held, NULL);
  kr_test_soup_start (soup);
  fd = connect_client (soup);
  for (; sent < n; sent++)
    {
      g_autofree char *call =
        g_strdup_printf ("{\"type\":1,\"invocationId\":\"%d\",\"target\":\"Hold\",\"arguments\":[%d,\"%s\"]}\x1e", sent, sent, padding);

      write_text (fd, call); /* turns the main context while the socket is full */
      if (sent == 20)
        {
          kr_test_wait ("the first call", one_is_held, &held);
          held.answering = TRUE;
          kr_hub_invocation_return_void (g_ptr_array_index (held.held, 0));
        }
    }
  while (held.next < n)
    {
      g_main_context_iteration (NULL, FALSE);
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
    }
  close (fd);
  kr_test_wait ("the end of the connection", nobody_is_left, soup->hub);
  g_assert_cmpuint (held.held->len, ==, 1);
  g_ptr_array_unref (held.held);
  kr_test_soup_free (soup);
}

/* Calls and the close frame arrive in one piece: all calls run, one after the other, before the end is looked at. */
static void
test_close_behind_calls (gconstpointer threads)
{
  static const guint8 goodbye[] = { 0x88, 0x80, 0, 0, 0, 0 };
  KrTestSoup *soup = kr_test_soup_new (NULL, 0);
  Held held = { .held = g_ptr_array_new_with_free_func ((GDestroyNotify) kr_hub_invocation_unref) };
  g_autoptr (GByteArray) all = g_byte_array_new ();
  int fd;

  g_object_set (soup->endpoint, "io-threads", GPOINTER_TO_UINT (threads), NULL);
  kr_hub_server_add_method (soup->hub, "Hold", "(xs)", NULL, hold, &held, NULL);
  kr_test_soup_start (soup);
  fd = connect_client (soup);
  for (int i = 0; i < 3; i++)
    {
      g_autofree char *call = g_strdup_printf ("{\"type\":1,\"target\":\"Hold\",\"arguments\":[%d,\"\"]}\x1e", i);

      append_text (all, call);
    }
  g_byte_array_append (all, goodbye, sizeof goodbye);
  kr_test_soup_write (fd, all->data, all->len);
  kr_test_wait ("the first call", one_is_held, &held);
  /* A while in which the end could come through, if it did not wait. */
  for (int i = 0; i < 50; i++)
    if (!g_main_context_iteration (NULL, FALSE))
      g_usleep (200);
  g_assert_cmpuint (kr_hub_server_get_n_connections (soup->hub), ==, 1);
  g_assert_cmpint (held.next, ==, 1);
  held.answering = TRUE;
  kr_hub_invocation_return_void (g_ptr_array_index (held.held, 0));
  kr_test_wait ("the end of the connection", nobody_is_left, soup->hub);
  g_assert_cmpint (held.next, ==, 3);
  close (fd);
  g_ptr_array_unref (held.held);
  kr_test_soup_free (soup);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/io-thread/mailbox", test_mailbox);
  g_test_add_func ("/io-thread/mailbox-unread", test_mailbox_unread);
  g_test_add_func ("/io-thread/life", test_life);
  g_test_add_func ("/io-thread/outlives-endpoint", test_outlives_endpoint);
  g_test_add_func ("/io-thread/hub-does-not-read", test_hub_does_not_read);
  g_test_add_data_func ("/io-thread/close-behind-calls/none", GUINT_TO_POINTER (0), test_close_behind_calls);
  g_test_add_data_func ("/io-thread/close-behind-calls/one", GUINT_TO_POINTER (1), test_close_behind_calls);
  return g_test_run ();
}
