/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The lock of libkrtask, which ThreadSanitizer can see. */
#pragma once

#include <glib.h>

/* Tells the processor that this thread is waiting for another one. */
static inline void
kr_task_relax (void)
{
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause ();
#elif defined(__aarch64__)
  __asm__ volatile ("yield");
#endif
}

/* GLib is not instrumented, and its mutex is a bare futex: a sanitised build needs one that ThreadSanitizer knows. */
#if defined(__SANITIZE_THREAD__)
#define KR_TASK_LOCK_IS_PTHREAD 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define KR_TASK_LOCK_IS_PTHREAD 1
#endif
#endif

#ifdef KR_TASK_LOCK_IS_PTHREAD
#include <pthread.h>
#include <time.h>

typedef pthread_mutex_t KrTaskLock;
typedef pthread_cond_t KrTaskCond;

static inline void
kr_task_cond_init (KrTaskCond *cond)
{
  pthread_condattr_t attributes;

  pthread_condattr_init (&attributes);
  pthread_condattr_setclock (&attributes, CLOCK_MONOTONIC);
  pthread_cond_init (cond, &attributes);
  pthread_condattr_destroy (&attributes);
}

static inline gboolean
kr_task_cond_wait_until (KrTaskCond *cond, KrTaskLock *lock, gint64 end)
{
  struct timespec until = { .tv_sec = end / G_USEC_PER_SEC, .tv_nsec = end % G_USEC_PER_SEC * 1000 };

  return pthread_cond_timedwait (cond, lock, &until) == 0;
}

#define kr_task_lock_init(lock) pthread_mutex_init (lock, NULL)
#define kr_task_lock_clear(lock) pthread_mutex_destroy (lock)
#define kr_task_lock(lock) pthread_mutex_lock (lock)
#define kr_task_unlock(lock) pthread_mutex_unlock (lock)
#define kr_task_cond_clear(cond) pthread_cond_destroy (cond)
#define kr_task_cond_broadcast(cond) pthread_cond_broadcast (cond)
#else
typedef GMutex KrTaskLock;
typedef GCond KrTaskCond;

/* No section is longer than a microsecond, and to sleep and be woken takes five: it pays to ask again before. */
static inline void
kr_task_lock (KrTaskLock *lock)
{
  for (guint pause = 1; !g_mutex_trylock (lock); pause *= 2)
    {
      if (pause > 32)
        {
          g_mutex_lock (lock);
          return;
        }
      for (guint i = 0; i < pause; i++)
        kr_task_relax ();
    }
}

#define kr_task_lock_init(lock) g_mutex_init (lock)
#define kr_task_lock_clear(lock) g_mutex_clear (lock)
#define kr_task_unlock(lock) g_mutex_unlock (lock)
#define kr_task_cond_init(cond) g_cond_init (cond)
#define kr_task_cond_clear(cond) g_cond_clear (cond)
#define kr_task_cond_broadcast(cond) g_cond_broadcast (cond)
#define kr_task_cond_wait_until(cond, lock, end) g_cond_wait_until (cond, lock, end)
#endif
