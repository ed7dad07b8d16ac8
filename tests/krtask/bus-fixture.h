/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A private bus, a program that shows its tasks there, and a client that is a connection of its own. */
#pragma once

#include <kr-test.h>
#include <krtask.h>

G_BEGIN_DECLS

#define BUS_PATH "/org/kestrun/Tasks"
#define BUS_MANAGER_INTERFACE "org.kestrun.TaskManager1"
#define BUS_TASK_INTERFACE "org.kestrun.Task1"

typedef struct
{
  GTestDBus *bus;
  GDBusConnection *server, *client;
  KrTaskManager *manager;
  KrTaskBusExporter *exporter; /* offers the kinds sleep, echo, hold and nothing */
  GString *events;             /* the names of the signals that the client has heard, and states, in order */
  int go;                      /* atomic: bodies of the kind hold may go on */
} BusFixture;

void bus_fixture_set_up (BusFixture *f, gconstpointer data);
void bus_fixture_tear_down (BusFixture *f, gconstpointer data);
GDBusConnection *bus_fixture_connect (const char *address);

/* Sleeps until it is cancelled, half way. */
GVariant *bus_body_sleep (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error);
/* Returns the variant that is its argument. */
GVariant *bus_body_echo (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error);

/* Calls as the client does, and what it hears. */
GVariant *bus_fixture_call (BusFixture *f, const char *path, const char *interface, const char *method,
                            GVariant *arguments, GError **error);
GVariant *bus_fixture_get (BusFixture *f, const char *path, const char *property);
GVariant *bus_fixture_parse (const char *format, ...);
char *bus_fixture_start (BusFixture *f, const char *kind, GVariant *parameters, GVariant *options, GError **error);
void bus_fixture_wait_state (BusFixture *f, const char *path, const char *state);
guint bus_fixture_listen (BusFixture *f);
void bus_fixture_wait_heard (BusFixture *f, const char *event);

/* A job with a body without data. */
KrTaskJob *bus_job_new (const char *title, KrTaskFunc func);

/* Submits a job, and waits until it is on the bus; its path. */
char *bus_fixture_submit (BusFixture *f, KrTaskJob *job);
void bus_fixture_wait_end (KrTaskJob *job);

/* All that the server has sent has reached the client. */
void bus_fixture_sync (BusFixture *f);

G_END_DECLS
