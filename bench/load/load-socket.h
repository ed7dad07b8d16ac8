/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* LoadSocket: a non-blocking TCP connection, plain or TLS, with what was not yet written and what came incomplete. */
#pragma once

#include <gnutls/gnutls.h>
#include <netinet/in.h>

#include "load-options.h"

typedef struct _LoadClient LoadClient;

typedef struct
{
  LoadClient *client;
  int fd;                    /* -1 when closed */
  int epoll_fd;
  guint32 events;            /* that epoll watches for */
  gnutls_session_t tls;
  gboolean tls_ready;
  guint8 *out, *rest;
  gsize out_len, out_done, out_size, rest_len;
} LoadSocket;

gboolean load_socket_connect (LoadSocket *self, int epoll_fd, const LoadOptions *options, guint32 source);
void load_socket_close (LoadSocket *self);
guint8 *load_socket_reserve (LoadSocket *self, gsize len);
void load_socket_write (LoadSocket *self, const void *data, gsize len);
gboolean load_socket_flush (LoadSocket *self);
gboolean load_socket_read (LoadSocket *self, guint8 **data, gsize *len, gboolean *more);
void load_socket_keep (LoadSocket *self, const guint8 *data, gsize len);
