/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupStream: a GIOStream over a descriptor, for as long as libsoup has the connection. */
#include "config.h"

#include "kr-hub-soup-stream-private.h"

#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* sendmsg() gets GOutputVectors as they are. */
G_STATIC_ASSERT (sizeof (GOutputVector) == sizeof (struct iovec));
G_STATIC_ASSERT (G_STRUCT_OFFSET (GOutputVector, buffer) == G_STRUCT_OFFSET (struct iovec, iov_base));
G_STATIC_ASSERT (G_STRUCT_OFFSET (GOutputVector, size) == G_STRUCT_OFFSET (struct iovec, iov_len));

/* What both halves see; they may outlive the stream, and then find it closed. */
typedef struct
{
  gatomicrefcount ref_count;
  int fd;              /* -1: closed, or left; atomic, since TLS closes in a thread of its own */
  GBytes *early;       /* read before there was a stream; NULL: nothing is left */
  gsize early_read;
  gboolean stopped;    /* only early is read */
} Core;

static Core *
core_ref (Core *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

static void
core_unref (Core *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_clear_pointer (&self->early, g_bytes_unref);
  g_free (self);
}

static int
core_get_fd (Core *self)
{
  return g_atomic_int_get (&self->fd);
}

/* In the words of GIO. */
static gssize
result_of (gssize n, GError **error)
{
  int code = errno;

  if (n < 0)
    g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (code), g_strerror (code));
  return n;
}

static gssize
core_read_early (Core *self, void *buffer, gsize count)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (self->early, &size);
  gsize n = MIN (count, size - self->early_read);

  memcpy (buffer, data + self->early_read, n);
  self->early_read += n;
  if (self->early_read == size)
    g_clear_pointer (&self->early, g_bytes_unref);
  return n;
}

static gssize
core_read (Core *self, void *buffer, gsize count, GError **error)
{
  gssize n;

  if (self->early != NULL)
    return core_read_early (self, buffer, count);
  if (self->stopped)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "Nothing is read any more");
      return -1;
    }
  do
    n = recv (core_get_fd (self), buffer, count, MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  return result_of (n, error);
}

static gssize
core_write (Core *self, const GOutputVector *vectors, gsize n_vectors, GError **error)
{
  struct msghdr message = { .msg_iov = (struct iovec *) vectors, .msg_iovlen = MIN (n_vectors, 64) };
  gssize n;

  do
    n = sendmsg (core_get_fd (self), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  return result_of (n, error);
}

static gboolean
core_is_ready (Core *self, short events)
{
  struct pollfd poll_fd = { .fd = core_get_fd (self), .events = events };

  return ((events & POLLIN) != 0 && self->early != NULL) || poll_fd.fd < 0 || poll (&poll_fd, 1, 0) != 0;
}

/* What was read already wakes nobody: there is none who waits for it, since it is read first. */
static GSource *
core_create_source (Core *self, GObject *stream, GIOCondition condition, GCancellable *cancellable)
{
  int fd = core_get_fd (self);
  g_autoptr (GSource) child = NULL;

  if (fd < 0 || ((condition & G_IO_IN) != 0 && self->early != NULL))
    child = g_timeout_source_new (0);
  else
    child = g_unix_fd_source_new (fd, condition | G_IO_HUP | G_IO_ERR);
  return g_pollable_source_new_full (stream, child, cancellable);
}

/* For who asks a stream that does not block to block. */
static gboolean
core_wait (Core *self, GIOCondition condition, GCancellable *cancellable, GError **error)
{
  GPollFD polls[2] = { { .fd = core_get_fd (self), .events = condition } };
  gboolean cancels;

  if (polls[0].fd < 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "The connection is closed");
      return FALSE;
    }
  cancels = g_cancellable_make_pollfd (cancellable, &polls[1]);
  g_poll (polls, cancels ? 2 : 1, -1);
  if (cancels)
    g_cancellable_release_fd (cancellable);
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

/* --- what is read --- */

#define KR_HUB_SOUP_TYPE_STREAM_INPUT (kr_hub_soup_stream_input_get_type ())
G_DECLARE_FINAL_TYPE (KrHubSoupStreamInput, kr_hub_soup_stream_input, KR_HUB_SOUP, STREAM_INPUT, GInputStream)

struct _KrHubSoupStreamInput
{
  GInputStream parent_instance;

  Core *core;
};

static void input_iface_init (GPollableInputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (KrHubSoupStreamInput, kr_hub_soup_stream_input, G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM, input_iface_init))

static gssize
input_read (GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable, GError **error)
{
  KrHubSoupStreamInput *self = KR_HUB_SOUP_STREAM_INPUT (stream);

  for (;;)
    {
      g_autoptr (GError) local = NULL;
      gssize n = core_read (self->core, buffer, count, &local);

      if (n >= 0)
        return n;
      if (!g_error_matches (local, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK) || self->core->stopped)
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return -1;
        }
      if (!core_wait (self->core, G_IO_IN, cancellable, error))
        return -1;
    }
}

static gboolean
input_is_readable (GPollableInputStream *stream)
{
  return core_is_ready (KR_HUB_SOUP_STREAM_INPUT (stream)->core, POLLIN);
}

static gssize
input_read_nonblocking (GPollableInputStream *stream, void *buffer, gsize count, GError **error)
{
  return core_read (((KrHubSoupStreamInput *) stream)->core, buffer, count, error);
}

static GSource *
input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  return core_create_source (((KrHubSoupStreamInput *) stream)->core, G_OBJECT (stream), G_IO_IN, cancellable);
}

static void
input_iface_init (GPollableInputStreamInterface *iface)
{
  iface->is_readable = input_is_readable;
  iface->read_nonblocking = input_read_nonblocking;
  iface->create_source = input_create_source;
}

static void
kr_hub_soup_stream_input_finalize (GObject *object)
{
  core_unref (KR_HUB_SOUP_STREAM_INPUT (object)->core);
  G_OBJECT_CLASS (kr_hub_soup_stream_input_parent_class)->finalize (object);
}

static void
kr_hub_soup_stream_input_class_init (KrHubSoupStreamInputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = kr_hub_soup_stream_input_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = input_read;
}

static void
kr_hub_soup_stream_input_init (KrHubSoupStreamInput *self)
{
}

/* --- what is written --- */

#define KR_HUB_SOUP_TYPE_STREAM_OUTPUT (kr_hub_soup_stream_output_get_type ())
G_DECLARE_FINAL_TYPE (KrHubSoupStreamOutput, kr_hub_soup_stream_output, KR_HUB_SOUP, STREAM_OUTPUT, GOutputStream)

struct _KrHubSoupStreamOutput
{
  GOutputStream parent_instance;

  Core *core;
};

static void output_iface_init (GPollableOutputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (KrHubSoupStreamOutput, kr_hub_soup_stream_output, G_TYPE_OUTPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM, output_iface_init))

static gssize
output_write (GOutputStream *stream, const void *buffer, gsize count, GCancellable *cancellable, GError **error)
{
  KrHubSoupStreamOutput *self = KR_HUB_SOUP_STREAM_OUTPUT (stream);
  const GOutputVector vector = { buffer, count };

  for (;;)
    {
      g_autoptr (GError) local = NULL;
      gssize n = core_write (self->core, &vector, 1, &local);

      if (n >= 0)
        return n;
      if (!g_error_matches (local, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return -1;
        }
      if (!core_wait (self->core, G_IO_OUT, cancellable, error))
        return -1;
    }
}

static gboolean
output_is_writable (GPollableOutputStream *stream)
{
  return core_is_ready (KR_HUB_SOUP_STREAM_OUTPUT (stream)->core, POLLOUT);
}

static gssize
output_write_nonblocking (GPollableOutputStream *stream, const void *buffer, gsize count, GError **error)
{
  const GOutputVector vector = { buffer, count };

  return core_write (((KrHubSoupStreamOutput *) stream)->core, &vector, 1, error);
}

/* One record of TLS comes as several pieces. */
static GPollableReturn
output_writev_nonblocking (GPollableOutputStream *stream,
                           const GOutputVector *vectors,
                           gsize n_vectors,
                           gsize *written,
                           GError **error)
{
  g_autoptr (GError) local = NULL;
  gssize n = core_write (((KrHubSoupStreamOutput *) stream)->core, vectors, n_vectors, &local);

  *written = MAX (n, 0);
  if (n >= 0)
    return G_POLLABLE_RETURN_OK;
  if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return G_POLLABLE_RETURN_WOULD_BLOCK;
  g_propagate_error (error, g_steal_pointer (&local));
  return G_POLLABLE_RETURN_FAILED;
}

static GSource *
output_create_source (GPollableOutputStream *stream, GCancellable *cancellable)
{
  return core_create_source (((KrHubSoupStreamOutput *) stream)->core, G_OBJECT (stream), G_IO_OUT, cancellable);
}

static void
output_iface_init (GPollableOutputStreamInterface *iface)
{
  iface->is_writable = output_is_writable;
  iface->write_nonblocking = output_write_nonblocking;
  iface->writev_nonblocking = output_writev_nonblocking;
  iface->create_source = output_create_source;
}

static void
kr_hub_soup_stream_output_finalize (GObject *object)
{
  core_unref (KR_HUB_SOUP_STREAM_OUTPUT (object)->core);
  G_OBJECT_CLASS (kr_hub_soup_stream_output_parent_class)->finalize (object);
}

static void
kr_hub_soup_stream_output_class_init (KrHubSoupStreamOutputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = kr_hub_soup_stream_output_finalize;
  G_OUTPUT_STREAM_CLASS (klass)->write_fn = output_write;
}

static void
kr_hub_soup_stream_output_init (KrHubSoupStreamOutput *self)
{
}

/* --- both --- */

struct _KrHubSoupStream
{
  GIOStream parent_instance;

  Core *core;
  GInputStream *input;
  GOutputStream *output;
  KrHubSoupGuest *guest;  /* NULL: left, or gone on with the descriptor */
  gpointer data;
  GDestroyNotify destroy;
};

G_DEFINE_FINAL_TYPE (KrHubSoupStream, kr_hub_soup_stream, G_TYPE_IO_STREAM)

int
kr_hub_soup_stream_get_fd (KrHubSoupStream *self)
{
  return core_get_fd (self->core);
}

void
kr_hub_soup_stream_stop_reading (KrHubSoupStream *self)
{
  self->core->stopped = TRUE;
}

int
kr_hub_soup_stream_take_fd (KrHubSoupStream *self, KrHubSoupGuest **guest)
{
  int fd = core_get_fd (self->core);

  g_atomic_int_set (&self->core->fd, -1);
  *guest = g_steal_pointer (&self->guest);
  return fd;
}

void
kr_hub_soup_stream_shut_down (KrHubSoupStream *self)
{
  shutdown (core_get_fd (self->core), SHUT_RDWR);
}

void
kr_hub_soup_stream_set_data (KrHubSoupStream *self, gpointer data, GDestroyNotify destroy)
{
  self->data = data;
  self->destroy = destroy;
}

gpointer
kr_hub_soup_stream_get_data (KrHubSoupStream *self)
{
  return self->data;
}

static void
close_fd (KrHubSoupStream *self)
{
  KrHubSoupGuest *guest;
  int fd = kr_hub_soup_stream_take_fd (self, &guest);

  if (fd >= 0)
    close (fd);
  if (guest != NULL)
    kr_hub_soup_guest_leave (guest);
}

static gboolean
stream_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  close_fd (KR_HUB_SOUP_STREAM (stream));
  return TRUE;
}

/* Takes no thread, unlike the one that is inherited. */
static void
stream_close_async (GIOStream *stream,
                    int priority,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, stream_close_async);
  close_fd (KR_HUB_SOUP_STREAM (stream));
  g_task_return_boolean (task, TRUE);
}

static gboolean
stream_close_finish (GIOStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static GInputStream *
stream_get_input_stream (GIOStream *stream)
{
  return KR_HUB_SOUP_STREAM (stream)->input;
}

static GOutputStream *
stream_get_output_stream (GIOStream *stream)
{
  return KR_HUB_SOUP_STREAM (stream)->output;
}

static void
kr_hub_soup_stream_finalize (GObject *object)
{
  KrHubSoupStream *self = KR_HUB_SOUP_STREAM (object);

  close_fd (self);
  if (self->destroy != NULL)
    self->destroy (self->data);
  g_object_unref (self->input);
  g_object_unref (self->output);
  core_unref (self->core);
  G_OBJECT_CLASS (kr_hub_soup_stream_parent_class)->finalize (object);
}

static void
kr_hub_soup_stream_class_init (KrHubSoupStreamClass *klass)
{
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = kr_hub_soup_stream_finalize;
  stream_class->get_input_stream = stream_get_input_stream;
  stream_class->get_output_stream = stream_get_output_stream;
  stream_class->close_fn = stream_close;
  stream_class->close_async = stream_close_async;
  stream_class->close_finish = stream_close_finish;
}

static void
kr_hub_soup_stream_init (KrHubSoupStream *self)
{
  self->core = g_new0 (Core, 1);
  g_atomic_ref_count_init (&self->core->ref_count);
  self->input = g_object_new (KR_HUB_SOUP_TYPE_STREAM_INPUT, NULL);
  ((KrHubSoupStreamInput *) self->input)->core = core_ref (self->core);
  self->output = g_object_new (KR_HUB_SOUP_TYPE_STREAM_OUTPUT, NULL);
  ((KrHubSoupStreamOutput *) self->output)->core = core_ref (self->core);
}

KrHubSoupStream *
kr_hub_soup_stream_new (int fd, KrHubSoupGuest *guest, GBytes *early)
{
  KrHubSoupStream *self = g_object_new (KR_HUB_SOUP_TYPE_STREAM, NULL);

  self->core->fd = fd;
  self->core->early = early != NULL && g_bytes_get_size (early) > 0 ? g_bytes_ref (early) : NULL;
  self->guest = guest;
  return self;
}

/* --- the peer's address --- */

struct _KrHubSoupAddress
{
  GInetSocketAddress parent_instance;

  KrHubSoupStream *stream;
};

G_DEFINE_FINAL_TYPE (KrHubSoupAddress, kr_hub_soup_address, G_TYPE_INET_SOCKET_ADDRESS)

static void
kr_hub_soup_address_finalize (GObject *object)
{
  g_object_unref (KR_HUB_SOUP_ADDRESS (object)->stream);
  G_OBJECT_CLASS (kr_hub_soup_address_parent_class)->finalize (object);
}

static void
kr_hub_soup_address_class_init (KrHubSoupAddressClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = kr_hub_soup_address_finalize;
}

static void
kr_hub_soup_address_init (KrHubSoupAddress *self)
{
}

GSocketAddress *
kr_hub_soup_address_new (GInetAddress *address, guint16 port, KrHubSoupStream *stream)
{
  KrHubSoupAddress *self = g_object_new (KR_HUB_SOUP_TYPE_ADDRESS, "address", address, "port", (guint) port, NULL);

  self->stream = g_object_ref (stream);
  return G_SOCKET_ADDRESS (self);
}

KrHubSoupStream *
kr_hub_soup_address_get_stream (GSocketAddress *address)
{
  return address != NULL && KR_HUB_SOUP_IS_ADDRESS (address) ? ((KrHubSoupAddress *) address)->stream : NULL;
}
