/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Whether it is beyond doubt where a request ends (RFC 9112, 6 and 11.2): a proxy in front may think otherwise. */
#include "config.h"

#include "kr-hub-soup-framing-private.h"

#include "kr-hub-soup-upgrade-private.h"

#include <string.h>

static gboolean
is_number (const char *text)
{
  gsize len = strlen (text);

  return len > 0 && len < 20 && strspn (text, "0123456789") == len;
}

static const char *
find_fault_of_upgrade (SoupMessageHeaders *headers, const char *encoding, const char *length)
{
  gboolean has_body = encoding != NULL || (length != NULL && strspn (length, "0") != strlen (length));

  return has_body && soup_message_headers_header_contains (headers, "Upgrade", "websocket") ? "an upgrade with a body" : NULL;
}

/* libsoup 3.2 takes the last of several lengths, a sign for a digit, and a length beside an encoding for none. */
const char *
kr_hub_soup_framing_find_fault (SoupMessageHeaders *headers, SoupHTTPVersion version)
{
  const char *encoding = soup_message_headers_get_list (headers, "Transfer-Encoding");
  const char *length = soup_message_headers_get_list (headers, "Content-Length");
  const char *host = soup_message_headers_get_list (headers, "Host");

  if (encoding != NULL && length != NULL)
    return "a length and an encoding";
  if (encoding != NULL && version == SOUP_HTTP_1_0)
    return "an encoding in HTTP/1.0";
  if (encoding != NULL && g_ascii_strcasecmp (encoding, "chunked") != 0)
    return "an encoding that is not known";
  if (length != NULL && !is_number (length))
    return "a length that is no number";
  if (host != NULL && strpbrk (host, ", \t/@?#\\") != NULL)
    return "several hosts, or none";
  return find_fault_of_upgrade (headers, encoding, length);
}

static void
taken (KrHubSoupWire *wire, GBytes *response, gpointer data)
{
  gsize len;
  const char *bytes = g_bytes_get_data (response, &len);
  g_autofree char *text = g_strndup (bytes, len);

  if (wire != NULL)
    kr_hub_soup_wire_close_with (wire, text);
}

/* Before libsoup begins with a body, of which nobody knows how long it is. */
static void
refuse (SoupServerMessage *message)
{
  SoupMessageHeaders *response = soup_server_message_get_response_headers (message);

  soup_server_message_set_status (message, SOUP_STATUS_BAD_REQUEST, NULL);
  soup_message_headers_replace (response, "Connection", "close");
  soup_message_headers_replace (response, "Content-Length", "0");
  kr_hub_soup_upgrade_take (message, "", taken, NULL);
}

/* The connection of a request that is refused ends, and so does one behind chunks, whose sizes libsoup reads as strtoll()
 * does, with signs and all: what follows them may be meant for somebody else. */
gboolean
kr_hub_soup_framing_check (SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  const char *fault = kr_hub_soup_framing_find_fault (headers, soup_server_message_get_http_version (message));

  if (fault == NULL && soup_message_headers_get_encoding (headers) == SOUP_ENCODING_CHUNKED)
    soup_message_headers_replace (soup_server_message_get_response_headers (message), "Connection", "close");
  if (fault != NULL && soup_server_message_get_status (message) == 0)
    {
      g_debug ("a request is refused: %s", fault);
      refuse (message);
    }
  return fault == NULL;
}
