/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A connector to a hub in the same program, over memory, which fails as often as it is told to. */
#pragma once

#include <krhub.h>

G_BEGIN_DECLS

#define KR_TEST_TYPE_CONNECTOR (kr_test_connector_get_type ())
G_DECLARE_FINAL_TYPE (KrTestConnector, kr_test_connector, KR_TEST, CONNECTOR, GObject)

struct _KrTestConnector
{
  GObject parent_instance;
  KrHubServer *server;
  KrHubMemoryTransport *last;   /* the client's end of the last transport; no reference once it is closed */
  guint n_failures;             /* that many connects fail first */
  GIOErrorEnum failure;         /* with that; connection refused unless set */
  guint n_hangs;                /* that many connects, the failures not counted, never end unless they are cancelled */
  guint n_connects;
  guint n_reconnects;
  gboolean refuse_reconnect;
};

KrTestConnector *kr_test_connector_new (KrHubServer *server);

G_END_DECLS
