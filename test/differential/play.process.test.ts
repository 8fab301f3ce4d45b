import {test} from 'vitest';
import {execFileSync} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import {buildVariant, NEXT_FORMAT} from './variant.js';
import {play} from './scenario.js';
test('play', async () => {
  const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], {encoding: 'utf8'}).trim();
  const now = await buildVariant('now', []), next = await buildVariant('next', [NEXT_FORMAT]);
  const e = process.env;
  for (let seed = Number(e['SEED'] ?? 1); seed < Number(e['SEED'] ?? 1) + Number(e['N'] ?? 1); seed++) {
    const t = performance.now();
    const out = await play({seed, flavour: {kept: seed % 2 === 0, stack: seed % 3 !== 0, python: seed % 4 < 2, containers: seed % 5 === 0}, steps: Number(e['STEPS'] ?? 10), edits: Number(e['EDITS'] ?? 1), fromNothing: Number(e['NOTHING'] ?? 4), wanted: e['WANTED']?.split(';') ?? []}, {now, next, python});
    console.log(seed, Math.round(performance.now() - t), JSON.stringify({...out, kinds: out.kinds.size, difference: undefined}));
    if (out.difference) { console.log(out.difference.slice(0, 3000)); writeFileSync(`/tmp/w/d-scratch/diff-${seed}.txt`, out.difference); }
  }
}, 3_000_000);
