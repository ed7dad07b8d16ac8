// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright the krhub authors
// What the shared cases use of node:assert/strict, for a page.

const show = (value) => (value instanceof Error ? String(value) : JSON.stringify(value) ?? String(value));

function fail(message, details) {
  throw new Error(message ? `${message}: ${details}` : details);
}

/** The same types, members and elements, in this order. */
function areEqual(one, other) {
  if (Object.is(one, other))
    return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null)
    return false;
  if (Array.isArray(one) !== Array.isArray(other))
    return false;
  const keys = Object.keys(one);

  return keys.length === Object.keys(other).length && keys.every((key) => Object.hasOwn(other, key) && areEqual(one[key], other[key]));
}

export const assert = {
  ok(value, message) {
    if (!value)
      fail(message, `${show(value)} is not true`);
  },
  equal(actual, expected, message) {
    if (!Object.is(actual, expected))
      fail(message, `${show(actual)} instead of ${show(expected)}`);
  },
  notEqual(actual, expected, message) {
    if (Object.is(actual, expected))
      fail(message, `both are ${show(actual)}`);
  },
  deepEqual(actual, expected, message) {
    if (!areEqual(actual, expected))
      fail(message, `${show(actual)} instead of ${show(expected)}`);
  },
  async rejects(promise, pattern, message) {
    const outcome = await promise.then((value) => ({ value }), (error) => ({ error }));

    if (!('error' in outcome))
      fail(message, `not rejected but ${show(outcome.value)}`);
    if (!pattern.test(String(outcome.error)))
      fail(message, `${outcome.error} does not match ${pattern}`);
  },
};
