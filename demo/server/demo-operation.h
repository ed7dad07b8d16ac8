/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The long operation of the demo: it sleeps in steps, reports each, and stops at once when it is cancelled. */
#pragma once

#include <krtask.h>

G_BEGIN_DECLS

#define DEMO_OPERATION_KIND "operation"
#define DEMO_OPERATION_DEFAULT_SECONDS 30
#define DEMO_OPERATION_MAX_SECONDS 600

KrTaskJob *demo_operation_new (guint seconds);

G_END_DECLS
