/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupFrontDoor: accepts connections for a SoupServer, with deadlines and limits. */
#include "config.h"

#include "kr-hub-soup-front-door.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gnetworking.h>
#include <glib-unix.h>
#include <krhub.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kr-hub-soup-lobby-private.h"
#include "kr-hub-soup-visit-private.h"

#define BACKLOG 4096
#define ACCEPTS_PER_TURN 16
#define PAUSE_MS 100

/**
 * KrHubSoupFrontDoor:
 *
 * Accepts connections for a [class@Soup.Server], with deadlines and limits that it has not.
 *
 * Listen through a front door instead of [method@Soup.Server.listen]: then a client that does not finish its TLS
 * handshake, the head or the body of its request, or does nothing between two requests, is cut off in time, and neither one
 * address nor all together hold more connections than they may. Connections that were upgraded or stream events count too, but
 * have no deadlines here. (Besides, libsoup 3.2.3 loses some 360 bytes for each connection that it accepts by itself.)
 *
 * It lives in the main context of the SoupServer, which it keeps alive. Set the properties before it listens.
 *
 * Since: 0.1
 */
struct _KrHubSoupFrontDoor
{
  GObject parent_instance;

  SoupServer *server;
  GTlsCertificate *certificate;  /* NULL: no TLS */
  GMainContext *context;
  KrHubClock *clock;
  GPtrArray *ports;              /* of Port */
  GPtrArray *sources;            /* of GSource: one for each, unless accepting pauses */
  GSource *pause;                /* until accepting goes on */
  gulong request_handler;
  guint16 port;
  gint64 tls_timeout;
  guint max_connections;
  guint max_connections_per_address;
  KrHubSoupTerms terms;          /* of each visit */
  gint64 last_complaint;         /* one line per second */
  KrHubSoupGuests *guests;       /* who is in */
  KrHubSoupLobby *lobby;         /* who has not said what it wants; NULL: that is libsoup's to find out */
};

G_DEFINE_FINAL_TYPE (KrHubSoupFrontDoor, kr_hub_soup_front_door, G_TYPE_OBJECT)

typedef enum
{
  PROP_SERVER = 1,
  PROP_CERTIFICATE,
  PROP_TLS_TIMEOUT,
  PROP_HEAD_TIMEOUT,
  PROP_BODY_TIMEOUT,
  PROP_IDLE_TIMEOUT,
  PROP_MAX_CONNECTIONS,
  PROP_MAX_CONNECTIONS_PER_ADDRESS,
  PROP_MAX_BODY_SIZE,
} KrHubSoupFrontDoorProperty;

static GParamSpec *props[PROP_MAX_BODY_SIZE + 1];

/* --- requests --- */

static void
request_started (SoupServer *server, SoupServerMessage *message, KrHubSoupFrontDoor *self)
{
  KrHubSoupVisit *visit = kr_hub_soup_visit_of (message);

  if (visit != NULL)
    kr_hub_soup_visit_begin_request (visit, message);
}

/* --- accepting --- */

/* Where it listens. */
typedef struct
{
  KrHubSoupFrontDoor *door;
  GSocket *socket;
  GSocketAddress *address;  /* of each connection's near end; NULL: it depends */
} Port;

static void
port_free (gpointer data)
{
  Port *self = data;

  g_socket_close (self->socket, NULL);
  g_object_unref (self->socket);
  g_clear_object (&self->address);
  g_free (self);
}

static Port *
port_new (KrHubSoupFrontDoor *door, GSocket *socket, GSocketAddress *bound)
{
  Port *self = g_new0 (Port, 1);

  self->door = door;
  self->socket = g_object_ref (socket);
  if (!g_inet_address_get_is_any (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (bound))))
    self->address = g_object_ref (bound);
  return self;
}

static GSocketAddress *
dup_local_address (const KrHubSoupCaller *caller)
{
  struct sockaddr_storage storage;
  socklen_t size = sizeof storage;

  if (caller->local != NULL)
    return g_object_ref (caller->local);
  if (getsockname (caller->fd, (struct sockaddr *) &storage, &size) != 0)
    return NULL;
  return g_socket_address_new_from_native (&storage, size);
}

static void
hand_over (KrHubSoupFrontDoor *self, GIOStream *stream, GSocketAddress *local, GSocketAddress *remote)
{
  g_autoptr (GError) error = NULL;

  if (self->server != NULL && !soup_server_accept_iostream (self->server, stream, local, remote, &error))
    g_debug ("libsoup does not take a connection: %s", error->message);
}

typedef struct
{
  KrHubSoupFrontDoor *door;
  KrHubSoupStream *stream;
  GSocketAddress *local;
  GSocketAddress *remote;
  gint64 began;
} Handshake;

static void
handshake_done (GObject *source, GAsyncResult *result, gpointer data)
{
  Handshake *self = data;
  g_autoptr (GError) error = NULL;
  gboolean succeeded = g_tls_connection_handshake_finish (G_TLS_CONNECTION (source), result, &error);

  kr_hub_soup_guests_end_tls (self->door->guests, succeeded, g_get_monotonic_time () - self->began);
  if (succeeded)
    hand_over (self->door, G_IO_STREAM (source), self->local, self->remote);
  else
    {
      g_debug ("no TLS with a client: %s", error != NULL ? error->message : "closed");
      g_io_stream_close (G_IO_STREAM (self->stream), NULL, NULL);
    }
  g_object_unref (self->door);
  g_object_unref (self->stream);
  g_object_unref (self->local);
  g_object_unref (self->remote);
  g_free (self);
}

/* g_tls_server_connection_new() would load the authorities of the system, to check certificates of clients that we never
 * ask for: 12 ms and 3.7 MB for each connection (glib-networking 2.74). */
static GIOStream *
new_server_stream (KrHubSoupFrontDoor *self, GIOStream *base, GError **error)
{
  return g_initable_new (g_tls_backend_get_server_connection_type (g_tls_backend_get_default ()), NULL, error,
                         "base-io-stream", base,
                         "certificate", self->certificate,
                         "database", NULL,
                         NULL);
}

static void
begin_tls (KrHubSoupFrontDoor *self, KrHubSoupStream *stream, GSocketAddress *local, GSocketAddress *remote)
{
  static const char *const protocols[] = { "http/1.1", NULL };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GIOStream) tls = new_server_stream (self, G_IO_STREAM (stream), &error);
  Handshake *handshake;

  if (tls == NULL)
    {
      g_message ("TLS is not possible: %s", error->message);
      return;
    }
  g_tls_connection_set_advertised_protocols (G_TLS_CONNECTION (tls), (const char **) protocols);
  g_tls_connection_set_require_close_notify (G_TLS_CONNECTION (tls), FALSE);
  handshake = g_new0 (Handshake, 1);
  handshake->door = g_object_ref (self);
  handshake->stream = g_object_ref (stream);
  handshake->local = g_object_ref (local);
  handshake->remote = g_object_ref (remote);
  handshake->began = g_get_monotonic_time ();
  kr_hub_soup_guests_begin_tls (self->guests);
  kr_hub_soup_visit_arm_handshake (kr_hub_soup_stream_get_data (stream), self->tls_timeout, cancellable);
  g_tls_connection_handshake_async (G_TLS_CONNECTION (tls), G_PRIORITY_DEFAULT, cancellable, handshake_done, handshake);
}

static void
complain (KrHubSoupFrontDoor *self, const char *what)
{
  gint64 now = g_get_monotonic_time ();

  if (now - self->last_complaint < G_USEC_PER_SEC)
    return;
  self->last_complaint = now;
  g_message ("%s; turning clients away", what);
}

static KrHubSoupGuest *
enter (KrHubSoupFrontDoor *self, GInetAddress *address)
{
  const char *limit = NULL;
  KrHubSoupGuest *guest = kr_hub_soup_guests_enter (self->guests, address, self->max_connections,
                                                    self->max_connections_per_address, &limit);

  if (guest == NULL)
    {
      g_autofree char *text = g_inet_address_to_string (address);
      g_autofree char *what = g_strdup_printf ("The limit of %s is reached by %s", limit, text);

      complain (self, what);
    }
  return guest;
}

/* Takes @caller; a KrHubSoupLobbyFunc. */
static void
let_in (KrHubSoupCaller *caller, const guint8 *head, gsize len, gpointer data)
{
  g_autoptr (KrHubSoupFrontDoor) self = g_object_ref (data);
  g_autoptr (GBytes) early = len > 0 ? g_bytes_new (head, len) : NULL;
  g_autoptr (GSocketAddress) local = dup_local_address (caller);
  g_autoptr (KrHubSoupStream) stream = kr_hub_soup_stream_new (caller->fd, g_steal_pointer (&caller->guest), early);
  g_autoptr (GSocketAddress) remote = kr_hub_soup_address_new (caller->address, caller->port, stream);

  g_clear_object (&caller->address);
  g_clear_object (&caller->local);
  if (local == NULL)
    return; /* gone already */
  kr_hub_soup_visit_new (self->clock, self->context, stream, &self->terms,
                         len > 0 && kr_hub_soup_lobby_is_whole (head, len, 0));
  if (self->certificate != NULL)
    begin_tls (self, stream, local, remote);
  else
    hand_over (self, G_IO_STREAM (stream), local, remote);
}

/* IPv4 may come as IPv6. */
static GInetAddress *
read_address (const struct sockaddr_storage *from, guint16 *port)
{
  const struct sockaddr_in *v4 = (const struct sockaddr_in *) from;
  const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *) from;

  *port = g_ntohs (from->ss_family == AF_INET6 ? v6->sin6_port : v4->sin_port);
  if (from->ss_family == AF_INET)
    return g_inet_address_new_from_bytes ((const guint8 *) &v4->sin_addr, G_SOCKET_FAMILY_IPV4);
  if (IN6_IS_ADDR_V4MAPPED (&v6->sin6_addr))
    return g_inet_address_new_from_bytes (v6->sin6_addr.s6_addr + 12, G_SOCKET_FAMILY_IPV4);
  return g_inet_address_new_from_bytes (v6->sin6_addr.s6_addr, G_SOCKET_FAMILY_IPV6);
}

static void
welcome (Port *port, int fd, const struct sockaddr_storage *from)
{
  KrHubSoupFrontDoor *self = port->door;
  KrHubSoupCaller caller = { .fd = fd };

  caller.address = read_address (from, &caller.port);
  caller.local = port->address != NULL ? g_object_ref (port->address) : NULL;
  caller.guest = enter (self, caller.address);
  if (caller.guest == NULL)
    kr_hub_soup_caller_close (&caller);
  else if (self->certificate != NULL || self->lobby == NULL)
    let_in (&caller, NULL, 0, self);
  else
    kr_hub_soup_lobby_enter (self->lobby, &caller, self->terms.head_timeout);
}

static void attach_sources (KrHubSoupFrontDoor *self);

static void
detach_sources (KrHubSoupFrontDoor *self)
{
  for (guint i = 0; i < self->sources->len; i++)
    g_source_destroy (self->sources->pdata[i]);
  g_ptr_array_set_size (self->sources, 0);
}

static gboolean
go_on (gpointer data)
{
  KrHubSoupFrontDoor *self = data;

  g_clear_pointer (&self->pause, g_source_unref);
  attach_sources (self);
  return G_SOURCE_REMOVE;
}

/* As when the descriptors ran out: whoever comes waits in the kernel's queue, and asking again at once burns time. */
static void
pause_accepting (KrHubSoupFrontDoor *self)
{
  detach_sources (self);
  self->pause = g_timeout_source_new (PAUSE_MS);
  g_source_set_static_name (self->pause, "KrHubSoupFrontDoor pause");
  g_source_set_callback (self->pause, go_on, self, NULL);
  g_source_attach (self->pause, self->context);
}

/* FALSE: there is nobody for now, or nobody can be let in. */
static gboolean
accept_one (Port *port, int listening)
{
  struct sockaddr_storage from;
  socklen_t size = sizeof from;
  int fd = accept4 (listening, (struct sockaddr *) &from, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
  g_autofree char *what = NULL;

  if (fd >= 0)
    welcome (port, fd, &from);
  if (fd >= 0 || errno == EINTR || errno == ECONNABORTED)
    return TRUE;
  if (errno == EAGAIN || errno == EWOULDBLOCK)
    return FALSE;
  what = g_strdup_printf ("Nobody can be let in (%s)", g_strerror (errno));
  complain (port->door, what);
  pause_accepting (port->door);
  return FALSE;
}

/* Whoever is let in may be served at once, and what serves may close the door. */
static gboolean
accept_some (int listening, GIOCondition condition, gpointer data)
{
  Port *port = data;
  g_autoptr (KrHubSoupFrontDoor) door = g_object_ref (port->door);
  GSource *source = g_main_current_source ();

  for (guint i = 0; i < ACCEPTS_PER_TURN && !g_source_is_destroyed (source); i++)
    if (!accept_one (port, listening))
      break;
  return G_SOURCE_CONTINUE;
}

static void
attach_sources (KrHubSoupFrontDoor *self)
{
  for (guint i = 0; i < self->ports->len; i++)
    {
      Port *port = self->ports->pdata[i];
      GSource *source = g_unix_fd_source_new (g_socket_get_fd (port->socket), G_IO_IN);

      g_source_set_static_name (source, "KrHubSoupFrontDoor");
      g_source_set_callback (source, G_SOURCE_FUNC (accept_some), port, NULL);
      g_source_attach (source, self->context);
      g_ptr_array_add (self->sources, source);
    }
}

/* A SoupServer that does not listen closes a connection after each request, and knows no URIs. So it listens on a twin
 * of the socket, of which it sees the address; then something else, which never becomes readable, takes the place of the
 * twin's descriptor, so that libsoup accepts nothing. */
static gboolean
tell_server (KrHubSoupFrontDoor *self, GSocket *listening, GError **error)
{
  int fd = fcntl (g_socket_get_fd (listening), F_DUPFD_CLOEXEC, 0);
  int silent = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  g_autoptr (GSocket) twin = fd >= 0 ? g_socket_new_from_fd (fd, error) : NULL;
  gboolean told = FALSE;

  if (self->certificate != NULL)
    soup_server_set_tls_certificate (self->server, self->certificate);
  if (fd < 0 || silent < 0)
    g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (errno), g_strerror (errno));
  else if (twin != NULL)
    told = soup_server_listen_socket (self->server, twin, self->certificate != NULL ? SOUP_SERVER_LISTEN_HTTPS : 0, error);
  if (told)
    {
      g_slist_free_full (soup_server_get_uris (self->server), (GDestroyNotify) g_uri_unref); /* it remembers them */
      dup3 (silent, fd, O_CLOEXEC);
    }
  if (silent >= 0)
    close (silent);
  return told;
}

/**
 * kr_hub_soup_front_door_listen:
 * @self: a front door
 * @address: an internet address; port 0 for any
 * @error: return location for an error
 *
 * Listens on @address, too: a door may have several. In the thread of its main context, or before that runs.
 *
 * [method@Soup.Server.get_uris] names the address as if the server listened itself.
 *
 * Returns: whether it listens
 *
 * Since: 0.1
 */
gboolean
kr_hub_soup_front_door_listen (KrHubSoupFrontDoor *self, GSocketAddress *address, GError **error)
{
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GSocketAddress) bound = NULL;

  g_return_val_if_fail (KR_HUB_SOUP_IS_FRONT_DOOR (self), FALSE);
  g_return_val_if_fail (G_IS_INET_SOCKET_ADDRESS (address), FALSE);

  socket = g_socket_new (g_socket_address_get_family (address), G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, error);
  if (socket == NULL || !g_socket_bind (socket, address, TRUE, error))
    return FALSE;
  g_socket_set_listen_backlog (socket, BACKLOG);
  g_socket_set_blocking (socket, FALSE);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, TRUE, NULL); /* which those that are accepted inherit */
  if (!g_socket_listen (socket, error) || (bound = g_socket_get_local_address (socket, error)) == NULL)
    return FALSE;
  if (!tell_server (self, socket, error))
    return FALSE;
  self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  detach_sources (self);
  g_ptr_array_add (self->ports, port_new (self, socket, bound));
  attach_sources (self);
  return TRUE;
}

/**
 * kr_hub_soup_front_door_close:
 * @self: a front door
 *
 * Stops listening; connections that are in stay. In the thread of its main context.
 *
 * Since: 0.1
 */
void
kr_hub_soup_front_door_close (KrHubSoupFrontDoor *self)
{
  g_return_if_fail (KR_HUB_SOUP_IS_FRONT_DOOR (self));

  detach_sources (self);
  if (self->pause != NULL)
    g_source_destroy (self->pause);
  g_clear_pointer (&self->pause, g_source_unref);
  g_ptr_array_set_size (self->ports, 0);
}

/* --- properties --- */

static void
kr_hub_soup_front_door_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KrHubSoupFrontDoor *self = KR_HUB_SOUP_FRONT_DOOR (object);

  switch ((KrHubSoupFrontDoorProperty) prop_id)
    {
    case PROP_SERVER: g_value_set_object (value, self->server); break;
    case PROP_CERTIFICATE: g_value_set_object (value, self->certificate); break;
    case PROP_TLS_TIMEOUT: g_value_set_int64 (value, self->tls_timeout); break;
    case PROP_HEAD_TIMEOUT: g_value_set_int64 (value, self->terms.head_timeout); break;
    case PROP_BODY_TIMEOUT: g_value_set_int64 (value, self->terms.body_timeout); break;
    case PROP_IDLE_TIMEOUT: g_value_set_int64 (value, self->terms.idle_timeout); break;
    case PROP_MAX_CONNECTIONS: g_value_set_uint (value, self->max_connections); break;
    case PROP_MAX_CONNECTIONS_PER_ADDRESS: g_value_set_uint (value, self->max_connections_per_address); break;
    case PROP_MAX_BODY_SIZE: g_value_set_uint64 (value, self->terms.max_body_size); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec); break;
    }
}

static void
kr_hub_soup_front_door_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  KrHubSoupFrontDoor *self = KR_HUB_SOUP_FRONT_DOOR (object);

  switch ((KrHubSoupFrontDoorProperty) prop_id)
    {
    case PROP_SERVER: self->server = g_value_dup_object (value); break;
    case PROP_CERTIFICATE: self->certificate = g_value_dup_object (value); break;
    case PROP_TLS_TIMEOUT: self->tls_timeout = g_value_get_int64 (value); break;
    case PROP_HEAD_TIMEOUT: self->terms.head_timeout = g_value_get_int64 (value); break;
    case PROP_BODY_TIMEOUT: self->terms.body_timeout = g_value_get_int64 (value); break;
    case PROP_IDLE_TIMEOUT: self->terms.idle_timeout = g_value_get_int64 (value); break;
    case PROP_MAX_CONNECTIONS: self->max_connections = g_value_get_uint (value); break;
    case PROP_MAX_CONNECTIONS_PER_ADDRESS: self->max_connections_per_address = g_value_get_uint (value); break;
    case PROP_MAX_BODY_SIZE: self->terms.max_body_size = g_value_get_uint64 (value); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec); break;
    }
}

static void
kr_hub_soup_front_door_constructed (GObject *object)
{
  KrHubSoupFrontDoor *self = KR_HUB_SOUP_FRONT_DOOR (object);

  G_OBJECT_CLASS (kr_hub_soup_front_door_parent_class)->constructed (object);
  self->request_handler = g_signal_connect (self->server, "request-started", G_CALLBACK (request_started), self);
}

static void
kr_hub_soup_front_door_dispose (GObject *object)
{
  KrHubSoupFrontDoor *self = KR_HUB_SOUP_FRONT_DOOR (object);

  kr_hub_soup_front_door_close (self);
  if (self->server != NULL)
    g_signal_handler_disconnect (self->server, self->request_handler);
  g_clear_object (&self->server);
  g_clear_pointer (&self->lobby, kr_hub_soup_lobby_free);
  G_OBJECT_CLASS (kr_hub_soup_front_door_parent_class)->dispose (object);
}

static void
kr_hub_soup_front_door_finalize (GObject *object)
{
  KrHubSoupFrontDoor *self = KR_HUB_SOUP_FRONT_DOOR (object);

  g_clear_object (&self->certificate);
  g_clear_object (&self->clock);
  g_ptr_array_unref (self->sources);
  g_ptr_array_unref (self->ports);
  g_main_context_unref (self->context);
  kr_hub_soup_guests_unref (self->guests);
  G_OBJECT_CLASS (kr_hub_soup_front_door_parent_class)->finalize (object);
}

static GParamSpec *
timeout_spec (const char *name, gint64 seconds)
{
  return g_param_spec_int64 (name, NULL, NULL, 1, G_MAXINT64 / 2, seconds * G_USEC_PER_SEC,
                             G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS);
}

static GParamSpec *
limit_spec (const char *name, guint limit)
{
  return g_param_spec_uint (name, NULL, NULL, 1, G_MAXUINT, limit,
                            G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS);
}

static void
install_properties (GObjectClass *object_class)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  /**
   * KrHubSoupFrontDoor:server:
   *
   * The server that gets the connections.
   *
   * Since: 0.1
   */
  props[PROP_SERVER] = g_param_spec_object ("server", NULL, NULL, SOUP_TYPE_SERVER, flags);
  /**
   * KrHubSoupFrontDoor:certificate:
   *
   * The certificate, with its key; %NULL serves without TLS.
   *
   * Since: 0.1
   */
  props[PROP_CERTIFICATE] = g_param_spec_object ("certificate", NULL, NULL, G_TYPE_TLS_CERTIFICATE, flags);
  /**
   * KrHubSoupFrontDoor:tls-timeout:
   *
   * How long a TLS handshake may take, µs.
   *
   * Since: 0.1
   */
  props[PROP_TLS_TIMEOUT] = timeout_spec ("tls-timeout", 10);
  /**
   * KrHubSoupFrontDoor:head-timeout:
   *
   * How long the head of a request may take, µs.
   *
   * Since: 0.1
   */
  props[PROP_HEAD_TIMEOUT] = timeout_spec ("head-timeout", 10);
  /**
   * KrHubSoupFrontDoor:body-timeout:
   *
   * How long the body of a request may bring less than 240 bytes per second, µs; Kestrel's MinRequestBodyDataRate.
   *
   * Since: 0.1
   */
  props[PROP_BODY_TIMEOUT] = timeout_spec ("body-timeout", 5);
  /**
   * KrHubSoupFrontDoor:idle-timeout:
   *
   * How long a connection may wait for its next request, µs.
   *
   * Since: 0.1
   */
  props[PROP_IDLE_TIMEOUT] = timeout_spec ("idle-timeout", 130);
  /**
   * KrHubSoupFrontDoor:max-connections:
   *
   * How many connections there may be, upgraded ones included.
   *
   * Since: 0.1
   */
  props[PROP_MAX_CONNECTIONS] = limit_spec ("max-connections", 25000);
  /**
   * KrHubSoupFrontDoor:max-connections-per-address:
   *
   * How many of them one address may have; of IPv6, one /64 network, since whoever has one of its addresses has them all.
   *
   * Since: 0.1
   */
  props[PROP_MAX_CONNECTIONS_PER_ADDRESS] = limit_spec ("max-connections-per-address", 25000);
  /**
   * KrHubSoupFrontDoor:max-body-size:
   *
   * How many bytes the body of a request may have, which libsoup keeps until they are all there: a longer one is answered
   * with 413, or cut off where its length was not announced. Kestrel's MaxRequestBodySize.
   *
   * Since: 0.1
   */
  props[PROP_MAX_BODY_SIZE] = g_param_spec_uint64 ("max-body-size", NULL, NULL, 0, G_MAXUINT64, 30000000,
                                                   G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (props), props);
}

static void
kr_hub_soup_front_door_class_init (KrHubSoupFrontDoorClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = kr_hub_soup_front_door_get_property;
  object_class->set_property = kr_hub_soup_front_door_set_property;
  object_class->constructed = kr_hub_soup_front_door_constructed;
  object_class->dispose = kr_hub_soup_front_door_dispose;
  object_class->finalize = kr_hub_soup_front_door_finalize;
  install_properties (object_class);
}

static void
kr_hub_soup_front_door_init (KrHubSoupFrontDoor *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->clock = kr_hub_clock_new (self->context);
  self->sources = g_ptr_array_new_with_free_func ((GDestroyNotify) g_source_unref);
  self->ports = g_ptr_array_new_with_free_func (port_free);
  self->guests = kr_hub_soup_guests_new ();
  self->lobby = kr_hub_soup_lobby_new (self->clock, self->context, let_in, self);
}

/**
 * kr_hub_soup_front_door_new:
 * @server: a server of the thread-default main context, which need not listen itself
 * @certificate: (nullable): the certificate, with its key; %NULL to serve without TLS
 *
 * Creates a front door in the thread-default main context.
 *
 * Returns: (transfer full): a new front door, closed
 *
 * Since: 0.1
 */
KrHubSoupFrontDoor *
kr_hub_soup_front_door_new (SoupServer *server, GTlsCertificate *certificate)
{
  g_return_val_if_fail (SOUP_IS_SERVER (server), NULL);
  g_return_val_if_fail (certificate == NULL || G_IS_TLS_CERTIFICATE (certificate), NULL);

  return g_object_new (KR_HUB_SOUP_TYPE_FRONT_DOOR, "server", server, "certificate", certificate, NULL);
}

/**
 * kr_hub_soup_front_door_get_port:
 * @self: a front door
 *
 * Gets the port of the address that was listened on last. Any thread.
 *
 * Returns: the port, 0 before the first
 *
 * Since: 0.1
 */
guint16
kr_hub_soup_front_door_get_port (KrHubSoupFrontDoor *self)
{
  g_return_val_if_fail (KR_HUB_SOUP_IS_FRONT_DOOR (self), 0);
  return self->port;
}

/**
 * kr_hub_soup_front_door_get_n_connections:
 * @self: a front door
 *
 * Gets how many connections came through the door and still exist. Any thread.
 *
 * Returns: the number of connections
 *
 * Since: 0.1
 */
guint
kr_hub_soup_front_door_get_n_connections (KrHubSoupFrontDoor *self)
{
  g_return_val_if_fail (KR_HUB_SOUP_IS_FRONT_DOOR (self), 0);
  return kr_hub_soup_guests_get_n (self->guests);
}

/**
 * kr_hub_soup_front_door_read_metrics:
 * @self: a front door
 *
 * Reads what the door has counted since it was made, under the names of ASP.NET Core's server where that counts the same:
 * `kestrel.active_connections`, `kestrel.rejected_connections`, `kestrel.active_tls_handshakes` and
 * `kestrel.tls_handshake.duration`. Any thread.
 *
 * Returns: (transfer full): the metrics as they are now
 *
 * Since: 0.1
 */
KrHubMetrics *
kr_hub_soup_front_door_read_metrics (KrHubSoupFrontDoor *self)
{
  g_autoptr (GPtrArray) metrics = g_ptr_array_new_with_free_func ((GDestroyNotify) kr_hub_metric_unref);

  g_return_val_if_fail (KR_HUB_SOUP_IS_FRONT_DOOR (self), NULL);

  kr_hub_soup_guests_read (self->guests, metrics);
  return kr_hub_metrics_new ((KrHubMetric *const *) metrics->pdata, metrics->len);
}
