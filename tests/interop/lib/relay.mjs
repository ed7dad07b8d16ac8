// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright the krhub authors
// A relay to a port of this machine whose connections can be cut.

import { createServer, connect } from 'node:net';

/** A relay to the hub whose connections can be cut. */
export async function startRelay(port) {
  const sockets = new Set();
  const server = createServer((from) => {
    const to = connect(port, '127.0.0.1');

    for (const [one, other] of [[from, to], [to, from]]) {
      sockets.add(one);
      one.on('error', () => {});
      one.on('close', () => { sockets.delete(one); other.destroy(); });
      one.pipe(other);
    }
  });

  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    cut: () => sockets.forEach((socket) => socket.resetAndDestroy()),
    stop: () => server.close(),
  };
}
