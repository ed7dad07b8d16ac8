#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
# Counts the cases of one or more testlog.json files and ends with "N passed, N failed, N skipped".
#
# Meson counts programs: one with a passed and nine skipped cases is OK to it. Here each TAP case counts. A log that is
# missing or empty, and a stage that broke before or beside its tests (--broken=NAME), is one failure each.
import argparse
import json
import pathlib
import re
import sys

OUTPUT_SHOWN = 60   # lines of each failed program, from the end


def count(record):
    """Passed, failed and skipped cases of one program; a planned case that never ran has failed."""
    fine = record['result'] in ('OK', 'SKIP')
    stdout = record.get('stdout') or ''
    plan = re.search(r'^1\.\.([1-9]\d*)', stdout, re.M)
    if plan is None:                   # no TAP, or skipped whole: the program is one case
        return int(record['result'] == 'OK'), int(not fine), int(record['result'] == 'SKIP')
    ok = [line for line in re.findall(r'^ok\b.*', stdout, re.M) if '# TO' 'DO' not in line]
    skipped = sum('# SKIP' in line for line in ok)
    return len(ok) - skipped, max(int(plan[1]) - len(ok), int(not fine)), skipped


def read(path):
    """The records of a log: one JSON object per line and program."""
    try:
        return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        print(f'{path}: {error}')
        return []


def reason_of_skip(record):
    found = re.search(r'# SKIP *(.*)', record.get('stdout') or '', re.I)
    return found[1] if found else 'no reason given'


def show(path, record):
    lines = ((record.get('stdout') or '') + (record.get('stderr') or '')).splitlines()
    print(f'---- failed: {record["name"]} ({path}), {record["result"]}, exit status {record.get("returncode")}')
    for line in lines[-OUTPUT_SHOWN:]:
        print('    ' + line)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--broken', action='append', default=[], help='a stage that failed as a whole')
    parser.add_argument('logs', nargs='*', type=pathlib.Path)
    arguments = parser.parse_args()

    passed = failed = skipped = 0
    broken = list(arguments.broken)
    for path in arguments.logs:
        records = read(path)
        stage = path.parent.parent.name
        failed_before = failed
        if not records:
            print(f'{path}: no test results')
            broken = [name for name in broken if name != stage]
            failed += 1
            continue
        for record in records:
            p, f, s = count(record)
            if f:
                show(path, record)
            if s:
                print(f'skipped: {record["name"]}: {s} ({reason_of_skip(record)})')
            passed, failed, skipped = passed + p, failed + f, skipped + s
        if failed > failed_before:
            broken = [name for name in broken if name != stage]   # that is why the stage broke
    for name in broken:
        print(f'{name} failed')
        failed += 1
    print(f'{passed} passed, {failed} failed, {skipped} skipped')
    return 1 if failed else 0


sys.exit(main())
