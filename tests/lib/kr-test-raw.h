/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A client that speaks what a case writes, for what no real client says. */
#pragma once

#include "kr-test-conformance.h"

G_BEGIN_DECLS

typedef struct
{
  KrTestHub *hub;
  KrHubTransport *transport;
  GByteArray *output;
  GString *received;  /* 0x1E shown as ; */
  gboolean closed;
} KrTestRaw;

/* Connected, without a handshake. */
KrTestRaw *kr_test_raw_new_silent (KrTestHub *hub, const char *user_id);
/* Connected, the handshake done. */
KrTestRaw *kr_test_raw_new (KrTestHub *hub, const char *user_id);
void kr_test_raw_free (KrTestRaw *self);
/* Each ; stands for 0x1E. */
void kr_test_raw_send (KrTestRaw *self, const char *text);
/* Waits for as much as that, and takes it away. */
void kr_test_raw_expect (KrTestRaw *self, const char *expected);
void kr_test_raw_expect_closed (KrTestRaw *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KrTestRaw, kr_test_raw_free)

G_END_DECLS
