/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* krhub send: a call that nobody answers. */
#include "config.h"

#include "krhub-run.h"

/* What waits is sent before the client says good-bye. */
static void
send_call (KrhubRun *run)
{
  g_autoptr (GError) error = NULL;

  if (kr_hub_client_send (run->client, run->options->method, run->arguments, &error))
    krhub_run_finish (run, KRHUB_EXIT_OK);
  else
    krhub_run_fail (run, error);
}

const KrhubCommand krhub_command_send = {
  .name = "send",
  .has_method = TRUE,
  .has_operands = TRUE,
  .connects = TRUE,
  .start = send_call,
};
