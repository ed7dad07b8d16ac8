/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A client that is disposed, given up, stopped, started or cancelled in each of its callbacks, and at each step of its life. */
#include "config.h"

#include "kr-test-virtual.h"
#include "kr-test.h"

typedef enum
{
  ACTION_NONE,
  ACTION_DISPOSE,
  ACTION_UNREF,
  ACTION_STOP,
  ACTION_STOP_AND_START,
  ACTION_CANCEL,
  ACTION_CALL,
} Action;

/* Where an action is done: in the callback, or by who hears of its being cancelled, before the client's own handlers or after. */
typedef enum
{
  WAY_DIRECT,
  WAY_CANCELLED_FIRST,
  WAY_CANCELLED_LAST,
} Way;

/* What is done, and how. */
typedef struct
{
  const char *name;
  Action action;
  Way way;
} Deed;

/* One life of a client: it starts, calls, reads, hears of something, loses its connection, gets another one, and stops. */
typedef struct
{
  KrTestVirtual virtual;
  GCancellable *cancellable;  /* of all its operations */
  KrHubStream *stream;
  Action action;
  Way way;
  gboolean armed;             /* to act when it is cancelled */
  guint at;                   /* the callback that it happens in */
  guint n_callbacks;
  gboolean gone;              /* disposed: nothing but ends of operations may follow */
  gpointer weak;              /* the client */
  guint n_begun, n_ended;     /* operations */
  GString *trace;
} Life;

static void start (Life *self);
static void stop (Life *self);
static void call_and_read (Life *self);

static void
do_it (Life *self)
{
  KrHubClient *client = self->virtual.client;

  if (client == NULL)
    return;
  switch (self->action)
    {
    case ACTION_DISPOSE:
      self->gone = TRUE;
      g_object_run_dispose (G_OBJECT (client));
      break;
    case ACTION_UNREF:
      /* What is under way holds it still. */
      self->virtual.client = NULL;
      g_signal_handlers_disconnect_by_data (client, self->virtual.log);
      g_object_unref (client);
      break;
    case ACTION_STOP:
      stop (self);
      break;
    case ACTION_STOP_AND_START:
      stop (self);
      start (self);
      break;
    case ACTION_CANCEL:
      g_cancellable_cancel (self->cancellable);
      break;
    case ACTION_CALL:
      call_and_read (self);
      break;
    case ACTION_NONE:
    default:
      break;
    }
}

static void
on_cancelled (GCancellable *cancellable, gpointer data)
{
  Life *self = data;

  if (self->armed)
    {
      self->armed = FALSE;
      do_it (self);
    }
}

static void
act (Life *self)
{
  if (self->way == WAY_DIRECT)
    {
      do_it (self);
      return;
    }
  if (self->way == WAY_CANCELLED_LAST)
    g_signal_connect (self->cancellable, "cancelled", G_CALLBACK (on_cancelled), self);
  self->armed = TRUE;
  g_cancellable_cancel (self->cancellable);
}

/* A callback of the client: the one it is about does what it is about. */
static void
reach (Life *self, const char *name)
{
  g_string_append_printf (self->trace, "%u %s\n", self->n_callbacks, name);
  if (self->n_callbacks++ == self->at)
    act (self);
}

/* --- what the client says --- */

/* Signals may reach their handlers while the client is being disposed; none may come later. */
static void
said (Life *self, const char *name)
{
  reach (self, name);
}

static void
on_notify (KrHubClient *client, GParamSpec *pspec, gpointer data)
{
  g_assert_false (((Life *) data)->gone);
  said (data, pspec->name);
}

static void
on_closed (KrHubClient *client, const GError *error, gpointer data)
{
  g_assert_false (((Life *) data)->gone);
  said (data, "closed");
}

static void
on_reconnecting (KrHubClient *client, const GError *error, gpointer data)
{
  g_assert_false (((Life *) data)->gone);
  said (data, "reconnecting");
}

static void
on_reconnected (KrHubClient *client, const char *id, gpointer data)
{
  g_assert_false (((Life *) data)->gone);
  said (data, "reconnected");
}

static void
on_news (KrHubInvocation *invocation, gpointer data)
{
  g_assert_false (((Life *) data)->gone);
  reach (data, "handler");
  kr_hub_invocation_return_void (invocation);
}

/* --- operations --- */

static void
started (GObject *source, GAsyncResult *result, gpointer data)
{
  Life *self = data;

  self->n_ended++;
  kr_hub_client_start_finish (KR_HUB_CLIENT (source), result, NULL);
  reach (self, "started");
}

static void
start (Life *self)
{
  self->n_begun++;
  kr_hub_client_start_async (self->virtual.client, self->cancellable, started, self);
}

static void
stopped (GObject *source, GAsyncResult *result, gpointer data)
{
  Life *self = data;

  self->n_ended++;
  kr_hub_client_stop_finish (KR_HUB_CLIENT (source), result, NULL);
  reach (self, "stopped");
}

static void
stop (Life *self)
{
  self->n_begun++;
  kr_hub_client_stop_async (self->virtual.client, self->cancellable, stopped, self);
}

static void
called (GObject *source, GAsyncResult *result, gpointer data)
{
  Life *self = data;
  g_autoptr (GVariant) value = kr_hub_client_invoke_finish (KR_HUB_CLIENT (source), result, NULL);

  self->n_ended++;
  reach (self, "called");
}

static void
read_item (GObject *source, GAsyncResult *result, gpointer data)
{
  Life *self = data;
  g_autoptr (GVariant) item = kr_hub_stream_next_finish (KR_HUB_STREAM (source), result, NULL);

  self->n_ended++;
  reach (self, "item");
  if (item == NULL)
    return;
  self->n_begun++;
  kr_hub_stream_next_async (KR_HUB_STREAM (source), self->cancellable, read_item, self);
}

static void
call (Life *self, const char *target)
{
  if (self->virtual.client == NULL)
    return;
  self->n_begun++;
  kr_hub_client_invoke_async (self->virtual.client, target, g_variant_new ("(s)", "x"), NULL, self->cancellable, called, self);
}

static void
begin_stream (Life *self)
{
  if (self->virtual.client == NULL)
    return;
  g_clear_object (&self->stream);
  self->stream = kr_hub_client_stream (self->virtual.client, "CountTo", NULL, NULL, NULL, NULL);
  if (self->stream == NULL)
    return;
  self->n_begun++;
  kr_hub_stream_next_async (self->stream, self->cancellable, read_item, self);
}

/* Right now or not at all: the connection may be gone before the state says so. */
static void
call_and_read (Life *self)
{
  g_object_set (self->virtual.client, "call-policy", KR_HUB_CALL_FAIL, NULL);
  call (self, "Echo");
  g_clear_object (&self->stream);
  begin_stream (self);
  kr_hub_client_send (self->virtual.client, "Echo", g_variant_new ("(s)", "x"), NULL);
  g_object_set (self->virtual.client, "call-policy", KR_HUB_CALL_WAIT, NULL);
}

/* --- the hub --- */

static void
count_to (KrHubInvocation *invocation, gpointer data)
{
  g_autoptr (KrHubStream) stream = kr_hub_invocation_open_stream (invocation);

  kr_hub_stream_write (stream, g_variant_new_int32 (1), NULL);
  kr_hub_stream_write (stream, g_variant_new_int32 (2), NULL);
  kr_hub_stream_complete (stream);
}

static void
never_answer (KrHubInvocation *invocation, gpointer data)
{
  g_ptr_array_add (data, kr_hub_invocation_ref (invocation));
}

/* --- a life --- */

static void
set_up (Life *self, const Deed *deed, guint at, GPtrArray *kept)
{
  KrTestVirtual *f = &self->virtual;

  kr_test_virtual_set_up (f, NULL);
  self->cancellable = g_cancellable_new ();
  if (deed->way == WAY_CANCELLED_FIRST)
    g_signal_connect (self->cancellable, "cancelled", G_CALLBACK (on_cancelled), self);
  self->action = deed->action;
  self->way = deed->way;
  self->at = at;
  self->trace = g_string_new (NULL);
  self->weak = f->client;
  g_object_add_weak_pointer (G_OBJECT (f->client), &self->weak);
  kr_hub_server_add_stream_method (f->server, "CountTo", "()", "i", count_to, NULL, NULL);
  kr_hub_server_add_method (f->server, "Never", "(s)", "s", never_answer, kept, NULL);
  kr_hub_client_add_handler (f->client, "News", NULL, on_news, self, NULL);
  kr_test_virtual_set_policy (f, kr_hub_retry_policy_new_forever (SECOND, SECOND));
  g_object_set (f->client, "call-policy", KR_HUB_CALL_WAIT, NULL);
  g_signal_connect (f->client, "notify::state", G_CALLBACK (on_notify), self);
  g_signal_connect (f->client, "notify::connection-id", G_CALLBACK (on_notify), self);
  g_signal_connect (f->client, "notify::last-error", G_CALLBACK (on_notify), self);
  g_signal_connect (f->client, "closed", G_CALLBACK (on_closed), self);
  g_signal_connect (f->client, "reconnecting", G_CALLBACK (on_reconnecting), self);
  g_signal_connect (f->client, "reconnected", G_CALLBACK (on_reconnected), self);
}

static void
live (Life *self)
{
  KrTestVirtual *f = &self->virtual;
  g_autoptr (KrHubClients) all = kr_hub_clients_new_all (f->server);

  start (self);
  call (self, "Echo");
  kr_test_virtual_advance (f, SECOND / 10);
  call (self, "Echo");
  call (self, "Never");
  begin_stream (self);
  kr_hub_clients_send (all, "News", NULL, NULL);
  kr_test_virtual_advance (f, SECOND / 10);
  f->connector->n_failures = 1;
  if (f->connector->last != NULL)
    kr_test_virtual_cut (f);
  kr_test_virtual_advance (f, SECOND / 10);
  call (self, "Echo");
  kr_test_virtual_advance (f, 5 * SECOND);
  if (f->client != NULL && !self->gone)
    stop (self);
  kr_test_virtual_advance (f, 5 * SECOND);
}

static void
tear_down (Life *self, GPtrArray *kept)
{
  KrTestVirtual *f = &self->virtual;

  /* What still runs because of what was done is ended as well. */
  self->action = ACTION_NONE;
  self->way = WAY_DIRECT;
  if (f->client != NULL && !self->gone)
    stop (self);
  kr_test_virtual_advance (f, 5 * SECOND);
  g_clear_object (&self->stream);
  g_ptr_array_set_size (kept, 0);
  kr_test_virtual_advance (f, 5 * SECOND);
  if (self->n_begun != self->n_ended)
    g_error ("%u of %u operations have ended:\n%s", self->n_ended, self->n_begun, self->trace->str);
  if (f->client == NULL)
    {
      g_assert_null (self->weak);
      f->client = kr_hub_client_new (f->clock);
    }
  else
    {
      g_signal_handlers_disconnect_by_data (f->client, self);
      /* Disposing clears it as well. */
      if (self->weak != NULL)
        g_object_remove_weak_pointer (G_OBJECT (f->client), &self->weak);
    }
  kr_test_virtual_tear_down (f, NULL);
  g_signal_handlers_disconnect_by_data (self->cancellable, self);
  g_object_unref (self->cancellable);
  g_string_free (self->trace, TRUE);
}

/* Gets how many callbacks there were. */
static guint
run (const Deed *deed, guint at)
{
  Life self = { 0 };
  g_autoptr (GPtrArray) kept = g_ptr_array_new_with_free_func ((GDestroyNotify) kr_hub_invocation_unref);
  guint n;

  set_up (&self, deed, at, kept);
  live (&self);
  n = self.n_callbacks;
  tear_down (&self, kept);
  return n;
}

static void
test_callbacks (gconstpointer data)
{
  const Deed none = { "none", ACTION_NONE, WAY_DIRECT };
  guint n = run (&none, 0);

  g_assert_cmpuint (n, >, 20);
  for (guint at = 0; at < n; at++)
    run (data, at);
  g_test_message ("in each of %u callbacks", n);
}

/* --- at each step, between callbacks --- */

typedef struct
{
  gint64 when;  /* after the start, or after the loss */
  gboolean reconnecting;
  guint n_hangs;
  gboolean stalled;
} Step;

static const Step steps[] = {
  { 0, FALSE, 0, FALSE },           { 1, FALSE, 0, FALSE },          { SECOND, FALSE, 1, FALSE },
  { SECOND, FALSE, 0, TRUE },       { SECOND, FALSE, 0, FALSE },     { 0, TRUE, 0, FALSE },
  { 1, TRUE, 0, FALSE },            { SECOND / 4, TRUE, 0, FALSE },  { 3 * SECOND, TRUE, 1, FALSE },
  { 3 * SECOND, TRUE, 0, TRUE },    { 3 * SECOND, TRUE, 0, FALSE },
};

static void
run_step (const Step *step, const Deed *deed)
{
  Life self = { 0 };
  KrTestVirtual *f = &self.virtual;
  g_autoptr (GPtrArray) kept = g_ptr_array_new_with_free_func ((GDestroyNotify) kr_hub_invocation_unref);

  set_up (&self, deed, G_MAXUINT, kept);
  if (!step->reconnecting)
    f->connector->n_hangs = step->n_hangs;
  start (&self);
  call (&self, "Echo");
  if (step->reconnecting)
    {
      kr_test_virtual_advance (f, SECOND / 10);
      call (&self, "Never");
      f->connector->n_hangs = step->n_hangs;
      kr_test_virtual_cut (f);
    }
  if (step->stalled)
    {
      /* The next connection's hub says nothing, not even to a handshake. */
      g_object_set (f->server, "accepting", FALSE, NULL);
    }
  if (step->when > 0)
    kr_test_virtual_advance (f, step->when);
  act (&self);
  /* As long as an attempt may take. */
  kr_test_virtual_advance (f, 100 * SECOND);
  if (deed->action == ACTION_STOP)
    g_assert_cmpint (kr_hub_client_get_state (f->client), ==, KR_HUB_CLIENT_DISCONNECTED);
  tear_down (&self, kept);
}

static void
test_steps (gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    run_step (&steps[i], data);
}

static void
note (KrHubInvocation *invocation, gpointer data)
{
  ++*(guint *) data;
}

/* What was sent before the end arrives, and then the client has stopped, so that a program can exit. */
static void
test_stop_flushes (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  guint n_noted = 0;

  kr_hub_server_add_method (f->server, "Note", "()", NULL, note, &n_noted, NULL);
  kr_test_virtual_start (f);
  kr_hub_memory_transport_set_stalled (f->connector->last, TRUE);
  for (guint i = 0; i < 10; i++)
    g_assert_true (kr_hub_client_send (f->client, "Note", NULL, NULL));
  kr_hub_client_stop_async (f->client, NULL, kr_test_store_result, &result);
  kr_test_virtual_advance (f, SECOND);
  g_assert_null (result);
  g_assert_cmpint (kr_hub_client_get_state (f->client), ==, KR_HUB_CLIENT_DISCONNECTING);
  g_assert_false (kr_hub_client_send (f->client, "Note", NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED);
  kr_hub_memory_transport_set_stalled (f->connector->last, FALSE);
  kr_test_virtual_advance (f, SECOND / 10);
  g_assert_nonnull (result);
  g_assert_true (kr_hub_client_stop_finish (f->client, result, NULL));
  g_assert_cmpuint (n_noted, ==, 10);
  kr_test_virtual_assert_log (f, "[disconnecting][disconnected]closed: fine;");
}

/* Nobody has to wait for a farewell that the hub does not take. */
static void
test_stop_cancelled (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) impatient = NULL, patient = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  kr_test_virtual_start (f);
  kr_hub_memory_transport_set_stalled (f->connector->last, TRUE);
  g_assert_true (kr_hub_client_send (f->client, "Echo", g_variant_new ("(s)", "x"), NULL));
  kr_hub_client_stop_async (f->client, cancellable, kr_test_store_result, &impatient);
  kr_hub_client_stop_async (f->client, NULL, kr_test_store_result, &patient);
  kr_test_virtual_advance (f, SECOND / 10);
  g_assert_null (impatient);
  g_cancellable_cancel (cancellable);
  kr_test_virtual_advance (f, SECOND / 10);
  g_assert_nonnull (impatient);
  g_assert_false (kr_hub_client_stop_finish (f->client, impatient, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_null (patient);
  kr_test_virtual_advance (f, 60 * SECOND);
  g_assert_nonnull (patient);
  g_assert_true (kr_hub_client_stop_finish (f->client, patient, NULL));
}

static const Deed deeds[] = {
  { "dispose", ACTION_DISPOSE, WAY_DIRECT },
  { "unref", ACTION_UNREF, WAY_DIRECT },
  { "stop", ACTION_STOP, WAY_DIRECT },
  { "stop-and-start", ACTION_STOP_AND_START, WAY_DIRECT },
  { "cancel", ACTION_CANCEL, WAY_DIRECT },
  { "call", ACTION_CALL, WAY_DIRECT },
  { "cancelled-first/dispose", ACTION_DISPOSE, WAY_CANCELLED_FIRST },
  { "cancelled-first/unref", ACTION_UNREF, WAY_CANCELLED_FIRST },
  { "cancelled-first/stop", ACTION_STOP, WAY_CANCELLED_FIRST },
  { "cancelled-first/stop-and-start", ACTION_STOP_AND_START, WAY_CANCELLED_FIRST },
  { "cancelled-first/call", ACTION_CALL, WAY_CANCELLED_FIRST },
  { "cancelled-last/dispose", ACTION_DISPOSE, WAY_CANCELLED_LAST },
  { "cancelled-last/unref", ACTION_UNREF, WAY_CANCELLED_LAST },
  { "cancelled-last/stop", ACTION_STOP, WAY_CANCELLED_LAST },
  { "cancelled-last/stop-and-start", ACTION_STOP_AND_START, WAY_CANCELLED_LAST },
  { "cancelled-last/call", ACTION_CALL, WAY_CANCELLED_LAST },
};

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/stop/flushes", KrTestVirtual, NULL, kr_test_virtual_set_up, test_stop_flushes, kr_test_virtual_tear_down);
  g_test_add ("/stop/cancelled", KrTestVirtual, NULL, kr_test_virtual_set_up, test_stop_cancelled, kr_test_virtual_tear_down);
  for (guint i = 0; i < G_N_ELEMENTS (deeds); i++)
    {
      g_autofree char *callbacks = g_strdup_printf ("/callbacks/%s", deeds[i].name);
      g_autofree char *step = g_strdup_printf ("/steps/%s", deeds[i].name);

      g_test_add_data_func (callbacks, &deeds[i], test_callbacks);
      g_test_add_data_func (step, &deeds[i], test_steps);
    }
  return g_test_run ();
}
