import {expect, test} from 'vitest';
import {isoSpan} from '../../kernel/graph/iso-span.js';
import type {Fingerprint} from '../../kernel/fingerprint/fingerprint.js';
import type {Recipe} from '../../kernel/graph/recipe.js';
import {JournalIndex} from '../../kernel/store/journal-index.js';
import {resultLine} from '../../kernel/store/result-line.js';
import {manifest} from '../show/tasks.js';

const recipe = (script: string, name = 'bash'): Recipe => ({
  kind: name,
  name,
  arguments: {script},
  variables: {},
  inputs: [],
});

let made = 0;

/** A line as a store writes it. */
function line(of: Recipe, duration: number, label = of.name): string {
  const fingerprint = (++made).toString(16).padStart(64, '0') as Fingerprint;
  return resultLine(1_760_000_000_000.125 + made, manifest(duration, {fingerprint, recipe: of, label}));
}

test('the durations of a name are those of its latest results', () => {
  const index = new JournalIndex('/store');
  for (let at = 1; at <= 20; at++)
    index.add(line({...recipe(''), kind: 'lsst', name: 'processCcd', arguments: {}}, at));
  expect([...index.durations.of('processCcd')].sort((a, b) => a - b)).toEqual(
    Array.from({length: 15}, (_, at) => at + 6),
  );
  expect(index.durations.of('makeSkyMap')).toEqual([]);
});

test('a script that has a name has those of its name, whatever its text was', () => {
  const index = new JournalIndex('/store');
  index.add(line(recipe('first'), 100, 'warps filter=HSC-R'));
  index.add(line(recipe('second'), 200, 'warps'));
  expect(index.durations.of('warps', recipe('third'))).toEqual([100, 200]);
  expect(index.durations.of('warps')).toEqual([100, 200]);
  expect(index.durations.of('bash', recipe('first'))).toEqual([]);
});

test('a script without a name has those of its own text', () => {
  const index = new JournalIndex('/store');
  const long = 'echo "long \\ line"\n'.repeat(20);
  for (const [text, duration] of [
    ['true', 100],
    ['echo "quoted \\" and {\\"startedAt\\":\\""', 200],
    [long, 300],
    ['tru', 400],
  ] as const)
    index.add(line(recipe(text), duration));
  expect(index.durations.of('bash', recipe('true'))).toEqual([100]);
  expect(index.durations.of('bash', recipe('tru'))).toEqual([400]);
  expect(index.durations.of('bash', recipe('echo "quoted \\" and {\\"startedAt\\":\\""'))).toEqual([200]);
  expect(index.durations.of('bash', recipe(long))).toEqual([300]);
  expect(index.durations.of('bash', recipe('another'))).toEqual([]);
  expect(index.durations.of('python', recipe('true', 'python'))).toEqual([]);
});

test('a line of another form is read too, and what is none is passed over', () => {
  const index = new JournalIndex('/store');
  const good = line(recipe('true'), 100);
  index.add(good.slice(0, -30));
  index.add('garbage');
  expect(index.durations.of('bash', recipe('true'))).toEqual([]);
  index.add(good.replace('"manifest":{', '"manifest":{ '));
  expect(index.durations.of('bash', recipe('true'))).toEqual([100]);
});

test('the span of two times is that of parsing them', () => {
  const times = [
    ['2026-11-23T03:32:37.123Z', '2026-11-23T03:32:37.123Z'],
    ['2026-11-23T00:00:00.000Z', '2026-11-23T23:59:59.999Z'],
    ['2026-11-23T23:59:59.999Z', '2026-11-24T00:00:01.000Z'],
    ['2026-11-23T03:32:37Z', '2026-11-23T03:32:38Z'],
    ['2026-11-23T03:32:37.123+01:00', '2026-11-23T03:32:38.123Z'],
  ] as const;
  for (const [from, to] of times) expect(isoSpan(from, to)).toBe(Date.parse(to) - Date.parse(from));
  expect(isoSpan('2026-11-23T03:32:38.000Z', '2026-11-23T03:32:37.000Z')).toBe(0);
  expect(isoSpan('', '2026-11-23T03:32:37.000Z')).toBe(0);
  expect(isoSpan('x'.repeat(24), 'never')).toBe(0);
});
