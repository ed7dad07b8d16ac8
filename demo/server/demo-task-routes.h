/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The routes that start, cancel and show tasks. */
#pragma once

#include <krcsrf.h>
#include <krhub.h>
#include <krtask.h>
#include <libsoup/soup.h>

G_BEGIN_DECLS

typedef struct
{
  KrHubServer *hub;
  KrTaskManager *manager;
  KrCsrfProtector *protector;   /* NULL: antiforgery is off */
} DemoParts;

void demo_task_routes_add (SoupServer *server, DemoParts *parts);

G_END_DECLS
