/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A stream to a method, of the lines of standard input. */
#include "config.h"

#include "krhub-upload.h"

#include <gio/gunixinputstream.h>
#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

/* Reads a line only when the hub takes another item. Every operation under way holds a reference. */
struct _KrhubUpload
{
  grefcount ref_count;
  KrhubRun *run;
  KrHubStream *streams[2];
  GDataInputStream *lines;
  guint n_lines;
  guint n_sent;
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KrhubUpload, krhub_upload_unref)

static void read_line (KrhubUpload *self);

KrhubUpload *
krhub_upload_new (KrhubRun *run)
{
  KrhubUpload *self = g_new0 (KrhubUpload, 1);
  g_autoptr (GInputStream) input = g_unix_input_stream_new (STDIN_FILENO, FALSE);

  g_ref_count_init (&self->ref_count);
  self->run = run;
  self->streams[0] = kr_hub_stream_new ();
  self->lines = g_data_input_stream_new (input);
  return self;
}

static KrhubUpload *
krhub_upload_ref (KrhubUpload *self)
{
  g_ref_count_inc (&self->ref_count);
  return self;
}

void
krhub_upload_unref (KrhubUpload *self)
{
  if (!g_ref_count_dec (&self->ref_count))
    return;
  g_object_unref (self->streams[0]);
  g_object_unref (self->lines);
  g_free (self);
}

KrHubStream *const *
krhub_upload_get_streams (KrhubUpload *self)
{
  return self->streams;
}

static void
tell_progress (KrhubUpload *self)
{
  g_autofree char *text = g_strdup_printf (ngettext ("%u item sent", "%u items sent", self->n_sent), self->n_sent);

  krhub_output_progress (&self->run->output, text);
}

/* The line is wrong, not the connection: the hub is told that no more comes. */
static void
refuse_line (KrhubUpload *self, const GError *reason)
{
  g_autofree char *text = g_strdup_printf (_("Line %u of standard input: %s"), self->n_lines, reason->message);

  kr_hub_stream_fail (self->streams[0], reason);
  krhub_output_error (&self->run->output, text, NULL);
  krhub_run_interrupt (self->run, KRHUB_EXIT_USAGE);
}

static void
is_writable (GObject *stream, GAsyncResult *result, gpointer data)
{
  g_autoptr (KrhubUpload) self = data;

  if (kr_hub_stream_wait_writable_finish (KR_HUB_STREAM (stream), result, NULL))
    read_line (self);
}

static gboolean
is_blank (const char *line)
{
  return line[strspn (line, " \t\r")] == '\0';
}

/* FALSE when nothing more is to be sent. */
static gboolean
send_line (KrhubUpload *self, const char *line)
{
  KrhubArgumentsKind kind = self->run->options->kind;
  g_autoptr (GVariant) item = NULL;
  g_autoptr (GError) error = NULL;

  self->n_lines++;
  if (kind != KRHUB_ARGUMENTS_TEXT && is_blank (line))
    return TRUE;
  item = krhub_arguments_parse_value (line, kind, &error);
  if (item != NULL && kr_hub_stream_write (self->streams[0], item, &error))
    {
      self->n_sent++;
      tell_progress (self);
      return TRUE;
    }
  /* A method that has answered takes no more; what it answered is all that counts then. */
  if (item == NULL || g_error_matches (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING))
    refuse_line (self, error);
  return FALSE;
}

static void
has_line (GObject *lines, GAsyncResult *result, gpointer data)
{
  g_autoptr (KrhubUpload) self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *line = g_data_input_stream_read_line_finish (G_DATA_INPUT_STREAM (lines), result, NULL, &error);

  if (self->run->finishing || g_cancellable_is_cancelled (self->run->cancellable))
    return;
  if (error != NULL)
    refuse_line (self, error);
  else if (line == NULL)
    kr_hub_stream_complete (self->streams[0]);
  else if (!send_line (self, line))
    return;
  else if (kr_hub_stream_is_writable (self->streams[0]))
    read_line (self);
  else
    kr_hub_stream_wait_writable_async (self->streams[0], self->run->cancellable, is_writable, krhub_upload_ref (self));
}

static void
read_line (KrhubUpload *self)
{
  g_data_input_stream_read_line_async (self->lines, G_PRIORITY_DEFAULT, self->run->cancellable, has_line,
                                       krhub_upload_ref (self));
}

void
krhub_upload_start (KrhubUpload *self)
{
  read_line (self);
}
