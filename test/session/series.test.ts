import {expect, test} from 'vitest';
import type {Fingerprint} from '../../kernel/fingerprint/fingerprint.js';
import {Series, type SeriesParts, type SeriesPorts} from '../../kernel/session/series.js';

test('a member of a long loop that gets a node counts no more among those that have none, nor does its time', async () => {
  const rows = [10, 20, 30, 40].map(n => ({n}));
  const parts = {
    rows,
    variables: ['n'],
    name: 't',
    label: 't',
    repeat: {fingerprint: ({n}: {n: number}) => `${n}` as Fingerprint, task: ({n}: {n: number}) => ({key: `n=${n}`})},
  } as unknown as SeriesParts;
  const ports = {
    now: () => 1,
    known: () => Promise.resolve(),
    tookOf: (fingerprint: Fingerprint) => (fingerprint === '40' ? undefined : Number(fingerprint)),
    done: () => undefined,
    plan: () => ({}),
  } as unknown as SeriesPorts;
  const series = new Series(parts, 1, ports);
  await series.look();
  expect(series.alike).toEqual({name: 't', done: 3, looking: 0, took: 60, samples: [10, 20, 30]});
  series.members[1]?.make();
  expect(series.made).toHaveLength(2);
  expect(series.alike).toMatchObject({done: 2, looking: 0, took: 40});
  for (const member of series.members) member.make();
  expect(series.alike).toMatchObject({done: 0, looking: 0, took: 0});
});
