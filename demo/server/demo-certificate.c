/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The self-signed certificate of the demo, made at first start with GnuTLS and kept in the user's data folder. */
#include "config.h"

#include "demo-certificate.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>
#include <unistd.h>

#define NAME "kr-demo"
#define FILE_NAME "certificate.pem"
#define VALID_DAYS 397 /* browsers refuse certificates that live longer */
#define RENEW_DAYS 7

G_DEFINE_AUTO_CLEANUP_FREE_FUNC (gnutls_x509_privkey_t, gnutls_x509_privkey_deinit, NULL)
G_DEFINE_AUTO_CLEANUP_FREE_FUNC (gnutls_x509_crt_t, gnutls_x509_crt_deinit, NULL)

static gboolean
check (int status, GError **error)
{
  if (status >= 0)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, _("The certificate cannot be made: %s"), gnutls_strerror (status));
  return FALSE;
}

static gboolean
add_name (gnutls_x509_crt_t certificate, gnutls_x509_subject_alt_name_t type, const void *name, guint size,
          GError **error)
{
  return check (gnutls_x509_crt_set_subject_alt_name (certificate, type, name, size, GNUTLS_FSAN_APPEND), error);
}

/* localhost by name and by both loopback addresses: browsers look at these alone, never at the common name. */
static gboolean
set_names (gnutls_x509_crt_t certificate, GError **error)
{
  static const guint8 ipv4[4] = { 127, 0, 0, 1 };
  static const guint8 ipv6[16] = { [15] = 1 };
  const char *oid = GNUTLS_OID_X520_COMMON_NAME;
  guint name_length = strlen (NAME);

  return check (gnutls_x509_crt_set_dn_by_oid (certificate, oid, 0, NAME, name_length), error) &&
         add_name (certificate, GNUTLS_SAN_DNSNAME, "localhost", strlen ("localhost"), error) &&
         add_name (certificate, GNUTLS_SAN_IPADDRESS, ipv4, sizeof ipv4, error) &&
         add_name (certificate, GNUTLS_SAN_IPADDRESS, ipv6, sizeof ipv6, error);
}

static gboolean
set_use (gnutls_x509_crt_t certificate, GError **error)
{
  guint8 serial[16];
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  if (!check (gnutls_rnd (GNUTLS_RND_NONCE, serial, sizeof serial), error))
    return FALSE;
  serial[0] = (serial[0] & 0x7f) | 0x40; /* positive, and never shorter than it says (RFC 5280, 4.1.2.2) */
  return check (gnutls_x509_crt_set_version (certificate, 3), error) &&
         check (gnutls_x509_crt_set_serial (certificate, serial, sizeof serial), error) &&
         check (gnutls_x509_crt_set_activation_time (certificate, now - 3600), error) &&
         check (gnutls_x509_crt_set_expiration_time (certificate, now + VALID_DAYS * 86400), error) &&
         check (gnutls_x509_crt_set_basic_constraints (certificate, 0, -1), error) &&
         check (gnutls_x509_crt_set_key_usage (certificate, GNUTLS_KEY_DIGITAL_SIGNATURE), error) &&
         check (gnutls_x509_crt_set_key_purpose_oid (certificate, GNUTLS_KP_TLS_WWW_SERVER, 0), error);
}

static gboolean
generate (gnutls_x509_privkey_t key, gnutls_x509_crt_t certificate, GError **error)
{
  guint curve = GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1);

  return check (gnutls_x509_privkey_generate (key, GNUTLS_PK_ECDSA, curve, 0), error) &&
         set_names (certificate, error) &&
         set_use (certificate, error) &&
         check (gnutls_x509_crt_set_key (certificate, key), error) &&
         check (gnutls_x509_crt_sign2 (certificate, certificate, key, GNUTLS_DIG_SHA256, 0), error);
}

/* Certificate and key in one text, as g_tls_certificate_new_from_pem() takes them. */
static char *
generate_pem (GError **error)
{
  g_auto (gnutls_x509_privkey_t) key = NULL;
  g_auto (gnutls_x509_crt_t) certificate = NULL;
  gnutls_datum_t certificate_pem = { NULL, 0 };
  gnutls_datum_t key_pem = { NULL, 0 };
  char *pem = NULL;

  if (check (gnutls_x509_privkey_init (&key), error) &&
      check (gnutls_x509_crt_init (&certificate), error) &&
      generate (key, certificate, error) &&
      check (gnutls_x509_crt_export2 (certificate, GNUTLS_X509_FMT_PEM, &certificate_pem), error) &&
      check (gnutls_x509_privkey_export2_pkcs8 (key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &key_pem), error))
    pem = g_strconcat ((const char *) certificate_pem.data, (const char *) key_pem.data, NULL);
  gnutls_free (certificate_pem.data);
  if (key_pem.data != NULL)
    gnutls_memset (key_pem.data, 0, key_pem.size);
  gnutls_free (key_pem.data);
  return pem;
}

static gboolean
is_still_good (GTlsCertificate *certificate)
{
  g_autoptr (GDateTime) end = g_tls_certificate_get_not_valid_after (certificate);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();

  return end != NULL && g_date_time_difference (end, now) > RENEW_DAYS * G_TIME_SPAN_DAY;
}

/* Nobody else may read the file: what had a wider mode may have been read, and is made anew. */
static GTlsCertificate *
load (const char *path)
{
  g_autoptr (GTlsCertificate) certificate = NULL;
  GStatBuf info;

  if (g_lstat (path, &info) != 0 || !S_ISREG (info.st_mode) || (info.st_mode & 077) != 0 || info.st_uid != geteuid ())
    return NULL;
  certificate = g_tls_certificate_new_from_file (path, NULL);
  return certificate != NULL && is_still_good (certificate) ? g_steal_pointer (&certificate) : NULL;
}

/**
 * demo_certificate_load_or_create:
 * @folder: where the certificate lives; made with mode 0700 if it is missing
 * @error: return location for an error
 *
 * Loads the certificate and its key from @folder. One that is missing, unreadable, open to others or about to expire is
 * replaced by a new one for localhost, 127.0.0.1 and ::1, in a file of mode 0600.
 *
 * Returns: (transfer full): the certificate, or %NULL
 */
GTlsCertificate *
demo_certificate_load_or_create (const char *folder, GError **error)
{
  g_autofree char *path = g_build_filename (folder, FILE_NAME, NULL);
  g_autoptr (GTlsCertificate) certificate = load (path);
  g_autofree char *pem = NULL;

  if (certificate != NULL)
    return g_steal_pointer (&certificate);
  if (g_mkdir_with_parents (folder, 0700) != 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), _("The folder %s cannot be made: %s"), folder,
                   g_strerror (errno));
      return NULL;
    }
  pem = generate_pem (error);
  if (pem == NULL)
    return NULL;
  g_unlink (path); /* an old file would pass its mode on */
  if (!g_file_set_contents_full (path, pem, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error))
    return NULL;
  return g_tls_certificate_new_from_pem (pem, -1, error);
}
