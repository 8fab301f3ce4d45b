import {copyFileSync} from 'node:fs';
import {resolve} from 'node:path';
import {expect, test} from 'vitest';
import {House} from './house.js';

const tutorial = resolve(import.meta.dirname, '../../notebooks/tutorial.ipynb');

/** When each task began that has a result, by fingerprint: a second beginning is a second run. */
function begun(house: House): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const {fingerprint, startedAt} of house.results())
    found.set(fingerprint, (found.get(fingerprint) ?? new Set()).add(startedAt));
  return found;
}

test(
  'Two kernels run the tutorial in one directory at once: each task runs in one of them, and the other attaches to it.',
  {timeout: 240_000},
  async () => {
    using house = new House();
    copyFileSync(tutorial, house.at('tutorial.ipynb'));
    const runs = await Promise.all([1, 2].map(each => house.run('tutorial.ipynb', ['-o', `executed-${each}.ipynb`])));
    for (const {ended, summary} of runs) {
      expect(ended.status, ended.stderr).toBe(0);
      expect(summary.cells.filter(cell => cell.status !== 'ok')).toEqual([]);
    }
    const [{tasks: first, joins: union}, {tasks: second, joins: other}] = runs.map(({summary}) => summary) as [
      (typeof runs)[0]['summary'],
      (typeof runs)[0]['summary'],
    ];
    expect(second.total).toBe(first.total);
    // The task that fails on purpose fails for both. The one in a person's rerun is never cached: a kernel that comes late runs it again.
    expect([first.failed, second.failed]).toEqual([1, 1]);
    const again = first.ran + second.ran - (first.total - 1);
    expect([0, 1]).toContain(again);
    expect(union.ran + other.ran).toBe(union.total);
    const runsOf = begun(house);
    expect(runsOf.size).toBe(first.total - 1 + union.total);
    expect([...runsOf.values()].filter(times => times.size > 1)).toHaveLength(again);
  },
);
