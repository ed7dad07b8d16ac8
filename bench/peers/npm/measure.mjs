// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright the krhub authors
// What three much used packages need to issue and to validate a token: nanoseconds of one operation. Usage: NAME
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

// As it comes: a salt from Math.random(), a plain SHA-256, bound to nothing. A key and a user take it twice as long.
async function fastifyCsrf() {
  const { default: Tokens } = await import(pathToFileURL(resolve('@fastify/csrf')));
  const tokens = new Tokens();
  const secret = tokens.secretSync();
  const token = tokens.create(secret);
  return { issue: () => tokens.create(secret), validate: () => tokens.verify(secret, token) };
}

// With what a token of ours has as well: a key, an end and somebody whom it belongs to.
async function fastifyCsrfBound() {
  const { default: Tokens } = await import(pathToFileURL(resolve('@fastify/csrf')));
  const tokens = new Tokens({ userInfo: true, hmacKey: 'a secret of thirty-two characters', validity: 8 * 3600_000 });
  const secret = tokens.secretSync();
  const token = tokens.create(secret, 'user-4711');
  return {
    issue: () => tokens.create(secret, 'user-4711'),
    validate: () => tokens.verify(secret, token, 'user-4711'),
  };
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

const packages = { csrf, 'csrf-csrf': doubleSubmit, fastify: fastifyCsrf, 'fastify-bound': fastifyCsrfBound };
const [, which, what] = process.argv[2].match(/^([a-z-]+)-(issue|validate)$/);
const operation = (await packages[which]())[what];
if (!operation()) throw new Error('the package does not do what is measured');
const best = Math.min(...Array.from({ length: ROUNDS }, () => timeOf(operation)));
console.log(`${process.argv[2]}: ${best.toFixed(1)} ns`);
