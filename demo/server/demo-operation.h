/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The long operations of the demo: they sleep in steps, report each, and stop at once when they are cancelled. */
#pragma once

#include <krtask.h>

G_BEGIN_DECLS

#define DEMO_OPERATION_DEFAULT_SECONDS 30
#define DEMO_OPERATION_MAX_SECONDS 600

typedef enum
{
  DEMO_OPERATION_STEPS,    /* counts its steps */
  DEMO_OPERATION_TRANSFER, /* counts bytes, and so has a rate */
} DemoOperationKind;

#define DEMO_OPERATION_N_KINDS (DEMO_OPERATION_TRANSFER + 1)

const char *demo_operation_get_name (DemoOperationKind kind);
gboolean demo_operation_find (const char *name, DemoOperationKind *kind);
KrTaskJob *demo_operation_new (DemoOperationKind kind, guint seconds);

G_END_DECLS
