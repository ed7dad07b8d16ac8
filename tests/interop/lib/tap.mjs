// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright the krhub authors
// Runs test cases one after the other and reports them as TAP.

const CASE_TIMEOUT = 60000;

/** Rejects when the promise is not settled in time, so that nothing waits for ever. */
export function within(milliseconds, what, promise) {
  let timer;
  const late = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${milliseconds} ms`)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Waits for a condition. Looks often, since what it waits for has no event. */
export async function until(what, condition, milliseconds = 15000) {
  const end = performance.now() + milliseconds;
  for (;;) {
    const value = await condition();
    if (value)
      return value;
    if (performance.now() > end)
      throw new Error(`${what}: not within ${milliseconds} ms`);
    await new Promise((resolve) => { setTimeout(resolve, 5); });
  }
}

/** Runs [name, function] pairs; cleanUp runs whatever happened. Ends the process. */
export async function runCases(cases, cleanUp = async () => {}) {
  let failed = 0;

  console.log(`1..${cases.length}`);
  for (const [index, [name, body]] of cases.entries()) {
    try {
      await within(CASE_TIMEOUT, name, body());
      console.log(`ok ${index + 1} ${name}`);
    } catch (error) {
      failed++;
      console.log(String(error.stack ?? error).replace(/^/gm, '# '));
      console.log(`not ok ${index + 1} ${name}`);
    }
  }
  await cleanUp();
  process.exit(failed > 0 ? 1 : 0);
}

/** For a program that cannot run here: meson takes 77 for "skipped". */
export function skipAll(reason) {
  console.log(`1..0 # SKIP ${reason}`);
  process.exit(77);
}
