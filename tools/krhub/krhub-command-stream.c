/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* krhub stream: the items that a method answers with, as they come. */
#include "config.h"

#include "krhub-run.h"
#include "krhub-upload.h"

typedef struct
{
  KrhubRun *run;
  KrHubStream *stream;
  KrhubUpload *upload;  /* NULL: none */
} Reading;

static void
reading_free (gpointer data)
{
  Reading *self = data;

  g_clear_object (&self->stream);
  g_clear_pointer (&self->upload, krhub_upload_unref);
  g_free (self);
}

/* Before the good-bye: the method is to hear that nobody wants the rest. */
static void
end (Reading *self, KrhubExit status)
{
  kr_hub_stream_close (self->stream);
  krhub_run_finish (self->run, status);
}

static gboolean
print_item (Reading *self, GVariant *item)
{
  KrhubRun *run = self->run;

  if (krhub_run_printed (run, krhub_output_item (&run->output, item)))
    return TRUE;
  kr_hub_stream_close (self->stream);
  return FALSE;
}

static void
has_item (GObject *stream, GAsyncResult *result, gpointer data)
{
  Reading *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) item = kr_hub_stream_next_finish (self->stream, result, &error);

  if (error != NULL)
    {
      kr_hub_stream_close (self->stream);
      krhub_run_fail (self->run, error);
      return;
    }
  while (item != NULL && print_item (self, item))
    {
      g_variant_unref (item);
      item = kr_hub_stream_try_next (self->stream);
      if (item == NULL || g_cancellable_is_cancelled (self->run->cancellable))
        {
          kr_hub_stream_next_async (self->stream, self->run->cancellable, has_item, self);
          return;
        }
    }
  if (item == NULL)
    end (self, KRHUB_EXIT_OK);
}

static void
stream (KrhubRun *run)
{
  Reading *self = g_new0 (Reading, 1);
  g_autoptr (GError) error = NULL;

  run->state = self;
  run->free_state = reading_free;
  self->run = run;
  self->upload = run->options->upload ? krhub_upload_new (run) : NULL;
  self->stream = kr_hub_client_stream (run->client, run->options->method, run->arguments,
                                       self->upload != NULL ? krhub_upload_get_streams (self->upload) : NULL, NULL,
                                       &error);
  if (self->stream == NULL)
    {
      krhub_run_fail (run, error);
      return;
    }
  if (self->upload != NULL)
    krhub_upload_start (self->upload);
  kr_hub_stream_next_async (self->stream, run->cancellable, has_item, self);
}

const KrhubCommand krhub_command_stream = {
  .name = "stream",
  .has_method = TRUE,
  .has_operands = TRUE,
  .connects = TRUE,
  .takes = KRHUB_TAKES_UPLOAD | KRHUB_TAKES_COUNT,
  .start = stream,
};
