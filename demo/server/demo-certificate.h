/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The self-signed certificate of the demo, made at first start. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

GTlsCertificate *demo_certificate_load_or_create (const char *folder, GError **error);

G_END_DECLS
