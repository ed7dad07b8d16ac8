# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
# Finds the files of the source tree for the checks beside it, and reports what they find as TAP.
import pathlib
import re

SKIPPED_FOLDERS = {'.git', 'build', 'node_modules', 'subprojects', '__pycache__', '.cache'}
LIBRARIES = ['libkrhub', 'libkrcsrf', 'libkrtask', 'transports/soup']


def files(root, *suffixes):
    """All files under root that end in one of the suffixes, build folders left out."""
    for path in sorted(pathlib.Path(root).iterdir()):
        if path.is_dir():
            if path.name not in SKIPPED_FOLDERS and not path.is_symlink() and not (path / 'meson-info').exists():
                yield from files(path, *suffixes)
        elif path.name.endswith(suffixes):
            yield path


def without_comments(text):
    """C text with comments and the contents of strings blanked, line numbers kept; include lines stay whole."""
    def blank(match):
        found = match[0]
        if found.startswith('/'):
            return re.sub(r'[^\n]', ' ', found)
        return found[0] + ' ' * (len(found) - 2) + found[-1]
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    pieces = []
    for part in re.split(r'^([ \t]*#[ \t]*include[^\n]*)', text, flags=re.M):
        pieces.append(part if part.lstrip().startswith('#') else re.sub(pattern, blank, part, flags=re.S))
    return ''.join(pieces)


def report(cases):
    """Prints one TAP case per (name, list of faults) and returns the exit status."""
    print(f'1..{len(cases)}')
    failed = False
    for number, (name, faults) in enumerate(cases, 1):
        for fault in faults:
            print(f'# {fault}')
        print(f'{"not ok" if faults else "ok"} {number} {name}')
        failed = failed or bool(faults)
    return 1 if failed else 0
