// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright the krhub authors
// The official JavaScript client in Node: streams both ways, cancellation, client results, over each transport and protocol.

import assert from 'node:assert/strict';

import { callCases } from '../lib/call-cases.mjs';
import { requirePackage, startProgram } from '../lib/demo.mjs';
import { runCases, within } from '../lib/tap.mjs';

const signalR = requirePackage('@microsoft/signalr');
const { MessagePackHubProtocol } = requirePackage('@microsoft/signalr-protocol-msgpack');
const hub = await startProgram(process.env.KR_CALLS_HUB, [], {}, /^Listening on (\S+)$/);

await runCases(callCases({ signalR, MessagePackHubProtocol, assert, base: hub.found[1] }), async () => {
  hub.child.kill('SIGTERM');
  await within(20000, 'the hub stops', hub.exited);
});
