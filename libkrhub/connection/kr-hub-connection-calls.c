/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubConnection: our own calls to the peer. */
#include "config.h"

#include "kr-hub-connection-private.h"
#include "kr-hub-stream-private.h"

static gboolean
cancel_call (gpointer data)
{
  KrHubCall *call = data;
  KrHubConnection *self = KR_HUB_CONNECTION (call->connection);
  KrHubMessage message = { .type = KR_HUB_MESSAGE_CANCEL_INVOCATION };
  char storage[KR_HUB_CALL_ID_SIZE];

  message.invocation_id = kr_hub_pending_calls_get_id (self->calls, call, storage);
  /* Clients do not know the message (signalr.md 6.1). */
  if (kr_hub_pending_calls_fail (self->calls, call,
                                 g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "The call was cancelled")) &&
      self->session.role == KR_HUB_ROLE_CLIENT)
    kr_hub_connection_send_message (self, &message, NULL);
  return G_SOURCE_REMOVE;
}

/* In whatever thread cancels; all else is for the connection's own, the last reference among it. */
static void
call_cancelled (GCancellable *cancellable, gpointer data)
{
  GWeakRef *weak = data;
  KrHubCall *call = g_weak_ref_get (weak);
  g_autoptr (GSource) source = NULL;

  if (call == NULL)
    return;
  source = g_idle_source_new ();
  g_source_set_static_name (source, "KrHubConnection cancel");
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, cancel_call, call, g_object_unref);
  g_source_attach (source, KR_HUB_CONNECTION (call->connection)->context);
}

static void
weak_free (gpointer data)
{
  g_weak_ref_clear (data);
  g_free (data);
}

static void
watch_cancellable (KrHubConnection *self, KrHubCall *call)
{
  GWeakRef *weak = g_new0 (GWeakRef, 1);

  g_weak_ref_init (weak, call);
  call->connection = g_object_ref (G_OBJECT (self));
  call->cancel_handler = g_cancellable_connect (call->cancellable, G_CALLBACK (call_cancelled), weak, weak_free);
}

/* The ids of @uploads as the message needs them; each stream can be written from here on. */
static KrHubSlice
attach_uploads (KrHubConnection *self, KrHubStream *const *uploads, KrHubBuffer *ids)
{
  KrHubProtocol *protocol = self->session.protocol;

  for (guint i = 0; uploads[i] != NULL; i++)
    {
      g_autoptr (JsonNode) node = json_node_new (JSON_NODE_VALUE);
      char *id = kr_hub_pending_calls_new_id (self->calls);

      json_node_set_string (node, id);
      /* Values of text protocols stand apart. */
      if (i > 0 && kr_hub_protocol_get_transfer_format (protocol) == KR_HUB_TRANSFER_FORMAT_TEXT)
        kr_hub_buffer_append_byte (ids, ',');
      kr_hub_protocol_encode_node (protocol, node, ids, NULL);
      kr_hub_stream_attach (uploads[i], self, id);
    }
  return (KrHubSlice) { (const char *) ids->data, ids->len };
}

static KrHubValue
value_of (GVariant *arguments)
{
  return (KrHubValue) { arguments != NULL ? KR_HUB_VALUE_VARIANT : KR_HUB_VALUE_NONE, { NULL, 0 }, arguments };
}

/* Sends a call, and what belongs to it. @n_encoded: of arguments that are encoded, how many they are. */
static gboolean
send_call (KrHubConnection *self,
           KrHubMessageType type,
           KrHubSlice id,
           const char *target,
           const KrHubValue *arguments,
           guint n_encoded,
           KrHubStream *const *uploads,
           GError **error)
{
  KrHubMessage message = {
    .type = type, .target = { target, strlen (target) }, .invocation_id = id, .value = *arguments, .n_arguments = n_encoded,
  };
  g_auto (KrHubBuffer) ids = KR_HUB_BUFFER_INIT;

  if (uploads != NULL)
    {
      message.stream_ids = attach_uploads (self, uploads, &ids);
      message.n_stream_ids = g_strv_length ((char **) uploads);
    }
  return kr_hub_connection_send_message (self, &message, error);
}

static void
ensure_calls (KrHubConnection *self)
{
  if (self->calls == NULL)
    self->calls = kr_hub_pending_calls_new (self->session.settings, self->session.role);
}

static void
begin_call (KrHubConnection *self,
            KrHubCall *call,
            const char *target,
            const KrHubValue *arguments,
            guint n_encoded,
            KrHubStream *const *uploads)
{
  char storage[KR_HUB_CALL_ID_SIZE];
  KrHubSlice id;
  GError *error = NULL;

  if (self->session.state != KR_HUB_SESSION_OPEN)
    {
      kr_hub_call_fail (call, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "The connection is not open"));
      return;
    }
  ensure_calls (self);
  id = kr_hub_pending_calls_add (self->calls, call, uploads, storage);
  call->starting = TRUE;
  if (!send_call (self, KR_HUB_MESSAGE_INVOCATION, id, target, arguments, n_encoded, uploads, &error))
    kr_hub_pending_calls_fail (self->calls, call, error);
  else if (call->cancellable != NULL)
    watch_cancellable (self, call);
  kr_hub_connection_read_on (self);
  call->starting = FALSE;
}

void
kr_hub_connection_call (KrHubConnection *self,
                        KrHubCall *call,
                        const char *target,
                        GVariant *arguments,
                        KrHubStream *const *uploads)
{
  KrHubValue value = value_of (arguments);

  begin_call (self, call, target, &value, 0, uploads);
}

void
kr_hub_connection_call_encoded (KrHubConnection *self,
                                KrHubCall *call,
                                const char *target,
                                const KrHubSlice *arguments,
                                guint n_arguments)
{
  KrHubValue value = { n_arguments > 0 ? KR_HUB_VALUE_RAW : KR_HUB_VALUE_NONE, *arguments, NULL };

  begin_call (self, call, target, &value, n_arguments, NULL);
}

/**
 * kr_hub_connection_invoke_async:
 * @self: a connection
 * @target: the other end's method
 * @arguments: (nullable): a tuple of the arguments, sunk if it is floating; %NULL for none
 * @result_type: (nullable): the type of the result; %NULL for whatever comes, as a variant of it
 * @cancellable: (nullable): to wait no longer
 * @callback: called when the answer is there
 * @user_data: data for @callback
 *
 * Calls a method of the other end and waits for its answer: a hub's "client result". Possible as soon as
 * [signal@KrHub.Server::connected] is emitted. A method that waits for the answer does so with
 * [method@KrHub.Server.invoke_async], which keeps its client from waiting for itself.
 *
 * Since: 0.1
 */
void
kr_hub_connection_invoke_async (KrHubConnection *self,
                                const char *target,
                                GVariant *arguments,
                                const GVariantType *result_type,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_autoptr (KrHubCall) call = NULL;
  g_autoptr (GVariant) sunk = arguments != NULL ? g_variant_ref_sink (arguments) : NULL;

  g_return_if_fail (KR_HUB_IS_CONNECTION (self));
  g_return_if_fail (!self->raw);
  g_return_if_fail (target != NULL && *target != '\0');
  g_return_if_fail (sunk == NULL || g_variant_is_of_type (sunk, G_VARIANT_TYPE_TUPLE));

  call = kr_hub_call_new (&self->session.settings->call_pool, self, kr_hub_connection_invoke_async, result_type, cancellable,
                          callback, user_data);
  kr_hub_connection_call (self, call, target, sunk, NULL);
}

static GPtrArray *
hold_uploads (KrHubStream *const *uploads)
{
  GPtrArray *held = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; uploads != NULL && uploads[i] != NULL; i++)
    g_ptr_array_add (held, g_object_ref (uploads[i]));
  return held;
}

gboolean
kr_hub_connection_stream (KrHubConnection *self,
                          KrHubStream *stream,
                          const char *target,
                          GVariant *arguments,
                          KrHubStream *const *uploads,
                          GError **error)
{
  KrHubValue value = value_of (arguments);
  g_autofree char *id = NULL;

  if (self->session.state != KR_HUB_SESSION_OPEN)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "The connection is not open");
      return FALSE;
    }
  ensure_calls (self);
  id = kr_hub_pending_calls_new_id (self->calls);
  kr_hub_stream_begin_reading (stream, self, id);
  if (stream->uploads == NULL)
    stream->uploads = hold_uploads (uploads);
  if (!send_call (self, KR_HUB_MESSAGE_STREAM_INVOCATION, (KrHubSlice) { id, strlen (id) }, target, &value, 0, uploads,
                  error))
    return FALSE;
  stream->is_answer = TRUE;
  return TRUE;
}

/**
 * kr_hub_connection_invoke_finish:
 * @self: a connection
 * @result: what the callback got
 * @error: return location for an error
 *
 * Finishes [method@KrHub.Connection.invoke_async].
 *
 * Errors: %KR_HUB_ERROR_FAILED with the other end's text, or if there is no result; %KR_HUB_ERROR_BINDING if it is of
 * another type, or null and the type is neither a maybe nor a variant; %G_IO_ERROR_CANCELLED; %G_IO_ERROR_NOT_CONNECTED;
 * %G_IO_ERROR_CONNECTION_CLOSED if the connection ended.
 *
 * Returns: (transfer full): the result, an empty tuple if there is none; %NULL with @error set
 *
 * Since: 0.1
 */
GVariant *
kr_hub_connection_invoke_finish (KrHubConnection *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (kr_hub_call_is_valid (result, self, kr_hub_connection_invoke_async), NULL);
  return kr_hub_call_propagate (result, error);
}
