/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* krhub listen: what the hub sends, until somebody has had enough. */
#include "config.h"

#include <glib/gi18n.h>

#include "krhub-run.h"

static void
answer (KrhubRun *run, KrHubInvocation *invocation)
{
  if (!kr_hub_invocation_get_expects_answer (invocation))
    return;
  if (run->state != NULL)
    kr_hub_invocation_return_value (invocation, run->state);
  else
    kr_hub_invocation_return_error_literal (invocation, "krhub listen has no answer");
}

static void
on_event (KrHubInvocation *invocation, gpointer data)
{
  KrhubRun *run = data;
  const char *name = kr_hub_invocation_get_method_name (invocation);
  g_autoptr (GError) error = NULL;
  GVariant *arguments;

  if (run->finishing)
    return;
  arguments = kr_hub_invocation_get_arguments (invocation, &error);
  answer (run, invocation);
  if (arguments != NULL)
    krhub_run_printed (run, krhub_output_event (&run->output, name, arguments));
  else
    krhub_output_notice (&run->output, _("%s came with arguments that cannot be shown: %s"), name, error->message);
}

/* A name twice is no fault: there is a handler, and it is the same. */
static gboolean
prepare (KrhubRun *run, GError **error)
{
  const KrhubOptions *options = run->options;

  if (options->answer != NULL)
    {
      run->state = krhub_arguments_parse_value (options->answer, options->kind, error);
      run->free_state = (GDestroyNotify) g_variant_unref;
      if (run->state == NULL)
        return FALSE;
    }
  for (char **name = options->operands; *name != NULL; name++)
    kr_hub_client_add_handler (run->client, *name, NULL, on_event, run, NULL);
  if (*options->operands == NULL)
    kr_hub_client_set_default_handler (run->client, on_event, run, NULL);
  return TRUE;
}

static void
on_cancelled (GCancellable *cancellable, gpointer data)
{
  krhub_run_finish (data, KRHUB_EXIT_OK);
}

static void
listen_on (KrhubRun *run)
{
  krhub_output_progress (&run->output, _("Listening; Ctrl+C ends it"));
  g_signal_connect (run->cancellable, "cancelled", G_CALLBACK (on_cancelled), run);
}

const KrhubCommand krhub_command_listen = {
  .name = "listen",
  .has_operands = TRUE,
  .connects = TRUE,
  .takes = KRHUB_TAKES_COUNT | KRHUB_TAKES_RECONNECT | KRHUB_TAKES_ANSWER,
  .prepare = prepare,
  .start = listen_on,
};
