/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubConnection: what it says of itself. */
#include "config.h"

#include "kr-hub-connection-private.h"

/**
 * kr_hub_connection_get_id:
 * @self: a connection
 *
 * Gets the connection's public id. Any thread.
 *
 * Returns: (transfer none) (nullable): the id; %NULL at a client that does not know its own
 *
 * Since: 0.1
 */
const char *
kr_hub_connection_get_id (KrHubConnection *self)
{
  g_return_val_if_fail (KR_HUB_IS_CONNECTION (self), NULL);
  return self->id;
}

/**
 * kr_hub_connection_get_user_id:
 * @self: a connection
 *
 * Gets the user that the connection was authenticated as. Any thread.
 *
 * Returns: (transfer none) (nullable): the user id, or %NULL
 *
 * Since: 0.1
 */
const char *
kr_hub_connection_get_user_id (KrHubConnection *self)
{
  g_return_val_if_fail (KR_HUB_IS_CONNECTION (self), NULL);
  return self->user_id;
}

/**
 * kr_hub_connection_get_remote_address:
 * @self: a connection
 *
 * Gets where the peer's requests come from, if whoever accepted the connection said so. In the thread of its hub.
 *
 * Returns: (transfer none) (nullable): the address, or %NULL
 *
 * Since: 0.1
 */
const char *
kr_hub_connection_get_remote_address (KrHubConnection *self)
{
  g_return_val_if_fail (KR_HUB_IS_CONNECTION (self), NULL);
  return self->remote_address;
}

/**
 * kr_hub_connection_set_remote_address:
 * @self: a connection that was just accepted
 * @address: (nullable): an address
 *
 * Says where the peer's requests come from. In the thread of its hub, before [signal@KrHub.Server::connected].
 *
 * Since: 0.1
 */
void
kr_hub_connection_set_remote_address (KrHubConnection *self, const char *address)
{
  g_return_if_fail (KR_HUB_IS_CONNECTION (self));

  g_free (self->remote_address);
  self->remote_address = g_strdup (address);
}

/**
 * kr_hub_connection_get_transport_name:
 * @self: a connection
 *
 * Gets the name of what carries the connection, such as `WebSockets`.
 *
 * Returns: (transfer none) (nullable): the name; %NULL once the connection has ended
 *
 * Since: 0.1
 */
const char *
kr_hub_connection_get_transport_name (KrHubConnection *self)
{
  g_return_val_if_fail (KR_HUB_IS_CONNECTION (self), NULL);
  return self->transport != NULL ? kr_hub_transport_get_name (self->transport) : NULL;
}

/**
 * kr_hub_connection_get_protocol_name:
 * @self: a connection
 *
 * Gets the name of the encoding that the handshake chose, such as `json`.
 *
 * Returns: (transfer none) (nullable): the name; %NULL before the handshake
 *
 * Since: 0.1
 */
const char *
kr_hub_connection_get_protocol_name (KrHubConnection *self)
{
  g_return_val_if_fail (KR_HUB_IS_CONNECTION (self), NULL);
  return self->session.protocol != NULL ? kr_hub_protocol_get_name (self->session.protocol) : NULL;
}

/**
 * kr_hub_connection_is_open:
 * @self: a connection
 *
 * Gets whether messages can be sent: the handshake is done, and neither end has ended the connection.
 *
 * Returns: %TRUE if it is open
 *
 * Since: 0.1
 */
gboolean
kr_hub_connection_is_open (KrHubConnection *self)
{
  g_return_val_if_fail (KR_HUB_IS_CONNECTION (self), FALSE);
  return self->session.state == KR_HUB_SESSION_OPEN;
}

/**
 * kr_hub_connection_get_outbox_size:
 * @self: a connection
 *
 * Gets how much waits for the peer to read it.
 *
 * Returns: bytes
 *
 * Since: 0.1
 */
gsize
kr_hub_connection_get_outbox_size (KrHubConnection *self)
{
  g_return_val_if_fail (KR_HUB_IS_CONNECTION (self), 0);
  return self->session.outbox.size;
}

/**
 * kr_hub_connection_get_close_reason:
 * @self: a connection
 *
 * Gets why the connection is over, as metrics and logs say it.
 *
 * Returns: the reason; %KR_HUB_CLOSE_REASON_NONE as long as it is not
 *
 * Since: 0.1
 */
KrHubCloseReason
kr_hub_connection_get_close_reason (KrHubConnection *self)
{
  g_return_val_if_fail (KR_HUB_IS_CONNECTION (self), KR_HUB_CLOSE_REASON_NONE);
  return self->session.reason;
}

/**
 * kr_hub_connection_get_outbox_policy:
 * @self: a connection
 *
 * Gets what happens when the peer does not read.
 *
 * Returns: the policy
 *
 * Since: 0.1
 */
KrHubOutboxPolicy
kr_hub_connection_get_outbox_policy (KrHubConnection *self)
{
  g_return_val_if_fail (KR_HUB_IS_CONNECTION (self), KR_HUB_OUTBOX_DISCONNECT);
  return self->session.policy;
}

/**
 * kr_hub_connection_is_stateful:
 * @self: a connection
 *
 * Gets whether the connection can go on over another transport when it loses its own.
 *
 * Returns: %TRUE if stateful reconnect was negotiated and the handshake did not turn it off
 *
 * Since: 0.1
 */
gboolean
kr_hub_connection_is_stateful (KrHubConnection *self)
{
  g_return_val_if_fail (KR_HUB_IS_CONNECTION (self), FALSE);
  return self->session.replay != NULL;
}

/**
 * kr_hub_connection_is_raw:
 * @self: a connection
 *
 * Gets whether no hub protocol is spoken on the connection ([method@KrHub.Server.set_raw_handler]).
 *
 * Returns: %TRUE for a raw connection
 *
 * Since: 0.1
 */
gboolean
kr_hub_connection_is_raw (KrHubConnection *self)
{
  g_return_val_if_fail (KR_HUB_IS_CONNECTION (self), FALSE);
  return self->raw;
}
