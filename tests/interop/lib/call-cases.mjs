// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright the krhub authors
// Cases for the official JavaScript client, in Node and in a browser: streams both ways, cancellation, client results.

import { until, within } from './tap.mjs';

const DEADLINE = 20000;

/** The cases as [name, function] pairs, for calls-hub. The environment: signalR, MessagePackHubProtocol, assert, base. */
export function callCases({ signalR, MessagePackHubProtocol, assert, base }) {
  const url = `${base}/hub`;

  /** Runs a body with a connected client. */
  async function withClient({ transport, protocol }, body) {
    const connection = new signalR.HubConnectionBuilder()
      .withUrl(url, { transport })
      .withHubProtocol(protocol ?? new signalR.JsonHubProtocol())
      .configureLogging(signalR.LogLevel.None)
      .build();

    connection.on('Question', (text) => {
      if (text === 'fail')
        throw new Error('I do not know');
      return text === 'nothing' ? undefined : `${text}!`;
    });
    await within(DEADLINE, 'start', connection.start());
    try {
      await body(connection);
    } finally {
      await within(DEADLINE, 'stop', connection.stop());
    }
  }

  /** Collects a stream; the items, and how it ended. */
  function collect(stream, onItem = () => {}) {
    return new Promise((resolve) => {
      const items = [];
      const subscription = stream.subscribe({
        next: (item) => { items.push(item); onItem(item, subscription); },
        error: (error) => resolve({ items, error: error.message }),
        complete: () => resolve({ items, error: null }),
      });
    });
  }

  async function testStream(transport) {
    await withClient(transport, async (connection) => {
      assert.deepEqual(await within(DEADLINE, 'Count', collect(connection.stream('Count', 5))),
        { items: [0, 1, 2, 3, 4], error: null });
      assert.deepEqual(await within(DEADLINE, 'StreamBreak', collect(connection.stream('StreamBreak'))),
        { items: ['one'], error: 'An error occurred on the server while streaming results. HubException: torn' });
      assert.deepEqual(await within(DEADLINE, 'Echo', collect(connection.stream('Echo', 'x'))), { items: [],
        error: "The client attempted to invoke the non-streaming 'Echo' method with a streaming invocation." });
      await assert.rejects(connection.invoke('Count', 5),
        /The client attempted to invoke the streaming 'Count' method with a non-streaming invocation\./);
    });
  }

  /** Three times what may wait for a client before a writer has to. */
  async function testBackPressure(transport) {
    await withClient(transport, async (connection) => {
      const { items, error } = await within(DEADLINE, 'Paced', collect(connection.stream('Paced', 200)));

      assert.equal(error, null);
      assert.equal(items.length, 200);
      assert.ok(items.every((item) => item.length === 1000));
    });
  }

  async function testCancel(transport) {
    await withClient(transport, async (connection) => {
      const before = await connection.invoke('Cancelled');

      await within(DEADLINE, 'Hold', new Promise((resolve) => {
        const subscription = connection.stream('Hold').subscribe({
          next: (item) => { assert.equal(item, 'held'); subscription.dispose(); resolve(); },
          error: () => {},
          complete: () => {},
        });
      }));
      await until('the cancellation', async () => await connection.invoke('Cancelled') > before, DEADLINE);
    });
  }

  async function testUpload(transport) {
    await withClient(transport, async (connection) => {
      const numbers = new signalR.Subject();
      const sum = connection.invoke('Collect', numbers);

      for (let number = 1; number <= 30; number++)
        numbers.next(number);
      numbers.complete();
      assert.equal(await within(DEADLINE, 'Collect', sum),
        Array.from({ length: 30 }, (unused, index) => `${index + 1} `).join(''));

      const failing = new signalR.Subject();
      const failed = connection.invoke('Collect', failing);

      failing.next(1);
      failing.error(new Error('out of stock'));
      await assert.rejects(within(DEADLINE, 'Collect', failed), /invoking 'Collect' on the server\. HubException: .*out of stock/);

      const wrong = new signalR.Subject();
      const refused = connection.invoke('Collect', wrong);

      wrong.next('two');
      await assert.rejects(within(DEADLINE, 'Collect', refused), /HubException: Failed to bind Stream message\./);
    });
  }

  async function testBoth(transport) {
    await withClient(transport, async (connection) => {
      const words = new signalR.Subject();
      const mirrored = collect(connection.stream('Mirror', words));

      for (const word of ['a', 'ä', '\u{1f680}'])
        words.next(word);
      words.complete();
      assert.deepEqual(await within(DEADLINE, 'Mirror', mirrored), { items: ['a', 'ä', '\u{1f680}'], error: null });
    });
  }

  async function testClientResult(transport) {
    await withClient(transport, async (connection) => {
      assert.equal(await within(DEADLINE, 'Ask', connection.invoke('Ask', '', 'who')), 'who!');
      await assert.rejects(within(DEADLINE, 'Ask', connection.invoke('Ask', '', 'fail')), /HubException: .*I do not know/);
      await assert.rejects(within(DEADLINE, 'Ask', connection.invoke('Ask', '', 'nothing')),
        /HubException: Client didn't provide a result\./);
    });
  }

  const transports = [
    ['WebSocket, JSON', { transport: signalR.HttpTransportType.WebSockets }],
    ['WebSocket, MessagePack', { transport: signalR.HttpTransportType.WebSockets, protocol: new MessagePackHubProtocol() }],
    ['Server-Sent Events, JSON', { transport: signalR.HttpTransportType.ServerSentEvents }],
    ['long polling, JSON', { transport: signalR.HttpTransportType.LongPolling }],
    ['long polling, MessagePack', { transport: signalR.HttpTransportType.LongPolling, protocol: new MessagePackHubProtocol() }],
  ];
  const bodies = [
    ['stream', testStream], ['back-pressure', testBackPressure], ['cancel', testCancel], ['upload', testUpload],
    ['both ways', testBoth], ['client result', testClientResult],
  ];

  return transports.flatMap(([name, transport]) => bodies.map(([what, body]) => [`${name}: ${what}`, () => body(transport)]));
}
