/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* LoadClient: one hub connection over one of the transports, up to whole hub messages. */
#pragma once

#include "load-http.h"
#include "load-message.h"
#include "load-socket.h"

typedef enum
{
  LOAD_CLIENT_CLOSED,
  LOAD_CLIENT_NEGOTIATING,   /* not over WebSocket */
  LOAD_CLIENT_OPENING,
  LOAD_CLIENT_HANDSHAKING,
  LOAD_CLIENT_JOINING,       /* a first call is made, whose answer makes it ready */
  LOAD_CLIENT_READY,
} LoadClientState;

typedef void (*LoadMessageFunc) (LoadClient *client, const LoadMessage *message, gpointer data);

struct _LoadClient
{
  LoadSocket socket;
  LoadSocket sender;         /* of POST requests, not over WebSocket */
  const LoadOptions *options;
  int epoll_fd;
  guint32 source;
  LoadTransport transport;
  LoadClientState state;
  gboolean messagepack;
  GByteArray *fragments;     /* what came incomplete above the socket: of a message, an event or an answer */
  LoadHttp answer, posted;   /* what socket and sender read */
  GByteArray *pending;       /* hub messages for the next POST */
  gboolean posting;
  char *token;
  const LoadCall *join;      /* what is called first, or NULL */
  guint64 *sent_ns;          /* when the calls in flight were sent, a ring of LOAD_MAX_DEPTH; only of those who call */
  guint first, next;         /* in the ring */
  guint64 next_id;
};

#define LOAD_MAX_DEPTH 1024

gboolean load_client_connect (LoadClient *self, int epoll_fd, const LoadOptions *options, LoadTransport transport,
                              guint32 source);
void load_client_close (LoadClient *self);
void load_client_call (LoadClient *self, const LoadCall *call, guint64 now_ns);
void load_client_ping (LoadClient *self);
gboolean load_client_flush (LoadClient *self);
gboolean load_client_receive (LoadClient *self, LoadSocket *socket, LoadMessageFunc func, gpointer data);

/* For the transports. */
void load_client_send (LoadClient *self, const void *data, gsize len);
void load_client_send_handshake (LoadClient *self);
gsize load_client_take_messages (LoadClient *self, const guint8 *data, gsize len, LoadMessageFunc func,
                                 gpointer user_data);
gboolean load_websocket_open (LoadClient *self);
void load_websocket_send (LoadClient *self, const void *data, gsize len);
gsize load_websocket_take (LoadClient *self, const guint8 *data, gsize len, LoadMessageFunc func, gpointer user_data);
gboolean load_http_open (LoadClient *self);
void load_http_post (LoadClient *self);
gsize load_http_take (LoadClient *self, LoadSocket *socket, const guint8 *data, gsize len, LoadMessageFunc func,
                      gpointer user_data);
