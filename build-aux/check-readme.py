#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
# Checks that the C code in the README stands in examples/ word for word, where it is built and run: ROOT.
import pathlib
import re
import sys

import sources


def main():
    root = pathlib.Path(sys.argv[1])
    examples = [path.read_text() for path in sorted((root / 'examples').glob('*.c'))]
    blocks = re.findall(r'^```c\n(.*?)^```', (root / 'README.md').read_text(), re.M | re.S)
    faults = [f'not in examples/: {block.splitlines()[0]} ...' for block in blocks
              if not any(block in example for example in examples)]
    pictures = re.findall(r'!\[[^]]*\]\(([^)]+)\)', (root / 'README.md').read_text())
    return sources.report([
        ('code of the README', faults if blocks else ['there is none']),
        ('pictures of the README', [f'{name} is missing' for name in pictures if not (root / name).exists()]),
    ])


sys.exit(main())
