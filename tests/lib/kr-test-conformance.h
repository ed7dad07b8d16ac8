/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The one table of hub cases, run over every transport. */
#pragma once

#include <krhub.h>

#include "kr-test.h"

G_BEGIN_DECLS

/* How a table's run gets its connections. One backend serves one transport; all calls in the test's thread. */
typedef struct
{
  const char *prefix;      /* of the test paths: "/conformance/memory" */
  gboolean virtual_clock;  /* time stands still unless the fixture moves it */
  /* Makes whatever listens for the hub; returns the backend's data. */
  gpointer (*start) (KrHubServer *server);
  /* A connected client transport, not started; may turn the main context. @user_id: whom the endpoint is to take the
   * client for, or NULL. */
  KrHubTransport *(*connect) (gpointer data, const char *user_id);
  void (*stop) (gpointer data);
  gboolean messagepack;    /* the clients speak MessagePack */
} KrTestBackend;

/* A hub with the table's methods, and its clients. */
typedef struct
{
  const KrTestBackend *backend;
  gpointer backend_data;
  KrHubClock *clock;
  KrHubServer *server;
  GPtrArray *connected;    /* ids, in the order of their "connected" */
  guint n_disconnected;
  GError *last_error;      /* of the last "disconnected" */
  GPtrArray *kept;         /* of KrHubInvocation that methods keep */
  GPtrArray *streams;      /* of KrHubStream that methods keep */
  guint n_cancelled;
  guint n_unknown;
  gpointer user;           /* of a single case */
} KrTestHub;

/* One client and what the hub called at it: "Target:arguments" texts. */
typedef struct
{
  KrTestHub *hub;
  KrHubClient *client;
  GPtrArray *received;
  guint n_received;        /* received->len, for waiting */
  gboolean closed;
  GError *error;           /* of "closed" */
} KrTestClient;

KrTestHub *kr_test_hub_new (const KrTestBackend *backend);
void kr_test_hub_free (KrTestHub *self);
/* Turns the main context and moves a virtual clock until @condition holds. */
void kr_test_hub_wait (KrTestHub *self, const char *what, KrTestCondition condition, gpointer data);
void kr_test_hub_wait_count (KrTestHub *self, const char *what, const guint *count, guint at_least);

KrTestClient *kr_test_client_new (KrTestHub *hub, const char *user_id);
KrTestClient *kr_test_client_new_for_transport (KrTestHub *hub, KrHubTransport *transport);
void kr_test_client_free (KrTestClient *self);
/* Calls and waits; the result printed as GVariant text, or "error: {message}". */
char *kr_test_client_call (KrTestClient *self, const char *target, GVariant *arguments, const char *result_type);

/* Adds every case of the table for one backend. */
void kr_test_conformance_add (const KrTestBackend *backend);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KrTestHub, kr_test_hub_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KrTestClient, kr_test_client_free)

G_END_DECLS
