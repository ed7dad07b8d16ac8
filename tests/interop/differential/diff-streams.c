/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Calls with streams: from the hub, to the hub, and both. */
#include "config.h"

#include "diff-hub.h"

/* --- from the hub --- */

typedef struct
{
  KrHubStream *stream;
  gint next, end;
} Count;

static void
count_free (Count *self)
{
  g_object_unref (self->stream);
  g_free (self);
}

static void count_on (Count *self);

static void
on_writable (GObject *stream, GAsyncResult *result, gpointer data)
{
  if (kr_hub_stream_wait_writable_finish (KR_HUB_STREAM (stream), result, NULL))
    count_on (data);
  else
    count_free (data);
}

static void
count_on (Count *self)
{
  while (self->next < self->end && kr_hub_stream_is_writable (self->stream))
    if (!kr_hub_stream_write (self->stream, g_variant_new_int32 (self->next++), NULL))
      {
        count_free (self);
        return;
      }
  if (self->next < self->end)
    {
      kr_hub_stream_wait_writable_async (self->stream, NULL, on_writable, self);
      return;
    }
  kr_hub_stream_complete (self->stream);
  count_free (self);
}

static void
count (KrHubInvocation *invocation, gpointer hub)
{
  Count *self = g_new0 (Count, 1);

  self->stream = kr_hub_invocation_open_stream (invocation);
  g_variant_get (kr_hub_invocation_get_arguments (invocation, NULL), "(i)", &self->end);
  count_on (self);
}

static void
count_and_fail (KrHubInvocation *invocation, gpointer hub)
{
  g_autoptr (KrHubStream) stream = kr_hub_invocation_open_stream (invocation);
  g_autoptr (GError) error = g_error_new_literal (KR_HUB_ERROR, KR_HUB_ERROR_FAILED, "torn");

  for (gint i = 0; i < 3; i++)
    if (!kr_hub_stream_write (stream, g_variant_new_int32 (i), NULL))
      return;
  kr_hub_stream_fail (stream, error);
}

static void
count_and_break (KrHubInvocation *invocation, gpointer hub)
{
  g_autoptr (KrHubStream) stream = kr_hub_invocation_open_stream (invocation);
  g_autoptr (GError) error = diff_make_error (kr_hub_invocation_get_string (invocation, 0));

  if (kr_hub_stream_write (stream, g_variant_new_int32 (1), NULL))
    kr_hub_stream_fail (stream, error);
}

typedef struct
{
  KrHubInvocation *invocation;
  KrHubStream *stream;
} Held;

static void
let_go (GCancellable *cancellable, gpointer data)
{
  Held *self = data;

  kr_hub_stream_complete (self->stream);
  g_object_unref (self->stream);
  kr_hub_invocation_unref (self->invocation);
  g_free (self);
}

/* One item, then nothing until the caller cancels. */
static void
hold (KrHubInvocation *invocation, gpointer hub)
{
  Held *self = g_new0 (Held, 1);

  self->invocation = kr_hub_invocation_ref (invocation);
  self->stream = kr_hub_invocation_open_stream (invocation);
  kr_hub_stream_write_string (self->stream, "held", NULL);
  g_signal_connect (kr_hub_invocation_get_cancellable (invocation), "cancelled", G_CALLBACK (let_go), self);
}

/* --- to the hub --- */

typedef struct
{
  KrHubInvocation *invocation;
  GString *text;
  guint index;
} Reader;

static void reader_read (Reader *self);

static void
reader_end (Reader *self, const GError *error)
{
  if (error != NULL)
    kr_hub_invocation_return_error (self->invocation, error);
  else
    kr_hub_invocation_return_string (self->invocation, self->text->str);
  kr_hub_invocation_unref (self->invocation);
  g_string_free (self->text, TRUE);
  g_free (self);
}

static void
reader_got (GObject *source, GAsyncResult *result, gpointer data)
{
  Reader *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) item = kr_hub_stream_next_finish (KR_HUB_STREAM (source), result, &error);
  g_autofree char *text = NULL;

  if (item == NULL && (error != NULL || ++self->index == kr_hub_invocation_get_n_uploads (self->invocation)))
    {
      reader_end (self, error);
      return;
    }
  if (item == NULL)
    text = g_strdup ("|");
  else if (g_variant_is_of_type (item, G_VARIANT_TYPE_STRING))
    text = g_variant_dup_string (item, NULL);
  else
    text = g_strdup_printf ("%d", g_variant_get_int32 (item));
  g_string_append_printf (self->text, "%s ", text);
  reader_read (self);
}

static void
reader_read (Reader *self)
{
  kr_hub_stream_next_async (kr_hub_invocation_get_upload (self->invocation, self->index), NULL, reader_got, self);
}

/* Reads its uploads to their end, one after the other. */
static void
collect (KrHubInvocation *invocation, gpointer hub)
{
  Reader *self = g_new0 (Reader, 1);

  self->invocation = kr_hub_invocation_ref (invocation);
  self->text = g_string_new (NULL);
  reader_read (self);
}

/* --- both ways --- */

static void
mirror_got (GObject *source, GAsyncResult *result, gpointer data)
{
  Held *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) item = kr_hub_stream_next_finish (KR_HUB_STREAM (source), result, &error);

  if (item != NULL && kr_hub_stream_write (self->stream, item, NULL))
    {
      kr_hub_stream_next_async (KR_HUB_STREAM (source), NULL, mirror_got, self);
      return;
    }
  if (error != NULL)
    kr_hub_stream_fail (self->stream, error);
  else
    kr_hub_stream_complete (self->stream);
  g_object_unref (self->stream);
  kr_hub_invocation_unref (self->invocation);
  g_free (self);
}

static void
mirror (KrHubInvocation *invocation, gpointer hub)
{
  Held *self = g_new0 (Held, 1);

  self->invocation = kr_hub_invocation_ref (invocation);
  self->stream = kr_hub_invocation_open_stream (invocation);
  kr_hub_stream_next_async (kr_hub_invocation_get_upload (invocation, 0), NULL, mirror_got, self);
}

static const DiffMethod streams[] = {
  { "Count", "(i)", "i", count },
  { "CountAndFail", "()", "i", count_and_fail },
  { "CountAndBreak", "(s)", "i", count_and_break },
  { "Hold", "()", "s", hold },
  { "Mirror", "()", "s", mirror },
};

static const DiffMethod uploads[] = {
  { "Collect", "()", "s", collect },
  { "CollectTwo", "(s)", "s", collect },
};

void
diff_hub_add_stream_methods (KrHubServer *hub)
{
  for (guint i = 0; i < G_N_ELEMENTS (streams); i++)
    if (!kr_hub_server_add_stream_method (hub, streams[i].name, streams[i].arguments, streams[i].result, streams[i].func,
                                          hub, NULL))
      g_error ("%s cannot be added", streams[i].name);
  diff_hub_register (hub, uploads, G_N_ELEMENTS (uploads));
  kr_hub_server_set_method_uploads (hub, "Mirror", "(s)");
  kr_hub_server_set_method_uploads (hub, "Collect", "(i)");
  kr_hub_server_set_method_uploads (hub, "CollectTwo", "(is)");
}
