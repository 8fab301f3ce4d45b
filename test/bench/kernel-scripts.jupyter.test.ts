import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {beforeEach, expect, test} from 'vitest';
import type {Speed} from '../../bench/kernel-results.js';
import {runScript} from '../../bench/kernels.js';
import {found, need} from '../rig/component.js';
import {jupyterEnvironment, pythonWith} from '../rig/jupyter.js';
import {scratch} from '../rig/scratch.js';
import {root} from '../rig/sources.js';

const python = pythonWith('jupyter_client');
beforeEach(context => need(context, python));

test('a kernel that never answers is a result, and nothing of it is left', async () => {
  const home = scratch();
  const pids = home.at('pids');
  // It leaves a process of another session, as kernels in two processes may.
  const mute = `setsid sleep 600 & echo $! $$ >> ${pids}; wait`;
  const spec = {argv: ['bash', '-c', mute, '{connection_file}'], display_name: 'Mute', language: 'mute'};
  mkdirSync(home.at('data/kernels/mute'), {recursive: true});
  writeFileSync(home.at('data/kernels/mute/kernel.json'), JSON.stringify(spec));
  const kernel = {name: 'mute', spec: 'mute', directory: home.path, python: false};
  const plan = {rounds: 3, cells: 5, lines: 10, kernels: [kernel], start: 0.3};
  const told: {name: string; found: Speed}[] = [];
  const script = {
    python: found(python),
    path: join(root, 'bench', 'kernels.py'),
    env: {...jupyterEnvironment(home.path), PYTHONDONTWRITEBYTECODE: '1'},
    cwd: home.path,
  };
  await runScript(script, plan, line => told.push(line));
  // Three starts in each of three rounds, and one in the last: ten are enough.
  expect(told.map(({found: {requests, lost}}) => [requests, lost])).toEqual([
    [3, 3],
    [3, 3],
    [1, 1],
  ]);
  expect(told[0]?.found).toMatchObject({startMs: [], cellMs: [], rssMb: []});
  const started = readFileSync(pids, 'utf8').trim().split(/\s+/);
  expect(started).toHaveLength(20);
  expect(started.filter(pid => existsSync(`/proc/${pid}`))).toEqual([]);
}, 60_000);
