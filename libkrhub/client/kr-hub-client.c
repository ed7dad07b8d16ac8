/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubClient: the calling end of a connection to a hub. */
#include "config.h"

#include "kr-hub-client.h"

#include "kr-hub-connection-private.h"
#include "kr-hub-json-protocol.h"
#include "kr-hub-stream-private.h"

/* The official clients' defaults (signalr.md 9). */
#define MAX_MESSAGE_SIZE (1024 * 1024)

/**
 * KrHubClient:
 *
 * The calling end of a connection to a hub: it invokes the hub's methods and has handlers for the hub's own calls.
 *
 * A client belongs to the thread whose default main context was in force when it was made; everything returns there.
 *
 * Since: 0.1
 */
struct _KrHubClient
{
  GObject parent_instance;

  KrHubClientState state;       /* written by set_state() only */
  KrHubClock *clock;
  KrHubSettings *settings;
  KrHubDispatcher *dispatcher;
  KrHubConnection *connection;  /* NULL while disconnected */
  GTask *connecting;            /* NULL unless connect_async() is under way */
  GPtrArray *stopping;          /* of GTask; each stop_async() that waits */
};

G_DEFINE_FINAL_TYPE (KrHubClient, kr_hub_client, G_TYPE_OBJECT)

G_DEFINE_ENUM_TYPE (KrHubClientState, kr_hub_client_state,
                    G_DEFINE_ENUM_VALUE (KR_HUB_CLIENT_DISCONNECTED, "disconnected"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_CLIENT_CONNECTING, "connecting"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_CLIENT_CONNECTED, "connected"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_CLIENT_DISCONNECTING, "disconnecting"))

typedef enum
{
  PROP_CLOCK = 1,
  PROP_STATE,
  PROP_PROTOCOL,
} KrHubClientProperty;

static GParamSpec *props[PROP_PROTOCOL + 1];

static guint closed_signal;

static const struct
{
  KrHubClientState from, to;
} edges[] = {
  { KR_HUB_CLIENT_DISCONNECTED, KR_HUB_CLIENT_CONNECTING },   { KR_HUB_CLIENT_CONNECTING, KR_HUB_CLIENT_CONNECTED },
  { KR_HUB_CLIENT_CONNECTING, KR_HUB_CLIENT_DISCONNECTING },  { KR_HUB_CLIENT_CONNECTING, KR_HUB_CLIENT_DISCONNECTED },
  { KR_HUB_CLIENT_CONNECTED, KR_HUB_CLIENT_DISCONNECTING },   { KR_HUB_CLIENT_CONNECTED, KR_HUB_CLIENT_DISCONNECTED },
  { KR_HUB_CLIENT_DISCONNECTING, KR_HUB_CLIENT_DISCONNECTED },
};

static gboolean
set_state (KrHubClient *self, KrHubClientState to)
{
  for (guint i = 0; i < G_N_ELEMENTS (edges); i++)
    if (edges[i].from == self->state && edges[i].to == to)
      {
        g_debug ("client: state %d -> %d", self->state, to);
        self->state = to;
        g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
        return TRUE;
      }
  return FALSE;
}

static void
connection_opened (KrHubConnection *connection, gpointer owner)
{
  g_autoptr (KrHubClient) self = g_object_ref (owner);
  g_autoptr (GTask) task = g_steal_pointer (&self->connecting);

  if (set_state (self, KR_HUB_CLIENT_CONNECTED) && task != NULL)
    g_task_return_boolean (task, TRUE);
}

static void
fail_connecting (KrHubClient *self, const GError *error)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->connecting);

  if (task == NULL)
    return;
  if (error != NULL)
    g_task_return_error (task, g_error_copy (error));
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED,
                             "The connection ended before the handshake was done");
}

static void
connection_closed (KrHubConnection *connection, const GError *error, gboolean allow_reconnect, gpointer owner)
{
  g_autoptr (KrHubClient) self = g_object_ref (owner);
  g_autoptr (GPtrArray) stopping = self->stopping;
  gboolean was_open = self->state == KR_HUB_CLIENT_CONNECTED || self->state == KR_HUB_CLIENT_DISCONNECTING;

  self->stopping = g_ptr_array_new_with_free_func (g_object_unref);
  g_clear_object (&self->connection);
  set_state (self, KR_HUB_CLIENT_DISCONNECTED);
  fail_connecting (self, error);
  for (guint i = 0; i < stopping->len; i++)
    g_task_return_boolean (g_ptr_array_index (stopping, i), TRUE);
  if (was_open)
    g_signal_emit (self, closed_signal, 0, error);
}

static void
unknown_target (KrHubConnection *connection, const KrHubSlice *name, gpointer owner)
{
  g_debug ("client: no handler for '%.*s'", (int) name->len, name->data);
}

static const KrHubConnectionFuncs connection_funcs = { connection_opened, connection_closed, unknown_target };

static void
kr_hub_client_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KrHubClient *self = KR_HUB_CLIENT (object);

  switch ((KrHubClientProperty) prop_id)
    {
    case PROP_CLOCK: g_value_set_object (value, self->clock); break;
    case PROP_STATE: g_value_set_enum (value, self->state); break;
    case PROP_PROTOCOL: g_value_set_object (value, g_ptr_array_index (self->settings->protocols, 0)); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

/* What the next connection speaks; the current one has its own reference. */
static void
set_protocol (KrHubClient *self, KrHubProtocol *protocol)
{
  if (protocol == NULL || protocol == g_ptr_array_index (self->settings->protocols, 0))
    return;
  g_ptr_array_set_size (self->settings->protocols, 0);
  g_ptr_array_add (self->settings->protocols, g_object_ref (protocol));
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PROTOCOL]);
}

static void
kr_hub_client_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  KrHubClient *self = KR_HUB_CLIENT (object);

  switch ((KrHubClientProperty) prop_id)
    {
    case PROP_CLOCK: self->clock = g_value_dup_object (value); break;
    case PROP_PROTOCOL: set_protocol (self, g_value_get_object (value)); break;
    case PROP_STATE:
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
kr_hub_client_constructed (GObject *object)
{
  KrHubClient *self = KR_HUB_CLIENT (object);

  if (self->clock == NULL)
    self->clock = kr_hub_clock_new (NULL);
  G_OBJECT_CLASS (kr_hub_client_parent_class)->constructed (object);
}

/* The connection outlives the client until its transport has closed; it is not to call the client any more. */
static void
kr_hub_client_dispose (GObject *object)
{
  KrHubClient *self = KR_HUB_CLIENT (object);
  g_autoptr (KrHubConnection) connection = g_steal_pointer (&self->connection);

  if (connection != NULL)
    {
      connection->owner = NULL;
      kr_hub_connection_close (connection, FALSE, NULL, FALSE);
    }
  g_clear_object (&self->connecting);
  G_OBJECT_CLASS (kr_hub_client_parent_class)->dispose (object);
}

static void
kr_hub_client_finalize (GObject *object)
{
  KrHubClient *self = KR_HUB_CLIENT (object);

  g_clear_pointer (&self->stopping, g_ptr_array_unref);
  kr_hub_dispatcher_unref (self->dispatcher);
  kr_hub_settings_unref (self->settings);
  g_clear_object (&self->clock);
  G_OBJECT_CLASS (kr_hub_client_parent_class)->finalize (object);
}

static void
kr_hub_client_class_init (KrHubClientClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = kr_hub_client_get_property;
  object_class->set_property = kr_hub_client_set_property;
  object_class->constructed = kr_hub_client_constructed;
  object_class->dispose = kr_hub_client_dispose;
  object_class->finalize = kr_hub_client_finalize;

  /**
   * KrHubClient:clock:
   *
   * The time and timers of the client; a virtual one for tests. By default a new real one.
   *
   * Since: 0.1
   */
  props[PROP_CLOCK] = g_param_spec_object ("clock", NULL, NULL, KR_HUB_TYPE_CLOCK,
                                           G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  /**
   * KrHubClient:state:
   *
   * Whether the client is connected.
   *
   * Since: 0.1
   */
  props[PROP_STATE] =
    g_param_spec_enum ("state", NULL, NULL, KR_HUB_TYPE_CLIENT_STATE, KR_HUB_CLIENT_DISCONNECTED,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  /**
   * KrHubClient:protocol:
   *
   * The encoding that the next connection speaks: JSON unless set.
   *
   * Since: 0.1
   */
  props[PROP_PROTOCOL] =
    g_param_spec_object ("protocol", NULL, NULL, KR_HUB_TYPE_PROTOCOL,
                         G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (props), props);

  /**
   * KrHubClient::closed:
   * @self: the client
   * @error: (nullable): why, or %NULL if it ended in good order
   *
   * The connection has ended, after it was open.
   *
   * Since: 0.1
   */
  closed_signal = g_signal_new ("closed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static void
kr_hub_client_init (KrHubClient *self)
{
  self->settings = kr_hub_settings_new ();
  self->settings->max_message_size = MAX_MESSAGE_SIZE;
  self->settings->max_parallel_invocations = 0;
  g_ptr_array_add (self->settings->protocols, g_object_ref (kr_hub_json_protocol_get_default ()));
  self->dispatcher = kr_hub_dispatcher_new ();
  self->stopping = g_ptr_array_new_with_free_func (g_object_unref);
}

/**
 * kr_hub_client_new:
 * @clock: (nullable): the client's time and timers; %NULL means a new real one
 *
 * Creates a client in the thread-default main context.
 *
 * Returns: (transfer full): a new client
 *
 * Since: 0.1
 */
KrHubClient *
kr_hub_client_new (KrHubClock *clock)
{
  return g_object_new (KR_HUB_TYPE_CLIENT, "clock", clock, NULL);
}

/**
 * kr_hub_client_get_state: (get-property state)
 * @self: a client
 *
 * Gets whether the client is connected.
 *
 * Returns: the state
 *
 * Since: 0.1
 */
KrHubClientState
kr_hub_client_get_state (KrHubClient *self)
{
  g_return_val_if_fail (KR_HUB_IS_CLIENT (self), KR_HUB_CLIENT_DISCONNECTED);
  return self->state;
}

/**
 * kr_hub_client_add_handler:
 * @self: a client
 * @target: the name that the hub calls, in any case
 * @arguments: (nullable): the types of the arguments, as a tuple such as `(si)`; %NULL for any number of any type
 * @func: (scope notified) (closure user_data) (destroy destroy): the handler
 * @user_data: data for @func
 * @destroy: (nullable): frees @user_data
 *
 * Gives the client a handler of calls from the hub. A call that expects no answer need not be answered.
 *
 * Returns: %FALSE if there is a handler of that name already; @user_data stays the caller's then
 *
 * Since: 0.1
 */
gboolean
kr_hub_client_add_handler (KrHubClient *self,
                           const char *target,
                           const char *arguments,
                           KrHubMethodFunc func,
                           gpointer user_data,
                           GDestroyNotify destroy)
{
  g_return_val_if_fail (KR_HUB_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (target != NULL, FALSE);
  g_return_val_if_fail (arguments == NULL || (*arguments == '(' && g_variant_type_string_is_valid (arguments)), FALSE);
  g_return_val_if_fail (func != NULL, FALSE);
  return kr_hub_dispatcher_add (self->dispatcher, target, arguments, NULL, func, user_data, destroy);
}

/**
 * kr_hub_client_connect_async:
 * @self: a disconnected client
 * @transport: a transport that was not started; the connection starts it
 * @cancellable: (nullable): to give up
 * @callback: called when the handshake is done
 * @user_data: data for @callback
 *
 * Connects over a transport that exists.
 *
 * Since: 0.1
 */
void
kr_hub_client_connect_async (KrHubClient *self,
                             KrHubTransport *transport,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (KR_HUB_IS_CLIENT (self));
  g_return_if_fail (KR_HUB_IS_TRANSPORT (transport));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, kr_hub_client_connect_async);
  if (!set_state (self, KR_HUB_CLIENT_CONNECTING))
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_PENDING, "The client is not disconnected");
      return;
    }
  self->connecting = g_steal_pointer (&task);
  self->connection = kr_hub_connection_new (KR_HUB_ROLE_CLIENT, self->settings, self->dispatcher, self->clock, transport,
                                            NULL, NULL, FALSE, &connection_funcs, self);
  kr_hub_connection_start (self->connection);
}

/**
 * kr_hub_client_connect_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Finishes [method@KrHub.Client.connect_async].
 *
 * Errors: %KR_HUB_ERROR_HANDSHAKE, or why the transport ended.
 *
 * Returns: whether the client is connected
 *
 * Since: 0.1
 */
gboolean
kr_hub_client_connect_finish (KrHubClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * kr_hub_client_stop_async:
 * @self: a client
 * @cancellable: (nullable): to wait no longer
 * @callback: called when the connection has ended
 * @user_data: data for @callback
 *
 * Says good-bye to the hub and ends the connection.
 *
 * Since: 0.1
 */
void
kr_hub_client_stop_async (KrHubClient *self,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (KrHubConnection) connection = NULL;

  g_return_if_fail (KR_HUB_IS_CLIENT (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, kr_hub_client_stop_async);
  if (self->connection == NULL)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  g_ptr_array_add (self->stopping, g_steal_pointer (&task));
  connection = g_object_ref (self->connection);
  if (set_state (self, KR_HUB_CLIENT_DISCONNECTING))
    kr_hub_connection_close (connection, FALSE, NULL, FALSE);
}

/**
 * kr_hub_client_stop_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Finishes [method@KrHub.Client.stop_async].
 *
 * Returns: %TRUE, or %FALSE if the waiting was cancelled
 *
 * Since: 0.1
 */
gboolean
kr_hub_client_stop_finish (KrHubClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * kr_hub_client_send:
 * @self: a client
 * @target: the hub's method
 * @arguments: (nullable): a tuple of the arguments, sunk if it is floating; %NULL for none
 * @error: return location for an error
 *
 * Calls a method of the hub and expects no answer.
 *
 * Errors: %G_IO_ERROR_NOT_CONNECTED; %KR_HUB_ERROR_BINDING for a value that the encoding cannot express.
 *
 * Returns: whether the call is on its way
 *
 * Since: 0.1
 */
gboolean
kr_hub_client_send (KrHubClient *self, const char *target, GVariant *arguments, GError **error)
{
  g_autoptr (GVariant) sunk = arguments != NULL ? g_variant_ref_sink (arguments) : NULL;

  g_return_val_if_fail (KR_HUB_IS_CLIENT (self), FALSE);
  if (self->state != KR_HUB_CLIENT_CONNECTED)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "The client is not connected");
      return FALSE;
    }
  return kr_hub_connection_send (self->connection, target, sunk, error);
}

static void
invoked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  GVariant *value = kr_hub_connection_invoke_finish (KR_HUB_CONNECTION (source), result, &error);

  if (value == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, value, (GDestroyNotify) g_variant_unref);
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
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
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
 * The streams can be written when this returns; what is written after the answer has come is not sent.
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
  g_autoptr (GTask) task = NULL;
  g_autoptr (GVariant) sunk = arguments != NULL ? g_variant_ref_sink (arguments) : NULL;

  g_return_if_fail (KR_HUB_IS_CLIENT (self));
  g_return_if_fail (target != NULL && *target != '\0');
  g_return_if_fail (sunk == NULL || g_variant_is_of_type (sunk, G_VARIANT_TYPE_TUPLE));
  g_return_if_fail (are_new (uploads));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, kr_hub_client_upload_async);
  g_task_set_check_cancellable (task, FALSE);
  if (self->state != KR_HUB_CLIENT_CONNECTED)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "The client is not connected");
  else
    kr_hub_connection_upload_async (self->connection, target, sunk, uploads, result_type, cancellable, invoked,
                                    g_steal_pointer (&task));
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

  g_return_val_if_fail (KR_HUB_IS_CLIENT (self), NULL);
  g_return_val_if_fail (target != NULL && *target != '\0', NULL);
  g_return_val_if_fail (sunk == NULL || g_variant_is_of_type (sunk, G_VARIANT_TYPE_TUPLE), NULL);
  g_return_val_if_fail (are_new (uploads), NULL);

  if (self->state == KR_HUB_CLIENT_CONNECTED)
    return kr_hub_connection_stream (self->connection, target, sunk, uploads,
                                     item_type != NULL ? item_type : G_VARIANT_TYPE_VARIANT, error);
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "The client is not connected");
  return NULL;
}
