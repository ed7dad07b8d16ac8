/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrhubRun: one command from its connection to its exit status. */
#include "config.h"

#include "krhub-run.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <signal.h>

#include "krhub-client.h"
#include "krhub-interrupt.h"

/* How long the end may take before nothing is waited for any more. */
#define MAX_FAREWELL_MS 3000
/* How long a server may take to answer at all. */
#define MAX_CONNECTING_MS 30000

/* --- the end --- */

static gboolean
on_watchdog (gpointer data)
{
  KrhubRun *self = data;

  self->stopped = TRUE;
  g_main_loop_quit (self->loop);
  return G_SOURCE_REMOVE;
}

static GSource *
start_timer (guint ms, const char *name, GSourceFunc func, gpointer data)
{
  GSource *source = g_timeout_source_new (ms);

  g_source_set_static_name (source, name);
  g_source_set_callback (source, func, data, NULL);
  g_source_attach (source, NULL);
  return source;
}

static void
stop_timer (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
start_watchdog (KrhubRun *self)
{
  if (self->watchdog == NULL)
    self->watchdog = start_timer (MAX_FAREWELL_MS, "krhub farewell", on_watchdog, self);
}

static void
has_stopped (GObject *client, GAsyncResult *result, gpointer data)
{
  KrhubRun *self = data;

  kr_hub_client_stop_finish (KR_HUB_CLIENT (client), result, NULL);
  self->stopped = TRUE;
  g_main_loop_quit (self->loop);
}

/**
 * krhub_run_finish:
 * @self: a run
 * @status: how it ends
 *
 * Says good-bye to the hub, then ends the program. Only the first end counts.
 */
void
krhub_run_finish (KrhubRun *self, KrhubExit status)
{
  if (self->finishing)
    return;
  self->finishing = TRUE;
  krhub_output_progress (&self->output, NULL);
  stop_timer (&self->patience);
  if (!self->interrupted)
    self->status = status;
  start_watchdog (self);
  if (self->client == NULL)
    {
      self->stopped = TRUE;
      g_main_loop_quit (self->loop);
      return;
    }
  krhub_output_detail (&self->output, _("Disconnecting"));
  kr_hub_client_stop_async (self->client, NULL, has_stopped, self);
}

static void
finish_with (KrhubRun *self, const KrhubFailure *failure)
{
  if (!self->interrupted && !self->finishing)
    krhub_output_error (&self->output, failure->message, failure->hint);
  krhub_run_finish (self, failure->status);
}

/**
 * krhub_run_fail:
 * @self: a run
 * @error: why the command failed
 *
 * Tells the error and ends the run; an interruption keeps its own status and needs no words.
 */
void
krhub_run_fail (KrhubRun *self, const GError *error)
{
  g_auto (KrhubFailure) failure = { 0 };

  krhub_failure_of_calling (&failure, error, self->options);
  finish_with (self, &failure);
}

/**
 * krhub_run_interrupt:
 * @self: a run
 * @status: how it is to end
 *
 * Cancels what is waited for, at the hub as well.
 */
void
krhub_run_interrupt (KrhubRun *self, KrhubExit status)
{
  if (self->interrupted || self->finishing)
    return;
  self->interrupted = TRUE;
  self->status = status;
  start_watchdog (self);
  g_cancellable_cancel (self->cancellable);
}

/**
 * krhub_run_printed:
 * @self: a run
 * @done: whether a line could be printed
 *
 * Counts lines. Nobody reading them is an end in silence, as of other programs in a pipe.
 *
 * Returns: whether there is to be another one
 */
gboolean
krhub_run_printed (KrhubRun *self, gboolean done)
{
  if (!done && errno == EPIPE)
    krhub_run_finish (self, KRHUB_EXIT_PIPE);
  else if (!done)
    {
      g_autofree char *text = g_strdup_printf (_("Standard output takes nothing more: %s"), g_strerror (errno));

      krhub_output_error (&self->output, text, NULL);
      krhub_run_finish (self, KRHUB_EXIT_FAILED);
    }
  else if (self->options->count > 0 && ++self->n_printed >= self->options->count)
    krhub_run_finish (self, KRHUB_EXIT_OK);
  return !self->finishing;
}

/* --- what interrupts --- */

static void
on_signal (int signal_number, gpointer data)
{
  krhub_run_interrupt (data, signal_number == SIGINT ? KRHUB_EXIT_INTERRUPTED : KRHUB_EXIT_TERMINATED);
}

static gboolean
on_deadline (gpointer data)
{
  KrhubRun *self = data;
  g_autofree char *text = g_strdup_printf (_("Not done after %g s"), self->options->timeout / 1e6);

  if (!self->finishing)
    krhub_output_error (&self->output, text, NULL);
  krhub_run_interrupt (self, KRHUB_EXIT_TIMEOUT);
  return G_SOURCE_REMOVE;
}

static gboolean
on_impatience (gpointer data)
{
  KrhubRun *self = data;
  g_autofree char *text =
    g_strdup_printf (_("%s has not answered for %d seconds"), self->options->url, MAX_CONNECTING_MS / 1000);

  krhub_output_error (&self->output, text, _("Something listens there; are scheme and port of the URL right?"));
  krhub_run_interrupt (self, KRHUB_EXIT_TIMEOUT);
  return G_SOURCE_REMOVE;
}

/* --- the beginning --- */

static void
on_closed (KrHubClient *client, const GError *error, gpointer data)
{
  KrhubRun *self = data;
  g_auto (KrhubFailure) failure = { KRHUB_EXIT_LOST, NULL, NULL };

  /* What is waited for fails with the same reason, and may have more to say. */
  if (self->finishing || self->interrupted)
    return;
  if (error != NULL)
    krhub_failure_of_calling (&failure, error, self->options);
  else
    failure.message = g_strdup (_("The hub has closed the connection"));
  finish_with (self, &failure);
}

static void
has_started (GObject *client, GAsyncResult *result, gpointer data)
{
  KrhubRun *self = data;
  g_autoptr (GError) error = NULL;
  g_auto (KrhubFailure) failure = { 0 };

  krhub_output_progress (&self->output, NULL);
  stop_timer (&self->patience);
  if (kr_hub_client_start_finish (KR_HUB_CLIENT (client), result, &error))
    {
      krhub_client_tell_connected (self->client, &self->output);
      self->options->command->start (self);
      return;
    }
  krhub_failure_of_connecting (&failure, error, self->options, &self->http);
  finish_with (self, &failure);
}

static gboolean
prepare (KrhubRun *self, GError **error)
{
  const KrhubCommand *command = self->options->command;

  if (command->has_method)
    self->arguments = krhub_arguments_parse (self->options->operands, self->options->kind, error);
  if (command->has_method && self->arguments == NULL)
    return FALSE;
  if (command->connects)
    self->client = krhub_client_new (self->options, &self->http, error);
  if (command->connects && self->client == NULL)
    return FALSE;
  return command->prepare == NULL || command->prepare (self, error);
}

static void
start (KrhubRun *self)
{
  g_autofree char *text = g_strdup_printf (_("Connecting to %s …"), self->options->url);

  if (self->options->timeout > 0)
    self->deadline = start_timer (MAX (self->options->timeout / 1000, 1), "krhub deadline", on_deadline, self);
  self->patience = start_timer (MAX_CONNECTING_MS, "krhub patience", on_impatience, self);
  krhub_output_progress (&self->output, text);
  if (self->client == NULL)
    {
      self->options->command->start (self);
      return;
    }
  g_signal_connect (self->client, "closed", G_CALLBACK (on_closed), self);
  kr_hub_client_start_async (self->client, self->cancellable, has_started, self);
}

static void
clear (KrhubRun *self)
{
  stop_timer (&self->deadline);
  stop_timer (&self->patience);
  stop_timer (&self->watchdog);
  if (self->client != NULL)
    g_signal_handlers_disconnect_by_data (self->client, self);
  if (self->free_state != NULL)
    self->free_state (self->state);
  g_clear_object (&self->client);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->arguments, g_variant_unref);
  g_clear_pointer (&self->loop, g_main_loop_unref);
  krhub_http_clear (&self->http);
}

/**
 * krhub_run:
 * @options: what to do
 *
 * Does what the command line wants.
 *
 * Returns: the exit status
 */
KrhubExit
krhub_run (const KrhubOptions *options)
{
  KrhubRun self = { .options = options };
  g_autoptr (GError) error = NULL;

  krhub_output_init (&self.output, options);
  krhub_http_init (&self.http, options, &self.output);
  self.cancellable = g_cancellable_new ();
  self.loop = g_main_loop_new (NULL, FALSE);
  if (prepare (&self, &error) && krhub_interrupt_watch (on_signal, &self, &error))
    {
      start (&self);
      if (!self.stopped)
        g_main_loop_run (self.loop);
      krhub_interrupt_unwatch ();
    }
  else
    {
      krhub_output_error (&self.output, error->message, NULL);
      self.status = KRHUB_EXIT_USAGE;
    }
  clear (&self);
  return self.status;
}
