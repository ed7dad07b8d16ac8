/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* krhub call: a method's result. */
#include "config.h"

#include "krhub-run.h"
#include "krhub-upload.h"

static void
has_result (GObject *client, GAsyncResult *result, gpointer data)
{
  KrhubRun *run = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = kr_hub_client_upload_finish (KR_HUB_CLIENT (client), result, &error);

  if (value == NULL)
    krhub_run_fail (run, error);
  else if (krhub_run_printed (run, krhub_output_result (&run->output, value)))
    krhub_run_finish (run, KRHUB_EXIT_OK);
}

static void
call (KrhubRun *run)
{
  KrhubUpload *upload = NULL;

  if (run->options->upload)
    {
      run->state = upload = krhub_upload_new (run);
      run->free_state = (GDestroyNotify) krhub_upload_unref;
    }
  kr_hub_client_upload_async (run->client, run->options->method, run->arguments,
                              upload != NULL ? krhub_upload_get_streams (upload) : NULL, NULL, run->cancellable,
                              has_result, run);
  if (upload != NULL)
    krhub_upload_start (upload);
}

const KrhubCommand krhub_command_call = {
  .name = "call",
  .has_method = TRUE,
  .has_operands = TRUE,
  .connects = TRUE,
  .takes = KRHUB_TAKES_UPLOAD,
  .start = call,
};
