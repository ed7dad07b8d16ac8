// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright the krhub authors
// The Cancel page in headless Chromium: start, progress, cancel, completion, and a cancel that comes over D-Bus.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { requirePackage, startDemo, startProgram, temporaryFolder } from '../lib/demo.mjs';
import { runCases, within } from '../lib/tap.mjs';

const { chromium } = requirePackage('playwright-core');
const run = promisify(execFile);
const SHOTS = process.env.KR_SCREENSHOTS;
const BUS_NAME = 'org.kestrun.Tasks';
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];

mkdirSync(SHOTS, { recursive: true });
const bus = await startProgram('dbus-daemon', ['--session', '--print-address=1', '--nofork'], {}, /^(unix:\S+)/);
const address = bus.found[1];
const demo = await startDemo(['--bus', address]);
const browser = await chromium.launch({ executablePath: process.env.KR_CHROMIUM, args: FLAGS });

/** Opens a page; whatever it complains about in the console fails the case. */
async function open(path, options = {}, url = demo.url) {
  const viewport = { width: 1280, height: 860 };
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport, ...options });
  const page = await context.newPage();
  const complaints = [];

  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()))
      complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.setDefaultTimeout(15000);
  await page.goto(url + path);
  return { page, complaints, close: () => context.close() };
}

async function openCancel(options, url) {
  const opened = await open('/Cancel', options, url);

  await opened.page.waitForSelector('#start:enabled');
  return opened;
}

const inState = (page, state, timeout = 15000) =>
  page.waitForSelector(`#operation[data-state="${state}"]`, { timeout });
const shoot = (page, name) => page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });

/** The log lines that carry a percentage: those are the events of the hub. */
const eventLines = (page) => page.$$eval('#log li', (lines) => lines
  .map((line) => line.querySelector('.text').textContent)
  .filter((text) => /^(Started|Step|Completed|Cancelled)/.test(text)));

async function start(page, seconds) {
  await page.fill('#seconds', String(seconds));
  await page.click('#start');
  await inState(page, 'running');
  return page.textContent('#task');
}

const waitForEvents = (page, count) => page.waitForFunction((n) => [...document.querySelectorAll('#log .text')]
  .filter((text) => /^(Started|Step)/.test(text.textContent)).length >= n, count);

async function testCancelThenComplete() {
  const { page, complaints, close } = await openCancel();

  await shoot(page, 'idle');
  const first = await start(page, 30);
  await waitForEvents(page, 3);
  await shoot(page, 'running');
  const clicked = performance.now();
  await page.click('#cancel');
  await inState(page, 'cancelled', 1000);
  assert.ok(performance.now() - clicked < 1000, 'within a second of the click');
  assert.equal(await page.textContent('#state'), 'Cancelled');
  assert.equal((await eventLines(page)).at(-1), 'Cancelled');
  await shoot(page, 'cancelled');
  console.log(`# cancelled: ${await page.textContent('#latency')}`);

  const second = await start(page, 2);
  assert.notEqual(second, first);
  await inState(page, 'completed');
  assert.equal(await page.textContent('#percent'), '100');
  assert.deepEqual((await eventLines(page)).slice(-6),
    ['Started', 'Step 1 / 4', 'Step 2 / 4', 'Step 3 / 4', 'Step 4 / 4', 'Completed']);
  await shoot(page, 'completed');
  assert.deepEqual(complaints, []);
  await close();
}

/** What counts its bytes has a speed, and all have a time that is left; when it is over there is neither. */
async function testTransfer() {
  const { page, complaints, close } = await openCancel();

  await page.selectOption('#kind', 'transfer');
  await start(page, 600);
  await page.waitForFunction(() => /^[0-9.]+ MB\/s, [0-9.]+ MB of 5\.0 GB$/.test(document.querySelector('#speed').textContent));
  assert.match(await page.textContent('#remaining'), /^[0-9]+ min [0-9]+ s$/);
  assert.ok(await page.isDisabled('#kind'));
  await shoot(page, 'transfer');
  await page.click('#cancel');
  await inState(page, 'cancelled');
  assert.equal(await page.textContent('#speed'), '–');
  assert.equal(await page.textContent('#remaining'), '–');
  assert.deepEqual(complaints, []);
  await close();
}

/** Two pages: each sees the events of both runs and shows its own only. */
async function testForeignTasks() {
  const one = await openCancel();
  const other = await openCancel();

  await start(one.page, 600);
  await start(other.page, 1);
  await inState(other.page, 'completed');
  assert.equal(await one.page.textContent('#state'), 'Running');
  assert.ok(!(await eventLines(one.page)).includes('Completed'));
  await one.page.click('#cancel');
  await inState(one.page, 'cancelled');
  assert.equal(await other.page.textContent('#state'), 'Completed');
  await one.close();
  await other.close();
}

async function testKeyboard() {
  const { page, complaints, close } = await openCancel();
  const focused = () => page.evaluate(() => document.activeElement.id);

  await page.focus('#seconds');
  await page.keyboard.press('Enter');
  await inState(page, 'running');
  assert.equal(await focused(), 'cancel');
  await page.keyboard.press('Escape');
  await inState(page, 'cancelled');
  assert.equal(await focused(), 'start');
  await page.keyboard.press('Space');
  await inState(page, 'running');
  await page.keyboard.press('Enter');
  await inState(page, 'cancelled');
  await page.fill('#seconds', '601');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#trouble:not([hidden])');
  assert.match(await page.textContent('#trouble'), /1 to 600/);
  assert.deepEqual(complaints, []);
  await close();
}

/** Dark, and as narrow as a small phone: nothing may stick out. */
async function testPhone() {
  const viewport = { width: 320, height: 640 };
  const { page, close } = await openCancel({ colorScheme: 'dark', viewport, hasTouch: true });

  await start(page, 600);
  await waitForEvents(page, 2);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
  await page.tap('#cancel');
  await inState(page, 'cancelled');
  await shoot(page, 'phone-dark');
  await close();
}

/** A page that is loaded anew finds its run again, and can cancel it. */
async function testReload() {
  const { page, close } = await openCancel();
  const id = await start(page, 600);

  await page.reload();
  await page.waitForSelector('#cancel:enabled');
  assert.equal(await page.textContent('#task'), id);
  await waitForEvents(page, 1);
  await page.click('#cancel');
  await inState(page, 'cancelled');
  await close();
}

async function testBus() {
  const { page, complaints, close } = await openCancel();
  const id = await start(page, 600);

  await waitForEvents(page, 1);
  await within(10000, 'gdbus', run('gdbus', ['call', '--address', address, '--dest', BUS_NAME, '--object-path',
    '/org/kestrun/Tasks', '--method', 'org.kestrun.TaskManager1.CancelTask', id, '{}']));
  await inState(page, 'cancelled', 1000);
  assert.equal((await eventLines(page)).at(-1), 'Cancelled');
  await shoot(page, 'cancelled-over-dbus');
  assert.deepEqual(complaints, []);
  await close();
}

/** The server goes away and comes back on the same port: the page notices both, with a new token as well. */
async function testReconnect() {
  const before = await startDemo();
  const port = new URL(before.url).port;
  const { page, close } = await openCancel({}, before.url);

  await start(page, 600);
  assert.equal(await before.stop(), 0);
  await page.waitForSelector('#link[data-link="waiting"]');
  const after = await startDemo(['--port', port]);
  await page.waitForSelector('#link[data-link="connected"]', { timeout: 20000 });
  await inState(page, 'cancelled').catch(() => inState(page, 'failed')); // told at the stop, or unknown afterwards
  await start(page, 1);
  await inState(page, 'completed');
  await close();
  assert.equal(await after.stop(), 0);
}

async function testUnavailable() {
  const unguarded = await startDemo(['--no-antiforgery']);
  const { page, complaints, close } = await open('/Cancel', {}, unguarded.url);

  assert.match(await page.textContent('h1'), /unavailable/i);
  assert.equal(await page.locator('button, input').count(), 0);
  await shoot(page, 'unavailable');
  assert.deepEqual(complaints, []);
  await close();
  assert.equal(await unguarded.stop(), 0);
}

async function testIndex() {
  const { page, complaints, close } = await open('/');

  await page.click('text=Open the Cancel page');
  await page.waitForSelector('#start:enabled');
  assert.deepEqual(complaints, []);
  await close();
}

await runCases([
  ['/page/cancel-then-complete', testCancelThenComplete],
  ['/page/transfer', testTransfer],
  ['/page/foreign-tasks', testForeignTasks],
  ['/page/keyboard', testKeyboard],
  ['/page/phone', testPhone],
  ['/page/reload', testReload],
  ['/page/dbus', testBus],
  ['/page/reconnect', testReconnect],
  ['/page/unavailable', testUnavailable],
  ['/page/index', testIndex],
  ['/page/stop', async () => assert.equal(await demo.stop(), 0)], // not 0 if a sanitizer found something
], async () => {
  await browser.close();
  bus.child.kill();
});
