/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tells ThreadSanitizer what GLib synchronises, since GLib itself is not instrumented. */
#include <dlfcn.h>
#include <gio/gio.h>
#include <stdlib.h>

/*
 * ThreadSanitizer sees neither a GMutex (a futex inside libglib) nor that a source which one thread attached is
 * dispatched by another, and reports races that are none. The functions below stand in front of GLib's and mark just
 * these hand-overs, each on an object of its own, so that a race beside them is still found; test-tsan proves that. A
 * suppression file would hide races of ours as well.
 */

void __tsan_acquire (void *address);
void __tsan_release (void *address);

#define UNSEEN __attribute__ ((no_sanitize_thread))

/* The next definition of a function, looked up once; two threads that look it up at once find the same. */
#define NEXT(name) \
  ({ static __typeof__ (&name) next; if (next == NULL) next = (__typeof__ (&name)) dlsym (RTLD_NEXT, #name); next; })

/* --- memory: what GLib's own calls allocate is its affair (build-aux/tsan.supp), what ours do is looked at --- */

gpointer
g_malloc (gsize n_bytes)
{
  return n_bytes > 0 ? malloc (n_bytes) : NULL;
}

gpointer
g_malloc0 (gsize n_bytes)
{
  return n_bytes > 0 ? calloc (1, n_bytes) : NULL;
}

gpointer
g_realloc (gpointer block, gsize n_bytes)
{
  if (n_bytes > 0)
    return realloc (block, n_bytes);
  free (block);
  return NULL;
}

gpointer
g_malloc_n (gsize n_blocks, gsize n_block_bytes)
{
  return reallocarray (NULL, n_blocks, n_block_bytes);
}

gpointer
g_malloc0_n (gsize n_blocks, gsize n_block_bytes)
{
  return calloc (n_blocks, n_block_bytes);
}

gpointer
g_realloc_n (gpointer block, gsize n_blocks, gsize n_block_bytes)
{
  return reallocarray (block, n_blocks, n_block_bytes);
}

#undef g_free

void
g_free (gpointer block)
{
  free (block);
}

/* --- locks --- */

#undef g_mutex_lock
#undef g_mutex_trylock
#undef g_mutex_unlock

UNSEEN void
g_mutex_lock (GMutex *mutex)
{
  NEXT (g_mutex_lock) (mutex);
  __tsan_acquire (mutex);
}

UNSEEN gboolean
g_mutex_trylock (GMutex *mutex)
{
  gboolean locked = NEXT (g_mutex_trylock) (mutex);

  if (locked)
    __tsan_acquire (mutex);
  return locked;
}

UNSEEN void
g_mutex_unlock (GMutex *mutex)
{
  __tsan_release (mutex);
  NEXT (g_mutex_unlock) (mutex);
}

UNSEEN void
g_cond_wait (GCond *cond, GMutex *mutex)
{
  __tsan_release (mutex);
  NEXT (g_cond_wait) (cond, mutex);
  __tsan_acquire (mutex);
}

UNSEEN gboolean
g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end_time)
{
  gboolean signalled;

  __tsan_release (mutex);
  signalled = NEXT (g_cond_wait_until) (cond, mutex, end_time);
  __tsan_acquire (mutex);
  return signalled;
}

/* The type system of GObject is full of these. */
UNSEEN void
g_rw_lock_reader_lock (GRWLock *lock)
{
  NEXT (g_rw_lock_reader_lock) (lock);
  __tsan_acquire (lock);
}

UNSEEN gboolean
g_rw_lock_reader_trylock (GRWLock *lock)
{
  gboolean locked = NEXT (g_rw_lock_reader_trylock) (lock);

  if (locked)
    __tsan_acquire (lock);
  return locked;
}

UNSEEN void
g_rw_lock_reader_unlock (GRWLock *lock)
{
  __tsan_release (lock);
  NEXT (g_rw_lock_reader_unlock) (lock);
}

UNSEEN void
g_rw_lock_writer_lock (GRWLock *lock)
{
  NEXT (g_rw_lock_writer_lock) (lock);
  __tsan_acquire (lock);
}

UNSEEN gboolean
g_rw_lock_writer_trylock (GRWLock *lock)
{
  gboolean locked = NEXT (g_rw_lock_writer_trylock) (lock);

  if (locked)
    __tsan_acquire (lock);
  return locked;
}

UNSEEN void
g_rw_lock_writer_unlock (GRWLock *lock)
{
  __tsan_release (lock);
  NEXT (g_rw_lock_writer_unlock) (lock);
}

/* --- once --- */

#undef g_once_init_enter
#undef g_once_init_leave

UNSEEN gboolean
g_once_init_enter (volatile void *location)
{
  gboolean first = NEXT (g_once_init_enter) (location);

  if (!first)
    __tsan_acquire ((void *) location);
  return first;
}

UNSEEN void
g_once_init_leave (volatile void *location, gsize result)
{
  __tsan_release ((void *) location);
  NEXT (g_once_init_leave) (location, result);
}

/* --- reference counts: what a thread did before it gave up a reference comes before what the last one does --- */

#undef g_atomic_ref_count_inc
#undef g_atomic_ref_count_dec

void
g_atomic_ref_count_inc (gatomicrefcount *count)
{
  __atomic_fetch_add (count, 1, __ATOMIC_SEQ_CST);
}

gboolean
g_atomic_ref_count_dec (gatomicrefcount *count)
{
  return __atomic_fetch_sub (count, 1, __ATOMIC_SEQ_CST) == 1;
}

UNSEEN void
g_atomic_rc_box_release_full (gpointer block, GDestroyNotify clear)
{
  __tsan_release (block);
  __tsan_acquire (block);
  NEXT (g_atomic_rc_box_release_full) (block, clear);
}

UNSEEN void
g_bytes_unref (GBytes *bytes)
{
  if (bytes != NULL)
    {
      __tsan_release (bytes);
      __tsan_acquire (bytes);
    }
  NEXT (g_bytes_unref) (bytes);
}

UNSEEN void
g_variant_unref (GVariant *variant)
{
  __tsan_release (variant);
  __tsan_acquire (variant);
  NEXT (g_variant_unref) (variant);
}

/* Class data is written once, under a lock of GObject's. */
UNSEEN void
g_object_unref (gpointer object)
{
  if (object != NULL)
    {
      __tsan_acquire (GSIZE_TO_POINTER (G_TYPE_FROM_INSTANCE (object)));
      __tsan_release (object);
      __tsan_acquire (object);
    }
  NEXT (g_object_unref) (object);
}

UNSEEN GObject *
g_object_new_with_properties (GType type, guint n, const char *names[], const GValue values[])
{
  gboolean first = g_type_class_peek (type) == NULL;
  GObject *object;

  if (!first)
    __tsan_acquire (GSIZE_TO_POINTER (type));
  object = NEXT (g_object_new_with_properties) (type, n, names, values);
  if (first)
    __tsan_release (GSIZE_TO_POINTER (type));
  return object;
}

UNSEEN gpointer
g_object_new (GType type, const char *first_property_name, ...)
{
  gboolean first = g_type_class_peek (type) == NULL;
  GObject *object;
  va_list args;

  if (!first)
    __tsan_acquire (GSIZE_TO_POINTER (type));
  va_start (args, first_property_name);
  object = g_object_new_valist (type, first_property_name, args);
  va_end (args);
  if (first)
    __tsan_release (GSIZE_TO_POINTER (type));
  return object;
}

/* --- blocks: one that a thread frees and another one gets again; ThreadSanitizer knows malloc(), and not GSlice. Calls
 * from inside libglib do not come here, and their blocks do not leave it. --- */

gpointer
g_slice_alloc (gsize size)
{
  return g_malloc (size);
}

gpointer
g_slice_alloc0 (gsize size)
{
  return g_malloc0 (size);
}

gpointer
g_slice_copy (gsize size, gconstpointer block)
{
  return g_memdup2 (block, size);
}

void
g_slice_free1 (gsize size, gpointer block)
{
  g_free (block);
}

/* --- sources: from the thread that attaches to the one that dispatches --- */

typedef struct
{
  GSourceFunc func;
  gpointer data;
  GDestroyNotify destroy;
  gpointer source;   /* NULL, or what is attached later: a place to meet at, it may be gone */
} Parcel;

UNSEEN static Parcel *
parcel_new (GSourceFunc func, gpointer data, GDestroyNotify destroy, gpointer source)
{
  Parcel *parcel = g_new (Parcel, 1);

  *parcel = (Parcel) { func, data, destroy, source };
  __tsan_release (parcel);
  return parcel;
}

UNSEEN static void
parcel_acquire (Parcel *parcel)
{
  __tsan_acquire (parcel);
  if (parcel->source != NULL)
    __tsan_acquire (parcel->source);
}

UNSEEN static gboolean
parcel_run (gpointer user_data)
{
  Parcel *parcel = user_data;

  parcel_acquire (parcel);
  return parcel->func (parcel->data);
}

UNSEEN static void
parcel_free (gpointer user_data)
{
  Parcel *parcel = user_data;

  parcel_acquire (parcel);
  if (parcel->destroy != NULL)
    parcel->destroy (parcel->data);
  g_free (parcel);
}

/* Other kinds of sources call back with other arguments, and are polled for, which orders nothing that is ours. */
UNSEEN void
g_source_set_callback (GSource *source, GSourceFunc func, gpointer data, GDestroyNotify notify)
{
  if (func != NULL && (source->source_funcs == &g_idle_funcs || source->source_funcs == &g_timeout_funcs))
    NEXT (g_source_set_callback) (source, parcel_run, parcel_new (func, data, notify, source), parcel_free);
  else
    NEXT (g_source_set_callback) (source, func, data, notify);
}

/* A source of our own has functions of our own: what came before attaching or waking it comes before them, and they come
 * before its end in whatever thread, since the context refers to it while it calls them. */
typedef struct
{
  GSourceFuncs funcs;
  GSourceFuncs *original;
} Wrapped;

UNSEEN static gboolean
wrapped_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  gboolean result;

  __tsan_acquire (source);
  result = ((Wrapped *) source->source_funcs)->original->dispatch (source, callback, user_data);
  __tsan_release (source);
  return result;
}

UNSEEN static gboolean
wrapped_prepare (GSource *source, int *timeout)
{
  gboolean result;

  __tsan_acquire (source);
  result = ((Wrapped *) source->source_funcs)->original->prepare (source, timeout);
  __tsan_release (source);
  return result;
}

UNSEEN static gboolean
wrapped_check (GSource *source)
{
  gboolean result;

  __tsan_acquire (source);
  result = ((Wrapped *) source->source_funcs)->original->check (source);
  __tsan_release (source);
  return result;
}

UNSEEN static void
wrapped_finalize (GSource *source)
{
  __tsan_acquire (source);
  ((Wrapped *) source->source_funcs)->original->finalize (source);
}

/* Stays for as long as the program: the table may be looked at as long as the source exists. */
UNSEEN GSource *
g_source_new (GSourceFuncs *funcs, guint size)
{
  Wrapped *wrapped = g_new0 (Wrapped, 1);

  wrapped->funcs = *funcs;
  wrapped->original = funcs;
  wrapped->funcs.dispatch = wrapped_dispatch;
  wrapped->funcs.prepare = funcs->prepare != NULL ? wrapped_prepare : NULL;
  wrapped->funcs.check = funcs->check != NULL ? wrapped_check : NULL;
  wrapped->funcs.finalize = funcs->finalize != NULL ? wrapped_finalize : NULL;
  return NEXT (g_source_new) (&wrapped->funcs, size);
}

UNSEEN guint
g_source_attach (GSource *source, GMainContext *context)
{
  __tsan_release (source);
  return NEXT (g_source_attach) (source, context);
}

UNSEEN void
g_source_set_ready_time (GSource *source, gint64 ready_time)
{
  __tsan_release (source);
  NEXT (g_source_set_ready_time) (source, ready_time);
}

UNSEEN void
g_source_unref (GSource *source)
{
  __tsan_release (source);
  NEXT (g_source_unref) (source);
}

UNSEEN void
g_main_context_invoke_full (GMainContext *context, int priority, GSourceFunc func, gpointer data, GDestroyNotify notify)
{
  NEXT (g_main_context_invoke_full) (context, priority, parcel_run, parcel_new (func, data, notify, NULL), parcel_free);
}

UNSEEN void
g_main_context_invoke (GMainContext *context, GSourceFunc func, gpointer data)
{
  g_main_context_invoke_full (context, G_PRIORITY_DEFAULT, func, data, NULL);
}

UNSEEN guint
g_idle_add_full (int priority, GSourceFunc func, gpointer data, GDestroyNotify notify)
{
  return NEXT (g_idle_add_full) (priority, parcel_run, parcel_new (func, data, notify, NULL), parcel_free);
}

UNSEEN guint
g_idle_add (GSourceFunc func, gpointer data)
{
  return g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, func, data, NULL);
}

/* --- tasks, pools and queues: from the thread that gives to the one that takes --- */

UNSEEN void
g_task_return_pointer (GTask *task, gpointer result, GDestroyNotify destroy)
{
  __tsan_release (task);
  NEXT (g_task_return_pointer) (task, result, destroy);
}

UNSEEN void
g_task_return_boolean (GTask *task, gboolean result)
{
  __tsan_release (task);
  NEXT (g_task_return_boolean) (task, result);
}

UNSEEN void
g_task_return_error (GTask *task, GError *error)
{
  __tsan_release (task);
  NEXT (g_task_return_error) (task, error);
}

UNSEEN gpointer
g_task_propagate_pointer (GTask *task, GError **error)
{
  __tsan_acquire (task);
  return NEXT (g_task_propagate_pointer) (task, error);
}

UNSEEN gboolean
g_task_propagate_boolean (GTask *task, GError **error)
{
  __tsan_acquire (task);
  return NEXT (g_task_propagate_boolean) (task, error);
}

typedef struct
{
  GFunc func;
  gpointer user_data;
} PoolFunc;

UNSEEN static void
pool_run (gpointer data, gpointer user_data)
{
  PoolFunc *original = user_data;

  __tsan_acquire (data);
  original->func (data, original->user_data);
}

/* Stays for as long as the program, as a pool that is freed without waiting still runs. */
UNSEEN static PoolFunc *
pool_func_new (GFunc func, gpointer user_data)
{
  PoolFunc *original = g_new (PoolFunc, 1);

  *original = (PoolFunc) { func, user_data };
  return original;
}

UNSEEN GThreadPool *
g_thread_pool_new (GFunc func, gpointer user_data, int max_threads, gboolean exclusive, GError **error)
{
  return NEXT (g_thread_pool_new) (pool_run, pool_func_new (func, user_data), max_threads, exclusive, error);
}

UNSEEN GThreadPool *
g_thread_pool_new_full (GFunc func, gpointer user_data, GDestroyNotify item_free, int max_threads, gboolean exclusive,
                        GError **error)
{
  return NEXT (g_thread_pool_new_full) (pool_run, pool_func_new (func, user_data), item_free, max_threads, exclusive,
                                        error);
}

UNSEEN gboolean
g_thread_pool_push (GThreadPool *pool, gpointer data, GError **error)
{
  __tsan_release (data);
  return NEXT (g_thread_pool_push) (pool, data, error);
}

UNSEEN void
g_async_queue_push (GAsyncQueue *queue, gpointer data)
{
  __tsan_release (data);
  NEXT (g_async_queue_push) (queue, data);
}

UNSEEN gpointer
g_async_queue_pop (GAsyncQueue *queue)
{
  gpointer data = NEXT (g_async_queue_pop) (queue);

  __tsan_acquire (data);
  return data;
}

UNSEEN gpointer
g_async_queue_try_pop (GAsyncQueue *queue)
{
  gpointer data = NEXT (g_async_queue_try_pop) (queue);

  if (data != NULL)
    __tsan_acquire (data);
  return data;
}

UNSEEN gpointer
g_async_queue_timeout_pop (GAsyncQueue *queue, guint64 timeout)
{
  gpointer data = NEXT (g_async_queue_timeout_pop) (queue, timeout);

  if (data != NULL)
    __tsan_acquire (data);
  return data;
}

UNSEEN void
g_cancellable_cancel (GCancellable *cancellable)
{
  if (cancellable != NULL)
    __tsan_release (cancellable);
  NEXT (g_cancellable_cancel) (cancellable);
}

UNSEEN gboolean
g_cancellable_is_cancelled (GCancellable *cancellable)
{
  gboolean cancelled = NEXT (g_cancellable_is_cancelled) (cancellable);

  if (cancelled)
    __tsan_acquire (cancellable);
  return cancelled;
}
