/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubNegotiation: the document that POST {hub}/negotiate answers, written and parsed. */
#include "config.h"

#include "kr-hub-negotiation.h"

#include "kr-hub-error.h"
#include "kr-hub-json-reader-private.h"
#include "kr-hub-json-writer-private.h"

/* Far above what any server sends; a client must not read more of what may be no SignalR server at all. */
#define MAX_DOCUMENT (1024 * 1024)

struct _KrHubNegotiation
{
  gatomicrefcount ref_count;
  guint version;
  char *connection_id;
  char *connection_token;
  KrHubTransportFlags transports;
  gboolean use_stateful_reconnect;
  char *url;
  char *access_token;
  char *error;
};

static const struct
{
  KrHubTransportFlags flag;
  const char *name;
  const char *formats;
} transport_table[] = {
  { KR_HUB_TRANSPORT_WEBSOCKETS, "WebSockets", "[\"Text\",\"Binary\"]" },
  { KR_HUB_TRANSPORT_SERVER_SENT_EVENTS, "ServerSentEvents", "[\"Text\"]" },
  { KR_HUB_TRANSPORT_LONG_POLLING, "LongPolling", "[\"Text\",\"Binary\"]" },
};

G_DEFINE_BOXED_TYPE (KrHubNegotiation, kr_hub_negotiation, kr_hub_negotiation_ref, kr_hub_negotiation_unref)

G_DEFINE_FLAGS_TYPE (KrHubTransportFlags, kr_hub_transport_flags,
                     G_DEFINE_ENUM_VALUE (KR_HUB_TRANSPORT_WEBSOCKETS, "websockets"),
                     G_DEFINE_ENUM_VALUE (KR_HUB_TRANSPORT_SERVER_SENT_EVENTS, "server-sent-events"),
                     G_DEFINE_ENUM_VALUE (KR_HUB_TRANSPORT_LONG_POLLING, "long-polling"),
                     G_DEFINE_ENUM_VALUE (KR_HUB_TRANSPORT_ALL, "all"))

static KrHubNegotiation *
negotiation_alloc (void)
{
  KrHubNegotiation *self = g_new0 (KrHubNegotiation, 1);

  g_atomic_ref_count_init (&self->ref_count);
  return self;
}

/**
 * kr_hub_negotiation_new:
 * @version: the version both sides use: 0, where the id is also the token, or 1
 * @connection_id: what other clients may know of the connection
 * @connection_token: (nullable): the secret with which transports open the connection; not written with @version 0
 * @transports: what the endpoint offers
 * @use_stateful_reconnect: whether the client asked for stateful reconnect and gets it
 *
 * Creates the answer to a successful negotiation (TransportProtocols.md, "POST [endpoint-base]/negotiate").
 *
 * Returns: (transfer full): the document
 *
 * Since: 0.1
 */
KrHubNegotiation *
kr_hub_negotiation_new (guint version,
                        const char *connection_id,
                        const char *connection_token,
                        KrHubTransportFlags transports,
                        gboolean use_stateful_reconnect)
{
  KrHubNegotiation *self;

  g_return_val_if_fail (connection_id != NULL, NULL);

  self = negotiation_alloc ();
  self->version = version;
  self->connection_id = g_strdup (connection_id);
  self->connection_token = g_strdup (connection_token);
  self->transports = transports & KR_HUB_TRANSPORT_ALL;
  self->use_stateful_reconnect = use_stateful_reconnect;
  return self;
}

/**
 * kr_hub_negotiation_new_redirect:
 * @version: as in [ctor@KrHub.Negotiation.new]
 * @url: the hub to negotiate with instead
 * @access_token: (nullable): the bearer token to use there
 *
 * Creates an answer that sends the client to another server.
 *
 * Returns: (transfer full): the document
 *
 * Since: 0.1
 */
KrHubNegotiation *
kr_hub_negotiation_new_redirect (guint version, const char *url, const char *access_token)
{
  KrHubNegotiation *self;

  g_return_val_if_fail (url != NULL, NULL);

  self = negotiation_alloc ();
  self->version = version;
  self->url = g_strdup (url);
  self->access_token = g_strdup (access_token);
  return self;
}

/**
 * kr_hub_negotiation_new_error:
 * @error: what the user of the client reads
 *
 * Creates a refusal.
 *
 * Returns: (transfer full): the document
 *
 * Since: 0.1
 */
KrHubNegotiation *
kr_hub_negotiation_new_error (const char *error)
{
  KrHubNegotiation *self;

  g_return_val_if_fail (error != NULL, NULL);

  self = negotiation_alloc ();
  self->error = g_strdup (error);
  return self;
}

/**
 * kr_hub_negotiation_ref:
 * @self: a document
 *
 * Takes a reference. May be called from any thread.
 *
 * Returns: (transfer full): @self
 *
 * Since: 0.1
 */
KrHubNegotiation *
kr_hub_negotiation_ref (KrHubNegotiation *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * kr_hub_negotiation_unref:
 * @self: (transfer full): a document
 *
 * Gives a reference back. May be called from any thread.
 *
 * Since: 0.1
 */
void
kr_hub_negotiation_unref (KrHubNegotiation *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_free (self->connection_id);
  g_free (self->connection_token);
  g_free (self->url);
  g_free (self->access_token);
  g_free (self->error);
  g_free (self);
}

static void
write_member (KrHubBuffer *out, const char *name, const char *value)
{
  if (value == NULL)
    return;
  if (out->data[out->len - 1] != '{')
    kr_hub_buffer_append_byte (out, ',');
  kr_hub_json_write_string (out, name, strlen (name));
  kr_hub_buffer_append_byte (out, ':');
  kr_hub_json_write_string (out, value, strlen (value));
}

static void
write_transports (KrHubBuffer *out, KrHubTransportFlags transports)
{
  const char *separator = "{\"transport\":\"";

  kr_hub_buffer_append_literal (out, ",\"availableTransports\":[");
  for (guint i = 0; i < G_N_ELEMENTS (transport_table); i++)
    if (transports & transport_table[i].flag)
      {
        kr_hub_buffer_append (out, separator, strlen (separator));
        kr_hub_buffer_append (out, transport_table[i].name, strlen (transport_table[i].name));
        kr_hub_buffer_append_literal (out, "\",\"transferFormats\":");
        kr_hub_buffer_append (out, transport_table[i].formats, strlen (transport_table[i].formats));
        kr_hub_buffer_append_byte (out, '}');
        separator = ",{\"transport\":\"";
      }
  kr_hub_buffer_append_byte (out, ']');
}

/**
 * kr_hub_negotiation_write:
 * @self: a document
 *
 * Writes the document as JSON, with the properties in ASP.NET Core's order.
 *
 * Returns: (transfer full): the bytes of a response body of type `application/json`
 *
 * Since: 0.1
 */
GBytes *
kr_hub_negotiation_write (KrHubNegotiation *self)
{
  g_auto (KrHubBuffer) out = KR_HUB_BUFFER_INIT;

  g_return_val_if_fail (self != NULL, NULL);

  kr_hub_buffer_append_byte (&out, '{');
  if (self->error != NULL)
    write_member (&out, "error", self->error);
  else
    {
      if (self->use_stateful_reconnect)
        kr_hub_buffer_append_literal (&out, "\"useStatefulReconnect\":true,");
      kr_hub_buffer_append_literal (&out, "\"negotiateVersion\":");
      kr_hub_json_write_uint64 (&out, self->version);
      write_member (&out, "url", self->url);
      write_member (&out, "accessToken", self->access_token);
      write_member (&out, "connectionId", self->connection_id);
      write_member (&out, "connectionToken", self->version > 0 ? self->connection_token : NULL);
      write_transports (&out, self->transports);
    }
  kr_hub_buffer_append_byte (&out, '}');
  return kr_hub_buffer_free_to_bytes (&out);
}

static gboolean
malformed (GError **error, const char *text)
{
  g_set_error_literal (error, KR_HUB_ERROR, KR_HUB_ERROR_MALFORMED, text);
  return FALSE;
}

/* A member of type string; absent and null are NULL. */
static gboolean
get_string (JsonObject *object, const char *name, char **value, GError **error)
{
  JsonNode *node = json_object_get_member (object, name);

  if (node == NULL || json_node_is_null (node))
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING)
    {
      g_set_error (error, KR_HUB_ERROR, KR_HUB_ERROR_MALFORMED, "Expected '%s' to be of type String.", name);
      return FALSE;
    }
  *value = json_node_dup_string (node);
  return TRUE;
}

static gboolean
get_version (JsonObject *object, guint *version, GError **error)
{
  JsonNode *node = json_object_get_member (object, "negotiateVersion");

  if (node == NULL || json_node_is_null (node))
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_INT64 ||
      json_node_get_int (node) < 0 || json_node_get_int (node) > G_MAXINT32)
    return malformed (error, "Expected 'negotiateVersion' to be of type Number.");
  *version = json_node_get_int (node);
  return TRUE;
}

static KrHubTransportFlags
transport_from_node (JsonNode *node)
{
  g_autofree char *name = NULL;

  if (!JSON_NODE_HOLDS_OBJECT (node) || !get_string (json_node_get_object (node), "transport", &name, NULL))
    return 0;
  for (guint i = 0; i < G_N_ELEMENTS (transport_table); i++)
    if (g_strcmp0 (name, transport_table[i].name) == 0)
      return transport_table[i].flag;
  return 0;
}

/* Transports that this version does not know are passed over: a later server may offer more. */
static gboolean
get_transports (JsonObject *object, KrHubTransportFlags *transports, GError **error)
{
  JsonNode *node = json_object_get_member (object, "availableTransports");
  JsonArray *array;

  if (node == NULL || json_node_is_null (node))
    return TRUE;
  if (!JSON_NODE_HOLDS_ARRAY (node))
    return malformed (error, "Expected 'availableTransports' to be of type Array.");
  array = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (array); i++)
    *transports |= transport_from_node (json_array_get_element (array, i));
  return TRUE;
}

static gboolean
read_members (KrHubNegotiation *self, JsonObject *object, GError **error)
{
  JsonNode *stateful = json_object_get_member (object, "useStatefulReconnect");

  if (json_object_has_member (object, "ProtocolVersion"))
    return malformed (
        error, "Detected a connection attempt to an ASP.NET SignalR Server. This client only supports connecting "
               "to an ASP.NET Core SignalR Server.");
  self->use_stateful_reconnect = stateful != NULL && JSON_NODE_HOLDS_VALUE (stateful) &&
                                 json_node_get_value_type (stateful) == G_TYPE_BOOLEAN &&
                                 json_node_get_boolean (stateful);
  return get_version (object, &self->version, error) && get_string (object, "url", &self->url, error) &&
         get_string (object, "accessToken", &self->access_token, error) &&
         get_string (object, "connectionId", &self->connection_id, error) &&
         get_string (object, "connectionToken", &self->connection_token, error) &&
         get_string (object, "error", &self->error, error) && get_transports (object, &self->transports, error);
}

/* A document must say at least one of: an error, where to go, who we are. */
static gboolean
check_complete (KrHubNegotiation *self, GError **error)
{
  if (self->error != NULL || self->url != NULL)
    return TRUE;
  if (self->connection_id == NULL)
    return malformed (error, "Missing required property 'connectionId'.");
  if (self->version == 0)
    {
      g_free (self->connection_token);
      self->connection_token = g_strdup (self->connection_id);
    }
  return self->connection_token != NULL || malformed (error, "Missing required property 'connectionToken'.");
}

/**
 * kr_hub_negotiation_parse:
 * @document: the response body, at most 1 MiB
 * @error: return location for an error
 *
 * Parses a negotiation document; unknown properties and transports are passed over.
 *
 * Errors: %KR_HUB_ERROR_MALFORMED, %KR_HUB_ERROR_TOO_LARGE. A document that carries the server's refusal is no error
 * here: see [method@KrHub.Negotiation.get_error].
 *
 * Returns: (transfer full): the document; %NULL with @error set
 *
 * Since: 0.1
 */
KrHubNegotiation *
kr_hub_negotiation_parse (GBytes *document, GError **error)
{
  g_autoptr (KrHubNegotiation) self = negotiation_alloc ();
  g_autoptr (JsonNode) node = NULL;
  KrHubSlice text;

  g_return_val_if_fail (document != NULL, NULL);

  text.data = g_bytes_get_data (document, &text.len);
  if (text.len > MAX_DOCUMENT)
    {
      g_set_error (error, KR_HUB_ERROR, KR_HUB_ERROR_TOO_LARGE, "A negotiation document of %" G_GSIZE_FORMAT " bytes",
                   text.len);
      return NULL;
    }
  if (text.len > 0)
    node = kr_hub_json_read_node (&text, NULL);
  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    {
      malformed (error, "Invalid negotiation response received.");
      return NULL;
    }
  if (!read_members (self, json_node_get_object (node), error) || !check_complete (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

/**
 * kr_hub_negotiation_get_version:
 * @self: a document
 *
 * Gets the version that the server settled on.
 *
 * Returns: 0 or more
 *
 * Since: 0.1
 */
guint
kr_hub_negotiation_get_version (KrHubNegotiation *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->version;
}

/**
 * kr_hub_negotiation_get_connection_id:
 * @self: a document
 *
 * Gets the public id of the connection.
 *
 * Returns: (transfer none) (nullable): the id; %NULL in a redirect or refusal
 *
 * Since: 0.1
 */
const char *
kr_hub_negotiation_get_connection_id (KrHubNegotiation *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->connection_id;
}

/**
 * kr_hub_negotiation_get_connection_token:
 * @self: a document
 *
 * Gets the secret that opens the connection: the value of the query's `id`. In a parsed document of version 0 it is the
 * connection id.
 *
 * Returns: (transfer none) (nullable): the token; %NULL in a redirect or refusal
 *
 * Since: 0.1
 */
const char *
kr_hub_negotiation_get_connection_token (KrHubNegotiation *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->connection_token;
}

/**
 * kr_hub_negotiation_get_transports:
 * @self: a document
 *
 * Gets the transports offered.
 *
 * Returns: the transports; 0 in a redirect or refusal
 *
 * Since: 0.1
 */
KrHubTransportFlags
kr_hub_negotiation_get_transports (KrHubNegotiation *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->transports;
}

/**
 * kr_hub_negotiation_get_use_stateful_reconnect:
 * @self: a document
 *
 * Tells whether the connection survives the loss of its socket.
 *
 * Returns: %TRUE if the client asked for it and the server agreed
 *
 * Since: 0.1
 */
gboolean
kr_hub_negotiation_get_use_stateful_reconnect (KrHubNegotiation *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->use_stateful_reconnect;
}

/**
 * kr_hub_negotiation_get_url:
 * @self: a document
 *
 * Gets where a redirect leads.
 *
 * Returns: (transfer none) (nullable): the URL; %NULL if the document is no redirect
 *
 * Since: 0.1
 */
const char *
kr_hub_negotiation_get_url (KrHubNegotiation *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->url;
}

/**
 * kr_hub_negotiation_get_access_token:
 * @self: a document
 *
 * Gets the bearer token to use with the redirect's URL.
 *
 * Returns: (transfer none) (nullable): the token, a secret, or %NULL
 *
 * Since: 0.1
 */
const char *
kr_hub_negotiation_get_access_token (KrHubNegotiation *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->access_token;
}

/**
 * kr_hub_negotiation_get_error:
 * @self: a document
 *
 * Gets the server's refusal.
 *
 * Returns: (transfer none) (nullable): the text; %NULL if it did not refuse
 *
 * Since: 0.1
 */
const char *
kr_hub_negotiation_get_error (KrHubNegotiation *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->error;
}
