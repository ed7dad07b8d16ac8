/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubClient: calls of the hub's methods. */
#include "config.h"

#include "kr-hub-client-private.h"

#include "kr-hub-stream-hold-private.h"

/* The connection is gone before the state says so: who hears of that may call. */
static gboolean
is_connected (KrHubClient *self)
{
  return self->state == KR_HUB_CLIENT_CONNECTED && self->connection != NULL;
}

static gboolean
may_wait (KrHubClient *self)
{
  return !self->gone && self->call_policy == KR_HUB_CALL_WAIT &&
         (self->state == KR_HUB_CLIENT_CONNECTING || self->state == KR_HUB_CLIENT_RECONNECTING);
}

/**
 * kr_hub_client_send:
 * @self: a client
 * @target: the hub's method
 * @arguments: (nullable): a tuple of the arguments, sunk if it is floating; %NULL for none
 * @error: return location for an error
 *
 * Calls a method of the hub and expects no answer. A call that waits for a connection ([property@KrHub.Client:call-policy])
 * and does not get it in time is dropped; who needs to know invokes.
 *
 * Errors: %G_IO_ERROR_NOT_CONNECTED; %KR_HUB_ERROR_BINDING for a value that the encoding cannot express.
 *
 * Returns: whether the call is on its way, or waits
 *
 * Since: 0.1
 */
gboolean
kr_hub_client_send (KrHubClient *self, const char *target, GVariant *arguments, GError **error)
{
  g_autoptr (GVariant) sunk = arguments != NULL ? g_variant_ref_sink (arguments) : NULL;

  g_return_val_if_fail (KR_HUB_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (target != NULL && *target != '\0', FALSE);
  g_return_val_if_fail (sunk == NULL || g_variant_is_of_type (sunk, G_VARIANT_TYPE_TUPLE), FALSE);

  if (may_wait (self))
    {
      kr_hub_waiting_calls_add (&self->waiting, NULL, NULL, target, sunk, NULL, self->call_timeout);
      return TRUE;
    }
  if (!is_connected (self))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "The client is not connected");
      return FALSE;
    }
  return kr_hub_connection_send (self->connection, target, sunk, error);
}

static void
run_waiting_stream (KrHubClient *self, KrHubWaitingCall *call, KrHubStream *const *uploads)
{
  g_autoptr (KrHubStream) stream = g_weak_ref_get (&call->stream);
  GError *error = NULL;

  /* Nobody wants it any more. */
  if (stream == NULL || stream->ended)
    kr_hub_stream_hold_flush (uploads);
  else if (!kr_hub_connection_stream (self->connection, stream, call->target, call->arguments, uploads, &error))
    kr_hub_stream_end (stream, error);
}

static void
run_waiting_call (KrHubClient *self, KrHubWaitingCall *call)
{
  g_autoptr (GError) error = NULL;
  KrHubStream *const *uploads = call->uploads != NULL ? (KrHubStream *const *) call->uploads->pdata : NULL;

  if (call->is_stream)
    run_waiting_stream (self, call, uploads);
  else if (call->call != NULL)
    kr_hub_connection_call (self->connection, call->call, call->target, call->arguments, uploads);
  else if (!kr_hub_connection_send (self->connection, call->target, call->arguments, &error))
    g_warning ("a call of '%s' that waited cannot be sent: %s", call->target, error->message);
  kr_hub_stream_hold_flush (uploads);
}

void
kr_hub_client_run_waiting_calls (KrHubClient *self)
{
  for (guint n = self->waiting.calls.length; n > 0 && is_connected (self); n--)
    {
      g_autoptr (KrHubWaitingCall) call = kr_hub_waiting_calls_take (&self->waiting);

      run_waiting_call (self, call);
    }
}

/**
 * kr_hub_client_invoke_async:
 * @self: a client
 * @target: the hub's method
 * @arguments: (nullable): a tuple of the arguments, sunk if it is floating; %NULL for none
 * @result_type: (nullable): the type of the result; %NULL for whatever comes, as a variant of it
 * @cancellable: (nullable): to cancel the call, also at the hub
 * @callback: called when the answer is there
 * @user_data: data for @callback
 *
 * Calls a method of the hub and waits for its answer.
 *
 * Since: 0.1
 */
void
kr_hub_client_invoke_async (KrHubClient *self,
                            const char *target,
                            GVariant *arguments,
                            const GVariantType *result_type,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  kr_hub_client_upload_async (self, target, arguments, NULL, result_type, cancellable, callback, user_data);
}

/**
 * kr_hub_client_invoke_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Finishes [method@KrHub.Client.invoke_async].
 *
 * Errors: %KR_HUB_ERROR_FAILED with the hub's text; %KR_HUB_ERROR_BINDING if the result is of another type;
 * %G_IO_ERROR_CANCELLED; why the connection ended.
 *
 * Returns: (transfer full): the result, an empty tuple if there is none; %NULL with @error set
 *
 * Since: 0.1
 */
GVariant *
kr_hub_client_invoke_finish (KrHubClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (kr_hub_call_is_valid (result, self, kr_hub_client_upload_async), NULL);
  return kr_hub_call_propagate (result, error);
}

/* Each can be used for one call only. */
static gboolean
are_new (KrHubStream *const *uploads)
{
  for (guint i = 0; uploads != NULL && uploads[i] != NULL; i++)
    if (!kr_hub_stream_is_new (uploads[i]))
      return FALSE;
  return TRUE;
}

void
kr_hub_client_begin (KrHubClient *self,
                     KrHubCall *call,
                     const char *target,
                     GVariant *arguments,
                     KrHubStream *const *uploads)
{
  g_autoptr (GVariant) sunk = arguments != NULL ? g_variant_ref_sink (arguments) : NULL;

  if (G_LIKELY (is_connected (self)))
    kr_hub_connection_call (self->connection, call, target, sunk, uploads);
  else if (may_wait (self))
    kr_hub_waiting_calls_add (&self->waiting, call, NULL, target, sunk, uploads, self->call_timeout);
  else
    kr_hub_call_fail (call, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "The client is not connected"));
}

/**
 * kr_hub_client_upload_async:
 * @self: a client
 * @target: the hub's method
 * @arguments: (nullable): a tuple of the arguments, sunk if it is floating; %NULL for none
 * @uploads: (nullable) (array zero-terminated=1): new streams to send along, in the order of the method's
 * @result_type: (nullable): the type of the result; %NULL for whatever comes, as a variant of it
 * @cancellable: (nullable): to cancel the call, also at the hub
 * @callback: called when the answer is there
 * @user_data: data for @callback
 *
 * Calls a method of the hub, sends streams along, and waits for its answer.
 *
 * The streams can be written when this returns; what is written after the answer has come is not sent. When the call waits
 * for a connection ([property@KrHub.Client:call-policy]), they hold what is written until then: 64 KiB, after which
 * [method@KrHub.Stream.write] fails as with a peer that does not read, so await [method@KrHub.Stream.wait_writable_async].
 *
 * Since: 0.1
 */
void
kr_hub_client_upload_async (KrHubClient *self,
                            const char *target,
                            GVariant *arguments,
                            KrHubStream *const *uploads,
                            const GVariantType *result_type,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (KrHubCall) call = NULL;
  g_autoptr (GVariant) sunk = arguments != NULL ? g_variant_ref_sink (arguments) : NULL;

  g_return_if_fail (KR_HUB_IS_CLIENT (self));
  g_return_if_fail (target != NULL && *target != '\0');
  g_return_if_fail (sunk == NULL || g_variant_is_of_type (sunk, G_VARIANT_TYPE_TUPLE));
  g_return_if_fail (are_new (uploads));

  call = kr_hub_call_new (&self->settings->call_pool, self, kr_hub_client_upload_async, result_type, cancellable, callback,
                          user_data);
  kr_hub_client_begin (self, call, target, sunk, uploads);
}

/**
 * kr_hub_client_upload_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Finishes [method@KrHub.Client.upload_async], with the errors of [method@KrHub.Client.invoke_finish].
 *
 * Returns: (transfer full): the result, an empty tuple if there is none; %NULL with @error set
 *
 * Since: 0.1
 */
GVariant *
kr_hub_client_upload_finish (KrHubClient *self, GAsyncResult *result, GError **error)
{
  return kr_hub_client_invoke_finish (self, result, error);
}

/**
 * kr_hub_client_stream:
 * @self: a client
 * @target: the hub's streaming method
 * @arguments: (nullable): a tuple of the arguments, sunk if it is floating; %NULL for none
 * @uploads: (nullable) (array zero-terminated=1): new streams to send along, in the order of the method's
 * @item_type: (nullable): the type of the items; %NULL for whatever comes, as a variant of it
 * @error: return location for an error
 *
 * Calls a method of the hub that answers with a stream ([method@KrHub.Stream.next_async]). Giving up the stream before
 * its end cancels the call.
 *
 * While the client connects or reconnects, the call waits if [property@KrHub.Client:call-policy] says so; the stream is there
 * at once, and ends with %G_IO_ERROR_TIMED_OUT or %G_IO_ERROR_NOT_CONNECTED if the call was not made after all.
 *
 * Errors: %G_IO_ERROR_NOT_CONNECTED; %KR_HUB_ERROR_BINDING for a value that the encoding cannot express. What the hub
 * says is an error of the stream.
 *
 * Returns: (transfer full): the stream, to be read; %NULL with @error set
 *
 * Since: 0.1
 */
KrHubStream *
kr_hub_client_stream (KrHubClient *self,
                      const char *target,
                      GVariant *arguments,
                      KrHubStream *const *uploads,
                      const GVariantType *item_type,
                      GError **error)
{
  g_autoptr (GVariant) sunk = arguments != NULL ? g_variant_ref_sink (arguments) : NULL;
  g_autoptr (KrHubStream) stream = NULL;

  g_return_val_if_fail (KR_HUB_IS_CLIENT (self), NULL);
  g_return_val_if_fail (target != NULL && *target != '\0', NULL);
  g_return_val_if_fail (sunk == NULL || g_variant_is_of_type (sunk, G_VARIANT_TYPE_TUPLE), NULL);
  g_return_val_if_fail (are_new (uploads), NULL);

  stream = kr_hub_stream_new_reader (item_type != NULL ? item_type : G_VARIANT_TYPE_VARIANT);
  if (may_wait (self))
    kr_hub_waiting_calls_add (&self->waiting, NULL, stream, target, sunk, uploads, self->call_timeout);
  else if (!is_connected (self))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "The client is not connected");
      return NULL;
    }
  else if (!kr_hub_connection_stream (self->connection, stream, target, sunk, uploads, error))
    return NULL;
  return g_steal_pointer (&stream);
}
