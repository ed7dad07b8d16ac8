/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Umbrella header of libkrhub: the only one that programs include. */
#pragma once

#define KR_HUB_INSIDE
#include "kr-hub-buffer.h"
#include "kr-hub-client.h"
#include "kr-hub-clients.h"
#include "kr-hub-clock.h"
#include "kr-hub-close-reason.h"
#include "kr-hub-connection.h"
#include "kr-hub-connector.h"
#include "kr-hub-error.h"
#include "kr-hub-filter.h"
#include "kr-hub-invocation.h"
#include "kr-hub-json-protocol.h"
#include "kr-hub-memory-transport.h"
#include "kr-hub-message.h"
#include "kr-hub-metric.h"
#include "kr-hub-metrics.h"
#include "kr-hub-msgpack-protocol.h"
#include "kr-hub-negotiation.h"
#include "kr-hub-outbox-policy.h"
#include "kr-hub-protocol.h"
#include "kr-hub-retry-policy.h"
#include "kr-hub-server.h"
#include "kr-hub-stream-item.h"
#include "kr-hub-stream-model.h"
#include "kr-hub-stream.h"
#include "kr-hub-transport.h"
#include "kr-hub-types.h"
#include "kr-hub-visibility.h"
#undef KR_HUB_INSIDE
