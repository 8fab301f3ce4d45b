import {chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {delimiter, join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {missing, need} from '../rig/component.js';
import {startKernel, type Kernel} from '../rig/kernel.js';
import {ALL, needsOf, runtimesOnHand, type OnHand, type RuntimeName} from '../rig/runtimes/on-hand.js';
import {scratch, type Scratch} from '../rig/scratch.js';

/** What no task may see, unless it is told to. */
const SECRETS: Readonly<Record<string, string>> = {
  AWS_SECRET_ACCESS_KEY: 'secret-1-aws',
  MADE_UP_TOKEN: 'secret-2-token',
  JPY_API_TOKEN: 'secret-3-jupyter',
  SSH_AUTH_SOCK: '/secret-4-agent',
  https_proxy: 'http://user:secret-5-proxy@127.0.0.1:1',
  PODMAN_PASSWORD: 'secret-6-podman',
  DOCKER_PASSWORD: 'secret-7-docker',
  APPTAINERENV_TOKEN: 'secret-8-apptainer',
  SINGULARITYENV_TOKEN: 'secret-9-singularity',
  SHIFTER_TOKEN: 'secret-10-shifter',
  PODMANHPC_TOKEN: 'secret-11-hpc',
};

/** The program of each runtime; those that ask about images, and the one that runs. */
const PROGRAMS: Readonly<Record<RuntimeName, readonly string[]>> = {
  podman: ['podman'],
  docker: ['docker'],
  ch: ['ch-run'],
  shifter: ['shifter', 'shifterimg'],
  apptainer: ['apptainer'],
  singularity: ['singularity'],
  'podman-hpc': ['podman-hpc'],
};

/** What would mean more rights than a user has, or a place that shows more than it should. */
const RIGHTS =
  /^--(?:privileged|cap-add.*|pid=host|ipc=host|uts=host|device.*|add-caps.*|allow-setuid|keep-privs|fakeroot|writable.*|volume=\/:.*)$/;

let home: Scratch;
let onHand: OnHand;
beforeAll(async () => {
  home = scratch('/var/tmp');
  if (ALL.some(name => missing(needsOf(name)) === undefined)) onHand = await runtimesOnHand(home.path);
});
afterAll(() => home[Symbol.dispose]());

/** Programs that write down how they were called, and then become the real ones. */
class Recorder {
  readonly path: string;
  readonly #log: string;

  constructor(directory: string, programs: readonly string[], path: string) {
    this.path = `${directory}${delimiter}${path}`;
    this.#log = join(directory, '.calls');
    mkdirSync(this.#log, {recursive: true});
    for (const program of programs) {
      const real = path.split(delimiter).find(place => places(place).includes(program));
      if (real === undefined) throw new Error(`no ${program}`);
      const file = join(directory, program);
      const call = `${this.#log}/${program}.$$`;
      writeFileSync(file, `#!/bin/bash\nprintf '%s\\0' "$@" > ${call}\nexec ${join(real, program)} "$@"\n`);
      chmodSync(file, 0o755);
    }
  }

  /** The words of each call, without the program. */
  calls(): readonly (readonly string[])[] {
    return readdirSync(this.#log).map(name => readFileSync(join(this.#log, name), 'utf8').split('\0').slice(0, -1));
  }
}

const places = (directory: string): readonly string[] => {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
};

/** The value of a script that is to end well. */
async function valueOf({client}: Kernel, name: string, script: string, options = ''): Promise<string> {
  const {outputs} = await client.execute(`%%bash --value --as ${name} ${options}\n${script}`, {timeout: 60_000});
  expect(outputs.error?.traceback.join('\n')).toBeUndefined();
  const awaited = await client.execute(`console.log(await ${name})`, {timeout: 60_000});
  expect(awaited.outputs.error?.traceback.join('\n')).toBeUndefined();
  return awaited.outputs.streams.stdout.trim();
}

describe.each(ALL)('%s', name => {
  let kernel: Kernel;
  let recorder: Recorder;
  let directory: string;
  const here = missing(needsOf(name)) === undefined;

  beforeAll(async () => {
    if (!here) return;
    const {PATH = '', HOME = '', ...environment} = onHand.environment;
    directory = home.at(`it's of $(id); & ${name}`.replaceAll(' ', name === 'shifter' ? '_' : ' '));
    mkdirSync(directory);
    recorder = new Recorder(home.at('recorder', name), PROGRAMS[name], PATH);
    kernel = await startKernel({directory, home: HOME, env: {...environment, ...SECRETS, PATH: recorder.path}});
    await kernel.client.execute(`%container ${onHand.images[name]}`, {timeout: 60_000});
  });
  afterAll(async () => {
    if (here) await kernel[Symbol.asyncDispose]();
  });

  test('tells a task no secrets of the kernel’s environment, but what it is told to.', async context => {
    need(context, ...needsOf(name));
    // Those that are seen outside of the container have the environment that their user gave them.
    const seen = ['shifter', 'ch'].includes(name) ? 'self' : '*';
    const script = [
      `all=$({ cat /proc/${seen}/environ 2> /dev/null || true; } | tr '\\0' '\\n')`,
      `secrets=$(grep -o 'secret-[0-9]*-[a-z]*' <<< "$all" || true)`,
      'echo "\\"$secrets\\""',
    ].join('\n');
    expect(await valueOf(kernel, 'secrets', script)).toBe('');
    await kernel.client.execute('%env MADE_UP_TOKEN=$MADE_UP_TOKEN');
    expect(await valueOf(kernel, 'told', script.replaceAll('|| true)', '| sort -u)'))).toBe('secret-2-token');
    await kernel.client.execute('%env MADE_UP_TOKEN=gone');
  });

  test('is started by no shell, without more rights than a user has, and its image and words are no options.', async context => {
    need(context, ...needsOf(name));
    expect(await valueOf(kernel, 'words', `echo '"$(id) --privileged"'`)).toBe('$(id) --privileged');
    const calls = recorder.calls();
    for (const words of calls) {
      expect(words.filter(word => RIGHTS.test(word))).toEqual([]);
      expect(words.join('\n')).not.toMatch(/secret-|uid=/);
    }
    // A shell on the way would have made something else of the name of the directory.
    const runs = calls.filter(words => words.includes('/usr/bin/env'));
    expect(runs).not.toEqual([]);
    for (const words of runs) expect(words.join('\n')).toContain(directory);
  });

  test('has no network where none is wished, or says that it can’t take it away.', async context => {
    need(context, ...needsOf(name));
    await kernel.client.execute('%config network none');
    const script = [
      `devices=$(sed -n 's/^ *\\([a-z0-9_]*\\):.*/\\1/p' /proc/net/dev)`,
      // The kernel makes these in each namespace, and nothing is behind them.
      `own='^(lo|tunl0|sit0|ip6tnl0|gre0|gretap0|erspan0|ip_vti0|ip6_vti0|ip6gre0)$'`,
      'more=$(grep -vE "$own" <<< "$devices" || true)',
      'echo "\\"$more\\""',
    ].join('\n');
    const {outputs} = await kernel.client.execute(`%%bash --value --as alone\n${script}`, {timeout: 60_000});
    const text = outputs.error?.traceback.join('\n') ?? '';
    const {outputs: awaited} = await kernel.client.execute('console.log(await alone)', {timeout: 60_000});
    await kernel.client.execute('%config network default');
    if (['shifter', 'ch'].includes(name)) {
      expect(text + (awaited.error?.traceback.join('\n') ?? '')).toMatch(/take the network away/);
      return;
    }
    expect(text).toBe('');
    expect(awaited.error?.traceback.join('\n')).toBeUndefined();
    expect(awaited.streams.stdout).toBe('\n');
    expect(recorder.calls().filter(words => /--network none/.test(words.join(' ')))).not.toEqual([]);
  });
});
