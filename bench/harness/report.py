# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
# What is shown of the rows: the table, the JSON and one plot each.
import json

import rows

COLOURS = {'ours': '#2f7d4f', 'peer': '#7a6fb0', 'limit': '#9a9a9a'}
NAMES = {'ours': 'krhub', 'peer': 'peer', 'limit': 'limit'}


def number(value):
    """At most four digits that count."""
    if value is None:
        return '-'
    if abs(value) >= 1000:
        return f'{value:,.0f}'
    return f'{value:.4g}'


HEADS = ['row', 'unit', 'ours', 'min', 'max', 'peer', 'ratio', 'limit', 'of limit', 'CPU us', 'peer', 'limit', 'bars']
WIDTHS = [30, 15, 10, 10, 10, 10, 7, 10, 8, 8, 8, 8, 0]


def line(cells):
    left = 2
    return '  '.join(f'{cell:<{width}}' if i < left or width == 0 else f'{cell:>{width}}'
                     for i, (cell, width) in enumerate(zip(cells, WIDTHS))).rstrip()


def head():
    return line(HEADS)


def bar_text(bars):
    return ', '.join(f'{name} {number(got)} {"holds" if holds else "MISSES"} {number(wanted)}'
                     for name, wanted, got, holds in bars)


def table_line(result):
    medians, cpus = result.medians, result.cpus

    def over(who):
        if not medians.get(who) or not medians['ours']:
            return None
        return medians[who] / medians['ours'] if result.row.lower else medians['ours'] / medians[who]
    return line([result.row.name, result.row.unit, number(medians['ours']), number(result.low('ours')),
                 number(result.high('ours')), number(medians.get('peer')), number(over('peer')),
                 number(medians.get('limit')), number(over('limit')), number(cpus.get('ours')),
                 number(cpus.get('peer')), number(cpus.get('limit')),
                 bar_text(rows.judge(result.row, medians, cpus))])


def as_object(result):
    medians, cpus = result.medians, result.cpus
    return {
        'name': result.row.name, 'unit': result.row.unit,
        'ours': medians['ours'], 'peer': medians.get('peer'), 'limit': medians.get('limit'),
        'ours_cpu_us': cpus.get('ours'), 'peer_cpu_us': cpus.get('peer'), 'limit_cpu_us': cpus.get('limit'),
        'min': result.low('ours'), 'max': result.high('ours'),
        'peer_min': result.low('peer'), 'peer_max': result.high('peer'),
        'limit_min': result.low('limit'), 'limit_max': result.high('limit'),
        'rounds': len(result.samples['ours']),
        'lower_is_better': result.row.lower, 'what': result.row.what,
        'bars': [{'against': name, 'wanted': wanted, 'got': got, 'holds': bool(holds)}
                 for name, wanted, got, holds in rows.judge(result.row, medians, cpus)],
    }


def write_json(path, results):
    path.write_text(json.dumps([as_object(result) for result in results], indent=2) + '\n')


def as_markdown(results):
    """The table for docs/performance.md."""
    lines = ['| row | unit | krhub (min-max) | peer | limit | CPU us per message: krhub | peer | limit |',
             '|---|---|---|---|---|---|---|---|']
    for result in results:
        medians, cpus = result.medians, result.cpus
        span = f'{number(medians["ours"])} ({number(result.low("ours"))}-{number(result.high("ours"))})'
        lines.append('| ' + ' | '.join([result.row.name, result.row.unit, span, number(medians.get('peer')),
                                        number(medians.get('limit')), number(cpus.get('ours')),
                                        number(cpus.get('peer')), number(cpus.get('limit'))]) + ' |')
    return '\n'.join(lines) + '\n'


def escape(text):
    return text.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')


def plot(result):
    """One bar for each program, with a whisker from the lowest to the highest round."""
    who = [name for name in rows.ALL if result.samples.get(name)]
    top = max([result.high(name) for name in who] + [1e-9])
    left, width, step = 110, 420, 34
    height = 62 + step * len(who)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="660" height="{height}" font-family="sans-serif" '
             f'font-size="13"><rect width="660" height="{height}" fill="#ffffff"/>',
             f'<text x="12" y="22" font-weight="bold">{escape(result.row.name)}</text>',
             f'<text x="12" y="40" fill="#555555">{escape(result.row.what)}; {escape(result.row.unit)}, '
             f'{"less" if result.row.lower else "more"} is better</text>']
    for i, name in enumerate(who):
        y = 54 + step * i

        def x(value):
            return left + width * max(value, 0) / top
        median = result.medians[name]
        parts.append(f'<text x="{left - 8}" y="{y + 16}" text-anchor="end">{NAMES[name]}</text>'
                     f'<rect x="{left}" y="{y}" width="{x(median) - left:.1f}" height="22" fill="{COLOURS[name]}"/>'
                     f'<path d="M{x(result.low(name)):.1f} {y + 11}H{x(result.high(name)):.1f}" stroke="#000000"/>'
                     f'<text x="{left + width + 10}" y="{y + 16}">{number(median)}</text>')
    return '\n'.join(parts) + '\n</svg>\n'
