/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubRouter: the connections of one hub, by id, group and user, and how a message reaches some of them. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include "kr-hub-connection-private.h"

G_BEGIN_DECLS

/* In the hub's thread, all of it. */
/* A broadcast under way. */
typedef struct _KrHubWalk
{
  struct _KrHubWalk *outer; /* another one, whose sending led to this one; NULL: none */
  guint left;               /* so many members at the front are still to be served */
} KrHubWalk;

typedef struct
{
  GPtrArray *members;   /* of KrHubMember: a broadcast walks an array */
  KrHubWalk *walks;     /* the innermost one; NULL: none is under way */
  GHashTable *by_id;    /* connection id -> KrHubMember */
  GHashTable *groups;   /* name -> set of KrHubMember; an empty group is forgotten */
  GHashTable *users;    /* user id -> set of KrHubMember, compared byte by byte */
} KrHubRouter;

/* One connection as the router knows it; the connection's owner_data. */
typedef struct
{
  KrHubConnection *connection;
  guint index;          /* in members */
  GHashTable *groups;   /* names; NULL while there are none */
} KrHubMember;

/* One message to several connections: written once per protocol, when the first recipient of that protocol is met. */
typedef struct
{
  KrHubMessage message;
  KrHubSettings *settings;
  GBytes *written[4];   /* by the protocol's place in the settings */
  KrHubProtocol *last;  /* of the last recipient, most often that of the next, and what it got */
  GBytes *last_written;
  char *target;         /* a GRefString of the message's, once somebody needs it */
  GPtrArray *slow;      /* of KrHubConnection: those whose policy asks to wait; the sender's, NULL: it does not wait */
  GError *error;        /* of the first protocol that cannot express the message */
} KrHubMulticast;

void kr_hub_router_init (KrHubRouter *self);
void kr_hub_router_clear (KrHubRouter *self);

void kr_hub_router_add (KrHubRouter *self, KrHubConnection *connection);
void kr_hub_router_remove (KrHubRouter *self, KrHubConnection *connection);
KrHubConnection *kr_hub_router_lookup (KrHubRouter *self, const char *id);

void kr_hub_router_join (KrHubRouter *self, const char *connection_id, const char *group);
void kr_hub_router_leave (KrHubRouter *self, const char *connection_id, const char *group);

/* @except: connection ids that do not receive, or NULL. */
void kr_hub_router_send_all (KrHubRouter *self, KrHubMulticast *multicast, const char *const *except);
void kr_hub_router_send_group (KrHubRouter *self, KrHubMulticast *multicast, const char *group, const char *const *except);
void kr_hub_router_send_user (KrHubRouter *self, KrHubMulticast *multicast, const char *user_id);
void kr_hub_router_send_connection (KrHubRouter *self, KrHubMulticast *multicast, const char *id);

void kr_hub_multicast_clear (KrHubMulticast *self);

G_END_DECLS
