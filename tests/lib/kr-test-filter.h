/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTestFilter: a hub filter that keeps a diary. */
#pragma once

#include <krhub.h>

G_BEGIN_DECLS

#define KR_TEST_TYPE_FILTER (kr_test_filter_get_type ())
G_DECLARE_FINAL_TYPE (KrTestFilter, kr_test_filter, KR_TEST, FILTER, GObject)

struct _KrTestFilter
{
  GObject parent_instance;

  char *name;
  GString *diary;            /* not owned; shared by several */
  char *refused;             /* a method that it answers itself; "*": a connection */
  char *delayed;             /* a method that it keeps */
  char *translated;          /* a method whose outcome it replaces */
  KrHubInvocation *kept;
};

KrTestFilter *kr_test_filter_new (const char *name, GString *diary);

G_END_DECLS
