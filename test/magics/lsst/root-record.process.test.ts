import {readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, it} from 'vitest';
import type {Kernel} from '../../rig/kernel.js';
import {run, simulatedRoot, stackKernel} from './simulated-root.js';

/** What a record says. */
interface Record {
  readonly rows: readonly string[];
  readonly files: readonly string[];
}

let directory: string;
let kernel: Kernel;
beforeAll(async () => {
  directory = simulatedRoot();
  kernel = await stackKernel(directory);
});
afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
  rmSync(directory, {recursive: true, force: true, maxRetries: 3});
});

const kept = (): string => join(directory, 'DATA/.weft');

const names = (): readonly string[] => readdirSync(kept()).filter(name => /^[^.].*\.json$/.test(name));

const record = (task: string): Record => {
  const name = names().find(each => new RegExp(`^${task}-[0-9a-f]{12}\\.json$`).test(each)) ?? '';
  return JSON.parse(readFileSync(join(kept(), name), 'utf8')) as Record;
};

const ran = async (name: string): Promise<string> => {
  await run(kernel, '%wait');
  return run(kernel, `%status ${name}`);
};

const INGEST = '%%lsst ingestImages --as ing\n$CI_HSC_DIR/raw/HSCA9033342*.fits --mode=link';
const SCRIPT = '%%bash --mutates DATA --as note\necho one > "$WEFT_ROOT/note.txt"';

it('what a root task made is listed in the file beside its result that has its name', async () => {
  await run(kernel, INGEST);
  await run(kernel, SCRIPT);
  await ran('ing');
  const {rows, files} = record('ingestImages');
  expect(rows.length).toBeGreaterThan(0);
  expect(rows[0]).toMatch(/^raw /);
  expect(files.length).toBeGreaterThan(0);
  expect(files.every(file => file.endsWith('.fits'))).toBe(true);
  expect(record('bash')).toEqual({rows: [], files: ['note.txt']});
  expect(names()).toHaveLength(2);
});

it('the list is that of the result which is there after one was forced, and comes again with a hit', async () => {
  rmSync(join(directory, 'DATA/note.txt'));
  await run(kernel, SCRIPT.replace('\n', ' --force\n'));
  await ran('note');
  expect(record('bash')).toEqual({rows: [], files: ['note.txt']});
  // It finds all in place now.
  await run(kernel, SCRIPT.replace('\n', ' --force\n'));
  await ran('note');
  expect(record('bash')).toEqual({rows: [], files: ['note.txt']});
  const [bash = ''] = names().filter(name => name.startsWith('bash-'));
  unlinkSync(join(kept(), bash));
  writeFileSync(join(kept(), bash), 'of a copy that followed links');
  await run(kernel, SCRIPT);
  expect(await ran('note')).toContain('cached');
  expect(record('bash').files).toContain('note.txt');
});

it('a task that fails leaves no list', async () => {
  const before = names();
  await run(kernel, '%%bash --mutates DATA --as bad\nfalse');
  expect(await ran('bad')).toContain('failed');
  expect(names()).toEqual(before);
});

it('what a task made before it failed is on its list when it succeeds, and it runs again if that is lost', async () => {
  const cell = `%%bash --mutates DATA --as halves\nif [ ! -e "$WEFT_ROOT/half.txt" ]; then echo 1 > "$WEFT_ROOT/half.txt"; false; fi\necho 2 > "$WEFT_ROOT/rest.txt"`;
  await run(kernel, cell);
  expect(await ran('halves')).toContain('failed');
  await run(kernel, cell);
  expect(await ran('halves')).toContain('done');
  const lists = names().map(name => JSON.parse(readFileSync(join(kept(), name), 'utf8')) as Record);
  expect(lists).toContainEqual({rows: [], files: ['half.txt', 'rest.txt']});
  rmSync(join(directory, 'DATA/half.txt'));
  await run(kernel, cell);
  expect(await ran('halves')).toContain('failed');
});
