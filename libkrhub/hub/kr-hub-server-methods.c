/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubServer: its methods and filters. */
#include "config.h"

#include "kr-hub-server-private.h"

#include "kr-hub-invocation-private.h"

/**
 * kr_hub_server_add_method:
 * @self: a hub
 * @name: the method's name, 1 to 255 bytes; clients match it in any case
 * @arguments: (nullable): the types of the arguments, as a tuple such as `(si)`; %NULL for any number of any type
 * @result: (nullable): the type of the result, such as `s`; %NULL for none
 * @func: (scope notified) (closure user_data) (destroy destroy): the handler
 * @user_data: data for @func
 * @destroy: (nullable): frees @user_data
 *
 * Gives the hub a method. A call whose arguments do not fit is answered with an error before @func sees it.
 *
 * Returns: %FALSE if the hub has a method of that name already, in whatever case; @user_data stays the caller's then
 *
 * Since: 0.1
 */
gboolean
kr_hub_server_add_method (KrHubServer *self,
                          const char *name,
                          const char *arguments,
                          const char *result,
                          KrHubMethodFunc func,
                          gpointer user_data,
                          GDestroyNotify destroy)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);
  g_return_val_if_fail (arguments == NULL || (*arguments == '(' && g_variant_type_string_is_valid (arguments)), FALSE);
  g_return_val_if_fail (result == NULL || g_variant_type_string_is_valid (result), FALSE);
  g_return_val_if_fail (func != NULL, FALSE);

  return kr_hub_dispatcher_add (self->dispatcher, name, arguments, result, func, user_data, destroy);
}

/**
 * kr_hub_server_add_stream_method:
 * @self: a hub
 * @name: the method's name, 1 to 255 bytes; clients match it in any case
 * @arguments: (nullable): the types of the arguments, as a tuple such as `(si)`; %NULL for any number of any type
 * @item: (nullable): the type of the items, such as `s`; %NULL for any
 * @func: (scope notified) (closure user_data) (destroy destroy): the handler
 * @user_data: data for @func
 * @destroy: (nullable): frees @user_data
 *
 * Gives the hub a method that answers with a stream; @func gets it from [method@KrHub.Invocation.open_stream].
 *
 * Returns: %FALSE if the hub has a method of that name already, in whatever case; @user_data stays the caller's then
 *
 * Since: 0.1
 */
gboolean
kr_hub_server_add_stream_method (KrHubServer *self,
                                 const char *name,
                                 const char *arguments,
                                 const char *item,
                                 KrHubMethodFunc func,
                                 gpointer user_data,
                                 GDestroyNotify destroy)
{
  KrHubMethod *method;

  if (!kr_hub_server_add_method (self, name, arguments, item, func, user_data, destroy))
    return FALSE;
  method = kr_hub_dispatcher_lookup (self->dispatcher, name);
  method->streaming = method->special = TRUE;
  return TRUE;
}

/**
 * kr_hub_server_set_method_uploads:
 * @self: a hub
 * @name: a method of the hub
 * @items: for each stream that the caller is to send along the type of its items, as a tuple such as `(is)`
 *
 * Declares that callers of a method send streams along, which come on top of its arguments
 * ([method@KrHub.Invocation.get_upload]). Before the first connection.
 *
 * Since: 0.1
 */
void
kr_hub_server_set_method_uploads (KrHubServer *self, const char *name, const char *items)
{
  KrHubMethod *method;

  g_return_if_fail (KR_HUB_IS_SERVER (self));
  g_return_if_fail (name != NULL);
  g_return_if_fail (items != NULL && *items == '(' && g_variant_type_string_is_valid (items));

  method = kr_hub_dispatcher_lookup (self->dispatcher, name);
  g_return_if_fail (method != NULL);
  kr_hub_method_set_uploads (method, G_VARIANT_TYPE (items));
}

/* Without a function of its own: whoever was authenticated. */
static gboolean
has_user (KrHubInvocation *invocation, gpointer data)
{
  return invocation->connection->user_id != NULL;
}

/**
 * kr_hub_server_set_method_authorizer:
 * @self: a hub
 * @name: a method of the hub
 * @func: (nullable) (scope notified) (closure user_data) (destroy destroy): says who may call; %NULL means any
 *   connection that has a user id
 * @user_data: data for @func
 * @destroy: (nullable): frees @user_data
 *
 * Restricts who may call a method. Others get an error. Before the first connection.
 *
 * Since: 0.1
 */
void
kr_hub_server_set_method_authorizer (KrHubServer *self,
                                     const char *name,
                                     KrHubAuthorizeFunc func,
                                     gpointer user_data,
                                     GDestroyNotify destroy)
{
  KrHubMethod *method;

  g_return_if_fail (KR_HUB_IS_SERVER (self));
  g_return_if_fail (name != NULL);

  method = kr_hub_dispatcher_lookup (self->dispatcher, name);
  g_return_if_fail (method != NULL);
  kr_hub_method_set_authorizer (method, func != NULL ? func : has_user, user_data, destroy);
}

/**
 * kr_hub_server_set_raw_handler:
 * @self: a hub
 * @func: (scope notified) (closure user_data) (destroy destroy): gets what connections receive
 * @user_data: data for @func
 * @destroy: (nullable): frees @user_data
 *
 * Turns the hub into a server of bytes: its connections have ids, users, filters and signals, but speak no hub protocol
 * and do no handshake. @func answers with [method@KrHub.Connection.write]. Before the first connection. ASP.NET Core's
 * MapConnectionHandler.
 *
 * Since: 0.1
 */
void
kr_hub_server_set_raw_handler (KrHubServer *self, KrHubRawFunc func, gpointer user_data, GDestroyNotify destroy)
{
  g_return_if_fail (KR_HUB_IS_SERVER (self));
  g_return_if_fail (func != NULL);
  g_return_if_fail (self->raw_func == NULL);

  self->raw_func = func;
  self->raw_data = user_data;
  self->raw_destroy = destroy;
}

/**
 * kr_hub_server_add_filter:
 * @self: a hub
 * @filter: a filter, which the hub keeps
 *
 * Puts a filter inside of those that were added before. Before the first connection.
 *
 * Since: 0.1
 */
void
kr_hub_server_add_filter (KrHubServer *self, KrHubFilter *filter)
{
  g_return_if_fail (KR_HUB_IS_SERVER (self));
  g_return_if_fail (KR_HUB_IS_FILTER (filter));

  g_ptr_array_add (self->filters, g_object_ref (filter));
  self->settings->filtered = TRUE;
}
