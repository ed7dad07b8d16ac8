/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The layout of a token: 48 bytes, 64 characters. */
#pragma once

#include "kr-csrf-ring-private.h"

#define KR_CSRF_TOKEN_SIZE 48
#define KR_CSRF_TOKEN_LENGTH 64
#define KR_CSRF_TOKEN_SIGNED 32  /* what stands before the tag */
#define KR_CSRF_NONCE_SIZE 16
#define KR_CSRF_BINDING_SIZE 32
#define KR_CSRF_TOKEN_VERSION 1

typedef enum
{
  KR_CSRF_FLAG_USER = 1 << 0,
  KR_CSRF_FLAG_SESSION = 1 << 1,
  KR_CSRF_FLAG_SCOPE = 1 << 2,
  KR_CSRF_FLAG_HTTPS = 1 << 3,
} KrCsrfFlags;
#define KR_CSRF_FLAGS_ALL 0x000f

typedef struct
{
  guint8 bytes[KR_CSRF_TOKEN_SIZE];
  KrCsrfKind kind;
  guint16 flags;
  guint32 key_id;
  gint64 issued_at;  /* ms since the epoch; of a ticket: when it ends */
} KrCsrfToken;

gboolean kr_csrf_base64url_decode (const char *text, guint8 bytes[KR_CSRF_TOKEN_SIZE]);
void kr_csrf_base64url_encode (const guint8 bytes[KR_CSRF_TOKEN_SIZE], char text[KR_CSRF_TOKEN_LENGTH + 1]);

KrCsrfCode kr_csrf_token_decode (KrCsrfToken *token, const char *text, gsize len, KrCsrfKind kind);
void kr_csrf_token_init (KrCsrfToken *token, KrCsrfKind kind, guint16 flags, guint32 key_id, gint64 issued_at,
                         const guint8 nonce[KR_CSRF_NONCE_SIZE]);
gboolean kr_csrf_token_compute_tag (const KrCsrfToken *token, KrCsrfSigner *signer, const KrCsrfKey *key,
                                    const guint8 *secret, const guint8 *binding, guint8 tag[KR_CSRF_MAC_SIZE]);
gboolean kr_csrf_token_sign (KrCsrfToken *token, KrCsrfSigner *signer, const KrCsrfKey *key,
                             const guint8 *secret, const guint8 *binding, char text[KR_CSRF_TOKEN_LENGTH + 1]);
gboolean kr_csrf_token_has_tag (const KrCsrfToken *token, const guint8 tag[KR_CSRF_MAC_SIZE]);

static inline guint8 *
kr_csrf_token_nonce_place (KrCsrfToken *token)
{
  return token->bytes + 16;
}

static inline const guint8 *
kr_csrf_token_get_nonce (const KrCsrfToken *token)
{
  return token->bytes + 16;
}
