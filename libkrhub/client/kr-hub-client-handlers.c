/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubClient: the handlers of the hub's calls. */
#include "config.h"

#include "kr-hub-client-private.h"

#include "kr-hub-invocation-private.h"

typedef struct
{
  guint id;
  KrHubMethodFunc func;     /* NULL: removed while its list runs */
  gpointer data;
  GDestroyNotify destroy;
} Handler;

/* All of one name; what the dispatcher calls, for as long as it lives. */
typedef struct
{
  KrHubDispatcher *dispatcher;  /* no reference: it owns this */
  GPtrArray *handlers;          /* of Handler, the first first */
  guint n_running;              /* calls under way: nothing may leave the array */
} HandlerList;

static void
handler_free (gpointer data)
{
  Handler *self = data;

  if (self->destroy != NULL)
    self->destroy (self->data);
  g_free (self);
}

static void
handler_list_free (gpointer data)
{
  HandlerList *self = data;

  g_ptr_array_unref (self->handlers);
  g_free (self);
}

/* Those that were removed meanwhile. */
static void
sweep (HandlerList *self)
{
  for (guint i = self->handlers->len; i > 0; i--)
    if (((Handler *) g_ptr_array_index (self->handlers, i - 1))->func == NULL)
      g_ptr_array_remove_index (self->handlers, i - 1);
}

/* Each in turn; those that are added meanwhile hear of the next call, and nobody does whose client is gone. */
static void
run_handlers (KrHubInvocation *invocation, gpointer data)
{
  HandlerList *self = data;
  guint n = self->handlers->len, n_run = 0;

  self->n_running++;
  for (guint i = 0; i < n && invocation->connection->owner != NULL; i++)
    {
      Handler *handler = g_ptr_array_index (self->handlers, i);

      if (handler->func == NULL)
        continue;
      n_run++;
      handler->func (invocation, handler->data);
    }
  if (n_run == 0 && self->dispatcher->fallback != NULL && invocation->connection->owner != NULL)
    self->dispatcher->fallback (invocation, self->dispatcher->fallback_data);
  if (--self->n_running == 0)
    sweep (self);
}

static gboolean
takes (const KrHubMethod *method, const char *arguments)
{
  if (arguments == NULL || method->arguments == NULL)
    return arguments == NULL && method->arguments == NULL;
  return g_variant_type_equal (method->arguments, (const GVariantType *) arguments);
}

/* NULL: there are handlers of that name that take something else, or it is no name. */
static HandlerList *
ensure_list (KrHubClient *self, const char *target, const char *arguments)
{
  KrHubMethod *method = kr_hub_dispatcher_lookup (self->dispatcher, target);
  HandlerList *list;

  if (method != NULL)
    return takes (method, arguments) ? method->data : NULL;
  list = g_new0 (HandlerList, 1);
  list->dispatcher = self->dispatcher;
  list->handlers = g_ptr_array_new_with_free_func (handler_free);
  if (kr_hub_dispatcher_add (self->dispatcher, target, arguments, NULL, run_handlers, list, handler_list_free))
    return list;
  handler_list_free (list);
  return NULL;
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
 * A name may have several handlers, which take the same arguments: they run in the order in which they were added, and the
 * first answer counts.
 *
 * Returns: the handler's id ([method@KrHub.Client.remove_handler]); 0 if there is a handler of that name that takes other
 *   arguments; @user_data stays the caller's then
 *
 * Since: 0.1
 */
guint
kr_hub_client_add_handler (KrHubClient *self,
                           const char *target,
                           const char *arguments,
                           KrHubMethodFunc func,
                           gpointer user_data,
                           GDestroyNotify destroy)
{
  HandlerList *list;
  Handler *handler;

  g_return_val_if_fail (KR_HUB_IS_CLIENT (self), 0);
  g_return_val_if_fail (target != NULL, 0);
  g_return_val_if_fail (arguments == NULL || (*arguments == '(' && g_variant_type_string_is_valid (arguments)), 0);
  g_return_val_if_fail (func != NULL, 0);

  list = ensure_list (self, target, arguments);
  if (list == NULL)
    return 0;
  handler = g_new (Handler, 1);
  *handler = (Handler) { ++self->n_handlers, func, user_data, destroy };
  g_ptr_array_add (list->handlers, handler);
  return handler->id;
}

static gboolean
remove_from (HandlerList *list, guint id)
{
  for (guint i = 0; i < list->handlers->len; i++)
    {
      Handler *handler = g_ptr_array_index (list->handlers, i);

      if (handler->id != id || handler->func == NULL)
        continue;
      handler->func = NULL;
      if (list->n_running == 0)
        sweep (list);
      return TRUE;
    }
  return FALSE;
}

/**
 * kr_hub_client_remove_handler:
 * @self: a client
 * @id: what [method@KrHub.Client.add_handler] returned
 *
 * Takes a handler away: it is not called any more, not even of a call that is being handled. Where none is left, a call is one
 * without a handler.
 *
 * Returns: whether there was such a handler
 *
 * Since: 0.1
 */
gboolean
kr_hub_client_remove_handler (KrHubClient *self, guint id)
{
  GHashTableIter iter;
  KrHubMethod *method;

  g_return_val_if_fail (KR_HUB_IS_CLIENT (self), FALSE);

  g_hash_table_iter_init (&iter, self->dispatcher->methods);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &method))
    if (remove_from (method->data, id))
      return TRUE;
  return FALSE;
}

/**
 * kr_hub_client_set_default_handler:
 * @self: a client
 * @func: (nullable) (scope notified) (closure user_data) (destroy destroy): the handler; %NULL for none
 * @user_data: data for @func
 * @destroy: (nullable): frees @user_data
 *
 * Gives the client a handler of those calls from the hub that have no handler of their own, whatever their name and
 * arguments ([method@KrHub.Invocation.get_method_name]). To be set while the client is disconnected.
 *
 * Since: 0.1
 */
void
kr_hub_client_set_default_handler (KrHubClient *self,
                                   KrHubMethodFunc func,
                                   gpointer user_data,
                                   GDestroyNotify destroy)
{
  g_return_if_fail (KR_HUB_IS_CLIENT (self));
  kr_hub_dispatcher_set_fallback (self->dispatcher, func, user_data, destroy);
}
