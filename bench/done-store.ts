import {mkdirSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {digestOf} from '../kernel/fingerprint/fingerprint.js';
import type {Manifest} from '../kernel/graph/manifest.js';
import {fingerprintOfRecipe} from '../kernel/graph/recipe.js';
import {Store} from '../kernel/store/store.js';

/**
 * Makes tasks done in a store in which tasks 1 and 2 of a loop over `i` have run: the others, up to `count`, get records and files as these
 * have. A task of files has written its number into `o`, a value is its number.
 */
export async function fillDone(directory: string, count: number, kind: 'files' | 'values'): Promise<void> {
  const sample = sampleIn(directory);
  const opened = await Store.open({directory});
  if (!opened.ok) throw new Error(opened.error.message);
  const store = opened.value;
  for (let i = 3; i <= count; i++) {
    const recipe = {...sample.recipe, variables: {i: {is: 'json' as const, value: i}}};
    const fingerprint = fingerprintOfRecipe(recipe);
    const time = new Date().toISOString();
    const known = {...sample, fingerprint, recipe, label: `t i=${i}`, startedAt: time, endedAt: time};
    store.recordResult(kind === 'values' ? {...known, value: i, log: `${i}\n`} : withFile(known, i, store));
    if (i % 1000 === 0) await store.flush();
  }
  await store.close();
}

function sampleIn(directory: string): Manifest {
  const runs = join(directory, 'runs');
  for (const name of readdirSync(runs))
    for (const line of readFileSync(join(runs, name), 'utf8').split('\n'))
      if (line.startsWith('{"is":"result"')) return (JSON.parse(line) as {readonly manifest: Manifest}).manifest;
  throw new Error(`${runs} has no result`);
}

function withFile(known: Manifest, i: number, store: Store): Manifest {
  const directory = store.workDirectory('bash', known.fingerprint);
  mkdirSync(directory, {recursive: true});
  const text = `${i}\n`;
  writeFileSync(join(directory, 'o'), text);
  writeFileSync(join(directory, '.weft.log'), '');
  const {size, mtimeNs} = statSync(join(directory, 'o'), {bigint: true});
  const output = {path: 'o', size: Number(size), mtimeNs: String(mtimeNs), sha256: digestOf(text)};
  const manifest = {...known, directory, outputs: [output]};
  writeFileSync(join(directory, '.weft.json'), JSON.stringify(manifest));
  return manifest;
}
