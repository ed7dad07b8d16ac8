/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubRetryPolicy: when a client tries to connect again. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "Only <krhub.h> can be included directly."
#endif

#include <gio/gio.h>

#include "kr-hub-visibility.h"

G_BEGIN_DECLS

#define KR_HUB_TYPE_RETRY_POLICY (kr_hub_retry_policy_get_type ())
KR_HUB_AVAILABLE_IN_ALL
G_DECLARE_DERIVABLE_TYPE (KrHubRetryPolicy, kr_hub_retry_policy, KR_HUB, RETRY_POLICY, GObject)

/**
 * KrHubRetryPolicyClass:
 * @parent_class: the parent
 * @next_delay: how long to wait before the next try, µs; -1 to give up
 *
 * What a policy of one's own implements.
 *
 * Since: 0.1
 */
struct _KrHubRetryPolicyClass
{
  GObjectClass parent_class;

  gint64 (*next_delay) (KrHubRetryPolicy *self, guint n_retries, gint64 elapsed, const GError *reason);
};

KR_HUB_AVAILABLE_IN_ALL
KrHubRetryPolicy *kr_hub_retry_policy_new (void);
KR_HUB_AVAILABLE_IN_ALL
KrHubRetryPolicy *kr_hub_retry_policy_new_for_delays (const gint64 *delays, gsize n_delays);
KR_HUB_AVAILABLE_IN_ALL
KrHubRetryPolicy *kr_hub_retry_policy_new_forever (gint64 first, gint64 longest);
KR_HUB_AVAILABLE_IN_ALL
gint64 kr_hub_retry_policy_next_delay (KrHubRetryPolicy *self, guint n_retries, gint64 elapsed, const GError *reason);

G_END_DECLS
