/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Whether sixteen bytes can be looked at at once; KR_HUB_NO_SIMD builds, and tests, what other processors run. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#if defined (__SSE2__) && !defined (KR_HUB_NO_SIMD)
#include <emmintrin.h>
#define KR_HUB_SSE2 1
#endif
