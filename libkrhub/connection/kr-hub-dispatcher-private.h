/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubDispatcher: the methods of one hub or client, by name. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include "kr-hub-counters-private.h"
#include "kr-hub-invocation.h"
#include "kr-hub-message.h"

G_BEGIN_DECLS

typedef struct
{
  char *name;               /* as declared */
  gsize name_length;
  GVariantType *arguments;  /* a tuple, or NULL: any number of any type */
  guint n_arguments;
  gboolean strings_only;    /* at most KR_HUB_INLINE_STRINGS, each an "s" */
  GVariantType *result;     /* NULL: void; of a streaming method the type of its items */
  GVariantType **uploads;   /* types of the items of each stream that callers send along */
  guint n_uploads;
  gboolean streaming;       /* answers with a stream */
  gboolean special;         /* there is more to check than the arguments */
  KrHubAuthorizeFunc authorize; /* NULL: anybody may call */
  gpointer authorize_data;
  GDestroyNotify authorize_destroy;
  KrHubMethodFunc func;
  gpointer data;
  GDestroyNotify destroy;
  KrHubMethodCounters *counters; /* its own; in the hub's thread */
} KrHubMethod;

/* Counted; methods are never taken away, so that a running call can point to its own. */
typedef struct
{
  grefcount ref_count;
  GHashTable *methods;      /* of KrHubMethod, by its name in upper case */
  KrHubMethodFunc fallback; /* for names without a method; NULL: such calls are refused */
  gpointer fallback_data;
  GDestroyNotify fallback_destroy;
} KrHubDispatcher;

KrHubDispatcher *kr_hub_dispatcher_new (void);
KrHubDispatcher *kr_hub_dispatcher_ref (KrHubDispatcher *self);
void kr_hub_dispatcher_unref (KrHubDispatcher *self);

/* FALSE if there is a method of that name, in any case. */
gboolean kr_hub_dispatcher_add (KrHubDispatcher *self,
                                const char *name,
                                const char *arguments,
                                const char *result,
                                KrHubMethodFunc func,
                                gpointer data,
                                GDestroyNotify destroy);
/* Takes over @data. */
void kr_hub_dispatcher_set_fallback (KrHubDispatcher *self, KrHubMethodFunc func, gpointer data, GDestroyNotify destroy);
/* For declaring more about a method before it is called; NULL if there is none. */
KrHubMethod *kr_hub_dispatcher_lookup (KrHubDispatcher *self, const char *name);
/* @item_types: a tuple of the types of items. */
void kr_hub_method_set_uploads (KrHubMethod *self, const GVariantType *item_types);
/* Takes over @data. */
void kr_hub_method_set_authorizer (KrHubMethod *self, KrHubAuthorizeFunc func, gpointer data, GDestroyNotify destroy);
/* By name in any case, as .NET's OrdinalIgnoreCase; NULL if there is none. */
const KrHubMethod *kr_hub_dispatcher_find (KrHubDispatcher *self, const KrHubSlice *name);

G_END_DECLS
