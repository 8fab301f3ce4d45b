import {mkdtempSync, realpathSync} from 'node:fs';
import {mkdir, writeFile} from 'node:fs/promises';
import {userInfo} from 'node:os';
import {dirname, join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {v7 as uuid} from 'uuid';
import {beforeAll, beforeEach, describe, expect, test} from 'vitest';
import type {AttemptId} from '../../../kernel/graph/task.js';
import type {Inside} from '../../../kernel/run/executor.js';
import {runProgram} from '../../../kernel/run/containers/run-program.js';
import type {Machine, RunDescription, Runtime} from '../../../kernel/run/containers/runtime.js';
import {runtimes} from '../../../kernel/run/containers/runtimes.js';
import {inAttempt} from '../../../kernel/run/local/strays.js';
import {found, missing, need} from '../../rig/component.js';
import {givenEngines, type GivenEngine} from '../../rig/engines/given.js';
import {mountsIn, processesIn} from '../../rig/engines/leftovers.js';
import {kill, startKernel} from '../local/dying.js';
import {ExecutorRig, until} from '../local/executor-rig.js';

const engines = givenEngines();
const {image} = engines;

/** Where a runtime keeps what it makes: nothing more may be there afterwards than before. */
const placeOf: Readonly<Record<string, (engine: Partial<GivenEngine>) => string>> = {
  podman: ({env}) => dirname(env?.['CONTAINERS_CONF'] ?? ''),
  docker: ({env}) => dirname((env?.['DOCKER_HOST'] ?? '').replace('unix://', '')),
  ch: () => found(image).directory,
};

describe.each([
  ['podman', engines.podman],
  ['docker', engines.docker],
  ['ch', engines.charliecloud],
] as const)('%s', (name, engine) => {
  beforeEach(context => need(context, engine, image));
  const runtime = runtimes.find(each => each.name === name) as Runtime;
  let machine: Machine;
  let place: string;
  let before: {processes: number; mounts: readonly string[]};
  const look = () => ({processes: processesIn(place).length, mounts: mountsIn(place)});

  beforeAll(() => {
    if (missing([engine, image]) !== undefined) return;
    const given: Partial<GivenEngine> = found<GivenEngine>(engine);
    machine = {
      environment: {
        HOME: process.env['HOME'],
        USER: userInfo().username,
        PATH: `${given.program === undefined ? '' : `${dirname(given.program)}:`}${process.env['PATH'] ?? ''}`,
        ...given.env,
      },
      uid: process.getuid?.() ?? 0,
      gid: process.getgid?.() ?? 0,
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    };
    place = placeOf[name]!(given);
    before = look();
  });

  // Not below /tmp, of which each container has its own.
  const makeRig = () => new ExecutorRig(realpathSync(mkdtempSync('/var/tmp/weft-cancel-')), {slots: 4});

  const opened = (
    rig: ExecutorRig,
    directory: string,
    argv: RunDescription['argv'],
    {input = false, memory}: {readonly input?: boolean; readonly memory?: number},
  ) => {
    const container = `weft-${uuid()}`;
    const reference = name === 'ch' ? found(image).directory : found(image).name;
    const run: RunDescription = {
      container: {runtime: name, reference, image: reference, identity: {engine: name, id: 'x'}},
      name: container,
      labels: {'weft.store': rig.directory},
      mounts: [{source: rig.directory, target: rig.directory, write: true}],
      directory,
      argv,
      input,
      ...(memory === undefined ? {} : {memory}),
      ...(name === 'ch' ? {} : {network: 'none' as const}),
    };
    const prepared = runtime.prepare?.(run, machine);
    if (prepared?.ok === false) throw new Error(prepared.error.message);
    const command = runtime.command(run, machine);
    if (!command.ok) throw new Error(command.error.message);
    return {command: command.value, stop: runtime.stopOf(container, machine)};
  };

  const own = (rig: ExecutorRig, job: string, memory?: number): Inside => {
    const argv = ['/usr/bin/env', '-i', `WEFT_ATTEMPT=${job}`, 'PATH=/usr/bin:/bin', 'bash'] as const;
    const directory = join(rig.directory, job);
    return {
      is: 'own',
      ...opened(rig, directory, [...argv, join(directory, 'task.sh')], memory === undefined ? {} : {memory}),
    };
  };
  const shared = (rig: ExecutorRig, memory?: number): Inside => ({
    is: 'shared',
    station: {
      key: 's',
      jobs: 10,
      open: argv => opened(rig, rig.directory, argv, {input: true, ...(memory === undefined ? {} : {memory})}),
    },
  });

  /** All that may be left, ten seconds after what ended it. */
  async function leavesNothing(rig: ExecutorRig, jobs: readonly string[], since: number): Promise<void> {
    const left = async () => {
      const {left: list} = runtime;
      const listed = list && (await runProgram(list.command(`weft.store=${rig.directory}`, machine)));
      return {
        containers: list && listed ? list.read(listed.stdout) : [],
        attempts: jobs.flatMap(inAttempt),
        ...look(),
      };
    };
    const nothing = {containers: [], attempts: [], ...before};
    for (let now = await left(); JSON.stringify(now) !== JSON.stringify(nothing); now = await left()) {
      if (performance.now() - since > 10_000) expect(now).toEqual(nothing);
      await delay(200);
    }
  }

  const unique = (text: string): string => `${text} ${uuid()}`;
  const running = 'sleep 100 & echo up >up; wait';
  const deaf = "trap '' TERM; (trap '' TERM; while :; do sleep 1; done) & echo up >up; while :; do sleep 1; done";
  const up = (rig: ExecutorRig, job: string) =>
    until(`${job} is up`, async () => (await rig.read(job, 'up')) === 'up\n');

  test.each([0, 30, 60, 100, 150])('cancelled %i ms after its start, nothing is left', async milliseconds => {
    await using rig = makeRig();
    const job = unique('starting');
    await rig.submit(job, running, {inside: own(rig, job)});
    await rig.toldStart(job);
    await delay(milliseconds);
    const since = performance.now();
    rig.cancel(job);
    expect(await rig.exit(job)).toEqual({is: 'cancelled'});
    await leavesNothing(rig, [job], since);
  });

  test('cancelled while it runs, nothing is left', async () => {
    await using rig = makeRig();
    const job = unique('running');
    await rig.submit(job, running, {inside: own(rig, job)});
    await up(rig, job);
    const since = performance.now();
    rig.cancel(job);
    expect(await rig.exit(job)).toEqual({is: 'cancelled'});
    expect(performance.now() - since).toBeLessThan(4000);
    await leavesNothing(rig, [job], since);
  });

  test('cancelled with children that ignore SIGTERM, nothing is left', async () => {
    await using rig = makeRig();
    const job = unique('deaf');
    await rig.submit(job, deaf, {inside: own(rig, job)});
    await up(rig, job);
    const since = performance.now();
    rig.cancel(job);
    expect(await rig.exit(job)).toEqual({is: 'cancelled'});
    await leavesNothing(rig, [job], since);
  });

  test('over its time limit, nothing is left', async () => {
    await using rig = makeRig();
    const job = unique('limited');
    await rig.submit(job, `setsid sleep 100 & ${running}`, {inside: own(rig, job), time: 1.5});
    expect(await rig.exit(job)).toMatchObject({is: 'timed out'});
    await leavesNothing(rig, [job], performance.now());
  });

  test.each(['of its own', 'that others share'])('over its memory in a container %s, nothing is left', async where => {
    await using rig = makeRig();
    const job = unique('large');
    const memory = 64 * 2 ** 20;
    // An engine ends what takes the most; charliecloud nothing, so that the runner does.
    const script = "(sleep 100 &); text=$(head -c 100M /dev/zero | tr '\\0' x); sleep 60";
    const inside = where === 'of its own' ? own(rig, job, memory) : shared(rig, memory);
    const exit = await rig.run(job, script, {inside, memory});
    expect(exit).toMatchObject({is: 'out of memory'});
    if (name === 'ch') expect(exit).toHaveProperty('used');
    if (where === 'of its own') await leavesNothing(rig, [job], performance.now());
  });

  test('killed by somebody, it is not said to have run out of memory', async () => {
    await using rig = makeRig();
    const job = unique('killed');
    await rig.submit(job, 'echo up >up; exec sleep 100', {inside: own(rig, job), memory: 64 * 2 ** 20});
    await up(rig, job);
    for (const pid of inAttempt(job)) process.kill(pid, 'SIGKILL');
    expect(await rig.exit(job)).toMatchObject(name === 'ch' ? {is: 'signalled'} : {is: 'exited', code: 137});
  });

  test.each(['after 20 ms', 'after 80 ms', 'after 150 ms', 'later'])(
    'when its runner is killed %s, nothing is left',
    async when => {
      await using rig = makeRig();
      const job = unique('lost');
      await rig.submit(job, `setsid sleep 100 & ${running}`, {inside: own(rig, job)});
      await rig.toldStart(job);
      if (when === 'later') await up(rig, job);
      else await delay(Number(/\d+/.exec(when)));
      const since = performance.now();
      process.kill(rig.assigned.get(job)!.pid, 'SIGKILL');
      expect(await rig.exit(job)).toMatchObject({is: 'lost'});
      await leavesNothing(rig, [job], since);
    },
  );

  test.each(['go on and is cancelled', 'lose its runner too'])(
    'when its kernel is killed it can %s, and nothing is left',
    async what => {
      await using rig = makeRig();
      const job = unique('orphan');
      await mkdir(join(rig.directory, job));
      await writeFile(join(rig.directory, job, 'inside.json'), JSON.stringify(own(rig, job)));
      const kernel = await startKernel(rig, {[job]: running});
      await up(rig, job);
      await kill(kernel);
      const holder = kernel.holders.get(job)!;
      if (what.startsWith('lose')) process.kill(holder.pid, 'SIGKILL');
      const since = performance.now();
      rig.executor.adopt(job as AttemptId, holder);
      if (!what.startsWith('lose')) rig.cancel(job);
      expect(await rig.exit(job)).toMatchObject({is: what.startsWith('lose') ? 'lost' : 'cancelled'});
      await leavesNothing(rig, [job], since);
    },
  );

  test('jobs share a container; one is cancelled inside, and with the executor all leave', async () => {
    await using rig = makeRig();
    rig.executor.resize(1);
    const inside = shared(rig);
    for (const job of ['a', 'b', 'c']) expect(await rig.run(job, 'exit 3', {inside})).toMatchObject({code: 3});
    await rig.submit('long', `setsid sleep 100 & ${running}`, {inside});
    await up(rig, 'long');
    rig.cancel('long');
    expect(await rig.exit('long')).toEqual({is: 'cancelled'});
    expect(await rig.run('last', 'true', {inside})).toMatchObject({code: 0});
    expect(new Set([...rig.assigned.values()].map(({pid}) => pid)).size).toBe(1);
    await rig.executor.close();
    await leavesNothing(rig, ['long'], performance.now());
  });

  test('a shared container whose client is killed is taken away', async () => {
    await using rig = makeRig();
    const inside = shared(rig);
    await rig.submit('long', running, {inside});
    await up(rig, 'long');
    const since = performance.now();
    process.kill(rig.assigned.get('long')!.pid, 'SIGKILL');
    expect(await rig.exit('long')).toMatchObject({is: 'lost'});
    await leavesNothing(rig, ['long'], since);
  });
});
