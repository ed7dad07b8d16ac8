/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The error domain of libkrhub. */
#include "config.h"

#include "kr-hub-error.h"

G_DEFINE_QUARK (kr-hub-error-quark, kr_hub_error)

G_DEFINE_ENUM_TYPE (KrHubError, kr_hub_error,
                    G_DEFINE_ENUM_VALUE (KR_HUB_ERROR_MALFORMED, "malformed"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_ERROR_TOO_LARGE, "too-large"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_ERROR_HANDSHAKE, "handshake"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_ERROR_BINDING, "binding"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_ERROR_METHOD_NOT_FOUND, "method-not-found"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_ERROR_FAILED, "failed"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_ERROR_CLOSED, "closed"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_ERROR_OUTBOX_FULL, "outbox-full"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_ERROR_LIMIT, "limit"))
