/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* LoadClient: one hub connection over one of the transports, up to whole hub messages. */
#pragma once

#include "load-message.h"
#include "load-socket.h"

typedef enum
{
  LOAD_CLIENT_CLOSED,
  LOAD_CLIENT_UPGRADING,
  LOAD_CLIENT_HANDSHAKING,
  LOAD_CLIENT_JOINING,       /* a first call is made, whose answer makes it ready */
  LOAD_CLIENT_READY,
} LoadClientState;

typedef void (*LoadMessageFunc) (LoadClient *client, const LoadMessage *message, gpointer data);

struct _LoadClient
{
  LoadSocket socket;
  LoadClientState state;
  gboolean messagepack;
  GByteArray *fragments;     /* of a WebSocket message that comes in several frames: what ends within a hub message */
  const LoadCall *join;      /* what is called first, or NULL */
  guint64 *sent_ns;          /* when the calls in flight were sent, a ring of LOAD_MAX_DEPTH; only of those who call */
  guint first, next;         /* in the ring */
  guint64 next_id;
};

#define LOAD_MAX_DEPTH 1024

gboolean load_client_connect (LoadClient *self, int epoll_fd, const LoadOptions *options, guint32 source);
void load_client_close (LoadClient *self);
void load_client_call (LoadClient *self, const LoadCall *call, guint64 now_ns);
void load_client_ping (LoadClient *self);
gboolean load_client_flush (LoadClient *self);
gboolean load_client_receive (LoadClient *self, LoadMessageFunc func, gpointer data);
