#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
# Checks the documents: the C code of the README stands in examples/ word for word, where it is built and run, the others'
# is built by tests/docs/, and what they link to is there: ROOT.
import pathlib
import re
import sys

import sources


def anchors(path):
    """The names of the headings of a document, as web pages make them."""
    headings = re.findall(r'^#+ +(.*)$', re.sub(r'^```.*?^```', '', path.read_text(), flags=re.M | re.S), re.M)
    return {re.sub(r'[^\w -]', '', heading.lower()).replace(' ', '-') for heading in headings}


def broken_links(root, path):
    text = re.sub(r'^```.*?^```', '', path.read_text(), flags=re.M | re.S)
    for target in re.findall(r'\]\(([^)\s]+)\)', text):
        if re.match(r'[a-z]+:', target):
            continue
        name, _, anchor = target.partition('#')
        file = path.parent / name if name else path
        if not file.exists():
            yield f'{path.relative_to(root)}: {target} is missing'
        elif anchor and anchor not in anchors(file):
            yield f'{path.relative_to(root)}: {target} has no such heading'


def unbuilt_code(root, path):
    if re.search(r'^```c$', path.read_text(), re.M) and not (root / 'tests' / 'docs' / f'test-{path.stem}.c').exists():
        yield f'{path.relative_to(root)}: no test builds its code'


def main():
    root = pathlib.Path(sys.argv[1])
    examples = [path.read_text() for path in sorted((root / 'examples').glob('*.c'))]
    blocks = re.findall(r'^```c\n(.*?)^```', (root / 'README.md').read_text(), re.M | re.S)
    faults = [f'not in examples/: {block.splitlines()[0]} ...' for block in blocks
              if not any(block in example for example in examples)]
    documents = list(sources.files(root, '.md'))
    return sources.report([
        ('code of the README', faults if blocks else ['there is none']),
        ('code of the other documents', [fault for path in documents if path != root / 'README.md'
                                         for fault in unbuilt_code(root, path)]),
        ('links of the documents', [fault for path in documents for fault in broken_links(root, path)]),
    ])


sys.exit(main())
