// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright the krhub authors
// Starts the demo server for a test, and sends the requests that the page sends.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { within } from './tap.mjs';

process.setMaxListeners(0); // one per program that is started

/** Loads a package from where ./run has installed the ones of the tests. */
export const requirePackage = createRequire(join(process.env.KR_NODE_MODULES, 'index.js'));

/** A temporary folder that is removed when the process ends. */
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'kr-interop-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts a program and resolves with the first match of a pattern in its standard output. */
export function startProgram(command, args, env, pattern) {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  const log = [];
  const exited = new Promise((resolve) => { child.on('exit', (code, signal) => resolve(signal ?? code)); });
  const ready = new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      log.push(line);
      const found = pattern.exec(line);
      if (found)
        resolve(found);
    });
    child.on('error', reject);
    exited.then((status) => reject(new Error(`${command} ended: ${status}`)));
  });

  process.on('exit', () => child.kill('SIGKILL'));
  return within(20000, `${command} starts`, ready).then((found) => ({ child, log, exited, found }));
}

/** Starts the demo on a free port. Returns its URL, log and a function that stops it and returns the exit status. */
export async function startDemo(args = [], env = {}) {
  const folder = temporaryFolder();
  const started = await startProgram(process.env.KR_DEMO, ['--port', '0', '--bus', 'none', ...args],
    { XDG_DATA_HOME: folder, ...env }, /^Listening on (\S+?)\/?$/);

  return {
    url: started.found[1],
    log: started.log,
    stop() {
      started.child.kill('SIGTERM');
      return within(20000, 'the demo stops', started.exited);
    },
  };
}

/** Fetches a token and returns a function that POSTs with it, as the page does. */
export async function createPoster(url) {
  const response = await fetch(`${url}/csrf-token`);
  const { token, headerName } = await response.json();
  const cookie = response.headers.get('Set-Cookie').split(';')[0]; // the only one; Node.js 18 has no getSetCookie()

  return (path) => fetch(url + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Cookie: cookie, [headerName]: token },
    body: '{}',
  });
}
