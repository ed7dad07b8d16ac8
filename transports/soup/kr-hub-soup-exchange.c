/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupExchange: a request that waits in libsoup until the hub's thread answers it. */
#include "config.h"

#include "kr-hub-soup-exchange-private.h"

#include "kr-hub-soup-crossing-private.h"
#include "kr-hub-soup-http-counters-private.h"
#include "kr-hub-soup-reactor-private.h"

struct _KrHubSoupExchange
{
  GObject parent_instance;

  SoupServerMessage *message;  /* HTTP thread only; NULL once it ended */
  GMainContext *context;       /* of the HTTP thread */
  KrHubSoupChannel channel;    /* HTTP thread only: notices a client that goes away while libsoup does not look */
  GMainContext *hub_context;
  void (*gone) (KrHubSoupExchange *self, GObject *object);
  GObject *object;

  guint status;                /* the answer: written by the hub's thread before it crosses */
  const char *content_type;
  GBytes *response;
};

G_DEFINE_FINAL_TYPE (KrHubSoupExchange, kr_hub_soup_exchange, G_TYPE_OBJECT)

/* In either thread; all that belongs to the HTTP thread was released there by end_message(). */
static void
kr_hub_soup_exchange_finalize (GObject *object)
{
  KrHubSoupExchange *self = KR_HUB_SOUP_EXCHANGE (object);

  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_pointer (&self->hub_context, g_main_context_unref);
  g_clear_pointer (&self->response, g_bytes_unref);
  g_clear_object (&self->object);
  G_OBJECT_CLASS (kr_hub_soup_exchange_parent_class)->finalize (object);
}

static void
kr_hub_soup_exchange_class_init (KrHubSoupExchangeClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = kr_hub_soup_exchange_finalize;
}

static void
kr_hub_soup_exchange_init (KrHubSoupExchange *self)
{
  self->channel = (KrHubSoupChannel) KR_HUB_SOUP_CHANNEL_INIT;
}

static void
cross_gone (gpointer data)
{
  KrHubSoupExchange *self = data;

  self->gone (self, self->object);
}

/* The message is as good as gone: libsoup finished it, or we do. Drops the reference that it held. */
static void
end_message (KrHubSoupExchange *self)
{
  SoupServerMessage *message = g_steal_pointer (&self->message);

  if (message == NULL)
    return;
  g_signal_handlers_disconnect_by_data (message, self);
  kr_hub_soup_channel_close (&self->channel);
  g_object_unref (message);
  g_object_unref (self);
}

static void
client_gone (KrHubSoupExchange *self)
{
  if (self->gone != NULL && self->message != NULL)
    kr_hub_soup_cross (self->hub_context, cross_gone, g_object_ref (self), g_object_unref);
}

static void
message_ended (SoupServerMessage *message, KrHubSoupExchange *self)
{
  g_autoptr (KrHubSoupExchange) guard = g_object_ref (self);

  client_gone (self);
  end_message (self);
}

/* Answering is what lets libsoup see that nobody listens. */
static void
peer_gone (KrHubSoupChannel *channel, const GError *error)
{
  KrHubSoupExchange *self = KR_HUB_SOUP_EXCHANGE (channel->owner);

  if (self->message != NULL)
    kr_hub_soup_http_request_set_status (G_OBJECT (self->message), KR_HUB_SOUP_CLIENT_CLOSED_REQUEST);
  client_gone (self);
  kr_hub_soup_channel_close (channel);
}

static const KrHubSoupChannelFuncs watch_funcs = { .ended = peer_gone };

/* Pauses @message, which is being handled. */
KrHubSoupExchange *
kr_hub_soup_exchange_new (SoupServerMessage *message)
{
  KrHubSoupExchange *self = g_object_new (KR_HUB_SOUP_TYPE_EXCHANGE, NULL);

  self->message = g_object_ref (message);
  self->context = kr_hub_soup_ref_current_context ();
  /* Any status keeps libsoup from looking for another handler. */
  soup_server_message_set_status (message, SOUP_STATUS_INTERNAL_SERVER_ERROR, NULL);
  soup_server_message_pause (message);
  g_signal_connect (message, "finished", G_CALLBACK (message_ended), self);
  g_signal_connect (message, "disconnected", G_CALLBACK (message_ended), self);
  return g_object_ref (self); /* one reference is the message's */
}

/* Lets @gone be called in @context when the client goes away before the answer. */
void
kr_hub_soup_exchange_watch (KrHubSoupExchange *self,
                            GMainContext *context,
                            void (*gone) (KrHubSoupExchange *, GObject *),
                            GObject *object)
{
  int fd = kr_hub_soup_message_get_fd (self->message);

  self->hub_context = g_main_context_ref (context);
  self->gone = gone;
  self->object = g_object_ref (object);
  if (fd >= 0)
    kr_hub_soup_channel_watch (&self->channel, G_OBJECT (self), &watch_funcs, self->context, fd);
}

static void
set_answer (SoupServerMessage *message, guint status, const char *content_type, GBytes *body)
{
  soup_server_message_set_status (message, status, NULL);
  soup_server_message_set_response (message, content_type, SOUP_MEMORY_STATIC, NULL, 0);
  if (body != NULL && g_bytes_get_size (body) > 0)
    soup_message_body_append_bytes (soup_server_message_get_response_body (message), body);
}

static void
cross_answer (gpointer data)
{
  KrHubSoupExchange *self = data;
  g_autoptr (SoupServerMessage) message = self->message != NULL ? g_object_ref (self->message) : NULL;

  if (message == NULL)
    return;
  end_message (self);
  set_answer (message, self->status, self->content_type, self->response);
  soup_server_message_unpause (message);
}

/* Once. @content_type: static; @body: may be NULL */
void
kr_hub_soup_exchange_answer (KrHubSoupExchange *self, guint status, const char *content_type, GBytes *body)
{
  self->status = status;
  self->content_type = content_type;
  self->response = body != NULL ? g_bytes_ref (body) : NULL;
  kr_hub_soup_cross (self->context, cross_answer, g_object_ref (self), g_object_unref);
}

void
kr_hub_soup_answer (SoupServerMessage *message, guint status, const char *content_type, const char *body)
{
  soup_server_message_set_status (message, status, NULL);
  soup_server_message_set_response (message, content_type, SOUP_MEMORY_STATIC, body, body != NULL ? strlen (body) : 0);
}
