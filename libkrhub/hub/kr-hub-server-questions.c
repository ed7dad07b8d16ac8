/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubServer: calls of clients that have a result. */
#include "config.h"

#include "kr-hub-server-private.h"

#include "kr-hub-invocation-private.h"

typedef struct
{
  KrHubInvocation *waiting;  /* NULL: none */
  char *connection_id;
  char *target;
  GVariant *arguments;
  GVariantType *result_type; /* NULL: any */
} Question;

static void
question_free (gpointer data)
{
  Question *self = data;

  g_clear_pointer (&self->waiting, kr_hub_invocation_release);
  g_clear_pointer (&self->arguments, g_variant_unref);
  g_clear_pointer (&self->result_type, g_variant_type_free);
  g_free (self->connection_id);
  g_free (self->target);
  g_free (self);
}

static void
answered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;
  GVariant *value = kr_hub_connection_invoke_finish (KR_HUB_CONNECTION (source), result, &error);

  if (value != NULL)
    g_task_return_pointer (task, value, (GDestroyNotify) g_variant_unref);
  else
    g_task_return_error (task, error);
}

/* In the hub's thread. */
static gboolean
ask (gpointer data)
{
  GTask *task = data;
  Question *question = g_task_get_task_data (task);
  KrHubServer *self = g_task_get_source_object (task);
  KrHubConnection *connection = kr_hub_server_lookup (self, question->connection_id);

  if (connection == NULL)
    {
      g_task_return_new_error (task,
                               G_IO_ERROR,
                               G_IO_ERROR_NOT_FOUND,
                               "Connection '%s' does not exist.",
                               question->connection_id);
      return G_SOURCE_REMOVE;
    }
  if (question->waiting != NULL && !kr_hub_connection_may_give_up_slot (question->waiting->connection))
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY, "Too many calls of this client wait for clients.");
      return G_SOURCE_REMOVE;
    }
  kr_hub_connection_invoke_async (connection,
                                  question->target,
                                  question->arguments,
                                  question->result_type,
                                  g_task_get_cancellable (task),
                                  answered,
                                  g_object_ref (task));
  if (question->waiting != NULL)
    kr_hub_connection_give_up_slot (question->waiting->connection, question->waiting);
  return G_SOURCE_REMOVE;
}

/**
 * kr_hub_server_invoke_async:
 * @self: a hub
 * @waiting: (nullable): the call that cannot be answered before the result is there
 * @connection_id: whom to ask
 * @target: the client's method
 * @arguments: (nullable): a tuple of the arguments, sunk if it is floating; %NULL for none
 * @result_type: (nullable): the type of the result; %NULL for whatever comes, as a variant of it
 * @cancellable: (nullable): to wait no longer
 * @callback: called when the answer is there
 * @user_data: data for @callback
 *
 * Calls a method of one client and waits for its answer. Any thread; @callback is called in the main context of the one
 * that calls this.
 *
 * @waiting, which @callback answers as a rule, no longer counts among the calls of its client that may run at a time
 * ([property@KrHub.Server:max-parallel-invocations]): else a client could wait for itself. Of such calls one client may have
 * as many as streams ([property@KrHub.Server:max-streams]).
 *
 * Since: 0.1
 */
void
kr_hub_server_invoke_async (KrHubServer *self,
                            KrHubInvocation *waiting,
                            const char *connection_id,
                            const char *target,
                            GVariant *arguments,
                            const GVariantType *result_type,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GSource) source = NULL;
  g_autoptr (GVariant) sunk = arguments != NULL ? g_variant_ref_sink (arguments) : NULL;
  Question *question;

  g_return_if_fail (KR_HUB_IS_SERVER (self));
  g_return_if_fail (connection_id != NULL);
  g_return_if_fail (target != NULL && *target != '\0');
  g_return_if_fail (sunk == NULL || g_variant_is_of_type (sunk, G_VARIANT_TYPE_TUPLE));

  question = g_new0 (Question, 1);
  question->waiting = waiting != NULL ? kr_hub_invocation_hold (waiting) : NULL;
  question->connection_id = g_strdup (connection_id);
  question->target = g_strdup (target);
  question->arguments = g_steal_pointer (&sunk);
  question->result_type = result_type != NULL ? g_variant_type_copy (result_type) : NULL;
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, kr_hub_server_invoke_async);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, question, question_free);
  if (kr_hub_server_is_own_thread (self))
    {
      ask (task);
      return;
    }
  source = g_idle_source_new ();
  g_source_set_static_name (source, "KrHubServer question");
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, ask, g_steal_pointer (&task), g_object_unref);
  g_source_attach (source, self->context);
}

/**
 * kr_hub_server_invoke_finish:
 * @self: a hub
 * @result: what the callback got
 * @error: return location for an error
 *
 * Finishes [method@KrHub.Server.invoke_async].
 *
 * Errors: as [method@KrHub.Connection.invoke_finish]; %G_IO_ERROR_NOT_FOUND if there is no such connection;
 * %G_IO_ERROR_BUSY if too many calls of the client that waits do so already.
 *
 * Returns: (transfer full): the result, an empty tuple if there is none; %NULL with @error set
 *
 * Since: 0.1
 */
GVariant *
kr_hub_server_invoke_finish (KrHubServer *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
