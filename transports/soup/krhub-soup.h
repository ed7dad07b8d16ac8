/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Umbrella header of transports/soup: the only one that programs include. */
#pragma once

#include <krhub.h>

#define KR_HUB_SOUP_INSIDE
#include "kr-hub-soup-connector.h"
#include "kr-hub-soup-endpoint.h"
#include "kr-hub-soup-front-door.h"
#include "kr-hub-soup-token-request.h"
#include "kr-hub-soup-visibility.h"
#undef KR_HUB_SOUP_INSIDE
