/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubStream, as its connection sees it. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include "kr-hub-message.h"
#include "kr-hub-stream.h"

G_BEGIN_DECLS

typedef enum
{
  KR_HUB_STREAM_ANSWER, /* we write, as the answer to a call */
  KR_HUB_STREAM_UPLOAD, /* we write, along with a call of ours */
  KR_HUB_STREAM_READER, /* the peer writes */
} KrHubStreamKind;

/* Somebody who waits for something in the connection's thread. */
typedef struct
{
  GTask *task;
  GSource *cancel_source; /* NULL: cannot be cancelled */
} KrHubWaiter;

typedef struct _KrHubStreamHold KrHubStreamHold;

struct _KrHubStream
{
  GObject parent_instance;

  KrHubStreamKind kind;
  KrHubConnection *connection; /* while items may flow; an upload has it from the call on */
  KrHubInvocation *invocation; /* ANSWER: one of those who may answer */
  KrHubStreamHold *hold;       /* UPLOAD: while its call waits for a connection */
  char *id;                    /* UPLOAD, READER; NULL before the call */
  KrHubSlice key;              /* the id as the table's key */

  /* A reader's own, all in the connection's thread. */
  GVariantType *item_type;
  GQueue items;
  gsize n_bytes;               /* of the items as they came */
  KrHubWaiter *next;           /* who waits for an item; only while there is none */
  GError *error;
  GPtrArray *uploads;          /* that went along with the call; closed when it is over */
  gboolean is_answer;          /* of a call of ours, which closing cancels */
  gboolean ended;              /* nothing follows the items */
  gboolean full;               /* holds up the connection's reading */
};

KrHubStream *kr_hub_stream_new_answer (KrHubInvocation *invocation);
KrHubStream *kr_hub_stream_new_reader (const GVariantType *item_type);
/* Its call is made. */
void kr_hub_stream_begin_reading (KrHubStream *self, KrHubConnection *connection, const char *id);
/* One that could be an upload. */
gboolean kr_hub_stream_is_new (KrHubStream *self);
/* An upload's call is on its way; takes over @id. */
void kr_hub_stream_attach (KrHubStream *self, KrHubConnection *connection, char *id);

/* Whether an item may be written still. */
gboolean kr_hub_stream_check_writable (KrHubStream *self, GError **error);
/* @task waits for room; for a stream that belongs to a call. */
void kr_hub_stream_begin_wait (KrHubStream *self, GTask *task);

/* Readers. The item is encoded, the error is taken. */
void kr_hub_stream_receive (KrHubStream *self, const KrHubSlice *item);
void kr_hub_stream_end (KrHubStream *self, GError *error);
void kr_hub_stream_forget_items (KrHubStream *self);
/* Ends and forgets what was not read: the call is over. */
void kr_hub_stream_drop (KrHubStream *self);

/* @callback is called with @data when @task's cancellable fires; it takes the waiter away. */
KrHubWaiter *kr_hub_waiter_new (GTask *task, GMainContext *context, GCancellableSourceFunc callback, gpointer data);
/* The task, for its answer; frees the waiter. */
GTask *kr_hub_waiter_free_to_task (KrHubWaiter *self);

G_END_DECLS
