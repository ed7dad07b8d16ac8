#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
# Checks the headers and the exported symbols of the built libraries: ROOT BUILD [--nm NM] LIBRARY...
#
# A LIBRARY is FOLDER=SHARED-OBJECT. No private header is installed, every public one is, and through the umbrella; a
# public header includes no private one and refuses to be included alone; `nm -D` lists the annotated functions only.
import argparse
import json
import pathlib
import re
import subprocess
import sys

import sources

ANNOTATION = re.compile(r'^KR_[A-Z_]+?_(?:AVAILABLE|DEPRECATED)_IN_\w+(?:\s*\([^)]*\))?\s*\n'
                        r'((?:[^;{]|\n)*?)(?:;|$(?=\n\n))', re.M)


def annotated_functions(text):
    """The names of the functions that a header declares as exported."""
    for match in ANNOTATION.finditer(sources.without_comments(text)):
        declared = re.search(r'G_DECLARE_\w+\s*\(\s*\w+\s*,\s*(\w+)', match[1])
        function = re.search(r'(\w+)\s*\(', match[1])
        if declared:
            yield declared[1] + '_get_type'
        elif function:
            yield function[1]


def exported_symbols(nm, library):
    output = subprocess.run([nm, '-D', '--defined-only', library], check=True, capture_output=True, text=True).stdout
    for line in output.splitlines():
        fields = line.split()
        if fields[-2] != 'A':
            yield fields[-1].split('@')[0], fields[-2]


def included(path):
    return set(re.findall(r'^\s*#\s*include\s*"([^"]+)"', path.read_text(), re.M))


def check_library(folder, shared_object, installed, nm):
    headers = {path.name: path for path in sources.files(folder, '.h')}
    public = {name for name in headers if not name.endswith('-private.h')}
    umbrellas = [name for name in public if re.fullmatch(r'kr[a-z]+(-soup)?\.h', name)]
    faults = [f'{name}: private, but installed' for name in sorted(set(headers) - public) if name in installed]
    faults += [f'{name}: public by its name, but not installed' for name in sorted(public) if name not in installed]
    if len(umbrellas) != 1:
        return faults + [f'{folder}: one umbrella header expected, found {umbrellas}'], []
    reached = included(headers[umbrellas[0]])
    for name in sorted(public - set(umbrellas)):
        text = headers[name].read_text()
        if name not in reached:
            faults.append(f'{name}: the umbrella {umbrellas[0]} does not include it')
        if '#pragma once' not in text or '#error "Only <' not in text:
            faults.append(f'{name}: can be included without the umbrella')
        faults += [f'{name}: public, but includes {other}'
                   for other in sorted(included(headers[name])) if '-private' in other]

    annotated = {function for name in public for function in annotated_functions(headers[name].read_text())}
    exported = dict(exported_symbols(nm, shared_object))
    symbols = [f'{name}: exported, but not annotated in a public header' for name in sorted(set(exported) - annotated)]
    symbols += [f'{name}: annotated, but not exported' for name in sorted(annotated - set(exported))]
    symbols += [f'{name}: an exported variable' for name, kind in sorted(exported.items()) if kind not in 'TWi']
    return faults, symbols


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--nm', default='nm')
    parser.add_argument('root', type=pathlib.Path)
    parser.add_argument('build', type=pathlib.Path)
    parser.add_argument('libraries', nargs='*')
    arguments = parser.parse_args()

    targets = json.loads((arguments.build / 'meson-info' / 'intro-installed.json').read_text())
    installed = {pathlib.PurePath(path).name for path in targets.values() if path.endswith('.h')}
    cases = [('headers are installed', [] if installed else ['no header is installed'])]
    for library in arguments.libraries:
        folder, shared_object = library.split('=', 1)
        headers, symbols = check_library(arguments.root / folder, shared_object, installed, arguments.nm)
        cases += [(f'headers of {folder}', headers), (f'symbols of {folder}', symbols)]
    return sources.report(cases)


sys.exit(main())
