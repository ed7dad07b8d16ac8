/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* One request on its way: from the HTTP thread to the owner of the tasks and back. */
#include "config.h"

#include "kr-task-soup-exchange-private.h"

#include <glib-unix.h>
#include <poll.h>

/* Also while bytes are there that nobody reads, as the farewell of TLS is; elsewhere only a broken connection shows. */
#ifdef POLLRDHUP
#define GONE ((GIOCondition) (POLLRDHUP | POLLHUP | POLLERR))
#else
#define GONE (G_IO_HUP | G_IO_ERR)
#endif

/*
 * The request waits in the HTTP thread while it is looked at where the tasks live; what is there is touched only
 * there, and the message only in the HTTP thread. Each hop holds a reference. An exchange that waits for a task is
 * held by its signal handlers, its timer, or, in the end, by the hop that ends the wait.
 */
typedef struct
{
  gatomicrefcount ref_count;
  KrTaskSoupRoutes *routes;
  SoupServerMessage *message; /* HTTP thread, where its last reference has to go; NULL: nobody waits any more */
  GMainContext *http;
  KrTaskSoupRequest request;
  GVariant *identity;
  char *if_none_match;
  KrTaskSoupAnswer answer;   /* the owner's until it is handed over */
  gulong finished_id;        /* HTTP thread */
  GSource *watch;            /* HTTP thread: of the socket, of a request that may wait */
  gboolean waiting;          /* the owner's, like the rest */
  KrTaskJob *job;
  gulong state_id;
  gulong progress_id;
  GSource *deadline;
} Exchange;

static Exchange *
exchange_ref (Exchange *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

static void
exchange_unref (gpointer data)
{
  Exchange *self = data;

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_object_unref (self->routes);
  g_main_context_unref (self->http);
  kr_task_soup_request_clear (&self->request);
  kr_task_soup_answer_clear (&self->answer);
  g_clear_pointer (&self->identity, g_variant_unref);
  g_free (self->if_none_match);
  g_free (self);
}

static void
unref_closure (gpointer data, GClosure *closure)
{
  exchange_unref (data);
}

/* Never run at once, as g_main_context_invoke() would where nobody turns the context at the moment. */
static void
hop (Exchange *self, GMainContext *context, GSourceFunc func)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, "KrTaskSoup: hop");
  g_source_set_callback (source, func, exchange_ref (self), exchange_unref);
  g_source_attach (source, context);
}

static GMainContext *
get_owner (Exchange *self)
{
  return kr_task_manager_get_owner (kr_task_soup_routes_get_manager (self->routes));
}

/* --- back in the HTTP thread -------------------------------------------------------------------------------------- */

static void
stop_watching (Exchange *self)
{
  if (self->watch != NULL)
    g_source_destroy (self->watch);
  g_clear_pointer (&self->watch, g_source_unref);
}

static gboolean
deliver (gpointer user_data)
{
  Exchange *self = user_data;
  g_autoptr (SoupServerMessage) message = g_steal_pointer (&self->message);

  if (message == NULL)
    return G_SOURCE_REMOVE;
  stop_watching (self);
  g_clear_signal_handler (&self->finished_id, message);
  kr_task_soup_answer_send (&self->answer, message);
  soup_server_message_unpause (message);
  return G_SOURCE_REMOVE;
}

/* --- where the tasks live ----------------------------------------------------------------------------------------- */

static void
end_wait (Exchange *self)
{
  if (!self->waiting)
    return;
  self->waiting = FALSE;
  kr_task_soup_routes_leave_wait (self->routes);
  g_source_destroy (self->deadline);
  g_clear_pointer (&self->deadline, g_source_unref);
  g_clear_signal_handler (&self->progress_id, kr_task_job_get_progress (self->job));
  g_clear_signal_handler (&self->state_id, self->job);
  g_clear_object (&self->job);
}

static gboolean
stop_waiting (gpointer user_data)
{
  end_wait (user_data);
  return G_SOURCE_REMOVE;
}

/* TRUE: the answer is there. */
static gboolean
look (Exchange *self, KrTaskJob **job)
{
  kr_task_soup_answer_clear (&self->answer);
  return !kr_task_soup_perform (self->routes, &self->request, self->identity, self->if_none_match, &self->answer, job);
}

static void
answer_now (Exchange *self)
{
  g_autoptr (KrTaskJob) job = NULL;

  end_wait (self);
  look (self, &job);
  hop (self, self->http, deliver);
}

static gboolean
on_deadline (gpointer user_data)
{
  answer_now (user_data);
  return G_SOURCE_REMOVE;
}

/* libsoup finds out as soon as it writes. */
static gboolean
answer_nobody (gpointer user_data)
{
  Exchange *self = user_data;

  if (self->waiting)
    answer_now (self);
  return G_SOURCE_REMOVE;
}

static void
look_again (Exchange *self)
{
  g_autoptr (KrTaskJob) job = NULL;

  if (!self->waiting || !look (self, &job))
    return;
  /* the handlers, which hold this, are about to go */
  exchange_ref (self);
  end_wait (self);
  hop (self, self->http, deliver);
  exchange_unref (self);
}

static void
begin_wait (Exchange *self, KrTaskJob *job)
{
  gint64 wait_us = MIN (self->request.wait_us, kr_task_soup_routes_get_max_wait_us (self->routes));

  self->waiting = TRUE;
  self->job = g_object_ref (job);
  self->state_id = g_signal_connect_data (job, "state-changed", G_CALLBACK (look_again), exchange_ref (self),
                                          unref_closure, G_CONNECT_SWAPPED);
  self->progress_id = g_signal_connect_data (kr_task_job_get_progress (job), "changed", G_CALLBACK (look_again),
                                             exchange_ref (self), unref_closure, G_CONNECT_SWAPPED);
  self->deadline = g_timeout_source_new ((guint) (wait_us / 1000));
  g_source_set_static_name (self->deadline, "KrTaskSoup: wait");
  g_source_set_callback (self->deadline, on_deadline, exchange_ref (self), exchange_unref);
  g_source_attach (self->deadline, get_owner (self));
}

static gboolean
perform (gpointer user_data)
{
  Exchange *self = user_data;
  g_autoptr (KrTaskJob) job = NULL;

  if (look (self, &job) || !kr_task_soup_routes_enter_wait (self->routes))
    hop (self, self->http, deliver);
  else
    begin_wait (self, job);
  return G_SOURCE_REMOVE;
}

/* --- in the HTTP thread ------------------------------------------------------------------------------------------- */

static gboolean
on_gone (int fd, GIOCondition condition, gpointer user_data)
{
  Exchange *self = user_data;

  hop (self, get_owner (self), answer_nobody);
  return G_SOURCE_REMOVE;
}

/* libsoup does not look at the connection of a message that is paused, and a place to wait would stay taken. */
static void
watch (Exchange *self)
{
  GSocket *socket = soup_server_message_get_socket (self->message);

  if (socket == NULL)
    return;
  self->watch = g_unix_fd_source_new (g_socket_get_fd (socket), GONE);
  g_source_set_static_name (self->watch, "KrTaskSoup: client");
  g_source_set_callback (self->watch, G_SOURCE_FUNC (on_gone), exchange_ref (self), exchange_unref);
  g_source_attach (self->watch, self->http);
}

/* The message has ended before its answer: with the server, or since the client broke the connection. */
static void
on_finished (SoupServerMessage *message, gpointer user_data)
{
  Exchange *self = user_data;

  if (self->message == NULL)
    return;
  stop_watching (self);
  g_clear_object (&self->message);
  hop (self, get_owner (self), stop_waiting);
}

/* private
 * kr_task_soup_exchange_run:
 * @routes: the routes
 * @message: a request that may be carried out
 * @request: (transfer full): what it asks for; cleared
 * @identity: (transfer none) (nullable): who asks
 *
 * Carries out a request, and answers it later. In the handler of @message.
 */
void
kr_task_soup_exchange_run (KrTaskSoupRoutes *routes, SoupServerMessage *message, KrTaskSoupRequest *request,
                           GVariant *identity)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  Exchange *self = g_new0 (Exchange, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->routes = g_object_ref (routes);
  self->message = g_object_ref (message);
  self->http = g_main_context_ref_thread_default ();
  self->request = *request;
  *request = (KrTaskSoupRequest) { 0 };
  self->identity = identity != NULL ? g_variant_ref (identity) : NULL;
  self->if_none_match = g_strdup (soup_message_headers_get_list (headers, "If-None-Match"));
  self->finished_id = g_signal_connect_data (message, "finished", G_CALLBACK (on_finished), exchange_ref (self),
                                             unref_closure, 0);
  if (self->request.wait_us > 0)
    watch (self);
  soup_server_message_pause (message);
  hop (self, get_owner (self), perform);
  exchange_unref (self);
}
