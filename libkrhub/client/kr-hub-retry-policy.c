/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubRetryPolicy: when a client tries to connect again. */
#include "config.h"

#include "kr-hub-retry-policy.h"

/* Beyond it the doubling has long reached the longest delay. */
#define MAX_DOUBLINGS 30

typedef struct
{
  GArray *delays;   /* µs, one for each try; NULL: for ever */
  gint64 first;
  gint64 longest;
} KrHubRetryPolicyPrivate;

/**
 * KrHubRetryPolicy:
 *
 * When a client tries to connect again after it lost its connection, or could not connect at first.
 *
 * Derive from it for a policy of your own. A policy belongs to its client's thread and has no state: what it needs to
 * know is handed to it.
 *
 * Since: 0.1
 */
G_DEFINE_TYPE_WITH_PRIVATE (KrHubRetryPolicy, kr_hub_retry_policy, G_TYPE_OBJECT)

static KrHubRetryPolicyPrivate *
private_of (KrHubRetryPolicy *self)
{
  return kr_hub_retry_policy_get_instance_private (self);
}

/* Half of each delay is random: clients that one outage has cut do not come back in the same moment. */
static gint64
with_jitter (gint64 delay)
{
  return delay / 2 + (gint64) (g_random_double () * (delay / 2));
}

static gint64
real_next_delay (KrHubRetryPolicy *self, guint n_retries, gint64 elapsed, const GError *reason)
{
  KrHubRetryPolicyPrivate *priv = private_of (self);

  if (priv->delays != NULL)
    return n_retries < priv->delays->len ? g_array_index (priv->delays, gint64, n_retries) : -1;
  if (priv->first > priv->longest >> MIN (n_retries, MAX_DOUBLINGS))
    return with_jitter (priv->longest);
  return with_jitter (priv->first << n_retries);
}

static void
kr_hub_retry_policy_finalize (GObject *object)
{
  KrHubRetryPolicyPrivate *priv = private_of (KR_HUB_RETRY_POLICY (object));

  g_clear_pointer (&priv->delays, g_array_unref);
  G_OBJECT_CLASS (kr_hub_retry_policy_parent_class)->finalize (object);
}

static void
kr_hub_retry_policy_class_init (KrHubRetryPolicyClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = kr_hub_retry_policy_finalize;
  klass->next_delay = real_next_delay;
}

static void
kr_hub_retry_policy_init (KrHubRetryPolicy *self)
{
}

/**
 * kr_hub_retry_policy_new:
 *
 * Creates the official clients' policy: four tries, after 0, 2, 10 and 30 seconds.
 *
 * Returns: (transfer full): a new policy
 *
 * Since: 0.1
 */
KrHubRetryPolicy *
kr_hub_retry_policy_new (void)
{
  static const gint64 delays[] = { 0, 2 * G_USEC_PER_SEC, 10 * G_USEC_PER_SEC, 30 * G_USEC_PER_SEC };

  return kr_hub_retry_policy_new_for_delays (delays, G_N_ELEMENTS (delays));
}

/**
 * kr_hub_retry_policy_new_for_delays:
 * @delays: (array length=n_delays): µs, one for each try
 * @n_delays: how many tries
 *
 * Creates a policy that gives up after @n_delays tries.
 *
 * Returns: (transfer full): a new policy
 *
 * Since: 0.1
 */
KrHubRetryPolicy *
kr_hub_retry_policy_new_for_delays (const gint64 *delays, gsize n_delays)
{
  KrHubRetryPolicy *self;
  KrHubRetryPolicyPrivate *priv;

  g_return_val_if_fail (delays != NULL || n_delays == 0, NULL);
  self = g_object_new (KR_HUB_TYPE_RETRY_POLICY, NULL);
  priv = private_of (self);
  priv->delays = g_array_sized_new (FALSE, FALSE, sizeof (gint64), n_delays);
  g_array_append_vals (priv->delays, delays, n_delays);
  return self;
}

/**
 * kr_hub_retry_policy_new_forever:
 * @first: the first delay, µs, above 0
 * @longest: the longest delay, µs, at least @first
 *
 * Creates a policy that never gives up: delays double up to @longest, and half of each is random.
 *
 * Returns: (transfer full): a new policy
 *
 * Since: 0.1
 */
KrHubRetryPolicy *
kr_hub_retry_policy_new_forever (gint64 first, gint64 longest)
{
  KrHubRetryPolicy *self;
  KrHubRetryPolicyPrivate *priv;

  g_return_val_if_fail (first > 0, NULL);
  g_return_val_if_fail (longest >= first, NULL);
  self = g_object_new (KR_HUB_TYPE_RETRY_POLICY, NULL);
  priv = private_of (self);
  priv->first = first;
  priv->longest = longest;
  return self;
}

/**
 * kr_hub_retry_policy_next_delay: (virtual next_delay)
 * @self: a policy
 * @n_retries: how many tries there were since the connection was lost
 * @elapsed: how long ago that was, µs
 * @reason: (nullable): why the connection was lost, or why the last try failed; %NULL if the hub ended it in good order
 *
 * Asks how long to wait before the next try.
 *
 * Returns: µs; -1 to give up
 *
 * Since: 0.1
 */
gint64
kr_hub_retry_policy_next_delay (KrHubRetryPolicy *self, guint n_retries, gint64 elapsed, const GError *reason)
{
  g_return_val_if_fail (KR_HUB_IS_RETRY_POLICY (self), -1);
  return KR_HUB_RETRY_POLICY_GET_CLASS (self)->next_delay (self, n_retries, elapsed, reason);
}
