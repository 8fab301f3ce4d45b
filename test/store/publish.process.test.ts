import {spawnSync} from 'node:child_process';
import {existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {buildSync} from 'esbuild';
import {afterAll, afterEach, beforeAll, beforeEach, expect, test} from 'vitest';
import {readManifest} from '../../kernel/store/manifest-file.js';
import {publish, type Publication} from '../../kernel/store/publish.js';
import {checkResult} from '../../kernel/store/verify.js';
import {sampleKnown as known} from './sample.js';

const STEPS = ['list', 'hash', 'manifest', 'clean', 'rename', 'final', 'exit'] as const;

let built: string;
let room: string;
const at = (name: string): string => join(room, name);

beforeAll(() => {
  built = mkdtempSync(join(tmpdir(), 'weft-child-'));
  buildSync({
    entryPoints: [join(import.meta.dirname, 'publish-child.ts')],
    outfile: join(built, 'child.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
  });
});
afterAll(() => rmSync(built, {recursive: true}));
beforeEach(() => (room = mkdtempSync(join(tmpdir(), 'weft-crash-'))));
afterEach(() => rmSync(room, {recursive: true}));

function attempt(name: string, text: string): Publication {
  const directory = at(`.bash-1.${name}`);
  mkdirSync(join(directory, 'sub'), {recursive: true});
  const files = {'.weft.log': 'said', '.weft.exit': '0 3', '.weft.script': 'echo', a: text, 'sub/b': `${text}!`};
  for (const [path, content] of Object.entries(files)) writeFileSync(join(directory, path), content);
  return {attempt: directory, final: at('bash-1'), manifest: known};
}

/** Publishes in a process that is killed before a step. */
function killedBefore(step: string, publication: Publication): void {
  const child = spawnSync(process.execPath, [join(built, 'child.mjs'), JSON.stringify(publication), step]);
  expect(child.signal).toBe('SIGKILL');
}

/** A final name that exists must be a whole result, to the last byte. */
async function expectNothingHalf(): Promise<void> {
  if (!existsSync(at('bash-1'))) return;
  const read = await readManifest(at('bash-1'));
  expect(read.ok).toBe(true);
  if (!read.ok) return;
  expect((await checkResult(read.value, 'content')).ok).toBe(true);
  expect(read.value.outputs.map(({path}) => path)).toEqual(['a', 'sub/b']);
  expect(readFileSync(at('bash-1/sub/b'), 'utf8')).toBe(`${readFileSync(at('bash-1/a'), 'utf8')}!`);
}

test.each(STEPS)('killed before the step %s, an attempt is published by the next kernel', async step => {
  const publication = attempt('a', 'work');
  killedBefore(step, publication);
  await expectNothingHalf();
  if (existsSync(at('bash-1'))) {
    expect(existsSync(publication.attempt)).toBe(false);
  } else {
    expect(readFileSync(join(publication.attempt, '.weft.exit'), 'utf8')).toBe('0 3');
    expect((await publish(publication)).ok).toBe(true);
  }
  await expectNothingHalf();
  expect(readFileSync(at('bash-1/a'), 'utf8')).toBe('work');
  expect(readdirSync(room)).toEqual(['bash-1']);
});

test.each([...STEPS, 'aside', 'final again'])(
  'killed before the step %s, a forced task has its old result, its new one, or none',
  async step => {
    const first = await publish(attempt('a', 'old'));
    expect(first.ok).toBe(true);
    const previous = first.ok ? first.value.manifest : undefined;
    const publication: Publication = {...attempt('b', 'new'), force: true, ...(previous && {previous})};
    killedBefore(step, publication);
    await expectNothingHalf();
    // What the journal still says must not be a hit for other bytes.
    const hit = previous && (await checkResult(previous, 'mtime'));
    if (hit?.ok) expect(readFileSync(at('bash-1/a'), 'utf8')).toBe('old');
    if (existsSync(publication.attempt)) expect((await publish(publication)).ok).toBe(true);
    await expectNothingHalf();
    expect(readFileSync(at('bash-1/a'), 'utf8')).toBe('new');
  },
);

test('killed before it throws its attempt away, the loser has changed nothing', async () => {
  await publish(attempt('a', 'first'));
  const publication = attempt('b', 'second');
  killedBefore('discard', publication);
  await expectNothingHalf();
  expect(await publish(publication)).toMatchObject({ok: true, value: {ours: false}});
  expect(readFileSync(at('bash-1/a'), 'utf8')).toBe('first');
  expect(readdirSync(room)).toEqual(['bash-1']);
});
