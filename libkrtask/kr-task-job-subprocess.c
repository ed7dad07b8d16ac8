/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A program as the body of a KrTaskJob: ended with SIGTERM, and with SIGKILL if that does not help. */
#include "config.h"

#include <signal.h>

#include "kr-task-job-private.h"

typedef struct
{
  GStrv argv;
  gint64 kill_after;
} Program;

static void
program_free (gpointer data)
{
  Program *program = data;

  g_strfreev (program->argv);
  g_free (program);
}

/* What goes on while the program runs; the thread of the body turns its own main context. */
typedef struct
{
  Program *program;
  GSubprocess *process;
  gboolean ended;
  GSource *killer; /* NULL: it was not asked to end, or is killed */
} Run;

static void
on_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Run *run = user_data;

  g_subprocess_wait_finish (G_SUBPROCESS (source), result, NULL);
  run->ended = TRUE;
}

static void
clear_killer (Run *run)
{
  if (run->killer == NULL)
    return;
  g_source_destroy (run->killer);
  g_clear_pointer (&run->killer, g_source_unref);
}

static gboolean
on_kill (gpointer user_data)
{
  Run *run = user_data;

  g_subprocess_force_exit (run->process);
  clear_killer (run);
  return G_SOURCE_REMOVE;
}

/* GSubprocess sends no signal to a process that has ended, so that nobody else's is hit. */
static gboolean
on_terminate (gpointer user_data)
{
  Run *run = user_data;

  g_subprocess_send_signal (run->process, SIGTERM);
  if (run->program->kill_after < 0)
    return G_SOURCE_REMOVE;
  run->killer = g_timeout_source_new (0);
  g_source_set_ready_time (run->killer, g_get_monotonic_time () + run->program->kill_after);
  g_source_set_callback (run->killer, on_kill, run, NULL);
  g_source_attach (run->killer, g_main_context_get_thread_default ());
  return G_SOURCE_REMOVE;
}

/* In the thread that cancels. */
static void
on_cancelled (GCancellable *cancellable, gpointer source)
{
  g_source_set_ready_time (source, 0);
}

/* A GCancellableSource would do, but GLib loses one that is dropped while the handlers of its cancellable still run. */
static GSource *
terminator_new (Run *run, GMainContext *context)
{
  GSource *source = g_timeout_source_new (0);

  g_source_set_static_name (source, "KrTaskJob subprocess");
  g_source_set_ready_time (source, -1);
  g_source_set_callback (source, on_terminate, run, NULL);
  g_source_attach (source, context);
  return source;
}

static void
run_to_end (Run *run, GCancellable *cancellable, GMainContext *context)
{
  g_autoptr (GSource) terminator = terminator_new (run, context);
  gulong id = g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), g_source_ref (terminator),
                                     (GDestroyNotify) g_source_unref);

  g_subprocess_wait_async (run->process, NULL, on_ended, run);
  while (!run->ended)
    g_main_context_iteration (context, TRUE);
  g_cancellable_disconnect (cancellable, id);
  g_source_destroy (terminator);
  clear_killer (run);
}

static GVariant *
outcome (GSubprocess *process, GError **error)
{
  if (g_subprocess_get_if_signaled (process))
    g_set_error (error, G_SPAWN_ERROR, G_SPAWN_ERROR_FAILED, "The program was ended by signal %d",
                 g_subprocess_get_term_sig (process));
  else if (g_subprocess_get_exit_status (process) != 0)
    g_set_error (error, G_SPAWN_EXIT_ERROR, g_subprocess_get_exit_status (process), "The program ended with status %d",
                 g_subprocess_get_exit_status (process));
  else
    return g_variant_new_int32 (0);
  return NULL;
}

static GVariant *
run_program (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GSubprocess) process = NULL;
  Program *program = user_data;
  GVariant *result = NULL;

  g_main_context_push_thread_default (context);
  process = g_subprocess_newv ((const char *const *) program->argv, G_SUBPROCESS_FLAGS_NONE, error);
  if (process != NULL)
    {
      Run run = { .program = program, .process = process };

      run_to_end (&run, cancellable, context);
      result = outcome (process, error);
    }
  g_main_context_pop_thread_default (context);
  return result;
}

/**
 * kr_task_job_set_subprocess:
 * @self: a job that was not submitted yet
 * @argv: (array zero-terminated=1): the program, looked up in `PATH`, and its arguments
 * @kill_after_us: how long after SIGTERM it is killed, µs; -1: never
 *
 * Sets a program as the body. A cancel sends it SIGTERM, and after @kill_after_us SIGKILL. The job completes with the
 * status (i) if that is 0; otherwise it fails with %G_SPAWN_EXIT_ERROR, or %G_SPAWN_ERROR_FAILED after a signal.
 *
 * Since: 0.1
 */
void
kr_task_job_set_subprocess (KrTaskJob *self, const char *const *argv, gint64 kill_after_us)
{
  Program *program;

  g_return_if_fail (KR_TASK_IS_JOB (self));
  g_return_if_fail (argv != NULL && argv[0] != NULL);

  program = g_new (Program, 1);
  program->argv = g_strdupv ((GStrv) argv);
  program->kill_after = kill_after_us;
  kr_task_job_set_func (self, run_program, program, program_free);
}
