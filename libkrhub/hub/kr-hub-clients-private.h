/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubClients, as its own files see it. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include "kr-hub-clients.h"
#include "kr-hub-server-private.h"

G_BEGIN_DECLS

typedef enum
{
  KR_HUB_SELECT_ALL,
  KR_HUB_SELECT_CONNECTIONS,
  KR_HUB_SELECT_GROUPS,
  KR_HUB_SELECT_USERS,
} KrHubSelection;

struct _KrHubClients
{
  gatomicrefcount ref_count;
  KrHubServer *server;
  KrHubSelection selection;
  char **names;  /* of connections, groups or users; NULL for all */
  char **except; /* connection ids, or NULL */
};

G_END_DECLS
