import {mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {userInfo} from 'node:os';
import {join} from 'node:path';
import fc from 'fast-check';
import {v7 as uuid} from 'uuid';
import {afterAll, beforeAll, beforeEach, describe, expect, test} from 'vitest';
import {digestOf} from '../../../kernel/fingerprint/fingerprint.js';
import {ok} from '../../../kernel/graph/result.js';
import {runProgram} from '../../../kernel/run/containers/run-program.js';
import type {FoundImage, Probing, Ran, RunDescription} from '../../../kernel/run/containers/runtime.js';
import {runtimes} from '../../../kernel/run/containers/runtimes.js';
import {childProcess} from '../../rig/child-process.js';
import {missing, need, type Component} from '../../rig/component.js';
import {givenEngines} from '../../rig/engines/given.js';
import {installFakes} from '../../rig/runtimes/fakes.js';
import {mountNamespaces} from '../../rig/runtimes/installed.js';

const {podman, docker, charliecloud, bubblewrap, image} = givenEngines();

/** What each runtime needs on this machine. shifter, apptainer, singularity and podman-hpc are fakes, podman-hpc's podman is real. */
const needs: Readonly<Record<string, readonly Component<unknown>[]>> = {
  podman: [podman, image],
  docker: [docker, image],
  'podman-hpc': [podman, image, mountNamespaces],
  shifter: [image, mountNamespaces, bubblewrap],
  apptainer: [image, mountNamespaces, bubblewrap],
  singularity: [image, mountNamespaces, bubblewrap],
  ch: [charliecloud, image],
};

// Not below /tmp: half of the runtimes show the machine's, so that nothing would have to be mounted.
const home = realpathSync(mkdtempSync('/var/tmp/weft-'));
/** Blanks are refused by shifter, colons by charliecloud; what all can is tried on all. */
const work = join(home, "wörk, it's=1");
const inputs = join(home, 'inputs');
const shifterWork = join(home, 'work');
const references: Record<string, string> = {};
let probing: Probing;

beforeAll(async () => {
  for (const folder of [work, inputs, shifterWork]) mkdirSync(folder);
  writeFileSync(join(inputs, 'given'), 'what was given\n');
  const fakes = join(home, 'fakes');
  const tree = image.found.ok ? image.found.value.directory : '/';
  const installed = await installFakes(
    fakes,
    {'weft/simstack:1': {tree}},
    {
      siteMounts: [{from: home, to: home}],
      hpcDefaultArgs: [],
      hpcRunArgs: [],
      ...(podman.found.ok ? {podman: podman.found.value.program} : {}),
    },
  );
  writeFileSync(join(fakes, 'bin', 'fuse-overlayfs-wrap'), '#!/bin/sh\n', {mode: 0o755});
  const engines = [podman, docker].map(({found: it}) => (it.ok ? it.value.env : {}));
  const programs = [podman, docker].flatMap(({found: it}) => (it.ok ? [join(it.value.program, '..')] : []));
  probing = {
    environment: Object.assign(
      {
        HOME: home,
        USER: userInfo().username,
        SCRATCH: home,
        WEFT_SHIFTER_SITE: home,
        SECRET: 'never told',
        APPTAINER_BIND: '/nowhere',
        PATH: [installed.path, ...programs, '/usr/bin:/bin:/usr/sbin:/sbin'].join(':'),
      },
      ...engines,
    ) as Record<string, string>,
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    run: runProgram,
    digest: async path => ok(digestOf(readFileSync(path))),
  };
  const {sif} = installed.images['weft/simstack:1']!;
  if (image.found.ok) writeFileSync(join(image.found.value.directory, '.weft-image'), 'the simulated stack\n');
  for (const {name} of runtimes)
    references[name] = name === 'shifter' ? 'docker:weft/simstack:1' : name === 'ch' ? tree : '';
  for (const name of ['apptainer', 'singularity']) references[name] = sif;
  for (const name of ['podman', 'docker', 'podman-hpc'])
    references[name] = image.found.ok ? image.found.value.name : '';
});
afterAll(() => rmSync(home, {recursive: true, force: true}));

/** In place of `test` for what a runtime does not promise: there is nothing to skip. */
const leftOut: (title: string, body: () => Promise<void>) => void = () => undefined;

describe.each(runtimes.map(runtime => [runtime.name, runtime] as const))('%s', (name, runtime) => {
  const components = needs[name]!;
  beforeEach(context => need(context, ...components));
  const directory = name === 'shifter' ? shifterWork : work;
  let pinned: FoundImage;
  beforeAll(async () => {
    if (missing(components) !== undefined) return;
    const result = await runtime.find(references[name]!, probing);
    expect(result).toMatchObject({ok: true});
    if (result.ok) pinned = result.value;
  });

  const described = (argv: RunDescription['argv'], more: Partial<RunDescription> = {}): RunDescription => ({
    container: {runtime: name, reference: references[name]!, image: pinned.image, identity: pinned.identity},
    name: `weft-${uuid()}`,
    labels: {'weft.store': work},
    mounts: [{source: directory, target: directory, write: true}],
    directory,
    argv,
    input: false,
    ...more,
  });
  const commandOf = (run: RunDescription) => {
    const prepared = runtime.prepare?.(run, probing) ?? ok(undefined);
    const command = prepared.ok ? runtime.command(run, probing) : prepared;
    if (!command.ok) throw new Error(JSON.stringify(command.error));
    return command.value;
  };
  const run = (argv: RunDescription['argv'], more?: Partial<RunDescription>): Promise<Ran> =>
    runProgram(commandOf(described(argv, more)), {limit: 60_000});
  const bash = (text: string, more?: Partial<RunDescription>) => run(['/bin/bash', '-c', text], more);

  test('it is there, and says its version', async () => {
    expect(await runtime.present(probing)).toEqual({ok: true, value: {version: expect.stringMatching(/\w/)}});
  });

  test('the image is found and pinned to what can’t move', async () => {
    const again = await runtime.find(references[name]!, probing);
    expect(again).toEqual({ok: true, value: pinned});
    expect(pinned.image).toMatch(/^(?:(?:id:|sha256:)?[0-9a-f]{64}|\/.+)$/);
    expect(pinned.unknown).toBeDefined();
  });

  test('an image that is not there is none, and the remedy says how to get it', async () => {
    const reference = references[name]!.startsWith('/') ? join(home, 'no.sif') : 'weft/no-such:1';
    expect(await runtime.find(reference, probing)).toMatchObject({
      ok: false,
      error: {is: 'image', remedy: expect.stringContaining(name === 'ch' ? 'ch-convert' : 'pull')},
    });
  });

  test('a name that begins with `-` is none', async () => {
    expect(await runtime.find('--help', probing)).toMatchObject({ok: false, error: {is: 'reference'}});
    expect(
      runtime.command(
        {...described(['true']), container: {...described(['true']).container, image: '--help'}},
        probing,
      ),
    ).toMatchObject({ok: false, error: {is: 'reference'}});
  });

  test('arguments arrive byte for byte, and reach no parser of the runtime', async () => {
    const words = [
      '',
      ' ',
      'a b',
      'a\nb',
      `"'`,
      '$(id)',
      '`id`',
      '$HOME',
      'a,b=c;d',
      '--',
      '--help',
      '--gpu',
      '-v',
      '*',
      '\\',
      'é',
      '%s',
    ];
    const {stdout, code} = await run(['/usr/bin/env', 'bash', '-c', 'printf "%s\\0" "$@"', '--', ...words]);
    expect({code, words: stdout.split('\0').slice(0, -1)}).toEqual({code: 0, words});
    const bare = await run(['/usr/bin/printf', '%s.', '--help', '--', '--gpu']);
    expect(bare).toMatchObject({code: 0, stdout: '--help.--.--gpu.', stderr: ''});
  });

  test('a thousand generated arguments arrive byte for byte', async () => {
    const odd = fc.constantFrom(
      ...Array.from(' \t\n\r"\'`$(){}[]|&;<>*?~!#%\\=,:-'),
      '--',
      '$(id)',
      '${HOME}',
      'é',
      '\u{1f52d}',
      '\u0001',
    );
    const word = fc.array(fc.oneof(odd, fc.string({unit: 'grapheme-composite', maxLength: 4})), {maxLength: 8});
    const words = fc.sample(word, {seed: 20260722, numRuns: 1000}).map(parts => parts.join('').replaceAll('\0', ''));
    const {stdout, code} = await run(['/usr/bin/env', 'bash', '-c', 'printf "%s\\0" "$@"', ...['--', ...words]]);
    expect(code).toBe(0);
    expect(stdout.split('\0').slice(0, -1)).toEqual(words);
  });

  test.each([
    ['exit 0', 0],
    ['exit 1', 1],
    ['exit 7', 7],
    ['exit 125', 125],
    ['exit 127', 127],
    ['exit 255', 255],
    ['kill -TERM $$', 143],
    ['kill -KILL $$', 137],
  ])('`%s` ends it with %i, and is the task’s own', async (text, code) => {
    const ran = await bash(`echo noise; echo FATAL >&2; ${text}`);
    const signals: Readonly<Record<string, number>> = {SIGTERM: 143, SIGKILL: 137};
    expect(ran.code ?? signals[ran.signal ?? '']).toBe(code);
    expect(ran.stdout).toBe('noise\n');
    expect(runtime.fault(code, `${ran.stdout}${ran.stderr}`)).toBeUndefined();
  });

  test('a command that the image lacks is the image’s fault', async () => {
    const {code, stdout, stderr} = await run(['/usr/bin/nosuch']);
    expect(code).toBeGreaterThan(0);
    expect(runtime.fault(code!, stdout + stderr)).toMatchObject({message: expect.stringMatching(/^the image has no/)});
  });

  test('an image that vanished is a fault with a remedy, and nothing is fetched', async () => {
    const gone = {
      ...described(['true']),
      container: {
        ...described(['true']).container,
        image: pinned.image.startsWith('/')
          ? join(home, 'gone.sif')
          : pinned.image.replace(/[0-9a-f]{64}/, '0'.repeat(64)),
      },
    };
    const prepared = runtime.prepare?.(gone, probing);
    if (prepared?.ok === false) {
      expect(prepared.error.is).toBe('image');
      return;
    }
    const ran = await runProgram(commandOf(gone), {limit: 30_000});
    expect(runtime.fault(ran.code ?? 0, ran.stdout + ran.stderr)).toMatchObject({
      message: expect.stringMatching(/not there/),
    });
  });

  test('the command starts in its directory, which it can write, and files are the user’s', async () => {
    const {code, stdout} = await bash('pwd; echo written > "file of it"; mkdir -p deep');
    expect({code, stdout}).toEqual({code: 0, stdout: `${directory}\n`});
    expect(readFileSync(join(directory, 'file of it'), 'utf8')).toBe('written\n');
    expect(statSync(join(directory, 'deep'))).toMatchObject({uid: probing.uid, gid: probing.gid});
  });

  // charliecloud mounts nothing read-only, and shifter leaves the site's directories as they are.
  (name === 'ch' ? leftOut : test)(
    'what is mounted to be read can’t be written, also where it is shown elsewhere',
    async () => {
      const mounts = [
        {source: inputs, target: '/mnt', write: false},
        {source: directory, target: directory, write: true},
      ];
      const {code, stdout} = await bash('cat /mnt/given; echo x > /mnt/more || exit 9', {mounts});
      expect({code, stdout}).toEqual({code: 9, stdout: 'what was given\n'});
    },
  );

  // shifter's site mounts all of it, and apptainer shows the machine's directories for temporary files.
  (/shifter|apptainer|singularity/.test(name) ? leftOut : test)('what is not mounted is not seen', async () => {
    expect((await bash(`cat ${inputs}/given`)).code).toBe(1);
  });

  test('standard input is read to its end', async () => {
    const {file, args, environment} = commandOf(described(['/bin/cat'], {input: true}));
    const text = 'a line\n"two"\n\n';
    expect(await childProcess(file, args, {env: environment}, text)).toMatchObject({status: 0, stdout: text});
  });

  test('nothing of the kernel’s environment is told that the client does not need', async () => {
    const ran = await run(['/usr/bin/env']);
    expect(ran.stdout).not.toMatch(/^SECRET=|^APPTAINER_BIND=.*nowhere/m);
    expect((await run(['/usr/bin/env', '-i', 'A=b c', '/usr/bin/env'])).stdout).toBe('A=b c\n');
  });

  test('without a network only the machine itself is there, or it is refused before', async () => {
    const command = runtime.command(described(['/bin/cat', '/proc/net/dev'], {network: 'none'}), probing);
    if (['shifter', 'ch'].includes(name)) {
      expect(command).toMatchObject({ok: false, error: {is: 'option'}});
      return;
    }
    const {stdout, code} = await run(['/bin/cat', '/proc/net/dev'], {network: 'none'});
    const devices = [...stdout.matchAll(/^\s*(\w+):/gm)].map(([, device]) => device);
    expect(code).toBe(0);
    expect(
      devices.filter(
        device => !/^(lo|tunl0|sit0|ip6tnl0|gre0|gretap0|erspan0|ip_vti0|ip6_vti0|ip6gre0)$/.test(device!),
      ),
    ).toEqual([]);
  });

  (runtime.left === undefined ? leftOut : test)(
    'a container that runs is listed by its label, asked to end, and removed',
    async () => {
      const label = `${home}/a store, "of=mine"`;
      const one = described(['/bin/bash', '-c', 'echo up > up; exec sleep 60'], {
        labels: {'weft.store': label, 'weft.directory': directory},
      });
      const {file, args, environment} = commandOf(one);
      const client = childProcess(file, args, {env: environment});
      const list = async () => {
        const {stdout} = await runProgram(runtime.left!.command(`weft.store=${label}`, probing));
        return runtime.left!.read(stdout);
      };
      while (!(await list()).some(({running}) => running)) await new Promise(resolve => setTimeout(resolve, 50));
      expect(await list()).toEqual([
        {name: one.name, labels: {'weft.store': label, 'weft.directory': directory}, running: true},
      ]);
      const stop = runtime.stopOf(one.name, probing);
      for (const ask of stop.ask) expect(await runProgram(ask)).toMatchObject({code: 0});
      expect((await client).status).toBe(143);
      for (const remove of stop.remove) await runProgram(remove);
      expect(await list()).toEqual([]);
      // What is not there any more is no problem.
      for (const remove of stop.remove) expect(await runProgram(remove)).toMatchObject({timedOut: false});
    },
  );
});
