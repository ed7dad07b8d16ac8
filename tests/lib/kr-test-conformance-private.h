/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The parts of the table of hub cases, and what they share. */
#pragma once

#include "kr-test-conformance.h"

G_BEGIN_DECLS

typedef struct
{
  const char *name;
  void (*run) (KrTestHub *hub);
  gboolean json_only;      /* about JSON's own bytes or limits */
} KrTestCase;

extern const KrTestCase kr_test_stream_cases[];
extern const gsize kr_test_n_stream_cases;
void kr_test_hub_add_stream_methods (KrTestHub *hub);

extern const KrTestCase kr_test_result_cases[];
extern const gsize kr_test_n_result_cases;
void kr_test_hub_add_result_methods (KrTestHub *hub);

extern const KrTestCase kr_test_hub_cases[];
extern const gsize kr_test_n_hub_cases;
/* As kr_test_hub_new(), in the time of another hub. */
KrTestHub *kr_test_hub_new_with_clock (const KrTestBackend *backend, KrHubClock *clock);

void kr_test_client_start_call (KrTestClient *self,
                                const char *target,
                                GVariant *arguments,
                                const char *type,
                                GAsyncResult **result);
/* Waits; the result printed, or "error: {message}". */
char *kr_test_client_finish_call (KrTestClient *self, GAsyncResult **result, const char *what);
void kr_test_assert_call (KrTestClient *client,
                          const char *target,
                          GVariant *arguments,
                          const char *type,
                          const char *expected);

G_END_DECLS
