import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import type {Digest} from '../../../kernel/fingerprint/fingerprint.js';
import type {Machine, RunDescription, Runtime} from '../../../kernel/run/containers/runtime.js';
import {runtimes} from '../../../kernel/run/containers/runtimes.js';
import {root} from '../../rig/sources.js';

const id = '0123456789abcdef'.repeat(4);
const images: Readonly<Record<string, string>> = {
  shifter: `id:${id}`,
  'podman-hpc': id,
  apptainer: '/images/stack.sif',
  singularity: '/images/stack.sif',
  podman: id,
  docker: `sha256:${id}`,
  ch: '/images/stack',
};

const machine = (environment: Machine['environment'] = {}, uid = 1000): Machine => ({
  environment: {PATH: '/usr/bin', HOME: '/home/ann', USER: 'ann', ...environment},
  uid,
  gid: uid,
  architecture: 'amd64',
});

const run = (runtime: Runtime, more: Partial<RunDescription> = {}): RunDescription => ({
  container: {
    runtime: runtime.name,
    reference: 'stack',
    image: images[runtime.name]!,
    identity: {manifest: id as Digest},
  },
  name: 'weft-1',
  labels: {'weft.store': '/home/ann/store'},
  mounts: [{source: '/home/ann/store', target: '/home/ann/store', write: true}],
  directory: '/home/ann/store/a',
  argv: ['/usr/bin/env', '-i', 'bash', 'run me'],
  input: false,
  ...more,
});

const mount = (path: string) => [{source: path, target: path, write: true}];
const cases: Readonly<Record<string, Partial<RunDescription>>> = {
  plain: {},
  'read-only mounts, one of them elsewhere': {
    mounts: [
      {source: '/home/ann/raw', target: '/home/ann/raw', write: false},
      {source: '/home/ann/calib', target: '/calib', write: false},
    ],
  },
  'a blank in a path': {mounts: mount('/home/ann/a b'), directory: '/home/ann/a b'},
  'a comma in a path': {mounts: mount('/srv/a,b'), directory: '/srv/a,b'},
  'a quote in a path': {mounts: mount('/srv/a"b'), directory: '/srv/a"b'},
  'a colon in a path': {mounts: mount('/srv/a:b'), directory: '/srv/a:b'},
  'a line break in a path': {mounts: mount('/srv/a\nb'), directory: '/srv/a\nb'},
  'an equals sign in a path': {mounts: mount('/srv/a=b'), directory: '/srv/a=b'},
  'no network': {network: 'none'},
  memory: {memory: 2 ** 30},
  input: {input: true},
  'words that look like options': {argv: ['--help', '--', '--gpu', '']},
};

test.each(runtimes.map(runtime => [runtime.name, runtime] as const))(
  'The command lines of %s are these',
  async (name, runtime) => {
    const text = Object.entries(cases).map(([title, more]) => {
      const command = runtime.command(run(runtime, more), machine());
      const lines = command.ok
        ? [command.value.file, ...command.value.args].map(word => JSON.stringify(word))
        : [`refused (${command.error.is}): ${command.error.message}`, command.error.remedy];
      return `# ${title}\n${lines.join('\n')}\n`;
    });
    const stop = runtime.stopOf('weft-1', machine());
    const ends = [...stop.ask, ...stop.remove].map(({file, args}) => JSON.stringify([file, ...args]));
    const pull = runtime.pull('lsstsqre/centos:w_2020_14', machine());
    const rest = [
      `# stop${stop.session ? ', and what is left in the session' : ''}\n${ends.join('\n')}\n`,
      `# pull\n${pull === undefined ? 'nothing' : JSON.stringify([pull.file, ...pull.args])}\n`,
    ];
    await expect([...text, ...rest].join('\n')).toMatchFileSnapshot(
      join(root, `test/fixtures/containers/commands-${name}.txt`),
    );
  },
);

describe.each(runtimes.map(runtime => [runtime.name, runtime] as const))('%s', (_, runtime) => {
  test('is given what its client needs of the environment, and nothing else', () => {
    const environment = {
      AWS_SECRET_ACCESS_KEY: 'x',
      APPTAINER_BIND: '/x',
      APPTAINER_BINDPATH: '/x',
      APPTAINERENV_A: 'x',
      SINGULARITY_BIND: '/x',
      SHIFTER_VOLUME: '/x:/y',
      SHIFTER_IMAGEREQUEST: 'x',
      BASH_ENV: '/x',
      LD_PRELOAD: '/x',
      https_proxy: 'http://ann:password@proxy',
      XDG_RUNTIME_DIR: '/run/user/1000',
    };
    const command = runtime.command(run(runtime), machine(environment));
    expect(command.ok && command.value.environment).toEqual({
      PATH: '/usr/bin',
      HOME: '/home/ann',
      USER: 'ann',
      XDG_RUNTIME_DIR: '/run/user/1000',
    });
  });

  test('tells the proxy to what fetches an image only', () => {
    const {environment} = runtime.pull('a/b:1', machine({https_proxy: 'http://proxy'})) ?? {environment: undefined};
    // shifter’s gateway and charliecloud’s own tools fetch by themselves.
    if (environment !== undefined && runtime.name !== 'shifter')
      expect(environment['https_proxy']).toBe('http://proxy');
  });

  test.each(['-v', '--privileged', '', '--help', '-/x'])('takes no image that is called %j', image => {
    const of = run(runtime);
    expect(runtime.command({...of, container: {...of.container, image}}, machine())).toMatchObject({
      ok: false,
      error: {is: 'reference'},
    });
    expect(runtime.pull(image, machine())).toBeUndefined();
  });

  test('is never given more rights than a user has', () => {
    const command = runtime.command(run(runtime), machine({}, 0));
    expect(JSON.stringify(command)).not.toMatch(/privileged|cap-add|userns=host|fakeroot|add-caps/);
  });
});

describe('files come out as the user’s', () => {
  const argsOf = (name: string, from: Machine) => {
    const runtime = runtimes.find(each => each.name === name)!;
    const command = runtime.command(run(runtime), from);
    return command.ok ? command.value.args : [];
  };

  test('with podman by its name spaces, and for root by its number', () => {
    expect(argsOf('podman', machine())).toContain('--userns=keep-id');
    expect(argsOf('podman', machine())).not.toContain('--user');
    expect(argsOf('podman', machine({}, 0)).join(' ')).toContain('--user 0:0');
    expect(argsOf('podman', {...machine(), oneUser: true}).join(' ')).not.toMatch(/--user/);
  });

  test('with docker by the user’s number, but where docker itself is the user’s', () => {
    expect(argsOf('docker', machine()).join(' ')).toContain('--user 1000:1000');
    for (const environment of [
      {DOCKER_HOST: 'unix:///run/user/1000/docker.sock'},
      {DOCKER_HOST: 'unix:///scratch/ann/docker.sock', XDG_RUNTIME_DIR: '/scratch/ann'},
      {DOCKER_CONTEXT: 'rootless'},
    ])
      expect(argsOf('docker', machine(environment))).not.toContain('--user');
  });
});

describe('shifter', () => {
  const shifter = runtimes.find(({name}) => name === 'shifter')!;
  const mounted = (source: string, target: string, environment: Machine['environment'] = {}) =>
    shifter.command(run(shifter, {mounts: [{source, target, write: false}]}), machine(environment));

  test.each([
    ['/home/ann/x', {}],
    ['/global/cfs/x', {}],
    ['/tmp/x', {}],
    ['/pscratch/sd/a', {}],
    ['/big/ann/x', {SCRATCH: '/big/ann'}],
    ['/lustre/x', {WEFT_SHIFTER_SITE: '/home:/lustre/'}],
  ])('mounts nothing where the site mounts %s by itself', (path, environment) => {
    const command = mounted(path, path, environment);
    expect(command.ok && command.value.args.filter(word => word.startsWith('--volume'))).toEqual([]);
  });

  test.each([
    ['/srv/x', '/srv/x'],
    ['/home/annabel', '/home/annabel'],
    ['/home/ann/x', '/etcetera'],
    ['/home/ann/x', '/var/lib/x'],
    ['/home/ann/x', '/opt/udiImage/x'],
    ['/home/ann/x', '/opt'],
    ['/home/ann/a..b', '/data'],
    ['/home/ann/a;b', '/data'],
  ])('refuses to mount %s at %s before a task starts', (source, target) => {
    expect(mounted(source, target)).toMatchObject({ok: false, error: {is: 'mount'}});
  });

  test.each(['/data', '/var/tmp/x', '/opt/x'])('mounts at %s', target => {
    const command = mounted('/home/ann/x', target);
    expect(command.ok && command.value.args).toContain(`--volume=/home/ann/x:${target}:ro`);
  });
});
