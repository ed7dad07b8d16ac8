/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The inside of a request: headers as they came, and what was worked out from them once. */
#pragma once

#include "kr-csrf-cookie-private.h"
#include "kr-csrf-origin-private.h"
#include "kr-csrf-request.h"
#include "kr-csrf-token-codec-private.h"

/* The headers that every request is asked for; the token's own has a name of the protector's choice. */
typedef enum
{
  KR_CSRF_SLOT_ORIGIN,
  KR_CSRF_SLOT_FETCH_SITE,
  KR_CSRF_SLOT_REFERER,
  KR_CSRF_SLOT_HOST,
  KR_CSRF_SLOT_CONTENT_TYPE,
  KR_CSRF_N_SLOTS,
} KrCsrfSlot;

typedef enum
{
  KR_CSRF_FETCH_SITE_ABSENT,
  KR_CSRF_FETCH_SITE_SAME_ORIGIN,
  KR_CSRF_FETCH_SITE_SAME_SITE,
  KR_CSRF_FETCH_SITE_CROSS_SITE,
  KR_CSRF_FETCH_SITE_NONE,
  KR_CSRF_FETCH_SITE_UNKNOWN,
} KrCsrfFetchSite;

typedef struct
{
  const char *data;  /* NULL: absent */
  gsize len;
} KrCsrfText;

typedef struct _KrCsrfHeader KrCsrfHeader;
struct _KrCsrfHeader
{
  KrCsrfHeader *next;
  const char *name;
  gsize name_len;
  KrCsrfText value;  /* cut off if it is too long for a token, but with its full length */
  gboolean valid;
};

/* The cookie token of the request at hand: what came in or was issued during it. Belongs to one protector. */
typedef struct
{
  gsize owner;          /* the serial number of the protector; 0: nothing known */
  gsize generation;     /* of the ring that it was verified with */
  KrCsrfToken token;
  gboolean issued;      /* here and now, so that Set-Cookie is due */
  gboolean stored;      /* Set-Cookie was given to a sink */
  char text[KR_CSRF_TOKEN_LENGTH + 1];
} KrCsrfCookieMemo;

/* The digest of what tokens are bound to. Belongs to one protector. */
typedef struct
{
  gsize owner;
  gboolean known[2];  /* without scope, with scope */
  guint8 digest[2][KR_CSRF_BINDING_SIZE];
} KrCsrfBindingMemo;

#define KR_CSRF_ARENA_SIZE 1536
#define KR_CSRF_TICKET_PROTOCOL "krcsrf.ticket."  /* and the ticket: how a script can send one with a WebSocket */

struct _KrCsrfRequest
{
  gatomicrefcount ref_count;

  const char *method;
  const char *path;
  gboolean origin_valid;
  KrCsrfOrigin origin;       /* ours */
  KrCsrfUpgrade upgrade;
  KrCsrfCode header_error;   /* the first thing wrong with a header of a slot, or with Cookie */

  KrCsrfText slots[KR_CSRF_N_SLOTS];
  KrCsrfFetchSite fetch_site;
  KrCsrfHeader *cookies;     /* the last one first */
  gsize cookies_len;
  KrCsrfHeader *others;      /* the last one first */

  KrCsrfText form_token;
  guint form_tokens;
  KrCsrfCode form_error;

  KrCsrfText user_id, session_id, scope;

  KrCsrfCookieMemo cookie;
  KrCsrfBindingMemo binding;

  GSList *chunks;            /* what did not fit in the arena */
  gsize arena_used;
  char arena[KR_CSRF_ARENA_SIZE];
};

KrCsrfCode kr_csrf_request_find_cookie (KrCsrfRequest *self, const char *name, gsize name_len, KrCsrfText *value);
KrCsrfCode kr_csrf_request_find_header (KrCsrfRequest *self, const char *name, gsize name_len, KrCsrfText *value);
gboolean kr_csrf_request_find_ticket (KrCsrfRequest *self, KrCsrfText *ticket);
gboolean kr_csrf_request_digest_binding (KrCsrfRequest *self, gsize owner, const char *app_id, gboolean scoped,
                                         const guint8 **digest);
