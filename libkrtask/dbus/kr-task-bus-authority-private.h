/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Asks polkit, over D-Bus and without its library, whether a caller may do something. */
#pragma once

#include <gio/gio.h>

#define KR_TASK_BUS_ACTION_CANCEL_OTHERS "org.kestrun.task.cancel-other-user"

typedef void (*KrTaskBusAuthorityFunc) (gboolean may, gpointer user_data);

void kr_task_bus_authority_ask (GDBusMethodInvocation *invocation, const char *action, GCancellable *cancellable,
                                KrTaskBusAuthorityFunc answered, gpointer user_data);
