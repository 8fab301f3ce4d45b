import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {resolve} from 'node:path';
import {text} from 'node:stream/consumers';
import {expect, test} from 'vitest';
import {scratch, type Scratch} from '../rig/scratch.js';

interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `weft` in a folder; `interrupt` is text of stderr after which it gets a SIGINT. */
async function weft(folder: Scratch, args: readonly string[], interrupt?: string): Promise<Run> {
  const program = resolve(import.meta.dirname, '../../dist/weft.js');
  const child = spawn(process.execPath, [program, ...args], {
    cwd: folder.path,
    env: {...process.env, HOME: folder.path},
  });
  let seen = '';
  child.stderr.on('data', (data: Buffer) => {
    seen += data.toString();
    if (interrupt !== undefined && seen.includes(interrupt)) child.kill('SIGINT');
  });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return {code, out, err};
}

function notebook(folder: Scratch, cells: readonly string[], tags: readonly (string | undefined)[] = []): void {
  const made = cells.map((source, i) => ({
    cell_type: 'code',
    id: `c${i}`,
    metadata: tags[i] === undefined ? {} : {tags: [tags[i]]},
    outputs: [],
    execution_count: null,
    source,
  }));
  writeFileSync(folder.at('nb.ipynb'), JSON.stringify({nbformat: 4, nbformat_minor: 5, metadata: {}, cells: made}));
}

const counts = (run: Run): unknown => (JSON.parse(run.out) as {tasks: unknown}).tasks;

test('a notebook is run, settled, saved with its last displays, and cached the next time', async () => {
  using folder = scratch();
  notebook(folder, ['%%foreach i in 1..3\n%%bash --as a\necho $i > f', '%%bash --from a --as b\nls $a > l', '1 + 1']);
  const first = await weft(folder, ['run', 'nb.ipynb', '--json', '-o', 'out.ipynb']);
  expect(first.code).toBe(0);
  expect(counts(first)).toMatchObject({total: 4, ran: 4, cached: 0, failed: 0});
  const saved = JSON.parse(readFileSync(folder.at('out.ipynb'), 'utf8')) as {
    cells: {execution_count: number; outputs: {data: Record<string, string>}[]}[];
  };
  expect(saved.cells.map(cell => cell.execution_count)).toEqual([1, 2, 3]);
  expect(saved.cells[0]?.outputs[0]?.data['text/plain']).toContain('3 of 3 done');
  expect(saved.cells[1]?.outputs[0]?.data['text/plain']).toContain('done');
  expect(counts(await weft(folder, ['run', 'nb.ipynb', '--json']))).toMatchObject({total: 4, ran: 0, cached: 4});
});

test('a failed task is no error of a cell, but one of the run', async () => {
  using folder = scratch();
  notebook(folder, ['%%bash --as a\nexit 3', '%%bash --from a --as b\ntrue', '%%bash --as c\ntrue']);
  const run = await weft(folder, ['run', 'nb.ipynb', '--json']);
  expect(run.code).toBe(1);
  expect(counts(run)).toMatchObject({total: 3, ran: 1, failed: 1, blocked: 1});
  expect(run.err).toContain('a failed: exit 3');
});

test('behind the first error of a cell no further one is sent, unless told so, and what was submitted is settled', async () => {
  using folder = scratch();
  notebook(folder, ['%%bash --as a\nsleep 0.3; true', 'nosuch', '%%bash --as never\nfalse || true']);
  const run = await weft(folder, ['run', 'nb.ipynb', '--json']);
  expect(run.code).toBe(1);
  expect(counts(run)).toMatchObject({total: 1, ran: 1});
  const on = await weft(folder, ['run', 'nb.ipynb', '--json', '--keep-going']);
  expect(on.code).toBe(1);
  expect(counts(on)).toMatchObject({total: 2, ran: 1, cached: 1});
});

test('usage, and a notebook that is not there, exit with 2; an interrupt with 130', async () => {
  using folder = scratch();
  expect((await weft(folder, ['run'])).code).toBe(2);
  expect((await weft(folder, ['frob'])).code).toBe(2);
  const none = await weft(folder, ['run', 'none.ipynb']);
  expect(none.code).toBe(2);
  expect(none.err).toContain('there is no notebook');
  notebook(folder, ['%%bash --as quick\nexit 1', '%%bash --as slow\nsleep 2', 'await new Promise(() => undefined)']);
  const interrupted = await weft(folder, ['run', 'nb.ipynb', '--json'], 'quick failed');
  expect(interrupted.code).toBe(130);
  expect(interrupted.err).toContain('weft: 1 task goes on; the next run finds what they make');
  expect(interrupted.err).toMatch(/nb\.ipynb interrupted in .* · 1 task: 1 failed · 1 goes on/);
  expect(JSON.parse(interrupted.out)).toMatchObject({
    ok: false,
    interrupted: true,
    open: 1,
    tasks: {total: 1, failed: 1},
  });
  notebook(folder, ['%%bash --as slow\nsleep 6; echo a']);
  // Nothing has failed, and it is not done either.
  const early = await weft(folder, ['run', 'nb.ipynb', '--json'], '1 running');
  expect([early.code, JSON.parse(early.out)]).toMatchObject([
    130,
    {ok: false, interrupted: true, open: 1, tasks: {total: 0}},
  ]);
});

test('an error of a cell is told with its place and what to do, as in a notebook', async () => {
  using folder = scratch();
  notebook(folder, ['%%bash --as a --nosuch 3\ntrue', 'const x = 1;\nconst f = () => x.nothing.more;\nf()']);
  const {err, code} = await weft(folder, ['run', 'nb.ipynb', '--keep-going']);
  expect(code).toBe(1);
  expect(err).toMatch(/cell \[1\] failed: .*nosuch/);
  expect(err).toMatch(/ {2}cell \[1\]:1:\d+ {2}W\d{4} .*\n.*%%bash --as a --nosuch 3\n +~~~/);
  expect(err).toMatch(/cell \[2\] failed: .*\n.*cell \[2\]:2:27\n +2 \| const f = \(\) => x\.nothing\.more;\n.*\^/);
  expect(err).not.toContain('\u001b');
});

test('a run goes on when nobody reads what it says any more', async () => {
  using folder = scratch();
  notebook(folder, ['%%bash --as a --value\necho 1', 'nope', '%%bash --as b --value\necho 2']);
  const program = resolve(import.meta.dirname, '../../dist/weft.js');
  const command = 'exec "$0" "$1" run nb.ipynb --json --keep-going 2> >(exec true)';
  const {status, stdout} = spawnSync('bash', ['-c', command, process.execPath, program], {
    cwd: folder.path,
    env: {...process.env, HOME: folder.path},
    encoding: 'utf8',
  });
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({tasks: {total: 2, ran: 2}});
});

test('where the executed notebook can’t be saved is found out before anything runs', async () => {
  using folder = scratch();
  notebook(folder, ['%%bash --as a\necho > ../../../ran']);
  const nowhere = await weft(folder, ['run', 'nb.ipynb', '-o', 'nowhere/out.ipynb']);
  expect(nowhere).toMatchObject({code: 2, err: expect.stringContaining('nowhere is not there') as string});
  expect((await weft(folder, ['run', 'nb.ipynb', '-o', '.'])).err).toContain('is a directory');
  expect(existsSync(folder.at('.weft'))).toBe(false);
});

interface Saved {
  readonly metadata: {readonly papermill?: {readonly parameters: unknown}};
  readonly cells: readonly {
    readonly id: string;
    readonly source: string;
    readonly metadata: {readonly tags?: readonly string[]};
    readonly outputs: readonly {readonly data: Record<string, string>}[];
  }[];
}

/** A notebook that was written, the lines of its cells joined. */
const saved = (folder: Scratch, name: string): Saved =>
  JSON.parse(readFileSync(folder.at(name), 'utf8'), (key, value: unknown) =>
    key === 'source' && Array.isArray(value) ? value.join('') : value,
  ) as Saved;

test('parameters come behind the cell that has their defaults, reach tasks, and are replaced by those of the next run', async () => {
  using folder = scratch();
  notebook(
    folder,
    [
      'const doubled = 0; // before',
      '%env KEPT=1\nlet tract = 1;\nconst filters: string[] = ["g"], visit = "7"',
      'tract += 1; [tract, filters, visit]',
      '%%bash --with tract --value\necho $tract\n',
    ],
    [undefined, 'parameters'],
  );
  const args = ['-p', 'tract', '41', '-p', 'filters', '["r","i"]', '-r', 'visit', '0012', '-o', 'out.ipynb', '--json'];
  const run = await weft(folder, ['run', ...args, 'nb.ipynb']);
  expect([run.code, run.err]).toEqual([0, expect.not.stringContaining('warning')]);
  const out = saved(folder, 'out.ipynb');
  expect(out.cells.map(({id}) => id)).toEqual(['c0', 'c1', 'injected-parameters', 'c2', 'c3']);
  expect(out.cells[2]).toMatchObject({
    metadata: {tags: ['injected-parameters']},
    source: '// Parameters\nlet tract = 41;\nconst filters = ["r","i"];\nconst visit = "0012";',
  });
  expect(out.cells[3]?.outputs[0]?.data['text/plain']).toMatch(/42.*r.*i.*0012/s);
  expect(out.metadata.papermill?.parameters).toEqual({tract: 41, filters: ['r', 'i'], visit: '0012'});
  const again = await weft(folder, ['run', 'out.ipynb', '-p', 'tract', '5', '-o', 'next.ipynb']);
  expect(again.code).toBe(0);
  const next = saved(folder, 'next.ipynb');
  expect(next.cells.map(({id}) => id)).toEqual(['c0', 'c1', 'injected-parameters', 'c2', 'c3']);
  expect(next.cells[3]?.outputs[0]?.data['text/plain']).toMatch(/6.*g.*7/s);
});

test('a parameter that the notebook does not declare is given, with a warning; a file of parameters is read', async () => {
  using folder = scratch();
  notebook(folder, ['const a = 1', 'a + nosuch'], ['parameters']);
  writeFileSync(folder.at('p.json'), '{"a": 10, "nosuch": 1}');
  const run = await weft(folder, ['run', 'nb.ipynb', '--parameters', 'p.json', '-p', 'nosuch', '-3', '-o', 'o.ipynb']);
  expect(run.code).toBe(0);
  expect(run.err).toContain('warning: the cell tagged `parameters` has no `nosuch`');
  expect(saved(folder, 'o.ipynb').cells[2]?.outputs[0]?.data['text/plain']).toBe('7');
  notebook(folder, ['x']);
  const first = await weft(folder, ['run', 'nb.ipynb', '-p', 'x', 'say "it"', '-o', 'o.ipynb']);
  expect(first.err).toContain('no cell of the notebook has the tag');
  expect(saved(folder, 'o.ipynb').cells.map(({source}) => source)).toEqual([
    '// Parameters\nconst x = "say \\"it\\"";',
    'x',
  ]);
});

test('a parameter that is none is a fault of usage, and nothing is run', async () => {
  using folder = scratch();
  notebook(folder, ['%%bash --as never\nfalse || true']);
  for (const [args, said] of [
    [['-p', 'tract'], 'takes a name and a value'],
    [['-p', 'r-band', '1'], 'is no name of a parameter: write r_band'],
    [['-p', 'class', '1'], 'is no name of a parameter'],
    [['-p', 'id', '12345678901234567890'], 'is no exact number: -r id'],
    [['--parameters', 'none.json'], "can't be read"],
  ] as const) {
    const run = await weft(folder, ['run', 'nb.ipynb', ...args]);
    expect([run.code, run.err]).toEqual([2, expect.stringContaining(said)]);
  }
  expect(existsSync(folder.at('.weft'))).toBe(false);
});

test('a task that is done for one future and lacks something for another one has failed', async () => {
  using folder = scratch();
  notebook(folder, ['%%bash --as content --out x --allow-empty\nsleep 0.3', '%%bash --as strict --out x\nsleep 0.3']);
  const run = await weft(folder, ['run', 'nb.ipynb', '--json']);
  expect(run.code).toBe(1);
  expect(JSON.parse(run.out)).toMatchObject({ok: false, tasks: {total: 1, failed: 1, ran: 0}});
});
