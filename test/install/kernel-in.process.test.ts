import {spawnSync} from 'node:child_process';
import {chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {beforeEach, describe, expect, test} from 'vitest';
import {need} from '../rig/component.js';
import {startKernel} from '../rig/kernel.js';
import {installFakes} from '../rig/runtimes/fakes.js';
import {mountNamespaces} from '../rig/runtimes/installed.js';
import {scratch, type Scratch} from '../rig/scratch.js';
import {root} from '../rig/sources.js';

const IMAGE = 'lsstdesc/stack-jupyter:prod';

/** Runs install.js with a home and a PATH of its own, without any container runtime but those that a test puts there. */
function install(home: Scratch, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  mkdirSync(home.at('bin'), {recursive: true});
  if (!existsSync(home.at('bin/node'))) symlinkSync(process.execPath, home.at('bin/node'));
  const {status, stdout, stderr} = spawnSync(process.execPath, [join(root, 'install.js'), ...args], {
    cwd: home.path,
    encoding: 'utf8',
    env: {PATH: home.at('bin'), HOME: home.path, ...environment},
  });
  return {status, stdout, stderr};
}

interface Kernelspec {
  readonly argv: readonly string[];
  readonly display_name: string;
  readonly metadata: unknown;
}

const readSpec = (home: Scratch, name: string) =>
  JSON.parse(readFileSync(home.at('.local/share/jupyter/kernels', name, 'kernel.json'), 'utf8')) as Kernelspec;

/** argv of what was installed, with names in the place of what differs from machine to machine. */
function wordsOf(home: Scratch, name: string): readonly string[] {
  const words = readSpec(home, name).argv.map((word, i, argv) =>
    i === argv.length - 2
      ? 'NODE'
      : word.replaceAll(join(root, 'dist'), 'DIST').replaceAll(home.path, 'HOME').replaceAll(root, 'ROOT'),
  );
  // Places come in the order of their paths, which is another wherever the checkout lies.
  const places = words.filter(isPlace).sort();
  return words.map(word => (isPlace(word) ? (places.shift() ?? '') : word));
}

const isPlace = (word: string): boolean => /\b(?:HOME:HOME|ROOT:ROOT)$/.test(word);

const uid = process.getuid?.() ?? 0;
const gid = process.getgid?.() ?? 0;

/** What podman and docker are told of the environment and of the places, in their order. */
const shown = [
  ...['HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'TZ', 'TERM', 'JPY_PARENT_PID', 'JPY_SESSION_NAME'],
  ...['SLURM_JOB_ID', 'SLURM_CPUS_ON_NODE', 'WEFT_DIRECTORY', 'WEFT_SLOTS'],
].map(name => `--env=${name}`);
const engine = (program: string, ...user: readonly string[]) => [
  ...['DIST/container-outside.sh', program, 'run', '--rm', '--pull=never', '--network=host', '--pid=host'],
  ...['--security-opt=label=disable', `--label=weft.kernel=weft-${program}`, ...user, ...shown],
  ...(program === 'docker' ? ['--env=container=docker'] : []),
  ...['--volume=HOME:HOME', '--volume=ROOT:ROOT'],
  ...['--entrypoint=DIST/container-inside.sh', '--', IMAGE, 'NODE', '{connection_file}'],
];

describe('--kernel-in', () => {
  const goldens: Readonly<Record<string, readonly string[]>> = {
    shifter: [
      ...['DIST/container-outside.sh', 'shifter', `--image=${IMAGE}`],
      ...['DIST/container-inside.sh', 'NODE', '{connection_file}'],
    ],
    apptainer: [
      ...['DIST/container-outside.sh', 'apptainer', '-q', 'exec', '--bind=ROOT', IMAGE],
      ...['DIST/container-inside.sh', 'NODE', '{connection_file}'],
    ],
    singularity: [
      ...['DIST/container-outside.sh', 'singularity', '-q', 'exec', '--bind=ROOT', IMAGE],
      ...['DIST/container-inside.sh', 'NODE', '{connection_file}'],
    ],
    docker: engine('docker', ...(uid === 0 ? [] : [`--user=${uid}:${gid}`])),
    podman: engine('podman', ...(uid === 0 ? [] : ['--userns=keep-id'])),
    'podman-hpc': engine('podman-hpc'),
    ch: [
      ...['DIST/container-outside.sh', 'ch-run', '--bind=HOME:HOME', '--bind=ROOT:ROOT', IMAGE, '--'],
      ...['DIST/container-inside.sh', 'NODE', '{connection_file}'],
    ],
  };
  test.each(Object.entries(goldens))(
    '%s: kernel.json is an array of words, none of them for a shell',
    (runtime, words) => {
      using home = scratch();
      const {status, stdout, stderr} = install(home, ['--kernel-in', `${runtime}:${IMAGE}`]);
      expect(stderr).toBe('');
      expect(stdout).toContain(`installed: ${home.at('.local/share/jupyter/kernels', `weft-${runtime}`)}`);
      expect(status).toBe(0);
      expect(wordsOf(home, `weft-${runtime}`)).toEqual(words);
      expect(readSpec(home, `weft-${runtime}`)).toEqual({
        argv: expect.any(Array),
        display_name: `Weft in ${IMAGE}`,
        language: 'typescript',
        interrupt_mode: 'message',
        kernel_protocol_version: '5.5.0',
        metadata: {weft: {version: expect.any(String), container: `${runtime}:${IMAGE}`}},
      });
    },
  );

  test('takes name, title and place from the person, and shows what is to be shown', () => {
    using home = scratch();
    using data = scratch();
    const where = ['--prefix', home.path, '--name', 'desc', '--display-name', 'DESC'];
    const {status} = install(home, [
      ...where,
      '--kernel-in',
      'podman:x',
      '--mount',
      data.path,
      '--mount',
      home.at('bin'),
    ]);
    expect(status).toBe(0);
    const spec = JSON.parse(readFileSync(home.at('share/jupyter/kernels/desc/kernel.json'), 'utf8')) as Kernelspec;
    expect(spec.display_name).toBe('DESC');
    expect(spec.argv).toContain('--label=weft.kernel=desc');
    const volumes = spec.argv.filter(word => word.startsWith('--volume='));
    expect(volumes.sort()).toEqual([home.path, data.path, root].map(place => `--volume=${place}:${place}`).sort());
  });

  test('shows a home that is a link by both of its names, and the folder of connections', () => {
    using real = scratch();
    using other = scratch();
    symlinkSync(real.path, other.at('home'));
    const environment = {
      HOME: other.at('home'),
      JUPYTER_RUNTIME_DIR: other.at('runtime'),
      JUPYTER_DATA_DIR: other.at('data'),
    };
    expect(install(real, ['--kernel-in', 'podman:x', '--name', 'x'], environment).status).toBe(0);
    const spec = JSON.parse(readFileSync(other.at('data/kernels/x/kernel.json'), 'utf8')) as Kernelspec;
    const places = [other.at('home'), real.path, other.at('runtime')];
    expect(spec.argv).toEqual(expect.arrayContaining(places.map(place => `--volume=${place}:${place}`)));
  });

  test('makes the path of a file or a directory absolute where the runtime takes one', () => {
    using home = scratch();
    writeFileSync(home.at('stack.sif'), '');
    install(home, ['--kernel-in', 'apptainer:stack.sif', '--name', 'sif']);
    expect(readSpec(home, 'sif').argv).toContain(home.at('stack.sif'));
    install(home, ['--kernel-in', 'apptainer:docker://a/b:1', '--name', 'registry']);
    expect(readSpec(home, 'registry').argv).toContain('docker://a/b:1');
  });

  const runtimes = /shifter, apptainer, singularity, docker, podman, podman-hpc, ch$/m;
  test.each<[readonly string[], RegExp]>([
    [['--kernel-in', 'rocket:x'], runtimes],
    [['--kernel-in', 'constructor:x'], runtimes],
    [['--kernel-in', 'docker://x'], runtimes],
    [['--kernel-in', 'x.sif'], runtimes],
    [['--kernel-in', 'podman:'], /"" is no image/],
    [['--kernel-in', 'podman:--privileged'], /"--privileged" is no image/],
    [['--kernel-in', 'podman:a b'], /no blanks/],
    [['--kernel-in', 'podman:{connection_file}'], /no braces/],
    [['--kernel-in', 'shifter:a,b'], /shifter takes letters/],
    [['--kernel-in', 'shifter:x', '--mount', '/data'], /for the site to say/],
    [['--kernel-in', 'podman:x', '--check'], /--check and --kernel-in exclude each other/],
    [['--kernel-in', 'podman:x', '--tutorial'], /exclude each other/],
    [['--mount', '/data'], /--mount needs --kernel-in/],
  ])('%j is wrong: exit 2, nothing written', (args, message) => {
    using home = scratch();
    const {status, stderr, stdout} = install(home, args);
    expect(stderr).toMatch(message);
    expect([status, stdout]).toEqual([2, '']);
    expect(existsSync(home.at('.local'))).toBe(false);
  });

  test.each<[string, RegExp]>([
    ['gone', /gone is to be shown in the container, but it is not there/],
    ['a,b', /a,b" can't be shown in a container/],
  ])('does not show %s', (name, message) => {
    using home = scratch();
    mkdirSync(home.at('a,b'));
    const {status, stderr} = install(home, ['--kernel-in', 'podman:x', '--mount', join('..', home.path, name)]);
    expect(stderr).toMatch(message);
    expect(status).toBe(1);
    expect(existsSync(home.at('.local/share/jupyter/kernels'))).toBe(false);
  });

  test('is seen by --check, with what is gone of it, and removed by --uninstall', () => {
    using home = scratch();
    using data = scratch();
    const check = () => install(home, ['--check', '--name', 'weft-podman']).stdout;
    install(home, ['--kernel-in', `podman:${IMAGE}`, '--mount', data.path]);
    expect(check()).toMatch(
      new RegExp(`^  kernelspec +.*weft-podman, in podman:${IMAGE}: .*container-outside.sh `, 'm'),
    );
    data[Symbol.dispose]();
    expect(check()).toMatch(new RegExp(`^! kernelspec .* names ${data.path}, which is gone`, 'm'));
    expect(install(home, ['--uninstall', '--name', 'weft-podman']).status).toBe(0);
    expect(existsSync(home.at('.local/share/jupyter/kernels/weft-podman'))).toBe(false);
  });
});

describe('the start inside', () => {
  const inside = join(root, 'dist/container-inside.sh');
  const program = (file: string, text: string) => {
    writeFileSync(file, `#!/bin/sh\n${text}\n`);
    chmodSync(file, 0o755);
  };
  const start = (home: Scratch, node: string, environment: Readonly<Record<string, string>> = {}) => {
    writeFileSync(home.at('connection.json'), '{}');
    mkdirSync(home.at('bin'), {recursive: true});
    const env = {PATH: home.at('bin'), ...environment};
    return spawnSync('/bin/sh', [inside, node, home.at('connection.json')], {env, cwd: '/', encoding: 'utf8'});
  };

  test('needs the Node that the package needs', () => {
    const {engines} = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {engines: {node: string}};
    expect(readFileSync(inside, 'utf8')).toContain(`\nNEEDED=${engines.node.replace('>=', '')}\n`);
  });

  test.each([
    ['v20.19.0', true],
    ['v20.20.2', true],
    ['v22.0.0', true],
    ['v100.1.0', true],
    ['v20.18.9', false],
    ['v18.20.0', false],
    ['v9.99.0', false],
    ['garbage', false],
    ['', false],
  ])("takes the image's Node %j: %s", (version, taken) => {
    using home = scratch();
    mkdirSync(home.at('bin'));
    program(home.at('bin/node'), `[ "$1" = --version ] && echo '${version}' || echo started "$@"`);
    const {stdout, status} = start(home, '/nowhere/node');
    if (taken)
      expect(stdout).toBe(
        `started --v8-pool-size=1 --enable-source-maps ${root}/dist/kernel.js ${home.at('connection.json')}\n`,
      );
    else expect([status, stdout]).toEqual([1, '']);
  });

  test("takes the host's Node where the image has none that will do, and says of both why there is none", () => {
    using home = scratch();
    mkdirSync(home.at('bin'));
    program(home.at('bin/node'), 'echo v16.1.0');
    program(home.at('host'), '[ "$1" = --version ] && echo v22.1.0 || echo "of the host"');
    expect(start(home, home.at('host')).stdout).toBe('of the host\n');
    program(home.at('host'), 'exit 1');
    const {status, stderr} = start(home, home.at('host'));
    expect(stderr).toMatch(/no Node 20\.19 or newer in the container; node: v16\.1\.0; .*host: does not run\./);
    expect(status).toBe(1);
  });

  test('says that the place of the notebook, or the connection file, is not visible', () => {
    using home = scratch();
    expect(start(home, 'node', {WEFT_DIRECTORY: home.at('gone')}).stderr).toContain(
      `weft: ${home.at('gone')}, where the notebook lies, is not visible in the container`,
    );
    const {stderr} = spawnSync('/bin/sh', [inside, 'node', home.at('gone.json')], {encoding: 'utf8'});
    expect(stderr).toContain(`--mount ${home.path}`);
  });

  test('starts the kernel where the notebook lies, even if the container starts elsewhere', async () => {
    using home = scratch();
    // It starts what it is given in another place, as podman and docker do.
    mkdirSync(home.at('bin'));
    program(home.at('bin/shifter'), 'shift; cd /; exec "$@"');
    install(home, ['--kernel-in', `shifter:${IMAGE}`]);
    mkdirSync(home.at('a b'));
    const argv = readSpec(home, 'weft-shifter').argv.slice(0, -1);
    await using kernel = await startKernel({argv, home: home.path, directory: home.at('a b')});
    const {outputs} = await kernel.client.execute('[process.cwd(), process.env.WEFT_DIRECTORY].join(";")');
    expect(outputs.text).toContain(`${home.at('a b')};`);
    expect(await kernel.shutdown()).toEqual({code: 0, signal: null});
  });
});

describe('a kernel in a container of a computing centre', () => {
  beforeEach(context => need(context, mountNamespaces));

  const image = 'lsstdesc/stack:prod';
  test.each(['shifter', 'apptainer', 'singularity'])(
    '%s: computes, is interrupted, starts no podman within, and ends',
    async runtime => {
      using home = scratch();
      const fakes = await installFakes(home.at('fakes'), {[image]: {tree: '/'}});
      const of = runtime === 'shifter' ? image : (fakes.images[image]?.sif ?? '');
      const PATH = `${fakes.path}:${home.at('bin')}:/usr/bin:/bin`;
      const {status, stderr} = install(home, ['--kernel-in', `${runtime}:${of}`], {PATH});
      expect(status, stderr).toBe(0);
      const argv = readSpec(home, `weft-${runtime}`).argv.slice(0, -1);
      expect(argv[1]).toBe(join(fakes.path, runtime));
      mkdirSync(home.at('work'));
      await using kernel = await startKernel({
        argv,
        home: home.path,
        directory: home.at('work'),
        env: {PATH, USER: 'u'},
      });
      const {client} = kernel;
      expect((await client.execute('[1 + 1, process.cwd()].join()')).outputs.text).toContain(`2,${home.at('work')}`);
      const endless = client.start('console.log("here"); for (;;);');
      await client.waitFor(({header, content}) => header.msg_type === 'stream' && content['text'] === 'here\n');
      await client.interrupt();
      expect((await endless.done).reply).toMatchObject({status: 'error', ename: 'KernelInterrupt'});
      const {reply} = await client.execute('%container podman:x:1');
      expect(reply['evalue']).toContain(
        `the kernel runs in a container of ${runtime}, where podman can start no other`,
      );
      expect(await kernel.shutdown()).toEqual({code: 0, signal: null});
    },
  );
});
