/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A client under a virtual clock that says what a test writes, and reads when a test wants it to. */
#pragma once

#include <krhub.h>

G_BEGIN_DECLS

typedef struct
{
  KrHubClock *clock;
  KrHubMemoryTransport *transport;
  KrHubMemoryTransport *server_end;
  KrHubConnection *connection; /* the hub's; a reference */
  GByteArray *output;
  GString *received;           /* all that came; 0x1E shown as ; */
  gboolean closed;
} KrTestPeer;

/* Connected, without a handshake. */
KrTestPeer *kr_test_peer_new_silent (KrHubServer *server, const char *user_id, gboolean stateful);
/* Connected, the handshake done and forgotten. */
KrTestPeer *kr_test_peer_new (KrHubServer *server, const char *user_id);
void kr_test_peer_free (KrTestPeer *self);
/* Each ; stands for 0x1E. Time passes until all is delivered. */
void kr_test_peer_send (KrTestPeer *self, const char *text);
/* Lets what is due happen. */
void kr_test_peer_settle (KrTestPeer *self);
/* What has come since the last time; owned by the caller. */
char *kr_test_peer_take (KrTestPeer *self);
/* Reads nothing while @stalled, so that what the hub sends waits in its outbox. */
void kr_test_peer_set_stalled (KrTestPeer *self, gboolean stalled);
/* A stateful connection goes on over another transport. */
void kr_test_peer_reattach (KrTestPeer *self);
/* The transport is lost without a farewell. */
void kr_test_peer_lose (KrTestPeer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KrTestPeer, kr_test_peer_free)

G_END_DECLS
