/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What the parts of KrTaskBusExporter share: the object, calls and who may make them, and starting. */
#pragma once

#include "kr-task-bus-exporter.h"
#include "kr-task-bus-identity-private.h"
#include "kr-task-bus-object-private.h"

struct _KrTaskBusExporter
{
  GObject parent_instance;

  KrTaskManager *manager;
  GDBusConnection *connection;
  GMainContext *context; /* the manager's */
  char *path;
  gboolean use_polkit;

  /* while exported */
  GCancellable *cancellable; /* of the questions to polkit */
  GDBusObjectManagerServer *server;
  KrTaskDBusTaskManager1 *skeleton;
  KrTaskBusIdentities *identities;
  GPtrArray *rows;       /* of KrTaskBusObject, as the manager lists the jobs; not owned */
  GHashTable *objects;   /* KrTaskBusObject by job, also those that the manager has forgotten */
  GHashTable *requested; /* KrTaskBusRequest by job: started over the bus, and not yet listed */
  GSource *counting;     /* NULL: the counters are as announced */
  GSource *sweeping;     /* NULL: no object waits for its end */

  GHashTable *kinds;     /* Kind by name */
  GPtrArray *kind_names; /* NULL-terminated, in the order in which they were added; owned by @kinds */
  guint64 n_paths;
};

/* A start whose answer waits until the object is there. */
typedef struct
{
  char *path;
  char *sender;
  gboolean tied;
  GDBusMethodInvocation *invocation;
} KrTaskBusRequest;

/* Answers a call. @identity is never NULL, and the jobs are on the bus. */
typedef void (*KrTaskBusAct) (KrTaskBusExporter *self, GDBusMethodInvocation *invocation, KrTaskJob *job,
                              GVariant *arguments, GVariant *identity);

/* kr-task-bus-call.c */
void kr_task_bus_call (KrTaskBusExporter *self, GDBusMethodInvocation *invocation, KrTaskJob *job, GVariant *arguments,
                       const char *action, KrTaskBusAct act);
gboolean kr_task_bus_call_may (KrTaskBusExporter *self, GDBusMethodInvocation *invocation, KrTaskJob *job,
                               const char *action, GVariant *identity);

/* kr-task-bus-actions.c */
void kr_task_bus_actions_connect_task (KrTaskBusExporter *self, KrTaskBusObject *object);
void kr_task_bus_actions_connect_manager (KrTaskBusExporter *self);

/* kr-task-bus-start.c */
void kr_task_bus_start_connect (KrTaskBusExporter *self);
void kr_task_bus_start_refuse_all (KrTaskBusExporter *self);
char *kr_task_bus_start_next_path (KrTaskBusExporter *self);
void kr_task_bus_request_free (gpointer data);
void kr_task_bus_kind_free (gpointer data);
