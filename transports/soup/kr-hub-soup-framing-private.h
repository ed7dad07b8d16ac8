/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Whether it is beyond doubt where a request ends. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* What is wrong with a request, of which the head is known; NULL: nothing. */
const char *kr_hub_soup_framing_find_fault (SoupMessageHeaders *headers, SoupHTTPVersion version);
/* When the head of @message was read. FALSE: it is refused; otherwise it may be the last of its connection. */
gboolean kr_hub_soup_framing_check (SoupServerMessage *message);

G_END_DECLS
