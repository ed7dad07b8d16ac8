/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Calls that are answered with a value, with nothing, with an error, late, or never. */
#include "config.h"

#include "diff-hub.h"

/* Answers with its only argument, whatever that is. */
static void
echo (KrHubInvocation *invocation, gpointer data)
{
  g_autoptr (GError) error = NULL;
  GVariant *arguments = kr_hub_invocation_get_arguments (invocation, &error);
  g_autoptr (GVariant) value = arguments != NULL ? g_variant_get_child_value (arguments, 0) : NULL;

  if (value != NULL)
    kr_hub_invocation_return_value (invocation, value);
  else
    kr_hub_invocation_return_error (invocation, error);
}

static void
echo_string (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_invocation_return_string (invocation, kr_hub_invocation_get_string (invocation, 0));
}

static void
two (KrHubInvocation *invocation, gpointer data)
{
  g_autofree char *text = NULL;
  const char *first;
  gint second;

  g_variant_get (kr_hub_invocation_get_arguments (invocation, NULL), "(&si)", &first, &second);
  text = g_strdup_printf ("%s %d", first, second);
  kr_hub_invocation_return_string (invocation, text);
}

static void
nothing (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_invocation_return_void (invocation);
}

static void
big (KrHubInvocation *invocation, gpointer data)
{
  g_autofree char *text = NULL;
  gint length;

  g_variant_get (kr_hub_invocation_get_arguments (invocation, NULL), "(i)", &length);
  text = g_strnfill (MAX (length, 0), 'x');
  kr_hub_invocation_return_string (invocation, text);
}

static void
fail (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_invocation_return_error_literal (invocation, kr_hub_invocation_get_string (invocation, 0));
}

GError *
diff_make_error (const char *kind)
{
  static const struct
  {
    const char *kind;
    gint code;
  } kinds[] = {
    { "argument", G_IO_ERROR_INVALID_ARGUMENT }, { "cancelled", G_IO_ERROR_CANCELLED },
    { "data", G_IO_ERROR_INVALID_DATA },         { "permission", G_IO_ERROR_PERMISSION_DENIED },
    { "timeout", G_IO_ERROR_TIMED_OUT },         { "unsupported", G_IO_ERROR_NOT_SUPPORTED },
    { "io", G_IO_ERROR_NOT_FOUND },
  };

  if (g_str_equal (kind, "hub"))
    return g_error_new_literal (KR_HUB_ERROR, KR_HUB_ERROR_FAILED, "shown");
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_str_equal (kinds[i].kind, kind))
      return g_error_new_literal (G_IO_ERROR, kinds[i].code, "kept");
  return g_error_new_literal (G_FILE_ERROR, G_FILE_ERROR_FAILED, "kept");
}

static void
break_down (KrHubInvocation *invocation, gpointer data)
{
  g_autoptr (GError) error = diff_make_error (kr_hub_invocation_get_string (invocation, 0));

  kr_hub_invocation_return_error (invocation, error);
}

static void
drop (GCancellable *cancellable, gpointer invocation)
{
  kr_hub_invocation_unref (invocation);
}

/* Is never answered; its caller's end is its end. */
static void
unanswered (KrHubInvocation *invocation, gpointer data)
{
  g_signal_connect (kr_hub_invocation_get_cancellable (invocation), "cancelled", G_CALLBACK (drop),
                    kr_hub_invocation_ref (invocation));
}

static void
connection_id (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_invocation_return_string (invocation, kr_hub_connection_get_id (kr_hub_invocation_get_connection (invocation)));
}

static void
user_id (KrHubInvocation *invocation, gpointer data)
{
  const char *user = kr_hub_connection_get_user_id (kr_hub_invocation_get_connection (invocation));

  kr_hub_invocation_return_string (invocation, user != NULL ? user : "nobody");
}

static void
end (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_connection_abort (kr_hub_invocation_get_connection (invocation));
  kr_hub_invocation_return_void (invocation);
}

/* --- asking a client --- */

static void
answered (GObject *hub, GAsyncResult *result, gpointer data)
{
  g_autoptr (KrHubInvocation) invocation = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = kr_hub_server_invoke_finish (KR_HUB_SERVER (hub), result, &error);

  if (value != NULL)
    kr_hub_invocation_return_value (invocation, value);
  else
    kr_hub_invocation_return_error (invocation, error);
}

static void
ask (KrHubInvocation *invocation, gpointer hub)
{
  const char *id = kr_hub_invocation_get_string (invocation, 0);
  const char *question = kr_hub_invocation_get_string (invocation, 1);

  if (*id == '\0')
    id = kr_hub_connection_get_id (kr_hub_invocation_get_connection (invocation));
  kr_hub_server_invoke_async (hub, invocation, id, "Question", g_variant_new ("(s)", question), G_VARIANT_TYPE_STRING,
                              NULL, answered, kr_hub_invocation_ref (invocation));
}

static gboolean
refuse (KrHubInvocation *invocation, gpointer data)
{
  return FALSE;
}

static const DiffMethod methods[] = {
  { "EchoString", "(s)", "s", echo_string },
  { "EchoBool", "(b)", "b", echo },
  { "EchoByte", "(y)", "y", echo },
  { "EchoShort", "(n)", "n", echo },
  { "EchoUShort", "(q)", "q", echo },
  { "EchoInt", "(i)", "i", echo },
  { "EchoUInt", "(u)", "u", echo },
  { "EchoLong", "(x)", "x", echo },
  { "EchoULong", "(t)", "t", echo },
  { "EchoDouble", "(d)", "d", echo },
  { "EchoBytes", "(ay)", "ay", echo },
  { "EchoInts", "(ai)", "ai", echo },
  { "EchoStrings", "(as)", "as", echo },
  { "EchoMap", "(a{si})", "a{si}", echo },
  { "EchoMaybe", "(mi)", "mi", echo },
  { "EchoAny", "(v)", "v", echo },
  { "Two", "(si)", "s", two },
  { "Nothing", "()", NULL, nothing },
  { "Big", "(i)", "s", big },
  { "Fail", "(s)", NULL, fail },
  { "Break", "(s)", NULL, break_down },
  { "Unanswered", "()", "s", unanswered },
  { "ConnectionId", "()", "s", connection_id },
  { "UserId", "()", "s", user_id },
  { "End", "()", NULL, end },
  { "Ask", "(ss)", "s", ask },
  { "Secret", "()", NULL, nothing },
};

void
diff_hub_register (KrHubServer *hub, const DiffMethod *table, guint n_methods)
{
  for (guint i = 0; i < n_methods; i++)
    if (!kr_hub_server_add_method (hub, table[i].name, table[i].arguments, table[i].result, table[i].func, hub, NULL))
      g_error ("%s cannot be added", table[i].name);
}

void
diff_hub_add_methods (KrHubServer *hub)
{
  diff_hub_register (hub, methods, G_N_ELEMENTS (methods));
  kr_hub_server_set_method_authorizer (hub, "Secret", refuse, NULL, NULL);
}
