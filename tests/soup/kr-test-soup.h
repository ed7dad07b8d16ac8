/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A SoupServer in a thread of its own, with an endpoint for a hub of the test's thread. */
#pragma once

#include <krhub-soup.h>

#include "kr-test.h"

G_BEGIN_DECLS

typedef enum
{
  KR_TEST_SOUP_TLS = 1 << 0,
  KR_TEST_SOUP_SAME_THREAD = 1 << 1,  /* libsoup in the hub's context after all */
  KR_TEST_SOUP_NO_DOOR = 1 << 2,      /* libsoup listens itself */
} KrTestSoupFlags;

typedef struct
{
  KrHubServer *hub;
  KrHubSoupEndpoint *endpoint;   /* at /hub; its properties can be set until the start */
  KrTestSoupFlags flags;
  GTlsDatabase *trust;
  SoupSession *session;          /* of the test's thread; trusts the server */
  GUri *uri;                     /* of the hub; NULL before the start */
  int port;
  void (*prepare_door) (KrHubSoupFrontDoor *door);  /* called before it listens */
  KrHubSoupFrontDoor *door;
  /* private */
  SoupServer *server;
  GMainContext *context;
  GMainLoop *loop;
  GThread *thread;
} KrTestSoup;

/* @hub: NULL for a new one */
KrTestSoup *kr_test_soup_new (KrHubServer *hub, KrTestSoupFlags flags);
void kr_test_soup_start (KrTestSoup *self);
void kr_test_soup_free (KrTestSoup *self);

/* A blocking socket to the server, without TLS. */
int kr_test_soup_connect (KrTestSoup *self);
/* The same with a WebSocket on it, the answer read. */
int kr_test_soup_upgrade (KrTestSoup *self, const char *query);
/* Writes all, and reads until @end was seen or the peer is done, while the main context turns. */
void kr_test_soup_write (int fd, const void *data, gsize len);
char *kr_test_soup_read (int fd, const char *end);
/* One request over a connection of its own, the answer whole. @headers: lines that end in CRLF, or NULL */
char *kr_test_soup_request (KrTestSoup *self, const char *method, const char *path, const char *headers, const char *body);
/* POSTs to negotiate and returns the token. */
char *kr_test_soup_negotiate (KrTestSoup *self);

/* How many descriptors this process has open. */
guint kr_test_soup_count_descriptors (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KrTestSoup, kr_test_soup_free)

G_END_DECLS
