/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Umbrella header of libkrcsrf-soup: the only one that programs include. */
#pragma once

#define KR_CSRF_SOUP_INSIDE
#include "kr-csrf-soup-guard.h"
#include "kr-csrf-soup-visibility.h"
#undef KR_CSRF_SOUP_INSIDE
