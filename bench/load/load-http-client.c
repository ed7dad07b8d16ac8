/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What a LoadClient does over Server-Sent Events and long polling. */
#include "config.h"

#include <string.h>

#include "load-client.h"

static void
fail (LoadClient *self, const char *what, guint status)
{
  g_printerr ("%s: status %u\n", what, status);
  self->state = LOAD_CLIENT_CLOSED;
}

/* query: with its question mark */
static void
send_post (LoadClient *self, const char *path, const char *query, const void *body, gsize len)
{
  const LoadOptions *options = self->options;
  g_autofree char *head = g_strdup_printf ("POST %s%s HTTP/1.1\r\nHost: %s:%d\r\nContent-Length: %" G_GSIZE_FORMAT
                                           "\r\n\r\n",
                                           path, query, options->host, options->port, len);

  load_socket_write (&self->sender, head, strlen (head));
  load_socket_write (&self->sender, body, len);
  self->posting = TRUE;
}

static void
send_get (LoadClient *self)
{
  const LoadOptions *options = self->options;
  const char *accept = self->transport == LOAD_TRANSPORT_SSE ? "Accept: text/event-stream\r\n" : "";
  g_autofree char *head = g_strdup_printf ("GET %s?id=%s HTTP/1.1\r\nHost: %s:%d\r\n%s\r\n", options->path, self->token,
                                           options->host, options->port, accept);

  load_socket_write (&self->socket, head, strlen (head));
}

gboolean
load_http_open (LoadClient *self)
{
  g_autofree char *path = g_strconcat (self->options->path, "/negotiate", NULL);

  if (!load_socket_connect (&self->sender, self->epoll_fd, self->options, self->source))
    return FALSE;
  send_post (self, path, "?negotiateVersion=1", "", 0);
  self->state = LOAD_CLIENT_NEGOTIATING;
  return TRUE;
}

/* One request at a time, as the official clients do: what is said meanwhile goes with the next one. */
void
load_http_post (LoadClient *self)
{
  g_autoptr (GByteArray) body = NULL;
  g_autofree char *query = NULL;

  if (self->posting || self->pending == NULL)
    return;
  body = g_steal_pointer (&self->pending);
  query = g_strconcat ("?id=", self->token, NULL);
  send_post (self, self->options->path, query, body->data, body->len);
}

static void
append_fragment (LoadClient *self, const guint8 *data, gsize len)
{
  if (self->fragments == NULL)
    self->fragments = g_byte_array_new ();
  g_byte_array_append (self->fragments, data, len);
}

/* {"connectionToken":"...", ...} */
static void
take_negotiation (LoadClient *self)
{
  static const char name[] = "\"connectionToken\":\"";
  const char *found, *end;
  g_autofree char *token = NULL;

  append_fragment (self, (const guint8 *) "", 1);
  found = strstr ((const char *) self->fragments->data, name);
  end = found != NULL ? strchr (found + sizeof name - 1, '"') : NULL;
  if (end == NULL || !load_socket_connect (&self->socket, self->epoll_fd, self->options, self->source))
    {
      fail (self, "negotiation", self->posted.status);
      return;
    }
  found += sizeof name - 1;
  token = g_strndup (found, end - found);
  self->token = g_uri_escape_string (token, NULL, FALSE);
  g_clear_pointer (&self->fragments, g_byte_array_unref);
  self->state = LOAD_CLIENT_OPENING;
  send_get (self);
}

static void
take_posted (LoadClient *self, const LoadHttpPiece *piece)
{
  if (piece->head && self->posted.status >= 300)
    fail (self, "POST", self->posted.status);
  else if (self->state == LOAD_CLIENT_NEGOTIATING && piece->len > 0)
    append_fragment (self, piece->body, piece->len);
  if (!piece->done || self->state == LOAD_CLIENT_CLOSED)
    return;
  self->posting = FALSE;
  if (self->state == LOAD_CLIENT_NEGOTIATING)
    take_negotiation (self);
}

/* The lines of an event stream that begin with "data: "; all others only separate. */
static void
take_events (LoadClient *self, const LoadHttpPiece *piece, LoadMessageFunc func, gpointer user_data)
{
  const guint8 *line, *end;
  gsize done = 0;

  append_fragment (self, piece->body, piece->len);
  while ((line = self->fragments->data + done,
          end = memchr (line, '\n', self->fragments->len - done)) != NULL)
    {
      gsize len = end - line;

      if (len > 7 && memcmp (line, "data: ", 6) == 0)
        load_client_take_messages (self, line + 6, len - 6 - (end[-1] == '\r'), func, user_data);
      done += len + 1;
    }
  g_byte_array_remove_range (self->fragments, 0, done);
}

static void
take_event_stream (LoadClient *self, const LoadHttpPiece *piece, LoadMessageFunc func, gpointer user_data)
{
  if (piece->head && self->answer.status != 200)
    fail (self, "event stream", self->answer.status);
  else if (piece->head)
    load_client_send_handshake (self);
  else if (piece->len > 0)
    take_events (self, piece, func, user_data);
  if (piece->done)
    self->state = LOAD_CLIENT_CLOSED;
}

/* The first poll is answered at once, without a body. */
static void
take_poll (LoadClient *self, const LoadHttpPiece *piece, LoadMessageFunc func, gpointer user_data)
{
  if (piece->head && self->answer.status != 200)
    {
      fail (self, "poll", self->answer.status);
      return;
    }
  if (piece->len > 0)
    {
      gsize used;

      append_fragment (self, piece->body, piece->len);
      used = load_client_take_messages (self, self->fragments->data, self->fragments->len, func, user_data);
      g_byte_array_remove_range (self->fragments, 0, used);
    }
  if (!piece->done)
    return;
  if (self->state == LOAD_CLIENT_OPENING)
    load_client_send_handshake (self);
  if (self->state != LOAD_CLIENT_CLOSED)
    send_get (self);
}

/* Returns: the length of what was taken, 0 if it is not complete */
gsize
load_http_take (LoadClient *self, LoadSocket *socket, const guint8 *data, gsize len, LoadMessageFunc func,
                gpointer user_data)
{
  gboolean is_sender = socket == &self->sender;
  LoadHttpPiece piece;
  gssize used = load_http_next (is_sender ? &self->posted : &self->answer, data, len, &piece);

  if (used < 0)
    fail (self, "what came is not HTTP", 0);
  if (used <= 0)
    return 0;
  if (is_sender)
    take_posted (self, &piece);
  else if (self->transport == LOAD_TRANSPORT_SSE)
    take_event_stream (self, &piece, func, user_data);
  else
    take_poll (self, &piece, func, user_data);
  return used;
}
