/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* DemoParts: what the three libraries contribute to the demo. */
#pragma once

#include <krcsrf-soup.h>
#include <krhub.h>
#include <krtask-soup.h>

#include "demo-operation.h"
#include "demo-options.h"

G_BEGIN_DECLS

typedef struct _DemoParts DemoParts;

/* What a factory needs to know. */
typedef struct
{
  DemoParts *parts;
  DemoOperationKind kind;
} DemoMaker;

struct _DemoParts
{
  KrHubServer *hub;             /* lives in the main thread, and so does what it sends */
  KrTaskManager *manager;       /* its owner is the main thread */
  KrTaskSoupFeed *feed;         /* tells the hub of them */
  KrCsrfSoupGuard *guard;       /* NULL: antiforgery is off; lives in the HTTP thread */
  DemoMaker makers[DEMO_OPERATION_N_KINDS];
};

gboolean demo_parts_init (DemoParts *parts, const DemoOptions *options, GError **error);
KrTaskJob *demo_parts_create_operation (DemoParts *parts, DemoOperationKind kind, guint seconds);
void demo_parts_cancel_tasks (DemoParts *parts);
void demo_parts_clear (DemoParts *parts);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DemoParts, demo_parts_clear)

G_END_DECLS
