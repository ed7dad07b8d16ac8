/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* LoadSocket: a non-blocking TCP connection, plain or TLS, with what was not yet written and what came incomplete. */
#include "config.h"

#include "load-socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define READ_SIZE 65536
#define MAX_REST (16 * 1024 * 1024)

static void
start_tls (LoadSocket *self)
{
  static gnutls_certificate_credentials_t credentials;

  if (credentials == NULL)
    gnutls_certificate_allocate_credentials (&credentials);
  gnutls_init (&self->tls, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
  gnutls_set_default_priority (self->tls);
  gnutls_credentials_set (self->tls, GNUTLS_CRD_CERTIFICATE, credentials);
  gnutls_transport_set_int (self->tls, self->fd);
}

/* source: the local IPv4 address, since one has ports for 28,000 connections only. Returns: whether it has begun */
gboolean
load_socket_connect (LoadSocket *self, int epoll_fd, const LoadOptions *options, guint32 source)
{
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons (options->port) };
  struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (source) };
  struct epoll_event event = { .events = EPOLLIN | EPOLLOUT, .data.ptr = self };
  int one = 1;

  self->fd = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (self->fd < 0)
    return FALSE;
  self->epoll_fd = epoll_fd;
  self->events = event.events;
  inet_pton (AF_INET, options->host, &to.sin_addr);
  setsockopt (self->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  setsockopt (self->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
  if (bind (self->fd, (struct sockaddr *) &from, sizeof from) < 0 ||
      (connect (self->fd, (struct sockaddr *) &to, sizeof to) < 0 && errno != EINPROGRESS) ||
      epoll_ctl (epoll_fd, EPOLL_CTL_ADD, self->fd, &event) < 0)
    {
      load_socket_close (self);
      return FALSE;
    }
  if (options->tls)
    start_tls (self);
  return TRUE;
}

void
load_socket_close (LoadSocket *self)
{
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
  g_clear_pointer (&self->tls, gnutls_deinit);
  g_clear_pointer (&self->out, g_free);
  g_clear_pointer (&self->rest, g_free);
  self->out_len = self->out_done = self->out_size = self->rest_len = 0;
  self->tls_ready = FALSE;
}

/* Room for up to len bytes behind what waits; the caller adds what it used to out_len. */
guint8 *
load_socket_reserve (LoadSocket *self, gsize len)
{
  if (self->out_len + len > self->out_size)
    {
      self->out_size = (self->out_len + len) * 2;
      self->out = g_realloc (self->out, self->out_size);
    }
  return self->out + self->out_len;
}

void
load_socket_write (LoadSocket *self, const void *data, gsize len)
{
  memcpy (load_socket_reserve (self, len), data, len);
  self->out_len += len;
}

static void
watch (LoadSocket *self, guint32 events)
{
  struct epoll_event event = { .events = events, .data.ptr = self };

  if (self->events == events)
    return;
  self->events = events;
  epoll_ctl (self->epoll_fd, EPOLL_CTL_MOD, self->fd, &event);
}

/* As send() and recv(), but 0 for "not now" and -1 for the end. */
static gssize
tls_result (gssize n)
{
  if (n > 0)
    return n;
  return n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED ? 0 : -1;
}

static gssize
socket_result (gssize n)
{
  if (n > 0)
    return n;
  return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

/* Returns: FALSE if the connection broke; tls_ready tells whether the handshake is through */
static gboolean
advance_tls (LoadSocket *self)
{
  int result;

  if (self->tls == NULL || self->tls_ready)
    return TRUE;
  result = gnutls_handshake (self->tls);
  self->tls_ready = result == GNUTLS_E_SUCCESS;
  if (self->tls_ready)
    return TRUE;
  watch (self, gnutls_record_get_direction (self->tls) == 1 ? EPOLLIN | EPOLLOUT : EPOLLIN);
  return !gnutls_error_is_fatal (result);
}

/* Writes what waits, as far as the socket takes it. Returns: FALSE if the connection broke */
gboolean
load_socket_flush (LoadSocket *self)
{
  if (!advance_tls (self))
    return FALSE;
  if (self->tls != NULL && !self->tls_ready)
    return TRUE;
  while (self->out_done < self->out_len)
    {
      const guint8 *data = self->out + self->out_done;
      gsize len = self->out_len - self->out_done;
      gssize n = self->tls != NULL ? tls_result (gnutls_record_send (self->tls, data, len))
                                   : socket_result (send (self->fd, data, len, MSG_NOSIGNAL));

      if (n < 0)
        return FALSE;
      if (n == 0)
        break;
      self->out_done += n;
    }
  if (self->out_done == self->out_len)
    self->out_done = self->out_len = 0;
  watch (self, self->out_len > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
  return TRUE;
}

/* Reads behind what was kept. data belongs to all sockets together: what is not used must be kept.
 * Returns: FALSE if the connection ended; more: whether there may be more */
gboolean
load_socket_read (LoadSocket *self, guint8 **data, gsize *len, gboolean *more)
{
  static guint8 *buffer;
  static gsize size;
  gssize n;

  if (self->rest_len + READ_SIZE > size)
    {
      size = self->rest_len + 2 * READ_SIZE;
      buffer = g_realloc (buffer, size);
    }
  if (!advance_tls (self) || self->rest_len > MAX_REST)
    return FALSE;
  if (self->rest_len > 0)
    memcpy (buffer, self->rest, self->rest_len);
  if (self->tls == NULL)
    n = socket_result (recv (self->fd, buffer + self->rest_len, READ_SIZE, 0));
  else
    n = self->tls_ready ? tls_result (gnutls_record_recv (self->tls, buffer + self->rest_len, READ_SIZE)) : 0;
  if (n < 0)
    return FALSE;
  *data = buffer;
  *len = self->rest_len + n;
  *more = self->tls != NULL ? n > 0 : n == READ_SIZE;
  return TRUE;
}

void
load_socket_keep (LoadSocket *self, const guint8 *data, gsize len)
{
  g_clear_pointer (&self->rest, g_free);
  self->rest_len = len;
  if (len > 0)
    self->rest = g_memdup2 (data, len);
}
