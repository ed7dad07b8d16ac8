/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Calls of KrTaskBusExporter: who makes them, and whether they may. */
#include "config.h"

#include "kr-task-bus-authority-private.h"
#include "kr-task-bus-exporter-private.h"

/* A call that waits until its sender is known. */
typedef struct
{
  KrTaskBusExporter *self;
  GDBusMethodInvocation *invocation;
  KrTaskJob *job; /* NULL: about none */
  GVariant *arguments;
  const char *action; /* what polkit may allow where the manager does not; NULL: nothing */
  GVariant *identity; /* while polkit is asked */
  KrTaskBusAct act;
} Call;

static void
call_free (Call *call)
{
  g_clear_object (&call->job);
  g_clear_pointer (&call->arguments, g_variant_unref);
  g_clear_pointer (&call->identity, g_variant_unref);
  g_object_unref (call->self);
  g_free (call);
}

static void
answer_call (Call *call, GVariant *identity)
{
  if (call->self->server == NULL)
    g_dbus_method_invocation_return_error (call->invocation, KR_TASK_ERROR, KR_TASK_ERROR_SHUTTING_DOWN,
                                           "The tasks are leaving the bus");
  else if (identity == NULL)
    g_dbus_method_invocation_return_error (call->invocation, KR_TASK_ERROR, KR_TASK_ERROR_NOT_AUTHORIZED,
                                           "Nobody knows who you are");
  else
    call->act (call->self, call->invocation, call->job, call->arguments, identity);
  call_free (call);
}

/* Whom polkit lets is an administrator for this call; the manager is asked again and has the last word. */
static void
on_authority (gboolean allowed, gpointer user_data)
{
  Call *call = user_data;
  g_autoptr (GVariant) identity = g_variant_ref (call->identity);

  if (allowed)
    {
      GVariantDict dict;

      g_variant_dict_init (&dict, call->identity);
      g_variant_dict_insert (&dict, "administrator", "b", TRUE);
      g_variant_unref (identity);
      identity = g_variant_ref_sink (g_variant_dict_end (&dict));
    }
  answer_call (call, identity);
}

static gboolean
needs_authority (Call *call, GVariant *identity)
{
  return call->action != NULL && call->self->use_polkit && call->self->server != NULL && identity != NULL &&
         g_dbus_method_invocation_get_sender (call->invocation) != NULL &&
         !kr_task_manager_authorize (call->self->manager, call->job, call->action, identity);
}

static void
on_identity (GVariant *identity, gpointer user_data)
{
  Call *call = user_data;

  if (!needs_authority (call, identity))
    {
      answer_call (call, identity);
      return;
    }
  call->identity = g_variant_ref (identity);
  kr_task_bus_authority_ask (call->invocation, KR_TASK_BUS_ACTION_CANCEL_OTHERS, call->self->cancellable, on_authority,
                             call);
}

/**
 * kr_task_bus_call:
 * @self: an exporter
 * @invocation: a call, which this answers
 * @job: (nullable): what it is about
 * @arguments: (nullable): for @act; taken over if floating
 * @action: (nullable): what polkit may allow where the manager does not; %NULL: nothing
 * @act: answers it
 *
 * Has @act answer a call once its sender is known, and once polkit has allowed @action where it is asked.
 */
void
kr_task_bus_call (KrTaskBusExporter *self, GDBusMethodInvocation *invocation, KrTaskJob *job, GVariant *arguments,
                  const char *action, KrTaskBusAct act)
{
  Call *call = g_new0 (Call, 1);

  call->self = g_object_ref (self);
  call->invocation = invocation;
  g_set_object (&call->job, job);
  call->arguments = arguments != NULL ? g_variant_ref_sink (arguments) : NULL;
  call->action = action;
  call->act = act;
  kr_task_bus_identities_find (self->identities, g_dbus_method_invocation_get_sender (invocation), on_identity, call);
}

/**
 * kr_task_bus_call_may:
 * @self: an exporter
 * @invocation: a call
 * @job: (nullable): what it is about
 * @action: what the caller wants to do
 * @identity: who that is
 *
 * Asks the manager.
 *
 * Returns: %FALSE if the answer is no, and the caller was told so
 */
gboolean
kr_task_bus_call_may (KrTaskBusExporter *self, GDBusMethodInvocation *invocation, KrTaskJob *job, const char *action,
                      GVariant *identity)
{
  if (kr_task_manager_authorize (self->manager, job, action, identity))
    return TRUE;
  g_dbus_method_invocation_return_error (invocation, KR_TASK_ERROR, KR_TASK_ERROR_NOT_AUTHORIZED,
                                         "You may not %s this task", action);
  return FALSE;
}
