// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright the krhub authors
// The official JavaScript client in Node: values of every kind and their edges, groups, users, lost connections.

import assert from 'node:assert/strict';

import { requirePackage, startProgram } from '../lib/demo.mjs';
import { startRelay } from '../lib/relay.mjs';
import { runCases, within } from '../lib/tap.mjs';
import { valueCases } from '../lib/value-cases.mjs';

const signalR = requirePackage('@microsoft/signalr');
const { MessagePackHubProtocol } = requirePackage('@microsoft/signalr-protocol-msgpack');
const hub = await startProgram(process.env.KR_DIFF_SERVER, [], {}, /^listening on 127\.0\.0\.1:(\d+)/);
const port = Number(hub.found[1]);

await runCases(
  valueCases({ signalR, MessagePackHubProtocol, assert, base: `http://127.0.0.1:${port}`, openRelay: () => startRelay(port) }),
  async () => {
    hub.child.kill('SIGTERM');
    await within(20000, 'the hub stops', hub.exited);
  },
);
