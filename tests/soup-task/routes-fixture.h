/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A real server with the routes, in a thread of its own or in that of the tasks, and a real client. */
#pragma once

#include <json-glib/json-glib.h>
#include <kr-test.h>
#include <krtask-soup.h>

G_BEGIN_DECLS

typedef struct
{
  gboolean own_thread;
  gboolean guarded;  /* by a handler that lets pass what has the header X-Token */
  gboolean open;     /* allow-unguarded */
  gboolean identify; /* from the header X-User */
  guint max_wait;
  guint max_waiting;
} RoutesSetting;

typedef struct
{
  const RoutesSetting *setting;
  KrTaskManager *manager;
  KrTaskSoupRoutes *routes;
  GMainContext *context; /* of the server */
  GMainLoop *loop;
  GThread *thread;
  SoupServer *server;
  SoupSession *session;
  char *base;
  /* the last answer */
  SoupMessage *message;
  guint status;
  char *body;
  JsonNode *json; /* NULL: none */
} RoutesFixture;

extern const RoutesSetting routes_open;
extern const RoutesSetting routes_same_thread;
extern const RoutesSetting routes_closed;
extern const RoutesSetting routes_with_guard;
extern const RoutesSetting routes_with_users;
extern const RoutesSetting routes_narrow;
extern const RoutesSetting routes_impatient;

void routes_set_up (RoutesFixture *f, gconstpointer data);
void routes_tear_down (RoutesFixture *f, gconstpointer data);
/* Whether bodies of the kind hold may go on. */
void routes_let_go (gboolean go);
/* Those of the kinds with these names. */
KrTaskJob *routes_make_fail (GVariant *parameters, gpointer user_data, GError **error);
KrTaskJob *routes_make_async (GVariant *parameters, gpointer user_data, GError **error);
GVariant *routes_body_sleep (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error);

/* Requests; the fixture has the last answer. */
SoupMessage *routes_new_message (RoutesFixture *f, const char *method, const char *target, const char *header,
                                 const char *value, const char *body);
void routes_take_answer (RoutesFixture *f, SoupMessage *message, GAsyncResult *result);
guint routes_ask_with (RoutesFixture *f, const char *method, const char *target, const char *header,
                       const char *value, const char *body);
guint routes_ask (RoutesFixture *f, const char *method, const char *target);
guint routes_post (RoutesFixture *f, const char *target, const char *body);
const char *routes_header (RoutesFixture *f, const char *name);
JsonNode *routes_member (RoutesFixture *f, const char *name);
const char *routes_text (RoutesFixture *f, const char *name);
guint routes_count (RoutesFixture *f);
char *routes_create (RoutesFixture *f, const char *body);
KrTaskJob *routes_find (RoutesFixture *f, const char *path);
void routes_wait_state (RoutesFixture *f, const char *path, KrTaskState state);

G_END_DECLS
