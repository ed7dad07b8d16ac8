/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The reactor over socket pairs, on both backends: order, back-pressure, and owners that close each other. */
#include "config.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kr-hub-soup-reactor-private.h"
#include "kr-test.h"

/* One owner with a channel; what it does is up to the test. */
#define TEST_TYPE_OWNER (test_owner_get_type ())
G_DECLARE_FINAL_TYPE (TestOwner, test_owner, TEST, OWNER, GObject)

struct _TestOwner
{
  GObject parent_instance;

  KrHubSoupChannel channel;
  int peer;              /* the other end, non-blocking */
  GString *received;
  gsize take;            /* bytes to take per call; 0: all */
  guint n_received;
  guint n_flushed;
  guint n_ended;
  GError *error;
  TestOwner *victim;     /* to close when something is received */
  gboolean close_self;
  guint nested;          /* turns of a loop to run inside when something is received */
  gboolean was_idle;     /* what the last of them found */
  TestOwner **told;      /* three, to be flushed when something is received; or NULL */
  guint place;           /* as which of all it was flushed last */
  GByteArray *to_write;
  gsize written;
};

G_DEFINE_FINAL_TYPE (TestOwner, test_owner, G_TYPE_OBJECT)

static guint n_owners;
static guint n_flushes;

static void
test_owner_finalize (GObject *object)
{
  TestOwner *self = TEST_OWNER (object);

  g_assert_false (kr_hub_soup_channel_is_open (&self->channel));
  g_string_free (self->received, TRUE);
  g_clear_error (&self->error);
  g_byte_array_unref (self->to_write);
  if (self->peer >= 0)
    close (self->peer);
  n_owners--;
  G_OBJECT_CLASS (test_owner_parent_class)->finalize (object);
}

static void
test_owner_class_init (TestOwnerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = test_owner_finalize;
}

static void
test_owner_init (TestOwner *self)
{
  self->channel = (KrHubSoupChannel) KR_HUB_SOUP_CHANNEL_INIT;
  self->received = g_string_new (NULL);
  self->to_write = g_byte_array_new ();
  n_owners++;
}

static gsize
received (KrHubSoupChannel *channel, guint8 *data, gsize len)
{
  TestOwner *self = TEST_OWNER (channel->owner);
  gsize taken = self->take > 0 ? MIN (self->take, len) : len;

  g_string_append_len (self->received, (const char *) data, taken);
  self->n_received++;
  if (self->take > 0)
    kr_hub_soup_channel_set_reading (channel, FALSE);
  if (self->victim != NULL)
    kr_hub_soup_channel_close (&self->victim->channel);
  if (self->close_self)
    kr_hub_soup_channel_close (channel);
  for (guint i = 0; self->told != NULL && i < 3; i++)
    kr_hub_soup_channel_request_flush (&self->told[i]->channel);
  for (guint i = 0; i < self->nested; i++)
    self->was_idle = !g_main_context_iteration (NULL, FALSE);
  return taken;
}

static void
flush (KrHubSoupChannel *channel)
{
  TestOwner *self = TEST_OWNER (channel->owner);
  g_autoptr (GError) error = NULL;

  self->n_flushed++;
  self->place = ++n_flushes;
  while (self->written < self->to_write->len)
    {
      const GOutputVector vector = { self->to_write->data + self->written, self->to_write->len - self->written };
      gsize written;

      if (!kr_hub_soup_channel_writev (channel, &vector, 1, &written, &error))
        {
          kr_hub_soup_channel_close (channel);
          return;
        }
      self->written += written;
      if (written < vector.size)
        return;
    }
}

static void
ended (KrHubSoupChannel *channel, const GError *error)
{
  TestOwner *self = TEST_OWNER (channel->owner);

  self->n_ended++;
  self->error = error != NULL ? g_error_copy (error) : NULL;
  kr_hub_soup_channel_close (channel);
}

static const KrHubSoupChannelFuncs funcs = { received, flush, ended };

static TestOwner *
owner_new (void)
{
  TestOwner *self = g_object_new (TEST_TYPE_OWNER, NULL);
  g_autoptr (GSocket) socket = NULL;
  KrHubSoupWire wire;
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), ==, 0);
  socket = g_socket_new_from_fd (fds[0], NULL);
  self->peer = fds[1];
  wire = kr_hub_soup_wire_from_stream (G_IO_STREAM (g_socket_connection_factory_create_connection (socket)), socket);
  kr_hub_soup_channel_hold (&self->channel, &wire);
  kr_hub_soup_channel_open (&self->channel, G_OBJECT (self), &funcs);
  return self;
}

static void
say (TestOwner *self, const char *text)
{
  g_assert_cmpint (send (self->peer, text, strlen (text), MSG_NOSIGNAL), ==, strlen (text));
}

static void
turn (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* Everything closed and released, and the reactor with it. */
static void
end (void)
{
  turn ();
  g_assert_cmpuint (n_owners, ==, 0);
  g_assert_false (g_main_context_pending (NULL));
}

static void
drop (TestOwner *self)
{
  kr_hub_soup_channel_close (&self->channel);
  g_object_unref (self);
}

/* --- cases --- */

static void
test_receive (void)
{
  TestOwner *a = owner_new ();
  TestOwner *b = owner_new ();

  g_assert_true (a->channel.plain);
  say (a, "one");
  turn ();
  say (a, "two");
  say (b, "three");
  turn ();
  g_assert_cmpstr (a->received->str, ==, "onetwo");
  g_assert_cmpstr (b->received->str, ==, "three");
  drop (a);
  drop (b);
  end ();
}

static void
test_paused (void)
{
  TestOwner *a = owner_new ();

  turn ();
  kr_hub_soup_channel_set_reading (&a->channel, FALSE);
  say (a, "wait");
  turn ();
  g_assert_cmpuint (a->n_received, ==, 0);
  kr_hub_soup_channel_set_reading (&a->channel, TRUE);
  turn ();
  g_assert_cmpstr (a->received->str, ==, "wait");
  drop (a);
  end ();
}

/* What the owner left comes back first, before what arrived meanwhile. */
static void
test_rest_is_kept (void)
{
  TestOwner *a = owner_new ();

  a->take = 2;
  say (a, "abcde");
  turn ();
  say (a, "fg");
  for (guint i = 0; i < 4; i++)
    {
      kr_hub_soup_channel_set_reading (&a->channel, TRUE);
      turn ();
    }
  g_assert_cmpstr (a->received->str, ==, "abcdefg");
  g_assert_cmpuint (a->n_received, ==, 4);
  a->take = 0;
  kr_hub_soup_channel_set_reading (&a->channel, TRUE);
  say (a, "h");
  turn ();
  g_assert_cmpstr (a->received->str, ==, "abcdefgh");
  drop (a);
  end ();
}

/* As after a handshake that had read too far. */
static void
test_received_before (void)
{
  TestOwner *a = owner_new ();

  a->channel.stash = g_byte_array_new ();
  g_byte_array_append (a->channel.stash, (const guint8 *) "early ", 6);
  say (a, "bird");
  turn ();
  g_assert_cmpstr (a->received->str, ==, "early bird");
  drop (a);
  end ();
}

static void
test_end (void)
{
  TestOwner *a = owner_new ();

  say (a, "last words");
  g_assert_cmpint (shutdown (a->peer, SHUT_WR), ==, 0);
  turn ();
  g_assert_cmpstr (a->received->str, ==, "last words");
  g_assert_cmpuint (a->n_ended, ==, 1);
  g_assert_no_error (a->error);
  drop (a);
  end ();
}

/* The peer is gone altogether: an owner that does not read hears of it too. */
static void
test_broken_while_paused (void)
{
  TestOwner *a = owner_new ();

  turn ();
  kr_hub_soup_channel_set_reading (&a->channel, FALSE);
  close (a->peer);
  a->peer = -1;
  turn ();
  g_assert_cmpuint (a->n_ended, ==, 1);
  g_assert_error (a->error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
  drop (a);
  end ();
}

/* Whoever is first in a batch of events closes the other one, whose event must be passed over. */
static void
test_close_each_other (void)
{
  TestOwner *a = owner_new ();
  TestOwner *b = owner_new ();

  turn ();
  a->victim = b;
  b->victim = a;
  say (a, "a");
  say (b, "b");
  turn ();
  g_assert_cmpuint (a->n_received + b->n_received, ==, 1);
  g_assert_cmpuint (a->n_ended + b->n_ended, ==, 0);
  drop (a);
  drop (b);
  end ();
}

static void
test_close_self (void)
{
  TestOwner *a = owner_new ();

  a->close_self = TRUE;
  kr_hub_soup_channel_request_flush (&a->channel);
  say (a, "x");
  turn ();
  g_assert_cmpuint (a->n_received, ==, 1);
  g_object_unref (a);
  end ();
}

/* Many requests in a turn are one flush. */
static void
test_flush_once (void)
{
  TestOwner *a = owner_new ();

  turn ();
  for (guint i = 0; i < 10; i++)
    kr_hub_soup_channel_request_flush (&a->channel);
  turn ();
  g_assert_cmpuint (a->n_flushed, ==, 1);
  drop (a);
  end ();
}

static gsize
drain (int fd)
{
  char buffer[65536];
  gssize n;
  gsize total = 0;

  while ((n = recv (fd, buffer, sizeof buffer, 0)) > 0)
    total += n;
  return total;
}

/* Who said something comes before who only hears of it, whatever was asked for first. */
static void
test_answers_first (void)
{
  TestOwner *owners[] = { owner_new (), owner_new (), owner_new () };

  turn ();
  for (guint speakers = 1; speakers < 8; speakers++)
    {
      n_flushes = 0;
      for (guint i = 0; i < 3; i++)
        {
          owners[i]->told = owners;
          owners[i]->place = 0;
          if (speakers & 1 << i)
            say (owners[i], "?");
        }
      turn ();
      g_assert_cmpuint (n_flushes, ==, 3);
      for (guint i = 0; i < 3; i++)
        g_assert_cmpint (owners[i]->place <= (guint) __builtin_popcount (speakers), ==, (speakers & 1 << i) != 0);
    }
  /* One that is gone by then leaves a gap. */
  owners[2]->victim = owners[0];
  n_flushes = 0;
  say (owners[0], "?");
  say (owners[2], "?");
  turn ();
  g_assert_cmpuint (owners[2]->place, ==, 1);
  for (guint i = 0; i < 3; i++)
    drop (owners[i]);
  end ();
}

static void
test_back_pressure (void)
{
  TestOwner *a = owner_new ();
  gsize total = 0;

  g_byte_array_set_size (a->to_write, 4 * 1024 * 1024);
  memset (a->to_write->data, 'x', a->to_write->len);
  kr_hub_soup_channel_request_flush (&a->channel);
  turn ();
  g_assert_cmpuint (a->written, <, a->to_write->len);
  g_assert_true (a->channel.blocked);
  g_assert_cmpuint (a->n_flushed, ==, 1); /* and not once per turn */
  while (total < a->to_write->len)
    {
      total += drain (a->peer);
      turn ();
    }
  g_assert_cmpuint (a->written, ==, a->to_write->len);
  g_assert_false (a->channel.blocked);
  drop (a);
  end ();
}

/* A peer that sends without end holds nobody else up: one buffer per connection and turn. */
static void
test_fairness (void)
{
  TestOwner *a = owner_new ();
  g_autofree char *much = g_strnfill (150000, 'm');
  int size = 1024 * 1024;

  turn ();
  setsockopt (a->peer, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  g_assert_cmpint (send (a->peer, much, strlen (much), MSG_NOSIGNAL), ==, strlen (much));
  while (a->received->len == 0)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (a->received->len, <=, 64 * 1024);
  turn ();
  g_assert_cmpuint (a->received->len, ==, strlen (much));
  drop (a);
  end ();
}

static void
test_close_with_output (void)
{
  TestOwner *a = owner_new ();

  kr_hub_soup_channel_request_flush (&a->channel);
  kr_hub_soup_channel_close (&a->channel);
  kr_hub_soup_channel_close (&a->channel);
  turn ();
  g_assert_cmpuint (a->n_flushed, ==, 0);
  g_object_unref (a);
  end ();
}

/* A handler that runs a loop: nothing is lost, and bytes that wait for the end of the turn do not keep that loop busy. */
static void
test_nested (void)
{
  TestOwner *a = owner_new ();
  TestOwner *b = owner_new ();

  turn ();
  a->nested = b->nested = 10;
  say (a, "one");
  say (b, "two");
  turn ();
  g_assert_true (a->was_idle);
  g_assert_true (b->was_idle);
  say (a, "three");
  turn ();
  g_assert_cmpstr (a->received->str, ==, "onethree");
  g_assert_cmpstr (b->received->str, ==, "two");
  drop (a);
  drop (b);
  end ();
}

typedef struct
{
  const char *name;
  void (*func) (void);
} Case;

static const Case cases[] = {
  { "receive", test_receive },
  { "paused", test_paused },
  { "rest-is-kept", test_rest_is_kept },
  { "received-before", test_received_before },
  { "end", test_end },
  { "broken-while-paused", test_broken_while_paused },
  { "close-each-other", test_close_each_other },
  { "close-self", test_close_self },
  { "flush-once", test_flush_once },
  { "answers-first", test_answers_first },
  { "back-pressure", test_back_pressure },
  { "fairness", test_fairness },
  { "close-with-output", test_close_with_output },
  { "nested", test_nested },
};

static void
run_on_epoll (gconstpointer data)
{
  g_unsetenv ("KR_HUB_SOUP_REACTOR");
  ((const Case *) data)->func ();
}

static void
run_on_sources (gconstpointer data)
{
  g_setenv ("KR_HUB_SOUP_REACTOR", "source", TRUE);
  ((const Case *) data)->func ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *epoll = g_strconcat ("/reactor/epoll/", cases[i].name, NULL);
      g_autofree char *sources = g_strconcat ("/reactor/source/", cases[i].name, NULL);

      g_test_add_data_func (epoll, &cases[i], run_on_epoll);
      g_test_add_data_func (sources, &cases[i], run_on_sources);
    }
  return g_test_run ();
}
