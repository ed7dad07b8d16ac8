/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Asks polkit, over D-Bus and without its library, whether a caller may do something. */
#include "config.h"

#include "kr-task-bus-authority-private.h"

#define AUTHORITY_NAME "org.freedesktop.PolicyKit1"
#define AUTHORITY_PATH "/org/freedesktop/PolicyKit1/Authority"
#define AUTHORITY_INTERFACE "org.freedesktop.PolicyKit1.Authority"
/* Of CheckAuthorization: people may be asked for a password. */
#define ALLOW_USER_INTERACTION 1

typedef struct
{
  KrTaskBusAuthorityFunc answered;
  gpointer user_data;
} Question;

/* No authority, or one that nobody understands, is a no. */
static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Question *question = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  gboolean may = FALSE;

  if (reply != NULL)
    g_variant_get (reply, "((bb@a{ss}))", &may, NULL, NULL);
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_debug ("polkit: %s", error->message);
  question->answered (may, question->user_data);
}

/**
 * kr_task_bus_authority_ask:
 * @invocation: a call of somebody on a bus
 * @action: the name of a polkit action
 * @cancellable: (nullable): ends the question with a no
 * @answered: called once, never before this returns
 * @user_data: its argument
 *
 * Asks whether the sender of the call may do @action. People are asked only if the call says that they may be, and then take
 * their time.
 *
 * Source: the D-Bus interface of polkit, org.freedesktop.PolicyKit1.Authority.CheckAuthorization
 */
void
kr_task_bus_authority_ask (GDBusMethodInvocation *invocation, const char *action, GCancellable *cancellable,
                           KrTaskBusAuthorityFunc answered, gpointer user_data)
{
  GDBusMessageFlags flags = g_dbus_message_get_flags (g_dbus_method_invocation_get_message (invocation));
  gboolean interactive = (flags & G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION) != 0;
  Question *question = g_new (Question, 1);
  GVariantDict subject;

  question->answered = answered;
  question->user_data = user_data;
  g_variant_dict_init (&subject, NULL);
  g_variant_dict_insert (&subject, "name", "s", g_dbus_method_invocation_get_sender (invocation));
  g_dbus_connection_call (g_dbus_method_invocation_get_connection (invocation), AUTHORITY_NAME, AUTHORITY_PATH,
                          AUTHORITY_INTERFACE, "CheckAuthorization",
                          g_variant_new ("((s@a{sv})sa{ss}us)", "system-bus-name", g_variant_dict_end (&subject), action,
                                         NULL, interactive ? ALLOW_USER_INTERACTION : 0, ""),
                          G_VARIANT_TYPE ("((bba{ss}))"), G_DBUS_CALL_FLAGS_NONE, interactive ? G_MAXINT : -1,
                          cancellable, on_answer, question);
}
