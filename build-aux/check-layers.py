#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
# Checks that includes point down only, and that what is sans-IO has no main loop, thread, socket or clock: ROOT.
import pathlib
import re
import sys

import sources

# What the files of a folder may include, besides their own folder and system headers.
MAY_INCLUDE = {
    'libkrhub': set(),
    'libkrhub/protocol': {'libkrhub'},
    'libkrhub/transport': {'libkrhub', 'libkrhub/protocol'},
    'libkrhub/connection': {'libkrhub', 'libkrhub/protocol', 'libkrhub/transport'},
    'libkrhub/hub': {'libkrhub', 'libkrhub/protocol', 'libkrhub/transport', 'libkrhub/connection'},
    'libkrhub/client': {'libkrhub', 'libkrhub/protocol', 'libkrhub/transport', 'libkrhub/connection'},
    'libkrcsrf': set(),
    'libkrcsrf-test': {'libkrcsrf'},
    'libkrtask': set(),
    'libkrtask/dbus': {'libkrtask'},
    'transports/soup': {'libkrhub'},
    'transports/soup-csrf': {'libkrcsrf'},
    'transports/soup-task': {'libkrtask'},
    'demo/server': {'libkrhub', 'libkrcsrf', 'libkrtask', 'transports/soup', 'transports/soup-csrf',
                    'transports/soup-task'},
    'demo/gtk': {'libkrtask', 'libkrtask/dbus', 'libkrhub', 'transports/soup'},
    'tools/krhub': {'libkrhub', 'transports/soup'},
    'examples': {'libkrhub', 'libkrcsrf', 'libkrtask', 'transports/soup'},
}
# Umbrellas include every layer; only programs and other libraries include them.
UMBRELLAS = {'krhub.h', 'krcsrf.h', 'krcsrf-test.h', 'krtask.h', 'krhub-soup.h', 'krcsrf-soup.h', 'krtask-soup.h'}
# KrHubConnection is the only pump: nothing else in its folder knows that transports exist.
TRANSPORT = re.compile(r'^kr-hub-(memory-)?transport(-private)?\.h$')
PUMP = re.compile(r'^kr-hub-connection(-private)?\.[ch]$')
OUTSIDE = {'demo/server', 'demo/gtk', 'tools/krhub', 'examples'}

SANS_IO = re.compile(r'^libkrhub/protocol/|^libkrhub/connection/kr-hub-(session|replay-buffer)\b'
                     r'|-codec(-private)?\.[ch]$|^libkrcsrf/kr-csrf-(origin|form|request|tokens)\b')
IO_NAMES = re.compile(r'\b(g_(timeout|idle)_add\w*|g_source_\w+|g_main_(context|loop)_\w+|GMainContext|GMainLoop'
                      r'|GSource'
                      r'|g_get_(monotonic|real)_time|g_date_time_new_now\w*|g_thread_\w+|GThread|g_mutex_\w+'
                      r'|GIOStream|g_io_stream_\w+|G(In|Out)putStream|GSocket\w*|g_socket_\w+|g_file_\w+)\b')


def folder_of(path):
    """The longest known layer that holds the file."""
    for parent in path.parents:
        if parent.as_posix() in MAY_INCLUDE:
            return parent.as_posix()
    return None


def check_includes(path, text, owners):
    folder = folder_of(path)
    for number, line in enumerate(text.splitlines(), 1):
        found = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
        if not found:
            continue
        name = pathlib.PurePath(found[1]).name
        owner = owners.get(name)
        where = f'{path}:{number}: '
        if owner is None or owner == folder and name not in UMBRELLAS:
            continue
        if name in UMBRELLAS and (folder == owner or folder.startswith(owner + '/')):
            yield where + f'{name} is the umbrella of its own library'
        elif folder in OUTSIDE and owner.startswith(('lib', 'transports')) and name not in UMBRELLAS:
            yield where + f'{name} is reached through its umbrella only'
        elif folder == 'libkrhub/connection' and TRANSPORT.search(name) and not PUMP.match(path.name):
            yield where + f'only the pump may include {name}'
        elif owner in MAY_INCLUDE[folder]:
            continue
        elif folder == 'transports/soup' and owner.startswith('libkrhub/'):
            continue
        else:
            yield where + f'{folder} must not include {name} of {owner}'


def check_sans_io(path, text):
    if not SANS_IO.search(path.as_posix()):
        return
    for number, line in enumerate(text.splitlines(), 1):
        found = IO_NAMES.search(line)
        if found:
            yield f'{path}:{number}: {found[0]} in code that is sans-IO'


def main():
    root = pathlib.Path(sys.argv[1])
    texts = {}
    for path in sources.files(root, '.c', '.h'):
        relative = path.relative_to(root)
        if folder_of(relative) is not None:
            texts[relative] = sources.without_comments(path.read_text())
    owners = {path.name: folder_of(path) for path in texts if path.suffix == '.h'}
    includes = [fault for path, text in texts.items() if path.name not in UMBRELLAS
                for fault in check_includes(path, text, owners)]
    sans_io = [fault for path, text in texts.items() for fault in check_sans_io(path, text)]
    return sources.report([
        ('files found', [] if texts else [f'no C file under {root}']),
        ('includes point down', includes),
        ('sans-IO code does no I/O', sans_io),
    ])


sys.exit(main())
