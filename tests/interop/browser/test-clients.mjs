// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright the krhub authors
// The official JavaScript client in headless Chromium: the cases of the Node runs, in a page of the hub's own origin.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { requirePackage, startProgram } from '../lib/demo.mjs';
import { startRelay } from '../lib/relay.mjs';
import { runCases, within } from '../lib/tap.mjs';

const { chromium } = requirePackage('playwright-core');
const LIB = join(dirname(fileURLToPath(import.meta.url)), '..', 'lib');
const PACKAGES = join(process.env.KR_NODE_MODULES, '@microsoft');
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];

const script = (table) => `
import { assert } from '/page/page-assert.mjs';
import { ${table} } from '/page/${table === 'callCases' ? 'call-cases' : 'value-cases'}.mjs';
const openRelay = async () => ({ url: location.origin, cut: () => window.cutConnections(), stop: () => {} });
window.cases = new Map(${table}({ signalR, MessagePackHubProtocol: signalR.protocols.msgpack.MessagePackHubProtocol, assert,
  base: location.origin, openRelay, resends: true }));`;

/** What the page loads, none of which the hub serves. */
const FILES = {
  'signalr.js': ['text/javascript', () => readFileSync(join(PACKAGES, 'signalr/dist/browser/signalr.js'))],
  'msgpack.js': ['text/javascript', () => readFileSync(join(PACKAGES, 'signalr-protocol-msgpack/dist/browser/signalr-protocol-msgpack.js'))],
};

function serve(route) {
  const name = new URL(route.request().url()).pathname.slice('/page/'.length);
  const [contentType, read] = FILES[name] ?? ['text/javascript', () => readFileSync(join(LIB, name))];

  return route.fulfill({ contentType, body: read() });
}

const browser = await chromium.launch({ executablePath: process.env.KR_CHROMIUM, args: FLAGS });

/** A page with the cases for a hub that was started; it reaches the hub by a relay. */
async function openCases(table, port) {
  const relay = await startRelay(port);
  const page = await (await browser.newContext()).newPage();

  await page.route('**/page/*', serve);
  await page.exposeFunction('cutConnections', () => { relay.cut(); });
  /* The page itself has to come from the hub, if only as its refusal: Chromium takes one that does not for a page of the
   * public network, which must not open sockets to this machine. */
  await page.goto(`${relay.url}/hub`);
  for (const name of ['signalr.js', 'msgpack.js'])
    await page.addScriptTag({ url: `/page/${name}` });
  await page.addScriptTag({ type: 'module', content: script(table) });
  await page.waitForFunction('window.cases !== undefined');
  const names = await page.evaluate(() => [...window.cases.keys()]);

  return names.map((name) => [name, async () => {
    const problem = await page.evaluate((which) => window.cases.get(which)().then(() => null, (error) => String(error.stack ?? error)), name);

    if (problem !== null)
      throw new Error(problem);
  }]);
}

const values = await startProgram(process.env.KR_DIFF_SERVER, [], {}, /^listening on 127\.0\.0\.1:(\d+)/);
const calls = await startProgram(process.env.KR_CALLS_HUB, [], {}, /^Listening on http:\/\/127\.0\.0\.1:(\d+)/);
const cases = [...await openCases('valueCases', Number(values.found[1])), ...await openCases('callCases', Number(calls.found[1]))];

await runCases(cases, async () => {
  await browser.close();
  for (const hub of [values, calls]) {
    hub.child.kill('SIGTERM');
    await within(20000, 'the hub stops', hub.exited);
  }
});
