/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The methods of the hub that is compared with ASP.NET Core's, those of aspnet/DiffHub.cs. */
#pragma once

#include <krhub.h>

G_BEGIN_DECLS

/* Whose handlers get the hub itself as data. */
typedef struct
{
  const char *name, *arguments, *result;
  KrHubMethodFunc func;
} DiffMethod;

/* What the other hub throws. */
GError *diff_make_error (const char *kind);

void diff_hub_add_methods (KrHubServer *hub);
void diff_hub_add_group_methods (KrHubServer *hub);
void diff_hub_add_stream_methods (KrHubServer *hub);

void diff_hub_register (KrHubServer *hub, const DiffMethod *methods, guint n_methods);

G_END_DECLS
