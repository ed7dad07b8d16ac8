/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* How a task looks in JSON: the record of the sample, and the document of the REST form. */
#pragma once

#include <json-glib/json-glib.h>
#include <krtask.h>

G_BEGIN_DECLS

void kr_task_soup_record_add (JsonBuilder *builder, KrTaskJob *job);
void kr_task_soup_document_add (JsonBuilder *builder, KrTaskJob *job);
char *kr_task_soup_builder_to_text (JsonBuilder *builder);

G_END_DECLS
