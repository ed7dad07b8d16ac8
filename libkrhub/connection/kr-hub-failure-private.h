/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What a caller is told of a method that failed. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include "kr-hub-invocation-private.h"

G_BEGIN_DECLS

/* The kind of exception that stands for what was written for callers. */
#define KR_HUB_EXCEPTION "HubException"

/* As what kind of exception ASP.NET Core's callers would see it. */
const char *kr_hub_failure_get_exception (const GError *error);
/* The caller's text; any thread. */
char *kr_hub_failure_to_text (KrHubInvocation *invocation, const char *exception, const char *message);

G_END_DECLS
