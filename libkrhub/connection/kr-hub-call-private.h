/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubCall: one call of a peer's method, from its caller to its callback. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include "kr-hub-protocol.h"

G_BEGIN_DECLS

#define KR_HUB_TYPE_CALL (kr_hub_call_get_type ())
G_DECLARE_FINAL_TYPE (KrHubCall, kr_hub_call, KR_HUB, CALL, GObject)

#define KR_HUB_CALL_INLINE_TYPE 16

/* A GTask in all that its caller can see, but it is the entry in the table of pending calls as well. In the thread of its
 * connection, but for the references. */
struct _KrHubCall
{
  GObject parent_instance;

  GObject *source;             /* the client or connection that was asked */
  gpointer tag;
  GAsyncReadyCallback callback;
  gpointer user_data;
  GMainContext *context;       /* the caller's, where the callback runs */
  GCancellable *cancellable;   /* NULL: cannot be cancelled */
  GVariant *value;             /* the result, or NULL and */
  GError *error;
  KrHubProtocol *protocol;     /* of a result that is still encoded; NULL: there is none, or it was taken */
  KrHubSlice encoded;          /* absent if the peer sent none */
  gboolean kept;               /* the two are this one's, not borrowed from who runs the callback */
  gboolean wants_encoded;      /* the caller decodes */
  gsize type_length;           /* 0: the caller takes whatever comes */
  char type[KR_HUB_CALL_INLINE_TYPE];
  char *long_type;             /* a type that does not fit there; otherwise NULL */
  gboolean starting;           /* its caller does not have control yet: no callback now */

  /* Of its connection: */
  GObject *connection;         /* while @cancel_handler may need it; NULL otherwise */
  gulong cancel_handler;
  GPtrArray *uploads;          /* of KrHubStream; NULL: none */
  guint64 number;              /* the id */
  GHashTable *index;           /* the hub's, of numbers; NULL for a client's calls */
  KrHubCall *next;             /* in the table */
};

/* Calls that are over, to be used again: making and finalizing an object costs as much as all the rest of a call. */
typedef struct
{
  KrHubCall *first;            /* linked by next */
  guint n;
} KrHubCallPool;

void kr_hub_call_pool_clear (KrHubCallPool *self);

/* @source: a client or connection; @result_type: NULL for whatever comes. In the caller's thread-default main context. */
KrHubCall *kr_hub_call_new (KrHubCallPool *pool,
                            gpointer source,
                            gpointer tag,
                            const GVariantType *result_type,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data);
/* Gives up the reference to a call that is over. */
void kr_hub_call_release (KrHubCall *self, KrHubCallPool *pool);
/* NULL: whatever comes. */
const GVariantType *kr_hub_call_get_result_type (KrHubCall *self);

/* The answer (one of @value and @error, which is taken): the callback runs now if it may, that is, in a dispatch of its
 * context by which its caller has control again; otherwise as soon as it may. */
void kr_hub_call_answer (KrHubCall *self, GVariant *value, GError *error);
/* The same for a result (absent: none) that the caller decodes. It is copied only if that happens later. */
void kr_hub_call_answer_encoded (KrHubCall *self, KrHubProtocol *protocol, const KrHubSlice *value);
/* Whoever ran the callback cannot lend the encoded result any longer. */
void kr_hub_call_keep_encoded (KrHubCall *self);
/* An answer that may come inside a call of the user's: in a later turn. */
void kr_hub_call_fail (KrHubCall *self, GError *error);

/* To be asked before the next two. */
gboolean kr_hub_call_is_valid (GAsyncResult *result, gpointer source, gpointer tag);
/* Once: what the callback is for. */
GVariant *kr_hub_call_propagate (GAsyncResult *result, GError **error);
/* The same of a call that wants its result encoded: FALSE with @error set, or @protocol and @value, to be decoded before
 * anything else. */
gboolean kr_hub_call_take_encoded (GAsyncResult *result, KrHubProtocol **protocol, KrHubSlice *value, GError **error);

/* A result, which is null only if @type can say so. */
GVariant *kr_hub_call_decode (KrHubProtocol *protocol, const KrHubSlice *value, const GVariantType *type, GError **error);
gboolean kr_hub_call_fail_null (const GVariantType *type, GError **error);

G_END_DECLS
