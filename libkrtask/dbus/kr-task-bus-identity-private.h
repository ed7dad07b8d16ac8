/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Who is at the other end of the bus: the users behind unique names. */
#pragma once

#include <gio/gio.h>

typedef struct _KrTaskBusIdentities KrTaskBusIdentities;

/* @sender has left the bus. */
typedef void (*KrTaskBusGoneFunc) (const char *sender, gpointer user_data);
/* @identity: an a{sv}, or NULL if it cannot be found out. */
typedef void (*KrTaskBusIdentityFunc) (GVariant *identity, gpointer user_data);

KrTaskBusIdentities *kr_task_bus_identities_new (GDBusConnection *connection, KrTaskBusGoneFunc gone,
                                                 gpointer user_data);
void kr_task_bus_identities_free (KrTaskBusIdentities *self);
void kr_task_bus_identities_find (KrTaskBusIdentities *self, const char *sender, KrTaskBusIdentityFunc found,
                                  gpointer user_data);
