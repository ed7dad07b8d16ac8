/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The long operations of the demo: they sleep in steps, report each, and stop at once when they are cancelled. */
#include "config.h"

#include "demo-operation.h"

#include <glib/gi18n.h>

#define STEP (500 * G_TIME_SPAN_MILLISECOND)
#define BLOCK (250 * G_TIME_SPAN_MILLISECOND)
#define BLOCK_BYTES 2097152

typedef KrTaskJob *(*MakeFunc) (guint seconds);

static GVariant *
run_steps (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  KrTaskProgress *progress = kr_task_job_get_progress (job);
  guint steps = GPOINTER_TO_UINT (user_data);

  kr_task_progress_set (progress, 0, "Started");
  for (guint i = 1; i <= steps; i++)
    {
      g_autofree char *message = g_strdup_printf ("Step %u / %u", i, steps);

      if (!kr_task_job_sleep (job, STEP))
        {
          g_cancellable_set_error_if_cancelled (cancellable, error);
          return NULL;
        }
      kr_task_progress_set (progress, (double) i / steps, message);
    }
  return g_variant_new_uint32 (steps);
}

static KrTaskJob *
make_steps (guint seconds)
{
  const char *format = ngettext ("Operation of %u second", "Operation of %u seconds", seconds);
  g_autofree char *title = g_strdup_printf (format, seconds);
  KrTaskJob *job = kr_task_job_new ("operation", title);
  guint steps = (guint) (seconds * G_TIME_SPAN_SECOND / STEP);

  kr_task_job_set_func (job, run_steps, GUINT_TO_POINTER (steps), NULL);
  return job;
}

/* No byte goes anywhere: what it shows is how a task that counts is followed. */
static GVariant *
run_transfer (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  KrTaskProgress *progress = kr_task_job_get_progress (job);
  guint blocks = GPOINTER_TO_UINT (user_data);
  guint64 total = (guint64) blocks * BLOCK_BYTES;

  kr_task_progress_set (progress, 0, "Started");
  for (guint i = 1; i <= blocks; i++)
    {
      g_autofree char *message = g_strdup_printf ("Block %u / %u", i, blocks);

      if (!kr_task_job_sleep (job, BLOCK))
        {
          g_cancellable_set_error_if_cancelled (cancellable, error);
          return NULL;
        }
      kr_task_progress_set_units (progress, (guint64) i * BLOCK_BYTES, total, "bytes");
      kr_task_progress_set (progress, (double) i / blocks, message);
    }
  return g_variant_new_uint64 (total);
}

static KrTaskJob *
make_transfer (guint seconds)
{
  guint blocks = (guint) (seconds * G_TIME_SPAN_SECOND / BLOCK);
  g_autofree char *size = g_format_size ((guint64) blocks * BLOCK_BYTES);
  /* Translators: an amount of data, such as “252 MB” */
  g_autofree char *title = g_strdup_printf (_("Transfer of %s"), size);
  KrTaskJob *job = kr_task_job_new ("transfer", title);

  kr_task_job_set_func (job, run_transfer, GUINT_TO_POINTER (blocks), NULL);
  return job;
}

static const struct
{
  const char *name;
  MakeFunc make;
} kinds[DEMO_OPERATION_N_KINDS] = {
  [DEMO_OPERATION_STEPS] = { "operation", make_steps },
  [DEMO_OPERATION_TRANSFER] = { "transfer", make_transfer },
};

/**
 * demo_operation_get_name:
 * @kind: a kind of operation
 *
 * Gets what a kind is called in requests.
 *
 * Returns: its name
 */
const char *
demo_operation_get_name (DemoOperationKind kind)
{
  return kinds[kind].name;
}

/**
 * demo_operation_find:
 * @name: a name
 * @kind: (out): the kind with this name
 *
 * Finds a kind.
 *
 * Returns: whether there is one
 */
gboolean
demo_operation_find (const char *name, DemoOperationKind *kind)
{
  for (guint i = 0; i < DEMO_OPERATION_N_KINDS; i++)
    if (g_str_equal (kinds[i].name, name))
      {
        *kind = i;
        return TRUE;
      }
  return FALSE;
}

/**
 * demo_operation_new:
 * @kind: what it counts
 * @seconds: how long it takes, 1 to %DEMO_OPERATION_MAX_SECONDS
 *
 * Creates an operation that does nothing, in steps, and says so.
 *
 * Returns: (transfer full): a job that is not submitted yet
 */
KrTaskJob *
demo_operation_new (DemoOperationKind kind, guint seconds)
{
  return kinds[kind].make (seconds);
}
