/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Says something in the chat of chat.c, prints what comes back, and leaves: client URL TEXT */
#include <krhub-soup.h>
#include <locale.h>
#include <stdlib.h>

typedef struct
{
  GMainLoop *loop;
  const char *text;
  int status;
} Chat;

static void
leave (Chat *chat, const GError *error)
{
  if (error != NULL)
    {
      g_printerr ("%s\n", error->message);
      chat->status = EXIT_FAILURE;
    }
  g_main_loop_quit (chat->loop);
}

static void
on_stopped (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  kr_hub_client_stop_finish (KR_HUB_CLIENT (source), result, &error);
  leave (data, error);
}

static void
on_sent (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (!kr_hub_client_call_finish (KR_HUB_CLIENT (source), result, &error, NULL))
    leave (data, error);
  else
    kr_hub_client_stop_async (KR_HUB_CLIENT (source), NULL, on_stopped, data);
}

static void
on_started (GObject *source, GAsyncResult *result, gpointer data)
{
  Chat *chat = data;
  g_autoptr (GError) error = NULL;

  if (!kr_hub_client_start_finish (KR_HUB_CLIENT (source), result, &error))
    leave (chat, error);
  else
    kr_hub_client_call_async (KR_HUB_CLIENT (source), "Send", NULL, on_sent, chat, "(ss)", "C", chat->text);
}

/* Message (user, text), called by the hub */
static void
on_message (KrHubInvocation *invocation, gpointer data)
{
  g_print ("%s: %s\n", kr_hub_invocation_get_string (invocation, 0), kr_hub_invocation_get_string (invocation, 1));
}

int
main (int argc, char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (KrHubSoupConnector) connector = NULL;
  g_autoptr (KrHubClient) client = NULL;
  g_autoptr (GError) error = NULL;
  Chat chat = { .loop = loop };

  setlocale (LC_ALL, ""); /* g_print() writes in the encoding of the terminal */
  if (argc != 3)
    {
      g_printerr ("Usage: %s URL TEXT\n", argv[0]);
      return EXIT_FAILURE;
    }
  chat.text = argv[2];
  connector = kr_hub_soup_connector_new (argv[1], NULL, &error);
  if (connector == NULL)
    {
      g_printerr ("%s\n", error->message);
      return EXIT_FAILURE;
    }
  client = kr_hub_client_new_for_connector (KR_HUB_CONNECTOR (connector));
  kr_hub_client_add_handler (client, "Message", "(ss)", on_message, NULL, NULL);
  kr_hub_client_start_async (client, NULL, on_started, &chat);
  g_main_loop_run (loop);
  return chat.status;
}
