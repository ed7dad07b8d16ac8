// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright the krhub authors
// The token scheme once more, by Node's crypto alone, against the known answers: node-tokens.mjs VECTORS.
import { createHash, createHmac, hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';

const KINDS = { cookie: 1, request: 2, ticket: 3 };

function parse(text) {
  return text.split(/\n\n+/)
    .map(paragraph => paragraph.split('\n').filter(line => line !== '' && !line.startsWith('#')))
    .filter(lines => lines.length > 0)
    .map(lines => Object.fromEntries(lines.map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)])));
}

function length(bytes) {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(bytes === undefined ? 0xffffffff : bytes.length);
  return head;
}

// SHA-256 over application, origin, user, session and scope, each behind its length.
function binding(answer) {
  const hash = createHash('sha256');
  for (const name of ['app-id', 'origin', 'user-id', 'session-id', 'scope']) {
    const bytes = name in answer ? Buffer.from(answer[name], 'hex') : undefined;
    hash.update(length(bytes));
    if (bytes !== undefined)
      hash.update(bytes);
  }
  return hash.digest();
}

function token(answer, kind) {
  const cookie = kind === 'cookie', head = Buffer.alloc(16);
  head.writeUInt8(1, 0);
  head.writeUInt8(KINDS[kind], 1);
  head.writeUInt16BE(cookie ? Number(answer.flags) & 8 : Number(answer.flags), 2);
  head.writeUInt32BE(Number(answer['key-id']), 4);
  head.writeBigUInt64BE(BigInt(answer['issued-at']), 8);
  const nonce = Buffer.from(cookie ? answer['cookie-secret'] : answer.nonce, 'hex');
  const key = Buffer.from(hkdfSync('sha256', Buffer.from(answer.secret, 'hex'), Buffer.alloc(0), `krcsrf/v1/${kind}`, 32));
  const mac = createHmac('sha256', key).update(head).update(nonce);
  if (kind === 'request')
    mac.update(Buffer.from(answer['cookie-secret'], 'hex'));
  if (!cookie)
    mac.update(binding(answer));
  return Buffer.concat([head, nonce, mac.digest().subarray(0, 16)]).toString('base64url');
}

const answers = parse(readFileSync(process.argv[2], 'utf8'));
const checks = answers.flatMap(answer => [
  [`${answer.name}: binding`, binding(answer).toString('hex'), answer.binding],
  ...Object.keys(KINDS).map(kind => [`${answer.name}: ${kind}`, token(answer, kind), answer[kind]]),
]);

console.log(`1..${checks.length || 1}`);
if (checks.length === 0)
  console.log('not ok 1 there are answers');
checks.forEach(([name, got, expected], i) => {
  if (got !== expected)
    console.log(`# ${got} instead of ${expected}`);
  console.log(`${got === expected ? 'ok' : 'not ok'} ${i + 1} ${name}`);
});
process.exitCode = checks.length > 0 && checks.every(([, got, expected]) => got === expected) ? 0 : 1;
