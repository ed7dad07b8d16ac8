#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
# Checks how source files begin, and that notes to self carry an issue number; lists what is long: ROOT.
import pathlib
import re
import sys

import sources

LONG_FILE = 700
LONG_FUNCTION = 60
LONG_LINE = 120
LICENCE = 'SPDX-License-Identifier: LGPL-2.1-or-later'
NOTE = re.compile(r'\b(' + '|'.join(['TO' 'DO', 'FIX' 'ME', 'XX' 'X']) + r')\b(?!.*#\d+)')
CODE = ('.c', '.h', '.py', '.sh', '.js', '.mjs', '.css', 'meson.build')


def check_head(path, text):
    """The licence, and in C files the copyright line and one line of purpose, in this order."""
    lines = text.splitlines()[:5]
    if lines and lines[0].startswith('#!'):
        lines = lines[1:]
    if not lines or LICENCE not in lines[0]:
        yield f'{path}: the first line is not the SPDX licence line'
    elif path.suffix in ('.c', '.h'):
        if 'Copyright the krhub authors' not in lines[1]:
            yield f'{path}: the second line is not the copyright line'
        elif not re.fullmatch(r'/\* \S.*\S \*/', lines[2]):
            yield f'{path}: the third line is not one line of purpose'


def check_notes(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        if NOTE.search(line):
            yield f'{path}:{number}: a note to self without an issue number'


def check_lock(path, text):
    """A lock file that names a registry would send every user there."""
    if path.name == 'package-lock.json' and '"resolved"' in text:
        yield f'{path}: names a registry'


def long_functions(text):
    """Name and length of each C function whose body is longer than it should be."""
    lines = sources.without_comments(text).splitlines()
    start = name = None
    for number, line in enumerate(lines):
        if line == '{' and number > 0:
            start = number
            before = '\n'.join(lines[max(0, number - 8):number])
            names = re.findall(r'^(\w+) \(', before, re.M)
            name = names[-1] if names else '?'
        elif line == '}' and start is not None:
            if number - start - 1 > LONG_FUNCTION:
                yield name, number - start - 1
            start = None


def list_long(texts):
    for path, text in texts.items():
        count = text.count('\n')
        if path.suffix == '.c' and count > LONG_FILE:
            print(f'# long: {path}: {count} lines')
        if path.suffix == '.c':
            for name, length in long_functions(text):
                print(f'# long: {path}: {name}(): {length} lines')
        wide = sum(len(line) > LONG_LINE for line in text.splitlines())
        if wide:
            print(f'# wide: {path}: {wide} lines')


def main():
    root = pathlib.Path(sys.argv[1])
    texts = {path.relative_to(root): path.read_text() for path in sources.files(root, *CODE)}
    locks = {path.relative_to(root): path.read_text() for path in sources.files(root, 'package-lock.json')}
    list_long(texts)
    return sources.report([
        ('files found', [] if texts else [f'no source file under {root}']),
        ('heads', [fault for path, text in texts.items() for fault in check_head(path, text)]),
        ('notes to self', [fault for path, text in texts.items() for fault in check_notes(path, text)]),
        ('lock files', [fault for path, text in locks.items() for fault in check_lock(path, text)]),
    ])


sys.exit(main())
