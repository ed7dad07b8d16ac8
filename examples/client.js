#!/usr/bin/gjs -m
// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright the krhub authors
// Says something in the chat of examples/chat.c, prints what comes back, and leaves: gjs -m client.js URL TEXT
import GLib from 'gi://GLib';
import KrHub from 'gi://KrHub?version=1';
import KrHubSoup from 'gi://KrHubSoup?version=1';
import System from 'system';

const [url, text] = System.programArgs;
const name = 'GJS';
const loop = new GLib.MainLoop(null, false);
const client = KrHub.Client.new_for_connector(KrHubSoup.Connector.new(url, null));

client.retry_policy = KrHub.RetryPolicy.new_forever(1000000, 30000000);
client.add_handler('Message', '(ss)', invocation => {
    const [sender, message] = invocation.get_arguments().deepUnpack();

    print(`${sender}: ${message}`);
});
client.start_async(null, (source, result) => {
    client.start_finish(result);
    client.invoke_async('Send', new GLib.Variant('(ss)', [name, text]), null, null, (_source, sent) => {
        client.invoke_finish(sent);
        client.stop_async(null, () => loop.quit());
    });
});
loop.run();
