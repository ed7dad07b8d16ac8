/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* How the window puts a task into words. */
#include "config.h"

#include "demo-format.h"

#include <glib/gi18n.h>
#include <math.h>

static const struct
{
  const char *text;
  const char *icon;
} states[] = {
  [KR_TASK_STATE_CREATED] = { N_("Not started"), "media-playback-pause-symbolic" },
  [KR_TASK_STATE_QUEUED] = { N_("Waiting"), "content-loading-symbolic" },
  [KR_TASK_STATE_RUNNING] = { N_("Running"), "media-playback-start-symbolic" },
  [KR_TASK_STATE_CANCELLING] = { N_("Stopping"), "media-playback-stop-symbolic" },
  [KR_TASK_STATE_COMPLETED] = { N_("Completed"), "object-select-symbolic" },
  [KR_TASK_STATE_FAILED] = { N_("Failed"), "dialog-error-symbolic" },
  [KR_TASK_STATE_CANCELLED] = { N_("Cancelled"), "process-stop-symbolic" },
  [KR_TASK_STATE_TIMED_OUT] = { N_("Timed out"), "alarm-symbolic" },
};

static const char *const reasons[] = {
  [KR_TASK_CANCEL_REASON_NONE] = "",
  [KR_TASK_CANCEL_REASON_USER] = N_("Somebody asked for it"),
  [KR_TASK_CANCEL_REASON_DEADLINE] = N_("It took too long"),
  [KR_TASK_CANCEL_REASON_PARENT] = N_("What it is a part of was cancelled"),
  [KR_TASK_CANCEL_REASON_SIBLING_FAILED] = N_("Another part failed"),
  [KR_TASK_CANCEL_REASON_SHUTDOWN] = N_("The program was shut down"),
  [KR_TASK_CANCEL_REASON_OWNER_VANISHED] = N_("Who had started it went away"),
  [KR_TASK_CANCEL_REASON_SUPERSEDED] = N_("A newer task took its place"),
  [KR_TASK_CANCEL_REASON_SELF] = N_("It gave up"),
};

/**
 * demo_format_state:
 * @state: a state
 *
 * Names a state.
 *
 * Returns: its name, translated
 */
const char *
demo_format_state (KrTaskState state)
{
  return _(states[state].text);
}

/**
 * demo_format_state_icon:
 * @state: a state
 *
 * Names the icon of a state.
 *
 * Returns: an icon of the theme
 */
const char *
demo_format_state_icon (KrTaskState state)
{
  return states[state].icon;
}

/**
 * demo_format_kind:
 * @kind: what a program calls a kind of task
 *
 * Names a kind; those of kr-demo are known.
 *
 * Returns: its name, translated; @kind itself if nobody knows it
 */
const char *
demo_format_kind (const char *kind)
{
  if (g_str_equal (kind, "operation"))
    return _("Operation");
  if (g_str_equal (kind, "transfer"))
    return _("Transfer");
  return kind;
}

/**
 * demo_format_reason:
 * @reason: why a task was cancelled
 *
 * Puts it into words.
 *
 * Returns: the words, translated; empty for none
 */
const char *
demo_format_reason (KrTaskCancelReason reason)
{
  return reason != KR_TASK_CANCEL_REASON_NONE ? _(reasons[reason]) : "";
}

/**
 * demo_format_duration:
 * @microseconds: a length of time, not negative
 *
 * Puts it into words, to the second, or to the minute from an hour on.
 *
 * Returns: (transfer full): such as `2 min 5 s`
 */
char *
demo_format_duration (gint64 microseconds)
{
  gint64 seconds = (microseconds + G_USEC_PER_SEC / 2) / G_USEC_PER_SEC;

  if (seconds < 60)
    return g_strdup_printf (_("%d s"), (int) seconds);
  if (seconds < 60 * 60)
    return g_strdup_printf (_("%d min %d s"), (int) (seconds / 60), (int) (seconds % 60));
  return g_strdup_printf (_("%d h %d min"), (int) MIN (seconds / (60 * 60), G_MAXINT), (int) (seconds / 60 % 60));
}

/**
 * demo_format_time:
 * @microseconds: a time, µs since 1970
 *
 * Puts a time into words, as the locale has it.
 *
 * Returns: (transfer full) (nullable): the words; %NULL for 0, and for a time that no calendar has
 */
char *
demo_format_time (gint64 microseconds)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (microseconds / G_USEC_PER_SEC);

  return microseconds > 0 && time != NULL ? g_date_time_format (time, "%x %X") : NULL;
}

static void
append (GString *text, const char *part)
{
  g_string_append_printf (text, "%s%s", text->len > 0 ? " · " : "", part);
}

static void
append_units (GString *text, const DemoTaskInfo *info)
{
  gboolean bytes = g_strcmp0 (info->unit, "bytes") == 0;
  g_autofree char *done = bytes ? g_format_size (info->done) : g_strdup_printf ("%" G_GUINT64_FORMAT, info->done);
  g_autofree char *total = NULL, *amount = NULL;

  if (info->unit == NULL || info->unit[0] == '\0')
    return;
  if (info->total > 0)
    total = bytes ? g_format_size (info->total) : g_strdup_printf ("%" G_GUINT64_FORMAT " %s", info->total, info->unit);
  if (total != NULL)
    amount = g_strdup_printf (_("%s of %s"), done, total);
  else
    amount = bytes ? g_strdup (done) : g_strdup_printf ("%s %s", done, info->unit);
  append (text, amount);
}

static void
append_rate (GString *text, const DemoTaskInfo *info)
{
  g_autofree char *rate = NULL;

  if (info->rate == 0 || info->unit == NULL || info->unit[0] == '\0')
    return;
  if (g_str_equal (info->unit, "bytes"))
    {
      g_autofree char *size = g_format_size (info->rate);

      rate = g_strdup_printf (_("%s/s"), size);
    }
  else
    {
      g_autofree char *number = g_strdup_printf ("%" G_GUINT64_FORMAT, info->rate);

      rate = g_strdup_printf (_("%s %s/s"), number, info->unit);
    }
  append (text, rate);
}

/**
 * demo_format_progress:
 * @info: what is known of a task
 *
 * Says how far a task is, how fast, and how long it will take; how long it took once it has ended.
 *
 * Returns: (transfer full): such as `40 % · 4 of 10 steps · 2 steps/s · 3 s left`; may be empty
 */
char *
demo_format_progress (const DemoTaskInfo *info)
{
  g_autoptr (GString) text = g_string_new (NULL);
  gboolean over = kr_task_state_is_terminal (info->state);

  if (!isnan (info->fraction) && (!over || info->state != KR_TASK_STATE_COMPLETED))
    {
      g_autofree char *percent = g_strdup_printf (_("%d %%"), (int) (info->fraction * 100));

      append (text, percent);
    }
  if (!over)
    append_units (text, info);
  if (info->state == KR_TASK_STATE_RUNNING)
    append_rate (text, info);
  if (info->state == KR_TASK_STATE_RUNNING && info->eta >= 0)
    {
      g_autofree char *duration = demo_format_duration (info->eta);
      g_autofree char *left = g_strdup_printf (_("%s left"), duration);

      append (text, left);
    }
  if (over && info->started_at > 0 && info->finished_at >= info->started_at)
    {
      g_autofree char *duration = demo_format_duration (info->finished_at - info->started_at);
      g_autofree char *took = g_strdup_printf (_("took %s"), duration);

      append (text, took);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/**
 * demo_format_summary:
 * @info: what is known of a task
 *
 * Says in one sentence what a screen reader should say of a task.
 *
 * Returns: (transfer full): such as `Operation of 5 seconds, Running, 40 % · 3 s left`
 */
char *
demo_format_summary (const DemoTaskInfo *info)
{
  g_autofree char *progress = demo_format_progress (info);
  const char *title = info->title != NULL ? info->title : "";

  if (progress[0] == '\0')
    return g_strdup_printf ("%s, %s", title, demo_format_state (info->state));
  return g_strdup_printf ("%s, %s, %s", title, demo_format_state (info->state), progress);
}

/**
 * demo_format_error:
 * @error: what went wrong
 *
 * Puts it into words; what has a code of ours is translated.
 *
 * Returns: (transfer full): the words
 */
char *
demo_format_error (const GError *error)
{
  if (error->domain != KR_TASK_ERROR)
    return g_strdup (error->message);
  switch ((KrTaskError) error->code)
    {
    case KR_TASK_ERROR_ALREADY_CANCELLED:
      return g_strdup (_("it is being stopped already"));
    case KR_TASK_ERROR_ALREADY_FINISHED:
      return g_strdup (_("it has ended already"));
    case KR_TASK_ERROR_NOT_CANCELLABLE:
      return g_strdup (_("it is in a part that it must not leave half done"));
    case KR_TASK_ERROR_NOT_AUTHORIZED:
      return g_strdup (_("it belongs to somebody else"));
    case KR_TASK_ERROR_NOT_FOUND:
      return g_strdup (_("it is gone"));
    case KR_TASK_ERROR_QUEUE_FULL:
      return g_strdup (_("too many tasks are waiting"));
    case KR_TASK_ERROR_SHUTTING_DOWN:
      return g_strdup (_("the program is shutting down"));
    case KR_TASK_ERROR_ALREADY_STARTED:
    case KR_TASK_ERROR_CONFLICT:
    case KR_TASK_ERROR_DEFERRED:
    case KR_TASK_ERROR_DETACHED:
    case KR_TASK_ERROR_HAS_CHILDREN:
    case KR_TASK_ERROR_INVALID:
    case KR_TASK_ERROR_NOT_FINISHED:
    default:
      return g_strdup (error->message);
    }
}
