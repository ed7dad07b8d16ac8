/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupIoThread: a thread that serves sockets for a hub, and the post between the two. */
#include "config.h"

#include "kr-hub-soup-io-thread-private.h"

#include "kr-hub-soup-io-transport-private.h"

struct _KrHubSoupIoThread
{
  gatomicrefcount ref_count;   /* the thread and the two sources */
  gatomicrefcount n_users;
  GMainContext *context;
  GMainLoop *loop;
  KrHubClock *clock;
  GSource *hub_source;
  KrHubSoupMailbox to_thread;
  KrHubSoupMailbox to_hub;
  GPtrArray *dirty;            /* of KrHubSoupIoTransport or NULL; the hub's thread */
  GPtrArray *flushing;         /* likewise, while they are worked off */
  guint n_served;              /* the thread */
  gint deserted;               /* atomic: nobody uses it any more */
};

typedef struct
{
  GSource source;
  KrHubSoupIoThread *thread;
} PostSource;

static void
io_thread_unref (KrHubSoupIoThread *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  kr_hub_soup_mailbox_clear (&self->to_thread);
  kr_hub_soup_mailbox_clear (&self->to_hub);
  g_ptr_array_unref (self->dirty);
  g_ptr_array_unref (self->flushing);
  g_object_unref (self->clock);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_free (self);
}

static void
post_source_finalize (GSource *source)
{
  io_thread_unref (((PostSource *) source)->thread);
}

static GSource *
attach_post (KrHubSoupIoThread *self, GSourceFuncs *funcs, const char *name, GMainContext *context)
{
  GSource *source = g_source_new (funcs, sizeof (PostSource));

  g_atomic_ref_count_inc (&self->ref_count);
  ((PostSource *) source)->thread = self;
  g_source_set_static_name (source, name);
  g_source_attach (source, context);
  return source;
}

/* --- the hub's end --- */

guint8 *
kr_hub_soup_io_thread_tell (KrHubSoupIoThread *self, KrHubSoupLetterFunc func, gpointer addressee, gsize len)
{
  return kr_hub_soup_mailbox_write (&self->to_thread, func, addressee, len);
}

void
kr_hub_soup_io_thread_request_flush (KrHubSoupIoThread *self, KrHubSoupIoTransport *transport, guint *place)
{
  if (*place > 0)
    return;
  g_ptr_array_add (self->dirty, transport);
  *place = self->dirty->len;
}

/* A list being worked off has the places cleared before, so that a place always means the current one. */
void
kr_hub_soup_io_thread_forget_flush (KrHubSoupIoThread *self, guint *place)
{
  if (*place > 0)
    self->dirty->pdata[*place - 1] = NULL;
  *place = 0;
}

static void
flush_dirty (KrHubSoupIoThread *self)
{
  GPtrArray *list = self->dirty;

  self->dirty = self->flushing;
  self->flushing = list;
  for (guint i = 0; i < list->len; i++)
    if (list->pdata[i] != NULL)
      kr_hub_soup_io_transport_begin_flush (list->pdata[i]);
  for (guint i = 0; i < list->len; i++)
    if (list->pdata[i] != NULL)
      kr_hub_soup_io_transport_flush (list->pdata[i]);
  g_ptr_array_set_size (list, 0);
}

static gboolean
hub_is_ready (KrHubSoupIoThread *self)
{
  return self->dirty->len > 0 || self->to_thread.first != NULL || kr_hub_soup_mailbox_is_waiting (&self->to_hub);
}

static gboolean
hub_prepare (GSource *source, int *timeout)
{
  *timeout = -1;
  return hub_is_ready (((PostSource *) source)->thread);
}

static gboolean
hub_check (GSource *source)
{
  return hub_is_ready (((PostSource *) source)->thread);
}

static gboolean
hub_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  KrHubSoupIoThread *self = ((PostSource *) source)->thread;

  if (kr_hub_soup_mailbox_is_waiting (&self->to_hub))
    kr_hub_soup_mailbox_deliver (&self->to_hub);
  if (self->dirty->len > 0)
    flush_dirty (self);
  kr_hub_soup_mailbox_post (&self->to_thread);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs hub_funcs = { hub_prepare, hub_check, hub_dispatch, post_source_finalize };

/* --- the thread's end --- */

guint8 *
kr_hub_soup_io_thread_tell_hub (KrHubSoupIoThread *self, KrHubSoupLetterFunc func, gpointer addressee, gsize len)
{
  return kr_hub_soup_mailbox_write (&self->to_hub, func, addressee, len);
}

static void
served_is_gone (gpointer data, GObject *served)
{
  ((KrHubSoupIoThread *) data)->n_served--;
}

/* The thread lives as long as @served does: a socket may have a farewell to say after its user has left. */
void
kr_hub_soup_io_thread_serve (KrHubSoupIoThread *self, GObject *served)
{
  self->n_served++;
  g_object_weak_ref (served, served_is_gone, self);
}

static gboolean
is_done (KrHubSoupIoThread *self)
{
  return g_atomic_int_get (&self->deserted) && self->n_served == 0;
}

static gboolean
thread_is_ready (KrHubSoupIoThread *self)
{
  return kr_hub_soup_mailbox_is_waiting (&self->to_thread) || is_done (self);
}

/* What the turn before wrote goes out before the thread sleeps. */
static gboolean
thread_prepare (GSource *source, int *timeout)
{
  KrHubSoupIoThread *self = ((PostSource *) source)->thread;

  *timeout = -1;
  kr_hub_soup_mailbox_post (&self->to_hub);
  return thread_is_ready (self);
}

static gboolean
thread_check (GSource *source)
{
  return thread_is_ready (((PostSource *) source)->thread);
}

static gboolean
thread_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  KrHubSoupIoThread *self = ((PostSource *) source)->thread;

  kr_hub_soup_mailbox_deliver (&self->to_thread);
  if (is_done (self))
    g_main_loop_quit (self->loop);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs thread_funcs = { thread_prepare, thread_check, thread_dispatch, post_source_finalize };

static gpointer
run (gpointer data)
{
  KrHubSoupIoThread *self = data;
  GSource *source;

  g_main_context_push_thread_default (self->context);
  source = attach_post (self, &thread_funcs, "KrHubSoupIoThread", self->context);
  g_main_loop_run (self->loop);
  g_source_destroy (source);
  g_source_unref (source);
  g_main_context_pop_thread_default (self->context);
  io_thread_unref (self);
  return NULL;
}

/* --- its life --- */

KrHubSoupIoThread *
kr_hub_soup_io_thread_new (GMainContext *hub_context)
{
  KrHubSoupIoThread *self = g_new0 (KrHubSoupIoThread, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_atomic_ref_count_init (&self->n_users);
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->clock = kr_hub_clock_new (self->context);
  self->dirty = g_ptr_array_new ();
  self->flushing = g_ptr_array_new ();
  kr_hub_soup_mailbox_init (&self->to_thread, self->context);
  kr_hub_soup_mailbox_init (&self->to_hub, hub_context);
  self->hub_source = attach_post (self, &hub_funcs, "KrHubSoupIoThread hub", hub_context);
  g_thread_unref (g_thread_new ("kr-hub-io", run, self));
  return self;
}

KrHubSoupIoThread *
kr_hub_soup_io_thread_use (KrHubSoupIoThread *self)
{
  g_atomic_ref_count_inc (&self->n_users);
  return self;
}

/* Whoever leaves last may be in any thread, also in this one: an endpoint goes with the last connection of its server. No
 * letter, then, which only the hub's thread may write. */
void
kr_hub_soup_io_thread_leave (KrHubSoupIoThread *self)
{
  g_autoptr (GMainContext) context = NULL;
  g_autoptr (GSource) hub_source = NULL;

  if (!g_atomic_ref_count_dec (&self->n_users))
    return;
  context = g_main_context_ref (self->context);
  hub_source = self->hub_source;
  g_atomic_int_set (&self->deserted, TRUE);
  g_main_context_wakeup (context);
  g_source_destroy (hub_source);
}

KrHubClock *
kr_hub_soup_io_thread_get_clock (KrHubSoupIoThread *self)
{
  return self->clock;
}
