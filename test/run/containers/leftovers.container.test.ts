import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdirSync, writeFileSync} from 'node:fs';
import {userInfo} from 'node:os';
import {dirname} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {v7 as uuid} from 'uuid';
import {beforeEach, describe, expect, test} from 'vitest';
import {noteRuntime, removeLeftovers} from '../../../kernel/run/containers/leftovers.js';
import {runProgram} from '../../../kernel/run/containers/run-program.js';
import type {Machine, Runtime} from '../../../kernel/run/containers/runtime.js';
import {runtimes} from '../../../kernel/run/containers/runtimes.js';
import {startTimeOf} from '../../../kernel/machine/process-life.js';
import {found, need} from '../../rig/component.js';
import {givenEngines} from '../../rig/engines/given.js';
import {scratch} from '../../rig/scratch.js';

const engines = givenEngines();
const {image} = engines;

describe.each([
  ['podman', engines.podman],
  ['docker', engines.docker],
] as const)('%s', (name, engine) => {
  beforeEach(context => need(context, engine, image));

  test('a container whose client and runner have gone is removed at the next start, one that is held stays', async () => {
    using room = scratch();
    const {program, env} = found(engine);
    const store = room.path;
    const runtime = runtimes.find(each => each.name === name) as Runtime;
    const machine: Machine = {
      environment: {
        HOME: process.env['HOME'],
        USER: userInfo().username,
        PATH: `${dirname(program)}:${process.env['PATH'] ?? ''}`,
        ...env,
      },
      uid: process.getuid?.() ?? 0,
      gid: process.getgid?.() ?? 0,
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      space: 'boot pid:[1]',
    };
    const names = () =>
      execFileSync(program, ['ps', '-a', '--filter', `label=weft.store=${store}`, '--format', '{{.Names}}'], {
        env: {...process.env, ...env},
        encoding: 'utf8',
      })
        .split('\n')
        .filter(line => line !== '')
        .sort();
    const clients = ['held', 'orphan', 'other'].map(kind => {
      const directory = room.at(kind);
      mkdirSync(directory);
      const container = `weft-${kind}-${uuid()}`;
      const command = runtime.command(
        {
          container: {runtime: name, reference: '', image: found(image).name, identity: {engine: name, id: ''}},
          name: container,
          labels: {
            'weft.store': store,
            'weft.directory': directory,
            'weft.space': kind === 'other' ? 'boot pid:[2]' : 'boot pid:[1]',
          },
          mounts: [{source: directory, target: directory, write: true}],
          directory,
          argv: ['sleep', '600'],
          input: false,
        },
        machine,
      );
      if (!command.ok) throw new Error(command.error.message);
      const {file, args, environment} = command.value;
      return {
        kind,
        container,
        directory,
        child: spawn(file, args, {env: environment, stdio: 'ignore', detached: true}),
      };
    });
    try {
      while (names().length < 3) await delay(100);
      for (const {kind, directory, child} of clients) {
        if (kind === 'held') {
          // Its runner is this very process.
          const start = startTimeOf(process.pid) ?? '';
          writeFileSync(`${directory}/.weft.started`, `${child.pid ?? 0} 1.5 1 ${process.pid} ${start}\n`);
          continue;
        }
        child.kill('SIGKILL');
        await once(child, 'close');
      }
      noteRuntime(store, name);
      const kept = clients.filter(({kind}) => kind !== 'orphan').map(({container}) => container);
      const orphans = clients.filter(({kind}) => kind === 'orphan').map(({container}) => container);
      expect(await removeLeftovers({runtimes, machine, run: runProgram, store})).toEqual(orphans);
      expect(names()).toEqual([...kept].sort());
    } finally {
      for (const {container} of clients) {
        for (const remove of runtime.stopOf(container, machine).remove) await runProgram(remove, {limit: 20_000});
      }
    }
    expect(names()).toEqual([]);
  });
});
