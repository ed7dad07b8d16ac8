// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright the krhub authors
// What two much used packages need to issue and to validate a token: nanoseconds of one operation. Usage: NAME
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import path from 'node:path';

const ROUND_NS = 100_000_000n;
const ROUNDS = 12; // the first ones are slow, until the code is compiled
// The packages are not installed beside this file, but where NODE_MODULES says.
const resolve = createRequire(path.join(process.env.NODE_MODULES, 'x.js')).resolve;

function timeOf(operation) {
  const begin = process.hrtime.bigint();
  let count = 0;
  let taken = 0n;
  while (taken < ROUND_NS) {
    for (let i = 0; i < 100; i++) operation();
    count += 100;
    taken = process.hrtime.bigint() - begin;
  }
  return Number(taken) / count;
}

async function csrf() {
  const { default: Tokens } = await import(pathToFileURL(resolve('csrf')));
  const tokens = new Tokens();
  const secret = tokens.secretSync();
  const token = tokens.create(secret);
  return { issue: () => tokens.create(secret), validate: () => tokens.verify(secret, token) };
}

async function doubleSubmit() {
  const { doubleCsrf } = await import(pathToFileURL(resolve('csrf-csrf')));
  const { generateCsrfToken, validateRequest } = doubleCsrf({
    getSecret: () => 'a secret of thirty-two characters',
    getSessionIdentifier: () => 'session',
    cookieName: 'csrf',
  });
  const response = { cookie() {} };
  const token = generateCsrfToken({ method: 'GET', cookies: {}, headers: {} }, response);
  return {
    issue: () => generateCsrfToken({ method: 'GET', cookies: {}, headers: {} }, response),
    validate: () => validateRequest({ method: 'POST', cookies: { csrf: token }, headers: { 'x-csrf-token': token } }),
  };
}

const [, which, what] = process.argv[2].match(/^(csrf|csrf-csrf)-(issue|validate)$/);
const operation = (await (which === 'csrf' ? csrf() : doubleSubmit()))[what];
if (!operation()) throw new Error('the package does not do what is measured');
const best = Math.min(...Array.from({ length: ROUNDS }, () => timeOf(operation)));
console.log(`${process.argv[2]}: ${best.toFixed(1)} ns`);
