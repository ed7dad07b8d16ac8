#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
"""Says something in the chat of examples/chat.c, prints what comes back, and leaves: client.py URL TEXT"""
import sys

import gi

gi.require_version('KrHub', '1')
gi.require_version('KrHubSoup', '1')
from gi.repository import GLib, KrHub, KrHubSoup

NAME = 'Python'


class Chat:
    def __init__(self, url, text):
        self.text = text
        self.loop = GLib.MainLoop()
        self.client = KrHub.Client.new_for_connector(KrHubSoup.Connector.new(url, None))
        self.client.set_property('retry-policy', KrHub.RetryPolicy.new_forever(1000000, 30000000))
        self.client.add_handler('Message', '(ss)', self.on_message, None)
        self.client.start_async(None, self.on_started)

    def on_started(self, client, result):
        client.start_finish(result)
        client.invoke_async('Send', GLib.Variant('(ss)', (NAME, self.text)), None, None, self.on_sent)

    def on_sent(self, client, result):
        client.invoke_finish(result)
        client.stop_async(None, lambda client, result: self.loop.quit())

    def on_message(self, invocation, *unused):
        name, text = invocation.get_arguments().unpack()
        print(f'{name}: {text}')


if __name__ == '__main__':
    Chat(*sys.argv[1:3]).loop.run()
