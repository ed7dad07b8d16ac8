// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright the krhub authors
// How long it takes from sending the cancel request until the client has OperationComplete, over WebSocket.

import { createPoster, requirePackage, startDemo } from '../lib/demo.mjs';
import { within } from '../lib/tap.mjs';

const signalR = requirePackage('@microsoft/signalr');
const runs = Number(process.argv[2] ?? 200);

const demo = await startDemo(['--http']);
const post = await createPoster(demo.url);
const connection = new signalR.HubConnectionBuilder()
  .withUrl(`${demo.url}/hubs/kestrun`, { transport: signalR.HttpTransportType.WebSockets })
  .configureLogging(signalR.LogLevel.None)
  .build();
const waiting = new Map();
const times = [];

connection.on('ReceiveEvent', ({ eventName, data }) => waiting.get(`${eventName} ${data.TaskId}`)?.());
await connection.start();
const event = (name, id) => within(10000, name, new Promise((resolve) => { waiting.set(`${name} ${id}`, resolve); }));

for (let i = 0; i < runs; i++) {
  const { TaskId: id } = await (await post('/api/operation/start?seconds=600')).json();
  const complete = event('OperationComplete', id);

  await new Promise((resolve) => { setTimeout(resolve, 20); }); // well into its first step
  const begin = performance.now();
  const response = post(`/tasks/cancel?id=${id}`);
  await complete;
  times.push(performance.now() - begin);
  await response;
}
times.sort((a, b) => a - b);
const at = (share) => times[Math.min(times.length - 1, Math.ceil(times.length * share) - 1)].toFixed(2);
console.log(`cancel to OperationComplete, ${runs} runs: median ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`);
await connection.stop();
process.exit(await demo.stop());
