// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright the krhub authors
// Cases for the official JavaScript client, in Node and in a browser: values of every kind, groups, users, lost connections.

import { until, within } from './tap.mjs';

const DEADLINE = 20000;

/**
 * The cases as [name, function] pairs, for diff-server. The environment: signalR, MessagePackHubProtocol, assert; base, where
 * the hubs are; openRelay(), which resolves with a { url, cut, stop } of a relay whose connections can be cut; resends, if HTTP
 * repeats a poll that was cut, so that no client notices.
 */
export function valueCases({ signalR, MessagePackHubProtocol, assert, base: home, openRelay, resends = false }) {
  function build({ transport, protocol }, { path = '/hub', base = home, token, configure = (builder) => builder } = {}) {
    const connection = configure(new signalR.HubConnectionBuilder()
      .withUrl(base + path, { transport, ...(token ? { accessTokenFactory: () => token } : {}) })
      .withHubProtocol(protocol ?? new signalR.JsonHubProtocol())
      .configureLogging(signalR.LogLevel.None))
      .build();
    const events = [];

    connection.on('Event', (text) => events.push(text));
    return Object.assign(connection, { events });
  }

  /** Runs a body with connected clients, as many as options are given. */
  async function withClients(kind, options, body) {
    const clients = options.map((option) => build(kind, option));

    await within(DEADLINE, 'start', Promise.all(clients.map((client) => client.start())));
    try {
      await body(...clients);
    } finally {
      await within(DEADLINE, 'stop', Promise.all(clients.map((client) => client.stop())));
    }
  }

  const isBinary = (kind) => kind.protocol !== undefined;
  const call = (client, ...args) => within(DEADLINE, args[0], client.invoke(...args));

  async function testNumbers(kind) {
    await withClients(kind, [{}], async (client) => {
      for (const [method, values] of [
        ['EchoByte', [0, 127, 128, 255]], ['EchoShort', [-32768, -129, -1, 0, 32767]], ['EchoUShort', [0, 65535]],
        ['EchoInt', [-2147483648, -32769, -33, -32, 0, 127, 128, 65536, 2147483647]], ['EchoUInt', [0, 4294967295]],
        ['EchoLong', [Number.MIN_SAFE_INTEGER, -1, 0, 4294967296, Number.MAX_SAFE_INTEGER]], ['EchoULong', [0, Number.MAX_SAFE_INTEGER]],
        ['EchoDouble', [0, 1, -1, 0.1, 1.5, 1e21, -1e-7, 5e-324, Number.MAX_VALUE, 2 ** 53 + 2, 123456789.125]],
        ['EchoBool', [true, false]], ['EchoMaybe', [0, 7, null]]])
        for (const value of values)
          assert.equal(await call(client, method, value), value, `${method} ${value}`);
      for (const [method, value] of [['EchoByte', 256], ['EchoByte', -1], ['EchoShort', 32768], ['EchoInt', 2147483648], ['EchoUInt', -1],
        ['EchoInt', 1.5], ['EchoInt', '1'], ['EchoInt', null], ['EchoLong', 1.5], ['EchoBool', 1], ['EchoDouble', '1'], ['EchoULong', -1]])
        await assert.rejects(call(client, method, value), new RegExp(`Failed to invoke '${method}'`), `${method} ${value}`);
      // JSON has no such numbers: JavaScript writes null for them.
      for (const value of [NaN, Infinity, -Infinity]) {
        if (isBinary(kind))
          assert.ok(Object.is(await call(client, 'EchoDouble', value), value));
        else
          await assert.rejects(call(client, 'EchoDouble', value), /Failed to invoke 'EchoDouble'/);
      }
    });
  }

  async function testTexts(kind) {
    await withClients(kind, [{}], async (client) => {
      for (const text of ['', 'a', 'Grüße', '世界', '\u{1f680}\u{10ffff}', '\u0001\u001e\u001f\u007f\u0085\u2028\ufeff', '"\\/<>&\'', '\r\n\t', 'x'.repeat(30000)])
        assert.equal(await call(client, 'EchoString', text), text);
      // A lone surrogate is no text: JSON's escape is refused, MessagePack's encoder writes what is none.
      if (!isBinary(kind))
        await assert.rejects(call(client, 'EchoString', 'a\ud800b'), /Failed to invoke 'EchoString'/);
      else
        assert.equal(typeof await call(client, 'EchoString', 'a\ud800b'), 'string');
      assert.equal(await call(client, 'EchoString', 'still here'), 'still here');
    });
  }

  async function testStructures(kind) {
    await withClients(kind, [{}], async (client) => {
      const value = { name: 'ä', list: [1, [2, [3, null]], { deep: true }], empty: {}, none: [], 'key with ␞': -1.5 };

      assert.deepEqual(await call(client, 'EchoAny', value), value);
      assert.deepEqual(await call(client, 'EchoInts', [1, -2, 2147483647]), [1, -2, 2147483647]);
      assert.deepEqual(await call(client, 'EchoStrings', ['a', '', 'ß']), ['a', '', 'ß']);
      assert.deepEqual(await call(client, 'EchoMap', { b: 1, a: 2 }), { b: 1, a: 2 });
      if (isBinary(kind))
        assert.deepEqual(Array.from(await call(client, 'EchoBytes', new Uint8Array([0, 30, 255]))), [0, 30, 255]);
      else
        assert.equal(await call(client, 'EchoBytes', 'AB7/'), 'AB7/');
      assert.equal(await call(client, 'Nothing'), null);
      await client.send('ToCaller', 'sent');
      await until('the event', () => client.events.includes('sent'), DEADLINE);
    });
  }

  async function testErrors(kind) {
    await withClients(kind, [{}, { path: '/detailed' }], async (client, detailed) => {
      await assert.rejects(call(client, 'Fail', 'no luck'), /An unexpected error occurred invoking 'Fail' on the server\. HubException: no luck$/);
      await assert.rejects(call(client, 'NoSuch'), /HubException: Method does not exist\.$/);
      await assert.rejects(call(client, 'Secret'), /Failed to invoke 'Secret' because user is unauthorized$/);
      await assert.rejects(call(client, 'Two', 'x'), /Failed to invoke 'Two' due to an error on the server\.$/);
      await assert.rejects(call(detailed, 'Two', 'x'), /Invocation provides 1 argument\(s\) but target expects 2\.$/);
    });
  }

  async function testGroups(kind) {
    await withClients(kind, [{}, {}, {}], async (a, b, c) => {
      const group = `group of ${a.connectionId}`;

      await Promise.all([call(a, 'Join', group), call(b, 'Join', group)]);
      await call(c, 'ToGroup', group, 'both');
      await call(a, 'ToOthersInGroup', group, 'other');
      await call(b, 'Leave', group);
      await call(c, 'ToGroup', group, 'alone');
      await call(c, 'ToClient', b.connectionId, 'end');
      await until('the events', () => b.events.includes('end') && a.events.includes('alone'), DEADLINE);
      assert.deepEqual([a.events, b.events, c.events], [['both', 'alone'], ['both', 'other', 'end'], []]);
    });
  }

  async function testUsers(kind) {
    const user = (token) => ({ path: '/auth', token });

    await withClients(kind, [user('anna'), user('anna'), user('otto')], async (first, second, other) => {
      assert.equal(await call(first, 'UserId'), 'anna');
      await call(other, 'ToUser', 'anna', 'hello');
      await until('the events', () => first.events.length === 1 && second.events.length === 1, DEADLINE);
      assert.equal(other.events.length, 0);
    });
    await assert.rejects(within(DEADLINE, 'start', build(kind, { path: '/auth' }).start()), /401|Unauthorized/);
    await assert.rejects(within(DEADLINE, 'start', build(kind, user('forbidden')).start()), /403|Forbidden/);
  }

  /** A negotiation that sends the client elsewhere, with a token for there or without one. */
  async function testRedirects(kind) {
    for (const [path, user] of [['/redirect', 'redirected'], ['/redirect-as-is', 'emma']])
      await withClients(kind, [{ path, token: 'emma' }], async (client) => {
        assert.equal(await call(client, 'UserId'), user);
      });
    await assert.rejects(within(DEADLINE, 'start', build(kind, { path: '/redirect-loop' }).start()), /Negotiate redirection limit exceeded/);
  }

  /** A lost connection is replaced by a new one, which has another id and no groups. */
  async function testReconnect(kind) {
    const relay = await openRelay();
    const client = build(kind, { base: relay.url, configure: (builder) => builder.withAutomaticReconnect([0, 50, 200, 1000, 5000]) });
    const reconnected = new Promise((resolve) => { client.onreconnected(resolve); });

    await within(DEADLINE, 'start', client.start());
    const id = client.connectionId;
    await call(client, 'EchoInt', 1);
    await relay.cut();
    assert.notEqual(await within(DEADLINE, 'reconnect', reconnected), id);
    assert.equal(await call(client, 'EchoInt', 2), 2);
    await within(DEADLINE, 'stop', client.stop());
    await relay.stop();
  }

  /** The socket is cut under traffic: nothing is lost, nothing comes twice, all in order. */
  async function testStateful(kind) {
    const relay = await openRelay();
    const client = build(kind, { path: '/stateful', base: relay.url, configure: (builder) => builder.withStatefulReconnect() });
    const results = [];
    let closed = null;

    client.onclose((error) => { closed = error ?? new Error('closed'); });
    await within(DEADLINE, 'start', client.start());
    const id = client.connectionId;
    for (let round = 0; round < 5; round++) {
      const calls = Array.from({ length: 50 }, (unused, index) => client.invoke('EchoInt', round * 50 + index).then((value) => results.push(value)));

      await client.send('ToCaller', `round ${round}`);
      await relay.cut();
      await within(DEADLINE, 'the calls', Promise.all(calls));
      await until('the event', () => client.events.length === round + 1, DEADLINE);
      // Over the new socket: a client tries only once until that has carried something.
      assert.equal(await call(client, 'EchoInt', -1), -1);
    }
    assert.equal(closed, null);
    assert.equal(client.connectionId, id);
    assert.deepEqual(results, Array.from({ length: 250 }, (unused, index) => index));
    assert.deepEqual(client.events, Array.from({ length: 5 }, (unused, index) => `round ${index}`));
    await within(DEADLINE, 'stop', client.stop());
    await relay.stop();
  }

  const { WebSockets, ServerSentEvents, LongPolling } = signalR.HttpTransportType;
  const transports = [
    ['WebSocket, JSON', { transport: WebSockets }], ['WebSocket, MessagePack', { transport: WebSockets, protocol: new MessagePackHubProtocol() }],
    ['Server-Sent Events, JSON', { transport: ServerSentEvents }], ['long polling, JSON', { transport: LongPolling }],
    ['long polling, MessagePack', { transport: LongPolling, protocol: new MessagePackHubProtocol() }],
  ];
  const bodies = [['numbers', testNumbers], ['texts', testTexts], ['structures', testStructures], ['errors', testErrors],
    ['groups', testGroups], ['users', testUsers], ['redirects', testRedirects], ['reconnect', testReconnect], ['stateful reconnect', testStateful]];

  return transports.flatMap(([name, kind]) => bodies
    .filter(([, body]) => body !== testStateful || kind.transport === WebSockets) // the others have none
    .filter(([, body]) => body !== testReconnect || kind.transport !== LongPolling || !resends)
    .map(([what, body]) => [`${name}: ${what}`, () => body(kind)]));
}
