#!/usr/bin/env python3
"""Hold alerts against docs/alert.schema.json.

usage: check_schema.py [--schema FILE] [--at-least N] [FILE ...]     lines of JSON; none or -: standard input
       check_schema.py [--schema FILE] [--at-least N] --run PROGRAM [ARGUMENT ...]   what PROGRAM prints

Every line must be one JSON object, at most 8 KiB with its newline, free of control characters, without a key
twice, and valid. Exit status 0: all are; 1: some are not, each is named; 2: usage; 77: python3-jsonschema is
missing (Debian package python3-jsonschema).
"""
import argparse
import json
import os
import subprocess
import sys

LINE_MAX = 8192


def no_duplicates(pairs):
    keys = [k for k, _ in pairs]
    twice = {k for k in keys if keys.count(k) > 1}
    if twice:
        raise ValueError('key twice: %s' % ', '.join(sorted(twice)))
    return dict(pairs)


def no_constant(name):
    raise ValueError('%s is no JSON number' % name)


def faults(raw, validator):
    """The faults of one line (bytes without its newline), as sentences."""
    out = []
    if len(raw) + 1 > LINE_MAX:
        out.append('%d bytes with the newline: more than %d' % (len(raw) + 1, LINE_MAX))
    if any(b < 0x20 or b == 0x7f for b in raw):
        out.append('a control character')
    try:
        alert = json.loads(raw.decode('utf-8'), object_pairs_hook=no_duplicates, parse_constant=no_constant)
    except ValueError as e:
        return out + ['not JSON: %s' % e]
    for e in sorted(validator.iter_errors(alert), key=lambda e: list(map(str, e.absolute_path))):
        out.append('%s: %s' % ('.'.join(map(str, e.absolute_path)) or '(top)', e.message[:200]))
    if not out:
        out += relations(alert)
    return out


def relations(alert):
    """What a schema cannot say."""
    out = []
    event, ours, rule = alert['event'], alert['exfild'], alert['rule']
    if event['action'] != rule['id']:
        out.append('event.action is not rule.id')
    if event['start'] > event['end']:
        out.append('event.start is after event.end')
    if ('created' in event) != (ours['mode'] == 'live'):
        out.append('event.created must be there when live, and only then')
    for level in ('technique', 'tactic'):
        t = alert.get('threat', {}).get(level)
        for x in [t, t.get('subtechnique')] if t else []:
            if x and len(x['id']) != len(x['name']):
                out.append('threat.%s: id and name differ in number' % level)
    return out


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument('--schema', default=os.path.join(here, '..', '..', 'docs', 'alert.schema.json'))
    ap.add_argument('--at-least', type=int, default=0)
    ap.add_argument('--run', nargs=argparse.REMAINDER)
    ap.add_argument('files', nargs='*')
    o = ap.parse_args()
    try:
        import jsonschema
    except ImportError:
        print('skipped: python3-jsonschema is missing (Debian package python3-jsonschema)')
        return 77
    with open(o.schema, encoding='utf-8') as f:
        schema = json.load(f)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    inputs = []
    if o.run:
        p = subprocess.run(o.run, stdout=subprocess.PIPE, check=False)
        if p.returncode:
            print('%s: exit status %d' % (o.run[0], p.returncode))
            return 1
        inputs.append((os.path.basename(o.run[0]), p.stdout))
    for name in o.files or ([] if o.run else ['-']):
        if name == '-':
            inputs.append(('-', sys.stdin.buffer.read()))
        else:
            with open(name, 'rb') as f:
                inputs.append((name, f.read()))
    count = bad = 0
    for name, data in inputs:
        if data and not data.endswith(b'\n'):
            print('%s: the last line has no newline' % name)
            bad += 1
        for number, raw in enumerate(data.split(b'\n')[:-1] if data.endswith(b'\n') else data.split(b'\n'), 1):
            count += 1
            found = faults(raw, validator)
            bad += bool(found)
            for fault in found:
                print('%s:%d: %s' % (name, number, fault))
    if count < o.at_least:
        print('%d alerts, at least %d expected' % (count, o.at_least))
        bad += 1
    print('%d alerts, %d with faults' % (count, bad))
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
