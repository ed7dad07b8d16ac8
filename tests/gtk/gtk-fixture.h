/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The real window, a private bus, and a program with tasks on it that comes and goes. */
#pragma once

#include <gtk/gtk.h>
#include <kr-test.h>

#include "demo-source.h"
#include "demo-task-row.h"

G_BEGIN_DECLS

typedef struct
{
  GTestDBus *bus;
  GDBusConnection *server; /* NULL while the program is away */
  KrTaskManager *manager;
  KrTaskBusExporter *exporter;
  guint name_id;
  guint seconds;           /* of the operation that was started last */
  DemoSource *source;
  GtkWidget *window;
} GtkFixture;

void gtk_fixture_set_up (GtkFixture *f, gconstpointer data);
void gtk_fixture_set_up_alone (GtkFixture *f, gconstpointer data);
void gtk_fixture_tear_down (GtkFixture *f, gconstpointer data);

/* What every program does first. */
void gtk_fixture_init (int *argc, char ***argv);

/* The program appears on the bus, and leaves it. */
void gtk_fixture_server_comes (GtkFixture *f);
void gtk_fixture_server_goes (GtkFixture *f);

/* The program offers another kind of task. */
void gtk_fixture_offer (GtkFixture *f, const char *kind);

/* A job that runs @func, and the row that shows it. */
KrTaskJob *gtk_fixture_submit (GtkFixture *f, const char *title, KrTaskFunc func, gpointer data);
DemoTaskRow *gtk_fixture_wait_row (GtkFixture *f, const char *title);
guint gtk_fixture_count_rows (GtkFixture *f);
DemoTaskRow *gtk_fixture_get_row (GtkFixture *f, guint index);

/* The descendant with this id of a template; must exist. */
GtkWidget *gtk_fixture_find (gpointer root, const char *id);
const char *gtk_fixture_text (gpointer root, const char *id);
void gtk_fixture_press (gpointer root, const char *id);
void gtk_fixture_open_popover (GtkFixture *f, double seconds);
gboolean gtk_fixture_is_mapped (gpointer widget);
gboolean gtk_fixture_has_no_rows (gpointer f);
void gtk_fixture_wait_text (gpointer root, const char *id, const char *text);
void gtk_fixture_wait_page (GtkFixture *f, const char *name);
void gtk_fixture_wait_state (DemoTaskRow *row, KrTaskState state);

/* A picture of the window, if the environment says where. */
void gtk_fixture_take_picture (GtkFixture *f, const char *name);

G_END_DECLS
