/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Calls from one main context into another one. */
#include "config.h"

#include "kr-hub-soup-crossing-private.h"

/* The one that calls us, which need not be the thread's default. */
GMainContext *
kr_hub_soup_ref_current_context (void)
{
  GSource *source = g_main_current_source ();
  GMainContext *context = source != NULL ? g_source_get_context (source) : NULL;

  return context != NULL ? g_main_context_ref (context) : g_main_context_ref_thread_default ();
}

typedef struct
{
  GSourceOnceFunc func;
  gpointer data;
  GDestroyNotify destroy;
} Call;

/* What waits for one context, by one source for all of it: a call that joins others costs no source and wakes nobody. */
typedef struct
{
  GSource source;         /* the context's, until that goes */
  GMainContext *context;  /* no reference */
  GQueue calls;           /* of Call; guarded by the lock, and added to from any thread */
} Lane;

G_LOCK_DEFINE_STATIC (lanes);
static GHashTable *lanes; /* GMainContext -> Lane, no references; guarded by the lock */

static void
call_free (Call *self)
{
  if (self->destroy != NULL)
    self->destroy (self->data);
  g_free (self);
}

/* The source is ready exactly while calls wait: a call that runs the loop finds those behind it there. */
static Call *
pop (Lane *self)
{
  Call *call;

  G_LOCK (lanes);
  call = g_queue_pop_head (&self->calls);
  if (call != NULL && self->calls.length == 0)
    g_source_set_ready_time (&self->source, -1);
  G_UNLOCK (lanes);
  return call;
}

static guint
count (Lane *self)
{
  guint n;

  G_LOCK (lanes);
  n = self->calls.length;
  G_UNLOCK (lanes);
  return n;
}

/* Calls that are added meanwhile have the next turn, so that they cannot hold up the loop. */
static gboolean
lane_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  Lane *self = (Lane *) source;
  Call *call;

  for (guint n = count (self); n > 0 && (call = pop (self)) != NULL; n--)
    {
      call->func (call->data);
      call_free (call);
    }
  return G_SOURCE_CONTINUE;
}

static void
lane_finalize (GSource *source)
{
  Lane *self = (Lane *) source;
  Call *call;

  G_LOCK (lanes);
  g_hash_table_remove (lanes, self->context);
  G_UNLOCK (lanes);
  while ((call = g_queue_pop_head (&self->calls)) != NULL)
    call_free (call);
}

static GSourceFuncs lane_funcs = { .dispatch = lane_dispatch, .finalize = lane_finalize };

/* The lock is held. */
static Lane *
find_lane (GMainContext *context)
{
  Lane *self;

  if (lanes == NULL)
    lanes = g_hash_table_new (NULL, NULL);
  self = g_hash_table_lookup (lanes, context);
  if (self != NULL)
    return self;
  self = (Lane *) g_source_new (&lane_funcs, sizeof *self);
  self->context = context;
  g_queue_init (&self->calls);
  g_source_set_static_name (&self->source, "KrHubSoup crossing");
  g_source_set_can_recurse (&self->source, TRUE);
  g_source_attach (&self->source, context);
  g_source_unref (&self->source);
  g_hash_table_insert (lanes, context, self);
  return self;
}

/* Runs @func in @context, in order with other such calls and never before this returns. */
void
kr_hub_soup_cross (GMainContext *context, GSourceOnceFunc func, gpointer data, GDestroyNotify destroy)
{
  Call *call = g_new (Call, 1);
  Lane *lane;

  *call = (Call) { func, data, destroy };
  G_LOCK (lanes);
  lane = find_lane (context);
  g_queue_push_tail (&lane->calls, call);
  if (lane->calls.length == 1)
    g_source_set_ready_time (&lane->source, 0);
  G_UNLOCK (lanes);
}
