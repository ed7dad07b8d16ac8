/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubInvocation, as its connection sees it. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include "kr-hub-dispatcher-private.h"
#include "kr-hub-invocation.h"
#include "kr-hub-protocol.h"
#include "kr-hub-stream-private.h"

G_BEGIN_DECLS

#define KR_HUB_INLINE_STRINGS 4
#define KR_HUB_INVOCATION_ROOM 256

typedef enum
{
  KR_HUB_INVOCATION_PENDING,
  KR_HUB_INVOCATION_ANSWERED, /* by the handler, or by the connection in its place */
} KrHubInvocationState;

/* A value that owns what it points to. */
typedef struct
{
  KrHubValue value;
  char *bytes;
  GVariant *variant;
} KrHubOwnedValue;

void kr_hub_owned_value_init (KrHubOwnedValue *self, const KrHubValue *value);
void kr_hub_owned_value_clear (KrHubOwnedValue *self);

/* An answer on its way past the filters. */
typedef struct _KrHubReturn
{
  KrHubOwnedValue value;
  char *error_text;           /* as the caller sees it; NULL: no error */
  char *failure;              /* as the method gave it */
} KrHubReturn;

struct _KrHubInvocation
{
  gint ref_count;             /* atomic; the holders together have one */
  gint n_holders;             /* atomic; those who may answer */
  gint state;                 /* atomic; the one who moves it to ANSWERED answers */
  KrHubConnection *connection; /* a reference only once detached: until then the connection is on the stack below */
  const KrHubMethod *method;  /* lives as long as the connection */
  KrHubSlice id;
  KrHubSlice arguments;
  guint n_arguments;
  gboolean detached;          /* written before another thread can know of the invocation */
  gboolean tallied;           /* its outcome is counted; hub's thread only */
  gboolean completed;         /* the answer is written; hub's thread only */
  gboolean counted;           /* takes one of the connection's slots; hub's thread only */
  gboolean slotless;          /* it waits for its client, which may have to call meanwhile; hub's thread only */
  gboolean listed;            /* among the connection's running calls or streams; hub's thread only */
  gboolean streaming;         /* the caller wants a stream */
  gint opened;                /* atomic; it gets one: an error is one of the stream from here on */
  guint n_stream_ids;         /* that came with the call */
  gboolean called;            /* the filters are done; hub's thread only */
  guint n_filters;            /* how many have seen it; hub's thread only */
  struct _KrHubReturn *returning; /* what the filters that are told now may replace; hub's thread only */
  KrHubMethod *unknown;       /* stands for a method that does not exist; NULL: it does */
  GPtrArray *uploads;         /* of KrHubStream; NULL while there are none */
  char *storage;              /* id and arguments once detached */
  KrHubSlice strings[KR_HUB_INLINE_STRINGS]; /* bound arguments of a method that takes strings only */
  char *texts[KR_HUB_INLINE_STRINGS];        /* the same with a NUL, where somebody asked or they had escapes */
  GVariant *variant;          /* all arguments, once somebody asked */
  GCancellable *cancellable;  /* atomic pointer, made on request */
  gint cancelled;             /* atomic */
  guint room_used;
  char room[KR_HUB_INVOCATION_ROOM]; /* for texts and storage: a usual call takes no other memory. Last, and never cleared */
};

/* An invocation on borrowed slices, owned by the caller. */
KrHubInvocation *kr_hub_invocation_new (KrHubConnection *connection,
                                        const KrHubMethod *method,
                                        const KrHubMessage *message);
/* Checks the arguments against the method's signature before the handler sees them. */
gboolean kr_hub_invocation_bind (KrHubInvocation *self, const KrHubMessage *message, GError **error);
/* Memory for a text, as long as the invocation. */
char *kr_hub_invocation_take_room (KrHubInvocation *self, gsize size);
/* Copies what is borrowed and takes a reference on the connection. */
void kr_hub_invocation_detach (KrHubInvocation *self);
/* Makes a reader of each upload that the method declares. FALSE: the ids are no strings. */
gboolean kr_hub_invocation_open_uploads (KrHubInvocation *self, const KrHubSlice *stream_ids);
/* A call of a method that does not exist, for filters to see. */
KrHubInvocation *kr_hub_invocation_new_unknown (KrHubConnection *connection, const KrHubMessage *message);
/* The caller has gone: nobody can answer any more, and the cancellable fires. */
void kr_hub_invocation_abandon (KrHubInvocation *self);
/* What a filter is told. */
const char *kr_hub_invocation_get_failure (KrHubInvocation *self);
/* Answers that the stream is complete; any thread. */
void kr_hub_invocation_finish_stream (KrHubInvocation *self);
/* References that say nothing about who answers. */
KrHubInvocation *kr_hub_invocation_hold (KrHubInvocation *self);
void kr_hub_invocation_release (KrHubInvocation *self);
/* Counts how it ended, once. */
void kr_hub_invocation_tally (KrHubInvocation *self, KrHubOutcome outcome);
/* TRUE for the one caller who may answer. */
gboolean kr_hub_invocation_claim (KrHubInvocation *self);
/* After its handler returned: whether somebody else still has it. */
gboolean kr_hub_invocation_is_kept (KrHubInvocation *self);
/* Fires the cancellable; hub's thread. */
void kr_hub_invocation_cancel (KrHubInvocation *self);

static inline gboolean
kr_hub_invocation_is_pending (KrHubInvocation *self)
{
  return g_atomic_int_get (&self->state) == KR_HUB_INVOCATION_PENDING;
}

G_END_DECLS
