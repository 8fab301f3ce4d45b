import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {buildSync} from 'esbuild';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {digestOf} from '../../kernel/fingerprint/fingerprint.js';

const COUNT = 300;
let room: string;

beforeAll(() => {
  room = mkdtempSync(join(tmpdir(), 'weft-claims-'));
  buildSync({
    entryPoints: [join(import.meta.dirname, 'claim-child.ts')],
    outfile: join(room, 'child.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
  });
});
afterAll(() => rmSync(room, {recursive: true}));

test('of several processes that claim the same tasks at once, each task gets one owner', async () => {
  const directory = join(room, 'claims');
  mkdirSync(directory);
  for (let at = 0; at < COUNT; at += 2) writeFileSync(join(directory, `${digestOf(`${at}`)}.1`), '');
  const children = ['a', 'b', 'c', 'd'].map(name =>
    spawn(process.execPath, [join(room, 'child.mjs'), directory, name, `${COUNT}`], {
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  );
  const lines = children.map(child => createInterface(child.stdout)[Symbol.asyncIterator]());
  await Promise.all(lines.map(line => line.next()));
  for (const child of children) child.stdin.write('go\n');
  const owned = await Promise.all(lines.map(async line => JSON.parse(String((await line.next()).value)) as string[]));
  await Promise.all(children.map(async child => child.exitCode ?? once(child, 'exit')));
  expect(owned.flat().sort()).toEqual(Array.from({length: COUNT}, (_, at) => `${at}`).sort());
  expect(readdirSync(directory).filter(name => name.startsWith('.'))).toEqual([]);
});
