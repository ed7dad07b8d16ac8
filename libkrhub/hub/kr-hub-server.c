/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubServer: a hub: its connections, from the first to the last of their time. */
#include "config.h"

#include "kr-hub-server-private.h"

#include <sys/random.h>

#include "kr-hub-invocation-private.h"
#include "kr-hub-json-protocol.h"
#include "kr-hub-log-private.h"
#include "kr-hub-msgpack-protocol.h"

#define ID_BYTES 16

/**
 * KrHubServer:
 *
 * A hub: methods that clients call, and the connections, groups and users that it calls back.
 *
 * A hub lives in the main context that is the thread's default one when it is made: its methods and signals run there,
 * and its functions are called there unless they say otherwise. Connections come from an endpoint (KrHubSoup.Endpoint),
 * or from any [iface@KrHub.Transport] through [method@KrHub.Server.accept].
 *
 * Set the properties before the first connection; later changes are not seen by connections that exist.
 *
 * Since: 0.1
 */
G_DEFINE_FINAL_TYPE (KrHubServer, kr_hub_server, G_TYPE_OBJECT)

typedef enum
{
  SIGNAL_CONNECTED,
  SIGNAL_DISCONNECTED,
  SIGNAL_UNKNOWN_METHOD,
} KrHubServerSignal;

static guint signals[SIGNAL_UNKNOWN_METHOD + 1];

/* --- connections --- */

/* Nobody is told of it, now or later. */
static void
refuse_connection (KrHubServer *self, KrHubConnection *connection, const GError *error)
{
  kr_hub_router_remove (&self->router, connection);
  g_hash_table_add (self->pending, connection);
  kr_hub_connection_refuse (connection, error);
}

static void
connection_opened (KrHubConnection *connection, gpointer owner)
{
  g_autoptr (KrHubServer) self = g_object_ref (owner); /* a filter may drop the last reference */
  g_autoptr (GError) error = NULL;

  g_hash_table_remove (self->pending, connection);
  kr_hub_router_add (&self->router, connection);
  for (guint i = 0; i < self->filters->len; i++)
    if (!kr_hub_filter_connected (self->filters->pdata[i], connection, &error))
      {
        refuse_connection (self, connection, error);
        return;
      }
  kr_hub_connection_log (connection, G_LOG_LEVEL_DEBUG, "is open");
  g_signal_emit (self, signals[SIGNAL_CONNECTED], 0, connection);
}

static void
connection_closed (KrHubConnection *connection, const GError *error, gboolean allow_reconnect, gpointer owner)
{
  g_autoptr (KrHubServer) self = g_object_ref (owner);

  if (g_hash_table_remove (self->pending, connection))
    return;
  kr_hub_router_remove (&self->router, connection);
  g_signal_emit (self, signals[SIGNAL_DISCONNECTED], 0, connection, error);
  for (guint i = self->filters->len; i > 0; i--)
    kr_hub_filter_disconnected (self->filters->pdata[i - 1], connection, error);
}

static void
unknown_method (KrHubConnection *connection, const KrHubSlice *name, gpointer owner)
{
  KrHubServer *self = owner;
  g_autofree char *text = g_strndup (name->data, name->len);

  kr_hub_connection_log (connection, G_LOG_LEVEL_DEBUG, "calls a method that does not exist");
  g_signal_emit (self, signals[SIGNAL_UNKNOWN_METHOD], 0, connection, text);
}

/* From the next filter to the method; goes on when a filter that took its time says so. */
static void
filter_call (KrHubConnection *connection, KrHubInvocation *invocation, gpointer owner)
{
  g_autoptr (KrHubServer) self = g_object_ref (owner);

  while (invocation->n_filters < self->filters->len && kr_hub_invocation_is_pending (invocation))
    if (!kr_hub_filter_invoke (self->filters->pdata[invocation->n_filters++], invocation))
      return;
  if (invocation->called || !kr_hub_invocation_is_pending (invocation))
    return;
  invocation->called = TRUE;
  invocation->method->func (invocation, invocation->method->data);
}

static void
call_returned (KrHubConnection *connection, KrHubInvocation *invocation, gpointer owner)
{
  g_autoptr (KrHubServer) self = g_object_ref (owner);

  for (guint i = invocation->n_filters; i > 0; i--)
    {
      /* The filter may replace it. */
      g_autofree char *failure = g_strdup (kr_hub_invocation_get_failure (invocation));

      kr_hub_filter_returned (self->filters->pdata[i - 1], invocation, failure);
    }
}

static void
raw_received (KrHubConnection *connection, const guint8 *data, gsize len, gpointer owner)
{
  g_autoptr (KrHubServer) self = g_object_ref (owner);

  self->raw_func (connection, data, len, self->raw_data);
}

static const KrHubConnectionFuncs connection_funcs = {
  connection_opened, connection_closed, unknown_method, filter_call, call_returned, raw_received,
};

/* --- object --- */

static void
kr_hub_server_constructed (GObject *object)
{
  KrHubServer *self = KR_HUB_SERVER (object);

  if (self->clock == NULL)
    self->clock = kr_hub_clock_new (self->context);
  G_OBJECT_CLASS (kr_hub_server_parent_class)->constructed (object);
}

/* They may be there a little longer, until their transports are done; one whose method drops the hub, until that
 * returns. */
static void
forget_connections (KrHubServer *self)
{
  GHashTableIter iter;
  KrHubConnection *connection;

  g_hash_table_iter_init (&iter, self->alive);
  while (g_hash_table_iter_next (&iter, (gpointer *) &connection, NULL))
    {
      connection->over = NULL;
      connection->owner = NULL;
    }
  g_hash_table_remove_all (self->alive);
  kr_hub_clock_disarm (self->clock, &self->grace);
}

static void
kr_hub_server_dispose (GObject *object)
{
  KrHubServer *self = KR_HUB_SERVER (object);

  if (self->router.members != NULL)
    kr_hub_server_shutdown (self);
  forget_connections (self);
  G_OBJECT_CLASS (kr_hub_server_parent_class)->dispose (object);
}

static void
kr_hub_server_finalize (GObject *object)
{
  KrHubServer *self = KR_HUB_SERVER (object);

  kr_hub_router_clear (&self->router);
  g_ptr_array_unref (self->filters);
  if (self->raw_destroy != NULL)
    self->raw_destroy (self->raw_data);
  g_hash_table_unref (self->pending);
  g_hash_table_unref (self->alive);
  kr_hub_dispatcher_unref (self->dispatcher);
  kr_hub_settings_unref (self->settings);
  g_clear_object (&self->clock);
  g_main_context_unref (self->context);
  G_OBJECT_CLASS (kr_hub_server_parent_class)->finalize (object);
}

static void
install_signals (GType type)
{
  /**
   * KrHubServer::connected:
   * @self: the hub
   * @connection: a connection whose handshake is done
   *
   * A client has connected; it can be sent to, and nothing of it has been dispatched yet. ASP.NET Core's
   * OnConnectedAsync.
   *
   * Since: 0.1
   */
  signals[SIGNAL_CONNECTED] =
    g_signal_new ("connected", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, KR_HUB_TYPE_CONNECTION);
  /**
   * KrHubServer::disconnected:
   * @self: the hub
   * @connection: a connection that has left its groups
   * @error: (nullable): why, or %NULL if it ended in good order
   *
   * A client that had connected has gone. Emitted once. ASP.NET Core's OnDisconnectedAsync.
   *
   * Since: 0.1
   */
  signals[SIGNAL_DISCONNECTED] = g_signal_new ("disconnected", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                               G_TYPE_NONE, 2, KR_HUB_TYPE_CONNECTION, G_TYPE_ERROR);
  /**
   * KrHubServer::unknown-method:
   * @self: the hub
   * @connection: who called
   * @name: the method that does not exist, as the client sent it
   *
   * A client called a method that does not exist; it is answered with an error.
   *
   * Since: 0.1
   */
  signals[SIGNAL_UNKNOWN_METHOD] = g_signal_new ("unknown-method", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                                 G_TYPE_NONE, 2, KR_HUB_TYPE_CONNECTION, G_TYPE_STRING);
}

static void
kr_hub_server_class_init (KrHubServerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = kr_hub_server_constructed;
  object_class->dispose = kr_hub_server_dispose;
  object_class->finalize = kr_hub_server_finalize;
  kr_hub_server_install_properties (object_class);
  install_signals (G_TYPE_FROM_CLASS (klass));
}

static void
kr_hub_server_init (KrHubServer *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->thread = g_thread_self ();
  self->settings = kr_hub_settings_new ();
  self->settings->send_timeout = 10 * G_USEC_PER_SEC;
  g_ptr_array_add (self->settings->protocols, g_object_ref (kr_hub_json_protocol_get_default ()));
  g_ptr_array_add (self->settings->protocols, g_object_ref (kr_hub_msgpack_protocol_get_default ()));
  self->dispatcher = kr_hub_dispatcher_new ();
  self->pending = g_hash_table_new (NULL, NULL);
  self->alive = g_hash_table_new (NULL, NULL);
  self->accepting = TRUE;
  self->grace.fire = kr_hub_server_grace_over;
  self->grace.data = self;
  g_queue_init (&self->shutdowns);
  self->filters = g_ptr_array_new_with_free_func (g_object_unref);
  kr_hub_router_init (&self->router);
}

static gboolean
do_nothing (gpointer data)
{
  return G_SOURCE_REMOVE;
}

void
kr_hub_server_drop (KrHubServer *self)
{
  g_autoptr (GMainContext) context = NULL;
  g_autoptr (GSource) source = NULL;

  if (kr_hub_server_is_own_thread (self))
    {
      g_object_unref (self);
      return;
    }
  context = g_main_context_ref (self->context);
  /* Nobody is there any more. */
  if (g_main_context_acquire (context))
    {
      g_object_unref (self);
      g_main_context_release (context);
      return;
    }
  source = g_idle_source_new ();
  g_source_set_static_name (source, "KrHubServer drop");
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, do_nothing, self, g_object_unref);
  g_source_attach (source, context);
}

/**
 * kr_hub_server_new:
 * @clock: (nullable): the hub's time and timers; %NULL means a new real one
 *
 * Creates a hub in the thread-default main context.
 *
 * Returns: (transfer full): a new hub
 *
 * Since: 0.1
 */
KrHubServer *
kr_hub_server_new (KrHubClock *clock)
{
  return g_object_new (KR_HUB_TYPE_SERVER, "clock", clock, NULL);
}

/**
 * kr_hub_server_get_context:
 * @self: a hub
 *
 * Gets the main context that the hub lives in. Any thread.
 *
 * Returns: (transfer none): the context
 *
 * Since: 0.1
 */
GMainContext *
kr_hub_server_get_context (KrHubServer *self)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (self), NULL);
  return self->context;
}

/**
 * kr_hub_server_get_clock: (get-property clock)
 * @self: a hub
 *
 * Gets the hub's time and timers.
 *
 * Returns: (transfer none): the clock
 *
 * Since: 0.1
 */
KrHubClock *
kr_hub_server_get_clock (KrHubServer *self)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (self), NULL);
  return self->clock;
}

/**
 * kr_hub_server_get_max_message_size: (get-property max-message-size)
 * @self: a hub
 *
 * Gets the largest message that a client may send.
 *
 * Returns: bytes, what frames the message included; 0 for no limit
 *
 * Since: 0.1
 */
gsize
kr_hub_server_get_max_message_size (KrHubServer *self)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (self), 0);
  return self->settings->max_message_size;
}

/**
 * kr_hub_server_get_transfer_formats:
 * @self: a hub
 *
 * Gets the formats that the hub's protocols need, for the endpoint that offers transports. Any thread.
 *
 * Returns: one or both of the flags
 *
 * Since: 0.1
 */
KrHubTransferFormat
kr_hub_server_get_transfer_formats (KrHubServer *self)
{
  KrHubTransferFormat formats = 0;

  g_return_val_if_fail (KR_HUB_IS_SERVER (self), KR_HUB_TRANSFER_FORMAT_TEXT);
  for (guint i = 0; i < self->settings->protocols->len; i++)
    formats |= kr_hub_protocol_get_transfer_format (g_ptr_array_index (self->settings->protocols, i));
  return formats;
}

/**
 * kr_hub_server_new_connection_id:
 *
 * Makes an id or token for a connection that nobody can guess: 16 random bytes in base64url. Any thread.
 *
 * Returns: (transfer full): 22 characters
 *
 * Since: 0.1
 */
char *
kr_hub_server_new_connection_id (void)
{
  guint8 bytes[ID_BYTES];
  char *text;

  if (getrandom (bytes, sizeof bytes, 0) != sizeof bytes)
    g_error ("the system has no random bytes");
  text = g_base64_encode (bytes, sizeof bytes);
  text[22] = '\0';
  for (char *p = text; *p != '\0'; p++)
    *p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
  return text;
}

static KrHubConnection *
accept_connection (KrHubServer *self,
                   KrHubTransport *transport,
                   const char *connection_id,
                   const char *user_id,
                   gboolean stateful)
{
  g_autoptr (KrHubConnection) connection = NULL;
  g_autofree char *id = connection_id != NULL ? g_strdup (connection_id) : kr_hub_server_new_connection_id ();

  connection = kr_hub_connection_new (KR_HUB_ROLE_SERVER, self->settings, self->dispatcher, self->clock, transport, id,
                                      user_id, stateful, &connection_funcs, self);
  g_hash_table_add (self->pending, connection);
  g_hash_table_add (self->alive, connection);
  connection->over = kr_hub_server_connection_over;
  connection->over_data = self;
  if (self->raw_func != NULL)
    kr_hub_connection_set_raw (connection);
  kr_hub_connection_start (connection);
  if (G_UNLIKELY (!self->accepting))
    kr_hub_server_turn_away (self, connection);
  return connection;
}

/**
 * kr_hub_server_accept:
 * @self: a hub
 * @transport: a transport that was not started; the connection starts it
 * @connection_id: (nullable): the connection's public id, unique in this hub; %NULL for a new one
 * @user_id: (nullable): whom the transport was authenticated as
 *
 * Takes a new connection. [signal@KrHub.Server::connected] follows when its handshake is done.
 *
 * Returns: (transfer none): the connection, which lives at least until it has ended
 *
 * Since: 0.1
 */
KrHubConnection *
kr_hub_server_accept (KrHubServer *self, KrHubTransport *transport, const char *connection_id, const char *user_id)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (self), NULL);
  g_return_val_if_fail (KR_HUB_IS_TRANSPORT (transport), NULL);
  return accept_connection (self, transport, connection_id, user_id, FALSE);
}

/**
 * kr_hub_server_accept_stateful:
 * @self: a hub
 * @transport: a transport that was not started; the connection starts it
 * @connection_id: (nullable): the connection's public id, unique in this hub; %NULL for a new one
 * @user_id: (nullable): whom the transport was authenticated as
 *
 * Takes a new connection whose client negotiated stateful reconnect: when its transport is lost, it waits
 * [property@KrHub.Server:reconnect-window] for [method@KrHub.Connection.reattach].
 *
 * Returns: (transfer none): the connection, which lives at least until it is over
 *
 * Since: 0.1
 */
KrHubConnection *
kr_hub_server_accept_stateful (KrHubServer *self,
                               KrHubTransport *transport,
                               const char *connection_id,
                               const char *user_id)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (self), NULL);
  g_return_val_if_fail (KR_HUB_IS_TRANSPORT (transport), NULL);
  return accept_connection (self, transport, connection_id, user_id, TRUE);
}
