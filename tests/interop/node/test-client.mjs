// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright the krhub authors
// The official JavaScript client against the demo's hub, over each transport and in both protocols.

import assert from 'node:assert/strict';

import { createPoster, requirePackage, startDemo } from '../lib/demo.mjs';
import { runCases, until, within } from '../lib/tap.mjs';

const signalR = requirePackage('@microsoft/signalr');
const { MessagePackHubProtocol } = requirePackage('@microsoft/signalr-protocol-msgpack');
const DEADLINE = 10000;

const demo = await startDemo(['--http']);

/** Builds a client; what the server sends under the given names is collected in order. */
function build(url, { transport, protocol }, options = {}) {
  const connection = new signalR.HubConnectionBuilder()
    .withUrl(`${url}/hubs/kestrun`, { transport, ...options })
    .withHubProtocol(protocol ?? new signalR.JsonHubProtocol())
    .withKeepAliveInterval(3000)
    .configureLogging(signalR.LogLevel.None)
    .build();
  const received = [];

  for (const name of ['ReceiveEcho', 'ReceiveEvent', 'GroupJoined', 'GroupLeft', 'ReceiveLog', 'serverShutdown'])
    connection.on(name, (...args) => received.push([name, ...args]));
  return { connection, received };
}

/** Runs a body with a connected client. */
async function withClient(transport, body) {
  const client = build(demo.url, transport);

  await within(DEADLINE, 'start', client.connection.start());
  try {
    await body(client);
  } finally {
    await within(DEADLINE, 'stop', client.connection.stop());
  }
}

const next = (received, name) => until(name, () => received.find((call) => call[0] === name), DEADLINE);

async function testEcho(transport) {
  await withClient(transport, async ({ connection, received }) => {
    const text = 'Grüße, 世界 \u{1f680} "\\\u0007\u001e';

    await within(DEADLINE, 'Echo', connection.invoke('Echo', text));
    assert.deepEqual(await next(received, 'ReceiveEcho'), ['ReceiveEcho', text]);
  });
}

async function testOrder(transport) {
  await withClient(transport, async ({ connection, received }) => {
    const sent = Array.from({ length: 200 }, (unused, index) => `${index} ${'x'.repeat(index * 20)}`);

    await within(DEADLINE, 'Echo', Promise.all(sent.map((text) => connection.invoke('eCHO', text))));
    await until('all echoes', () => received.length === sent.length, DEADLINE);
    assert.deepEqual(received.map((call) => call[1]), sent);
  });
}

async function testErrors(transport) {
  await withClient(transport, async ({ connection, received }) => {
    await assert.rejects(within(DEADLINE, 'Nope', connection.invoke('Nope')),
      /Failed to invoke 'Nope' due to an error on the server\. HubException: Method does not exist\./);
    await assert.rejects(within(DEADLINE, 'Echo', connection.invoke('Echo')), /Failed to invoke 'Echo'/);
    await assert.rejects(within(DEADLINE, 'Echo', connection.invoke('Echo', 12)), /Failed to invoke 'Echo'/);
    await within(DEADLINE, 'Echo', connection.invoke('Echo', 'still here'));
    assert.deepEqual(await next(received, 'ReceiveEcho'), ['ReceiveEcho', 'still here']);
  });
}

async function testGroups(transport) {
  await withClient(transport, async ({ connection, received }) => {
    await within(DEADLINE, 'JoinGroup', connection.invoke('JoinGroup', 'readers'));
    assert.deepEqual(await next(received, 'GroupJoined'), ['GroupJoined', 'readers']);
    await within(DEADLINE, 'LeaveGroup', connection.invoke('LeaveGroup', 'readers'));
    assert.deepEqual(await next(received, 'GroupLeft'), ['GroupLeft', 'readers']);
  });
}

/** The events of one task, in the order they arrived. */
const eventsOf = (received, id) => received
  .filter(([name, event]) => name === 'ReceiveEvent' && event.data.TaskId === id)
  .map(([, event]) => event);
const isComplete = (event) => event.eventName === 'OperationComplete';

function checkEvents(events, message) {
  const progress = events.slice(0, -1);
  const last = events.at(-1);

  assert.ok(progress.every((event) => event.eventName === 'OperationProgress'), 'only progress before the end');
  assert.equal(progress[0].data.Progress, 0);
  assert.equal(progress[0].data.Message, 'Started');
  progress.slice(1).forEach((event, index) => assert.match(event.data.Message, new RegExp(`^Step ${index + 1} / `)));
  for (const event of events) {
    assert.ok(!Number.isNaN(Date.parse(event.timestamp)) && !Number.isNaN(Date.parse(event.data.Timestamp)));
    assert.ok(Number.isInteger(event.data.Progress));
  }
  assert.equal(last.eventName, 'OperationComplete');
  assert.equal(last.data.Message, message);
  assert.equal(last.data.Progress, message === 'Completed' ? 100 : progress.at(-1).data.Progress);
}

async function startTask(post, seconds) {
  const response = await post(`/api/operation/start?seconds=${seconds}`);
  const answer = await response.json();

  assert.equal(response.status, 200);
  assert.equal(answer.Success, true);
  assert.equal(answer.Message, 'Task started');
  assert.match(answer.TaskId, /^\S{8,}$/);
  return answer.TaskId;
}

async function testCompletion(transport) {
  const post = await createPoster(demo.url);

  await withClient(transport, async ({ received }) => {
    const id = await startTask(post, 2);

    await until('completion', () => eventsOf(received, id).some(isComplete), DEADLINE);
    checkEvents(eventsOf(received, id), 'Completed');
    assert.equal(eventsOf(received, id).length, 6); // Started, four steps, Completed
  });
}

async function testCancel(transport) {
  const post = await createPoster(demo.url);

  await withClient(transport, async ({ received }) => {
    const id = await startTask(post, 600);

    await until('a first event', () => eventsOf(received, id).length > 0, DEADLINE);
    const response = await post(`/tasks/cancel?id=${id}`);
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), { Success: true, TaskId: id, Message: 'Cancel requested' });
    await until('completion', () => eventsOf(received, id).some(isComplete), DEADLINE);
    checkEvents(eventsOf(received, id), 'Cancelled');

    const again = await post(`/tasks/cancel?id=${id}`);
    assert.equal(again.status, 409);
    assert.equal((await again.json()).Success, false);
    assert.equal(eventsOf(received, id).filter(isComplete).length, 1);
  });
}

async function testBroadcast() {
  const post = await createPoster(demo.url);
  const clients = Object.values(transports).map((transport) => build(demo.url, transport));

  await within(DEADLINE, 'start', Promise.all(clients.map(({ connection }) => connection.start())));
  const id = await startTask(post, 1);
  for (const { connection, received } of clients) {
    await until('completion', () => eventsOf(received, id).some(isComplete), DEADLINE);
    checkEvents(eventsOf(received, id), 'Completed');
    await within(DEADLINE, 'stop', connection.stop());
  }
}

/** Without negotiation a WebSocket is one request. */
async function testSkipNegotiation() {
  const client = build(demo.url, transports.websocket, { skipNegotiation: true });

  await within(DEADLINE, 'start', client.connection.start());
  await within(DEADLINE, 'Echo', client.connection.invoke('Echo', 'direct'));
  assert.deepEqual(await next(client.received, 'ReceiveEcho'), ['ReceiveEcho', 'direct']);
  await within(DEADLINE, 'stop', client.connection.stop());
}

/** Over TLS, until the server stops: every client is told, and its connection ends. */
async function testTlsAndShutdown(transport) {
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'; // the certificate is the server's own
  const secure = await startDemo();
  const client = build(secure.url, transport);
  const closed = new Promise((resolve) => { client.connection.onclose(resolve); });

  assert.match(secure.url, /^https:/);
  await within(DEADLINE, 'start', client.connection.start());
  await within(DEADLINE, 'Echo', client.connection.invoke('Echo', 'x'.repeat(30000)));
  assert.equal((await next(client.received, 'ReceiveEcho'))[1].length, 30000);
  const status = secure.stop();
  assert.deepEqual(await next(client.received, 'serverShutdown'), ['serverShutdown', 'Server stopping']);
  await within(DEADLINE, 'close', closed);
  assert.equal(await status, 0);
}

const transports = { // an event stream carries text only
  'websocket': { transport: signalR.HttpTransportType.WebSockets },
  'sse': { transport: signalR.HttpTransportType.ServerSentEvents },
  'long-polling': { transport: signalR.HttpTransportType.LongPolling },
  'websocket/msgpack': { transport: signalR.HttpTransportType.WebSockets, protocol: new MessagePackHubProtocol() },
  'long-polling/msgpack': { transport: signalR.HttpTransportType.LongPolling, protocol: new MessagePackHubProtocol() },
};
const perTransport = {
  'echo': testEcho, 'order': testOrder, 'errors': testErrors, 'groups': testGroups, 'completion': testCompletion,
  'cancel': testCancel, 'tls-and-shutdown': testTlsAndShutdown,
};
const cases = Object.entries(transports).flatMap(([name, transport]) => Object.entries(perTransport)
  .map(([what, test]) => [`/node/${name}/${what}`, () => test(transport)]));

cases.push(['/node/websocket/skip-negotiation', testSkipNegotiation], ['/node/all/broadcast', testBroadcast]);
cases.push(['/node/stop', async () => assert.equal(await demo.stop(), 0)]); // not 0 if a sanitizer found something
await runCases(cases);
