/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What a request about tasks asks for: path, query and body, without any I/O. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define KR_TASK_SOUP_ID_LENGTH 128
#define KR_TASK_SOUP_QUERY_PARAMETERS 32
#define KR_TASK_SOUP_TAGS 16
#define KR_TASK_SOUP_TAG_LENGTH 64

/* The code of a fault is the HTTP status of its answer. */
#define KR_TASK_SOUP_FAULT (kr_task_soup_fault_quark ())

typedef enum
{
  KR_TASK_SOUP_ACTION_CREATE,
  KR_TASK_SOUP_ACTION_RUN, /* of the sample: create and start */
  KR_TASK_SOUP_ACTION_START,
  KR_TASK_SOUP_ACTION_STATE,
  KR_TASK_SOUP_ACTION_RESULT,
  KR_TASK_SOUP_ACTION_CANCEL,
  KR_TASK_SOUP_ACTION_REMOVE,
  KR_TASK_SOUP_ACTION_LIST,
} KrTaskSoupAction;

typedef struct
{
  KrTaskSoupAction action;
  gboolean sample;       /* one of the query routes, whose answers have the sample's keys */
  gboolean changes;      /* something: it must be guarded */
  const char *allow;     /* the methods of the path, when the fault is that of the method */
  char *id;              /* of the task; NULL: none is needed */
  char *kind;            /* to create */
  GVariant *parameters;  /* of the kind, an a{sv} */
  char *title;
  char *key;
  GStrv tags;            /* NULL: none */
  char *tag;             /* of what is listed; NULL: any */
  gint32 priority;
  gboolean autostart;
  char *reason;          /* to cancel */
  gboolean defer;
  gint64 wait_us;        /* 0: answer at once */
} KrTaskSoupRequest;

GQuark kr_task_soup_fault_quark (void);
gboolean kr_task_soup_request_parse_target (KrTaskSoupRequest *request, const char *method, const char *path,
                                            const char *query, GError **error);
gboolean kr_task_soup_request_parse_body (KrTaskSoupRequest *request, const char *content_type, const char *body,
                                          gsize length, GError **error);
void kr_task_soup_request_clear (KrTaskSoupRequest *request);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (KrTaskSoupRequest, kr_task_soup_request_clear)

G_END_DECLS
