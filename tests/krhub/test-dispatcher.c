/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubDispatcher: methods are found in any case, and no name is taken twice. */
#include "config.h"

#include "kr-hub-dispatcher-private.h"

static void
do_nothing (KrHubInvocation *invocation, gpointer data)
{
}

static gboolean
add (KrHubDispatcher *dispatcher, const char *name, const char *arguments, const char *result)
{
  return kr_hub_dispatcher_add (dispatcher, name, arguments, result, do_nothing, NULL, NULL);
}

static const KrHubMethod *
find (KrHubDispatcher *dispatcher, const char *name)
{
  const KrHubSlice slice = { name, strlen (name) };

  return kr_hub_dispatcher_find (dispatcher, &slice);
}

static void
assert_found (KrHubDispatcher *dispatcher, const char *name, const char *declared)
{
  const KrHubMethod *method = find (dispatcher, name);

  g_assert_nonnull (method);
  g_assert_cmpstr (method->name, ==, declared);
}

static void
test_names (void)
{
  KrHubDispatcher *dispatcher = kr_hub_dispatcher_new ();

  g_assert_null (find (dispatcher, "Echo"));
  g_assert_true (add (dispatcher, "Echo", "(s)", "s"));
  g_assert_true (add (dispatcher, "Echo2", "(s)", "s"));
  assert_found (dispatcher, "Echo", "Echo");
  assert_found (dispatcher, "eCHO", "Echo");
  assert_found (dispatcher, "ECHO2", "Echo2");
  g_assert_null (find (dispatcher, "Ech"));
  g_assert_null (find (dispatcher, "Echo "));
  g_assert_null (find (dispatcher, ""));
  g_assert_false (add (dispatcher, "eCHo", NULL, NULL));
  g_assert_false (add (dispatcher, "", NULL, NULL));
  kr_hub_dispatcher_unref (dispatcher);
}

/* One character for one, as OrdinalIgnoreCase: no sharp s becomes two. */
static void
test_unicode (void)
{
  KrHubDispatcher *dispatcher = kr_hub_dispatcher_new ();

  g_assert_true (add (dispatcher, "Größe", NULL, NULL));
  g_assert_true (add (dispatcher, "漢字", NULL, NULL));
  assert_found (dispatcher, "gRÖßE", "Größe");
  assert_found (dispatcher, "漢字", "漢字");
  g_assert_null (find (dispatcher, "GRÖSSE"));
  g_assert_false (add (dispatcher, "GRÖßE", NULL, NULL));
  g_assert_null (find (dispatcher, "Gr\xc3"));
  g_assert_null (find (dispatcher, "\xff"));
  g_assert_false (add (dispatcher, "\xff", NULL, NULL));
  kr_hub_dispatcher_unref (dispatcher);
}

/* Foreign names may be of any length; none beyond 255 bytes is a method's. */
static void
test_lengths (void)
{
  KrHubDispatcher *dispatcher = kr_hub_dispatcher_new ();
  g_autofree char *longest = g_strnfill (255, 'm');
  g_autofree char *too_long = g_strnfill (256, 'm');
  g_autofree char *huge = g_strnfill (1024 * 1024, 'm');
  g_autofree char *upper = g_ascii_strup (longest, -1);

  g_assert_true (add (dispatcher, longest, NULL, NULL));
  assert_found (dispatcher, upper, longest);
  g_assert_false (add (dispatcher, too_long, NULL, NULL));
  g_assert_null (find (dispatcher, too_long));
  g_assert_null (find (dispatcher, huge));
  kr_hub_dispatcher_unref (dispatcher);
}

static void
test_nul (void)
{
  KrHubDispatcher *dispatcher = kr_hub_dispatcher_new ();
  const KrHubSlice name = { "Echo\0x", 6 };

  g_assert_true (add (dispatcher, "Echo", NULL, NULL));
  g_assert_null (kr_hub_dispatcher_find (dispatcher, &name));
  kr_hub_dispatcher_unref (dispatcher);
}

static void
test_declarations (void)
{
  KrHubDispatcher *dispatcher = kr_hub_dispatcher_new ();
  const KrHubMethod *method;

  g_assert_true (add (dispatcher, "Any", NULL, NULL));
  g_assert_true (add (dispatcher, "None", "()", NULL));
  g_assert_true (add (dispatcher, "Strings", "(ssss)", "s"));
  g_assert_true (add (dispatcher, "TooMany", "(sssss)", "s"));
  g_assert_true (add (dispatcher, "Mixed", "(sa{sv}i)", "(si)"));

  method = find (dispatcher, "Any");
  g_assert_null (method->arguments);
  g_assert_false (method->strings_only);
  method = find (dispatcher, "None");
  g_assert_cmpuint (method->n_arguments, ==, 0);
  g_assert_null (method->result);
  method = find (dispatcher, "Strings");
  g_assert_true (method->strings_only);
  g_assert_cmpuint (method->n_arguments, ==, 4);
  g_assert_false (find (dispatcher, "TooMany")->strings_only);
  method = find (dispatcher, "Mixed");
  g_assert_false (method->strings_only);
  g_assert_cmpuint (method->n_arguments, ==, 3);
  g_assert_true (g_variant_type_equal (method->result, G_VARIANT_TYPE ("(si)")));
  g_assert_false (method->special);
  kr_hub_dispatcher_unref (dispatcher);
}

static gboolean
nobody (KrHubInvocation *invocation, gpointer data)
{
  return FALSE;
}

static void
count (gpointer data)
{
  ++*(guint *) data;
}

static void
test_more (void)
{
  KrHubDispatcher *dispatcher = kr_hub_dispatcher_new ();
  guint n_destroyed = 0, n_first = 0, n_second = 0;
  KrHubMethod *method;

  g_assert_true (kr_hub_dispatcher_add (dispatcher, "Upload", "()", "s", do_nothing, &n_destroyed, count));
  g_assert_null (kr_hub_dispatcher_lookup (dispatcher, "Download"));
  method = kr_hub_dispatcher_lookup (dispatcher, "uPLOAD");
  kr_hub_method_set_uploads (method, G_VARIANT_TYPE ("(isa{sv})"));
  g_assert_cmpuint (method->n_uploads, ==, 3);
  g_assert_true (g_variant_type_equal (method->uploads[2], G_VARIANT_TYPE_VARDICT));
  kr_hub_method_set_uploads (method, G_VARIANT_TYPE ("(s)"));
  g_assert_cmpuint (method->n_uploads, ==, 1);
  g_assert_true (method->special);
  /* Data goes with what it belongs to. */
  kr_hub_method_set_authorizer (method, nobody, &n_first, count);
  kr_hub_method_set_authorizer (method, nobody, &n_second, count);
  g_assert_cmpuint (n_first, ==, 1);
  g_assert_cmpuint (n_second, ==, 0);
  kr_hub_dispatcher_ref (dispatcher);
  kr_hub_dispatcher_unref (dispatcher);
  g_assert_cmpuint (n_destroyed, ==, 0);
  kr_hub_dispatcher_unref (dispatcher);
  g_assert_cmpuint (n_destroyed, ==, 1);
  g_assert_cmpuint (n_second, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dispatcher/names", test_names);
  g_test_add_func ("/dispatcher/unicode", test_unicode);
  g_test_add_func ("/dispatcher/lengths", test_lengths);
  g_test_add_func ("/dispatcher/nul", test_nul);
  g_test_add_func ("/dispatcher/declarations", test_declarations);
  g_test_add_func ("/dispatcher/more", test_more);
  return g_test_run ();
}
