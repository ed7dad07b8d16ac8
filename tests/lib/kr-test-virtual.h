/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A client and a hub in one program, over memory and in virtual time. */
#pragma once

#include "kr-test-connector.h"

G_BEGIN_DECLS

#define SECOND ((gint64) G_USEC_PER_SEC)

typedef struct
{
  KrHubClock *clock;
  KrHubServer *server;
  KrTestConnector *connector;
  KrHubClient *client;
  GString *log;      /* what the client said, in order */
} KrTestVirtual;

/* For g_test_add(). The hub has Echo (s) -> s, and Leave, which ends its caller's connection for good. */
void kr_test_virtual_set_up (KrTestVirtual *f, gconstpointer data);
void kr_test_virtual_tear_down (KrTestVirtual *f, gconstpointer data);

/* Virtual time, and the callbacks of operations, which come from the main context. */
void kr_test_virtual_advance (KrTestVirtual *f, gint64 microseconds);
/* Connects; the log is empty then. */
void kr_test_virtual_start (KrTestVirtual *f);
void kr_test_virtual_cut (KrTestVirtual *f);
/* Takes @policy. */
void kr_test_virtual_set_policy (KrTestVirtual *f, KrHubRetryPolicy *policy);
/* What the client has said since the last time. */
void kr_test_virtual_assert_log (KrTestVirtual *f, const char *expected);
void kr_test_virtual_assert_echo (KrTestVirtual *f, const char *text);

G_END_DECLS
