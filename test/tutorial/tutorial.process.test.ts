import {copyFileSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {expect, test} from 'vitest';
import {House} from './house.js';

const tutorial = resolve(import.meta.dirname, '../../notebooks/tutorial.ipynb');

/** The two cells that run again each time: the failure on purpose, and the person's rerun. */
const AGAIN = {failed: 1, ran: 1};

test(
  'The tutorial runs headless from an empty directory, and a second run starts nothing that is cached.',
  {timeout: 240_000},
  async () => {
    using house = new House();
    copyFileSync(tutorial, house.at('tutorial.ipynb'));
    const first = await house.run('tutorial.ipynb', ['-o', 'executed.ipynb']);
    expect(first.summary.cells.filter(cell => cell.status !== 'ok')).toEqual([]);
    expect(first.ended.status, first.ended.stderr).toBe(0);
    expect(first.summary.tasks).toMatchObject({attached: 0, blocked: 0, cancelled: 0, failed: AGAIN.failed});

    const executed = JSON.parse(readFileSync(house.at('executed.ipynb'), 'utf8')) as {
      cells: {outputs?: {data?: Record<string, unknown>}[]}[];
    };
    const pictures = executed.cells
      .flatMap(cell => cell.outputs ?? [])
      .filter(output => output.data?.['image/png'] !== undefined);
    expect(pictures).toHaveLength(3);

    const second = await house.run('tutorial.ipynb');
    expect(second.ended.status, second.ended.stderr).toBe(0);
    expect(second.summary.tasks).toEqual({
      ...first.summary.tasks,
      ran: AGAIN.ran,
      cached: first.summary.tasks.total - AGAIN.ran - AGAIN.failed,
    });
    expect(second.summary.joins).toEqual({...first.summary.joins, ran: 0, cached: first.summary.joins.ran});
    expect(second.summary.wall_s).toBeLessThan(first.summary.wall_s);

    // One lost file: that task runs, and nothing that is still valid.
    const reruns = house.at('DATA', 'rerun', 'weft');
    const warps = readdirSync(reruns).find(name => name.startsWith('makeCoaddTempExp-'))!;
    const patch = join(reruns, warps, 'deepCoadd');
    const lost = readdirSync(patch, {recursive: true, encoding: 'utf8'}).find(name => /\/warp-.*\.fits$/.test(name))!;
    rmSync(join(patch, lost));
    const third = await house.run('tutorial.ipynb');
    expect(third.summary.tasks).toEqual({
      ...second.summary.tasks,
      ran: AGAIN.ran + 1,
      cached: second.summary.tasks.cached - 1,
    });
    expect(third.summary.joins).toEqual(second.summary.joins);
  },
);
