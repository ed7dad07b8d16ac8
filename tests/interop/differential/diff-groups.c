/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Calls that send to others: all, some, groups, users. */
#include "config.h"

#include "diff-hub.h"

static const char *
caller_of (KrHubInvocation *invocation)
{
  return kr_hub_connection_get_id (kr_hub_invocation_get_connection (invocation));
}

/* Sends Event (text), then answers. */
static void
send_event (KrHubInvocation *invocation, KrHubClients *clients, const char *text)
{
  g_autoptr (KrHubClients) owned = clients;
  g_autoptr (GError) error = NULL;

  if (kr_hub_clients_send (owned, "Event", g_variant_new ("(s)", text), &error))
    kr_hub_invocation_return_void (invocation);
  else
    kr_hub_invocation_return_error (invocation, error);
}

static void
join (KrHubInvocation *invocation, gpointer hub)
{
  kr_hub_server_add_to_group (hub, caller_of (invocation), kr_hub_invocation_get_string (invocation, 0));
  kr_hub_invocation_return_void (invocation);
}

static void
leave (KrHubInvocation *invocation, gpointer hub)
{
  kr_hub_server_remove_from_group (hub, caller_of (invocation), kr_hub_invocation_get_string (invocation, 0));
  kr_hub_invocation_return_void (invocation);
}

static void
join_other (KrHubInvocation *invocation, gpointer hub)
{
  kr_hub_server_add_to_group (hub, kr_hub_invocation_get_string (invocation, 0),
                              kr_hub_invocation_get_string (invocation, 1));
  kr_hub_invocation_return_void (invocation);
}

static void
to_caller (KrHubInvocation *invocation, gpointer hub)
{
  send_event (invocation, kr_hub_clients_new_caller (hub, invocation), kr_hub_invocation_get_string (invocation, 0));
}

static void
to_client (KrHubInvocation *invocation, gpointer hub)
{
  send_event (invocation, kr_hub_clients_new_client (hub, kr_hub_invocation_get_string (invocation, 0)),
              kr_hub_invocation_get_string (invocation, 1));
}

static void
to_group (KrHubInvocation *invocation, gpointer hub)
{
  send_event (invocation, kr_hub_clients_new_group (hub, kr_hub_invocation_get_string (invocation, 0)),
              kr_hub_invocation_get_string (invocation, 1));
}

static void
to_others_in_group (KrHubInvocation *invocation, gpointer hub)
{
  send_event (invocation, kr_hub_clients_new_others_in_group (hub, invocation, kr_hub_invocation_get_string (invocation, 0)),
              kr_hub_invocation_get_string (invocation, 1));
}

static void
to_user (KrHubInvocation *invocation, gpointer hub)
{
  send_event (invocation, kr_hub_clients_new_user (hub, kr_hub_invocation_get_string (invocation, 0)),
              kr_hub_invocation_get_string (invocation, 1));
}

typedef KrHubClients *(*SelectSeveral) (KrHubServer *hub, const char *const *names);

/* (names, text) to what @select makes of the names. */
static void
send_to_several (KrHubInvocation *invocation, KrHubServer *hub, SelectSeveral select)
{
  g_autofree const char **names = NULL;
  const char *text;

  g_variant_get (kr_hub_invocation_get_arguments (invocation, NULL), "(^a&s&s)", &names, &text);
  send_event (invocation, select (hub, names), text);
}

static void
to_clients (KrHubInvocation *invocation, gpointer hub)
{
  send_to_several (invocation, hub, kr_hub_clients_new_clients);
}

static void
to_groups (KrHubInvocation *invocation, gpointer hub)
{
  send_to_several (invocation, hub, kr_hub_clients_new_groups);
}

static void
to_users (KrHubInvocation *invocation, gpointer hub)
{
  send_to_several (invocation, hub, kr_hub_clients_new_users);
}

static void
to_group_except (KrHubInvocation *invocation, gpointer hub)
{
  const char *except[] = { kr_hub_invocation_get_string (invocation, 1), NULL };

  send_event (invocation, kr_hub_clients_new_group_except (hub, kr_hub_invocation_get_string (invocation, 0), except),
              kr_hub_invocation_get_string (invocation, 2));
}

static void
knows (KrHubInvocation *invocation, gpointer hub)
{
  gboolean known = kr_hub_server_lookup (hub, kr_hub_invocation_get_string (invocation, 0)) != NULL;

  kr_hub_invocation_return_value (invocation, g_variant_new_boolean (known));
}

static const DiffMethod methods[] = {
  { "Knows", "(s)", "b", knows },
  { "Join", "(s)", NULL, join },
  { "Leave", "(s)", NULL, leave },
  { "JoinOther", "(ss)", NULL, join_other },
  { "ToCaller", "(s)", NULL, to_caller },
  { "ToClient", "(ss)", NULL, to_client },
  { "ToClients", "(ass)", NULL, to_clients },
  { "ToGroup", "(ss)", NULL, to_group },
  { "ToGroups", "(ass)", NULL, to_groups },
  { "ToGroupExcept", "(sss)", NULL, to_group_except },
  { "ToOthersInGroup", "(ss)", NULL, to_others_in_group },
  { "ToUser", "(ss)", NULL, to_user },
  { "ToUsers", "(ass)", NULL, to_users },
};

void
diff_hub_add_group_methods (KrHubServer *hub)
{
  diff_hub_register (hub, methods, G_N_ELEMENTS (methods));
}
