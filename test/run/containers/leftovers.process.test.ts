import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdirSync, writeFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import {noteRuntime, removeLeftovers} from '../../../kernel/run/containers/leftovers.js';
import {runProgram} from '../../../kernel/run/containers/run-program.js';
import type {LeftContainer, Runtime} from '../../../kernel/run/containers/runtime.js';
import {startTimeOf} from '../../../kernel/machine/process-life.js';
import {scratch} from '../../rig/scratch.js';

const machine = {environment: {}, uid: 0, gid: 0, architecture: 'amd64', space: 'boot-2 pid:[1]'};
const bash = (text: string) => ({file: 'bash', args: ['-c', text], environment: {PATH: process.env['PATH'] ?? ''}});

/** A runtime whose containers are files. */
function runtimeOf(name: string, folder: string, listed: readonly LeftContainer[]): Runtime {
  const never = () => {
    throw new Error('not asked for');
  };
  return {
    name,
    program: 'fake-engine',
    present: never,
    find: never,
    pull: never,
    command: never,
    fault: never,
    stopOf: container => ({ask: [], remove: [bash(`rm '${folder}/${container}'`)], session: false}),
    left: {
      command: label => bash(`echo '${label}' >'${folder}/asked-${name}'`),
      read: () => listed.filter(container => existsSync(`${folder}/${container.name}`)),
    },
  };
}

test('what nobody holds is removed, of runtimes that the store has used, and nothing else', async () => {
  using room = scratch();
  const store = room.path;
  const own = (name: string, started: string | undefined): LeftContainer => {
    const directory = room.at(`attempt-${name}`);
    mkdirSync(directory);
    if (started !== undefined) writeFileSync(`${directory}/.weft.started`, `${started}\n`);
    return {name, labels: {'weft.store': store, 'weft.directory': directory}, running: true};
  };
  const {pid} = process;
  const containers: LeftContainer[] = [
    own('held', `1234 1.5 99 ${pid} ${startTimeOf(pid) ?? ''}`),
    own('dead runner', `1234 1.5 99 ${pid} 1`),
    own('never started', undefined),
    own('starting', undefined),
    {name: 'shared', labels: {'weft.store': store}, running: true},
    {name: 'shared orphan', labels: {'weft.store': store}, running: false},
    {name: 'of a kernel in a container', labels: {'weft.store': store, 'weft.space': 'boot-2 pid:[7]'}, running: true},
    {name: 'from before', labels: {'weft.store': store, 'weft.space': 'boot-1 pid:[7]'}, running: false},
    {name: 'another store', labels: {'weft.store': `${store}/b`}, running: true},
  ];
  for (const {name} of containers) writeFileSync(room.at(name), '');
  const clients: ChildProcess[] = ['starting', 'shared'].map(name =>
    spawn('bash', ['-c', 'read -r; :', 'run', '--name', name]),
  );
  await Promise.all(clients.map(client => once(client, 'spawn')));
  const ports = {
    runtimes: [runtimeOf('a', store, containers), runtimeOf('b', store, containers)],
    machine,
    run: runProgram,
    store,
  };
  try {
    expect(await removeLeftovers(ports)).toEqual([]);
    expect(existsSync(room.at('asked-a'))).toBe(false);
    noteRuntime(store, 'a');
    noteRuntime(store, 'a');
    expect(await removeLeftovers(ports)).toEqual(['dead runner', 'never started', 'shared orphan', 'from before']);
    expect(existsSync(room.at('asked-a'))).toBe(true);
    expect(existsSync(room.at('asked-b'))).toBe(false);
    const left = containers.map(({name}) => name).filter(name => existsSync(room.at(name)));
    expect(left).toEqual(['held', 'starting', 'shared', 'of a kernel in a container', 'another store']);
  } finally {
    for (const client of clients) client.kill('SIGKILL');
    await Promise.all(clients.map(client => once(client, 'close')));
  }
  expect(await removeLeftovers(ports)).toEqual(['starting', 'shared']);
});

test('an engine that fails is passed over, and a store that can not be written is no error', async () => {
  using room = scratch();
  noteRuntime(room.at('nowhere'), 'a');
  noteRuntime(room.path, 'a');
  const broken = {...runtimeOf('a', room.path, []), left: {command: () => bash('exit 125'), read: () => [{}] as never}};
  expect(await removeLeftovers({runtimes: [broken], machine, run: runProgram, store: room.path})).toEqual([]);
});
