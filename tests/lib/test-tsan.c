/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Hand-overs by GLib are no races to ThreadSanitizer, and a race beside them still is one. */
#include <gio/gio.h>

typedef struct
{
  GMutex mutex;
  GCond cond;
  GMainContext *context;
  GAsyncQueue *queue;
  int value;
  int result;
} Shared;

static void
shared_clear (Shared *shared)
{
  g_mutex_clear (&shared->mutex);
  g_cond_clear (&shared->cond);
  g_clear_pointer (&shared->context, g_main_context_unref);
  g_clear_pointer (&shared->queue, g_async_queue_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Shared, shared_clear)

static gpointer
set_under_lock (gpointer user_data)
{
  Shared *shared = user_data;

  g_mutex_lock (&shared->mutex);
  shared->value = 1;
  g_cond_signal (&shared->cond);
  g_mutex_unlock (&shared->mutex);
  return NULL;
}

static void
test_mutex (void)
{
  g_auto (Shared) shared = { 0 };
  GThread *thread = g_thread_new ("setter", set_under_lock, &shared);

  g_mutex_lock (&shared.mutex);
  while (shared.value == 0)
    g_cond_wait (&shared.cond, &shared.mutex);
  g_mutex_unlock (&shared.mutex);
  g_assert_cmpint (shared.value, ==, 1);
  g_thread_join (thread);
}

static gboolean
take_value (gpointer user_data)
{
  Shared *shared = user_data;

  shared->result = shared->value;
  return G_SOURCE_REMOVE;
}

static gpointer
give_value (gpointer user_data)
{
  Shared *shared = user_data;
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_callback (source, take_value, shared, NULL);
  shared->value = 2;
  g_source_attach (source, shared->context);
  return NULL;
}

static void
test_source (void)
{
  g_auto (Shared) shared = { .context = g_main_context_new () };
  GThread *thread = g_thread_new ("giver", give_value, &shared);

  while (shared.result == 0)
    g_main_context_iteration (shared.context, TRUE);
  g_assert_cmpint (shared.result, ==, 2);
  g_thread_join (thread);
}

static gpointer
push_value (gpointer user_data)
{
  Shared *shared = user_data;
  int *parcel = g_new (int, 1);

  *parcel = 3;
  g_async_queue_push (shared->queue, parcel);
  return NULL;
}

static void
test_queue (void)
{
  g_auto (Shared) shared = { .queue = g_async_queue_new () };
  GThread *thread = g_thread_new ("pusher", push_value, &shared);
  g_autofree int *parcel = g_async_queue_pop (shared.queue);

  g_assert_cmpint (*parcel, ==, 3);
  g_thread_join (thread);
}

/* The lock guards something else, and the flag that is waited for orders nothing. */
static gpointer
set_beside_lock (gpointer user_data)
{
  Shared *shared = user_data;

  shared->value = 4;
  g_mutex_lock (&shared->mutex);
  g_mutex_unlock (&shared->mutex);
  __atomic_store_n (&shared->result, 1, __ATOMIC_RELAXED);
  return NULL;
}

static void
test_race_itself (void)
{
  g_auto (Shared) shared = { 0 };
  GThread *thread = g_thread_new ("racer", set_beside_lock, &shared);

  while (__atomic_load_n (&shared.result, __ATOMIC_RELAXED) == 0)
    g_thread_yield ();
  shared.value++;
  g_thread_join (thread);
}

static void
test_race (void)
{
  g_test_trap_subprocess ("/tsan/subprocess/race", 0, 0);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*data race*");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tsan/mutex", test_mutex);
  g_test_add_func ("/tsan/source", test_source);
  g_test_add_func ("/tsan/queue", test_queue);
  g_test_add_func ("/tsan/race", test_race);
  g_test_add_func ("/tsan/subprocess/race", test_race_itself);
  return g_test_run ();
}
