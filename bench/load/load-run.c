/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* LoadRun: connects, calls, counts and measures for as long as the options say. */
#include "config.h"

#include "load-run.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define N_EVENTS 512
#define SECOND G_GUINT64_CONSTANT (1000000000)
#define CONNECTING_AT_ONCE 200
#define CONNECT_TIMEOUT (60 * SECOND)
#define CLOSE_TIMEOUT (10 * SECOND)
#define PING_INTERVAL (10 * SECOND)
#define PINGS_AT_ONCE 100
#define PER_SOURCE 20000
#define LOOPBACK 0x7f000001u

static guint64
get_now (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return now.tv_sec * SECOND + now.tv_nsec;
}

static void
init_calls (LoadRun *self)
{
  const LoadOptions *options = self->options;
  static const char *const targets[] = { "Echo", "Broadcast", "Counter", "Echo", "Echo" };
  const char *target = options->target != NULL ? options->target : targets[options->mode];
  g_autofree char *text = g_strnfill (options->payload, 'x');

  if (options->mode == LOAD_MODE_STREAM)
    load_call_init (&self->call, options->messagepack, LOAD_MESSAGE_STREAM_INVOCATION, target, NULL, NULL,
                    options->items);
  else
    load_call_init (&self->call, options->messagepack, LOAD_MESSAGE_INVOCATION, target, options->group, text, 0);
  if (options->join != NULL)
    load_call_init (&self->join, options->messagepack, LOAD_MESSAGE_INVOCATION, options->join,
                    options->group != NULL ? options->group : "", NULL, 0);
}

LoadRun *
load_run_new (const LoadOptions *options)
{
  LoadRun *self = g_new0 (LoadRun, 1);

  self->options = options;
  self->epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  self->n_clients = options->connections + options->idle;
  self->clients = g_new0 (LoadClient, self->n_clients);
  for (guint i = 0; i < self->n_clients; i++)
    self->clients[i].socket.fd = self->clients[i].sender.fd = -1;
  self->half_open = g_new0 (int, options->half_open);
  self->rounds = g_new0 (LoadRound, options->rounds);
  self->source = LOOPBACK + 1;
  init_calls (self);
  return self;
}

static void
close_all (LoadRun *self)
{
  for (guint i = 0; i < self->n_clients; i++)
    load_client_close (&self->clients[i]);
  for (guint i = 0; i < self->n_half_open; i++)
    close (self->half_open[i]);
  self->n_half_open = 0;
}

void
load_run_free (LoadRun *self)
{
  close_all (self);
  close (self->epoll_fd);
  load_call_clear (&self->call);
  load_call_clear (&self->join);
  g_free (self->clients);
  g_free (self->half_open);
  g_free (self->rounds);
  g_free (self);
}

static void
fail_client (LoadRun *self, LoadClient *client, gboolean was_ready)
{
  if (was_ready)
    self->n_ready--;
  self->n_failed++;
  load_client_close (client);
}

static gboolean
is_caller (LoadRun *self, LoadClient *client)
{
  guint index = client - self->clients;

  if (self->options->mode == LOAD_MODE_ECHO)
    return index < (guint) self->options->connections;
  return (self->options->mode == LOAD_MODE_FAN || self->options->mode == LOAD_MODE_STREAM) && index == 0;
}

/* --- calls --- */

/* What the answer to a call must at least be as long as: one that is shorter did not carry the text. */
static gboolean
is_whole (LoadRun *self, const LoadMessage *message)
{
  gboolean carries = self->options->mode == LOAD_MODE_ECHO || message->type == LOAD_MESSAGE_INVOCATION;

  return !message->failed && (!carries || message->len >= (gsize) self->options->payload);
}

static gboolean
is_counted (LoadRun *self, const LoadMessage *message)
{
  switch (self->options->mode)
    {
    case LOAD_MODE_ECHO:
      return message->type == LOAD_MESSAGE_COMPLETION;
    case LOAD_MODE_FAN:
      return message->type == LOAD_MESSAGE_INVOCATION;
    case LOAD_MODE_STREAM:
      return message->type == LOAD_MESSAGE_STREAM_ITEM;
    case LOAD_MODE_IDLE:
    case LOAD_MODE_CONNECT:
    default:
      return FALSE;
    }
}

static void
on_message (LoadClient *client, const LoadMessage *message, gpointer data)
{
  LoadRun *self = data;

  if (self->measuring && !is_whole (self, message))
    self->n_errors++;
  else if (self->measuring && is_counted (self, message))
    self->n_messages++;
  if (message->type != LOAD_MESSAGE_COMPLETION || client->sent_ns == NULL)
    return;
  if (self->measuring)
    load_histogram_add (&self->latency, self->now_ns - client->sent_ns[client->first % LOAD_MAX_DEPTH]);
  client->first++;
  if (self->calling)
    load_client_call (client, &self->call, self->now_ns);
}

static void
start_calls (LoadRun *self)
{
  self->calling = TRUE;
  self->now_ns = get_now ();
  for (guint i = 0; i < self->n_clients; i++)
    {
      LoadClient *client = &self->clients[i];

      if (!is_caller (self, client) || client->state != LOAD_CLIENT_READY)
        continue;
      client->sent_ns = g_new0 (guint64, LOAD_MAX_DEPTH);
      for (int n = 0; n < self->options->depth; n++)
        load_client_call (client, &self->call, self->now_ns);
      load_client_flush (client);
    }
}

static void
ping_some (LoadRun *self)
{
  guint share = self->n_clients / PINGS_AT_ONCE + 1;

  if (self->now_ns < self->next_ping_ns)
    return;
  self->next_ping_ns = self->now_ns + PING_INTERVAL / PINGS_AT_ONCE;
  for (guint n = 0; n < share; n++)
    {
      LoadClient *client = &self->clients[self->next_ping++ % self->n_clients];

      if (client->state == LOAD_CLIENT_READY && client->sent_ns == NULL)
        {
          load_client_ping (client);
          load_client_flush (client);
        }
    }
}

/* --- turns --- */

static void
handle_event (LoadRun *self, const struct epoll_event *event)
{
  LoadSocket *socket = event->data.ptr;
  LoadClient *client = socket->client;
  gboolean was_ready = client->state == LOAD_CLIENT_READY, lives = TRUE;

  if (client->state == LOAD_CLIENT_CLOSED)
    return;
  if (event->events & EPOLLOUT)
    lives = load_client_flush (client);
  if (lives && event->events & ~EPOLLOUT)
    lives = load_client_receive (client, socket, on_message, self);
  if (!lives)
    fail_client (self, client, was_ready);
  else if (!was_ready && client->state == LOAD_CLIENT_READY)
    self->n_ready++;
}

static void
turn (LoadRun *self)
{
  struct epoll_event events[N_EVENTS];
  int n = epoll_wait (self->epoll_fd, events, N_EVENTS, 20);

  self->now_ns = get_now ();
  for (int i = 0; i < n; i++)
    handle_event (self, &events[i]);
  ping_some (self);
}

static void
turn_until (LoadRun *self, guint64 deadline)
{
  for (self->now_ns = get_now (); self->now_ns < deadline;)
    turn (self);
}

/* --- connecting --- */

static guint32
get_source (LoadRun *self, guint index)
{
  return self->source + index / PER_SOURCE;
}

static void
connect_some (LoadRun *self)
{
  while (self->n_started < self->n_clients &&
         self->n_started - self->n_ready - self->n_failed < CONNECTING_AT_ONCE)
    {
      LoadClient *client = &self->clients[self->n_started];

      gboolean active = self->n_started < (guint) self->options->connections;

      client->join = active && self->options->join != NULL ? &self->join : NULL;
      if (!load_client_connect (client, self->epoll_fd, self->options,
                                active ? self->options->transport : self->options->idle_transport,
                                get_source (self, self->n_started)))
        {
          g_printerr ("connect: %s\n", g_strerror (errno));
          self->n_failed++;
        }
      self->n_started++;
    }
}

/* Returns: whether all connections are ready */
static gboolean
connect_all (LoadRun *self)
{
  guint64 begin = get_now ();

  self->n_started = self->n_ready = self->n_failed = 0;
  self->now_ns = begin;
  while (self->n_ready + self->n_failed < self->n_clients && self->now_ns < begin + CONNECT_TIMEOUT)
    {
      connect_some (self);
      turn (self);
    }
  self->connect_ms = (get_now () - begin) / 1e6;
  if (self->n_ready < self->n_clients)
    g_printerr ("%u of %u connections are not ready\n", self->n_clients - self->n_ready, self->n_clients);
  return self->n_ready == self->n_clients;
}

/* They block while they connect: no server makes that slow, since the kernel accepts. */
static void
open_half (LoadRun *self)
{
  static const char head[] = "GET /hub HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgr";
  LoadOptions options = *self->options;
  LoadSocket socket = { .fd = -1 };

  options.tls = FALSE;
  for (int i = 0; i < options.half_open; i++)
    {
      if (!load_socket_connect (&socket, self->epoll_fd, &options, self->source + 10 + i / PER_SOURCE))
        break;
      epoll_ctl (self->epoll_fd, EPOLL_CTL_DEL, socket.fd, NULL);
      while (send (socket.fd, head, sizeof head - 1, MSG_NOSIGNAL) < 0 && (errno == EAGAIN || errno == ENOTCONN))
        g_usleep (100);
      self->half_open[self->n_half_open++] = socket.fd;
    }
}

static guint
count_half_open (LoadRun *self)
{
  guint n = 0;
  char byte;

  for (guint i = 0; i < self->n_half_open; i++)
    n += recv (self->half_open[i], &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
  return n;
}

/* --- the modes --- */

static void
read_process (LoadRun *self, LoadProcess *process)
{
  if (self->options->pid != 0)
    load_process_read (process, self->options->pid);
}

/* Waits until the server has let go of all connections, or does not seem to. */
static void
await_close (LoadRun *self)
{
  guint64 deadline = get_now () + CLOSE_TIMEOUT;
  LoadProcess now;

  do
    {
      g_usleep (20000);
      read_process (self, &now);
    }
  while (self->options->pid != 0 && now.n_descriptors > self->before.n_descriptors && get_now () < deadline);
}

static gboolean
run_rounds (LoadRun *self)
{
  for (; self->n_rounds < (guint) self->options->rounds; self->n_rounds++)
    {
      LoadRound *round = &self->rounds[self->n_rounds];
      LoadProcess now = { 0 };

      self->source = LOOPBACK + (self->n_rounds % 200 + 1) * 256;
      if (!connect_all (self))
        return FALSE;
      round->connect_ms = self->connect_ms;
      close_all (self);
      await_close (self);
      read_process (self, &now);
      round->rss_kib = now.rss_kib;
      round->pss_kib = now.pss_kib;
      round->n_descriptors = now.n_descriptors;
      self->end = now;
    }
  return TRUE;
}

static void
measure (LoadRun *self)
{
  guint64 begin;

  if (self->options->mode != LOAD_MODE_IDLE)
    start_calls (self);
  turn_until (self, get_now () + (guint64) (self->options->warm_up * 1e9));
  if (self->options->pid != 0)
    load_process_read_cpu (&self->start, self->options->pid);
  begin = get_now ();
  self->measuring = TRUE;
  turn_until (self, begin + (guint64) (self->options->seconds * 1e9));
  self->measuring = FALSE;
  self->seconds = (get_now () - begin) / 1e9;
  read_process (self, &self->end);
  self->calling = FALSE;
}

/* Returns: whether every connection was there until the end, and no call failed */
gboolean
load_run (LoadRun *self)
{
  read_process (self, &self->before);
  if (self->options->mode == LOAD_MODE_CONNECT)
    return run_rounds (self);
  open_half (self);
  if (!connect_all (self))
    return FALSE;
  measure (self);
  self->half_open_alive = count_half_open (self);
  return self->n_failed == 0 && self->n_errors == 0 &&
         (self->n_messages > 0 || self->options->mode == LOAD_MODE_IDLE);
}
