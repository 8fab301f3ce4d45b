import {randomBytes} from 'node:crypto';
import {chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync} from 'node:fs';
import {delimiter, dirname, join} from 'node:path';
import {afterAll, beforeAll, beforeEach, describe, expect, test} from 'vitest';
import {childProcess} from '../rig/child-process.js';
import {found, missing, need} from '../rig/component.js';
import {givenEngines} from '../rig/engines/given.js';
import {startPodman} from '../rig/engines/podman.js';
import {startRegistry, type Registry} from '../rig/engines/registry.js';
import {archiveOf, smallImage, type Blobs} from '../rig/engines/small-image.js';
import {mountNamespaces} from '../rig/runtimes/installed.js';
import {needsOf, runtimesOnHand} from '../rig/runtimes/on-hand.js';
import {startKernel, type Kernel} from '../rig/kernel.js';
import {scratch, type Scratch} from '../rig/scratch.js';

const {podman, docker} = givenEngines();

let home: Scratch;
let registry: Registry;
beforeAll(async () => {
  home = scratch('/var/tmp');
  registry = await startRegistry();
});
afterAll(async () => {
  await registry.stop();
  home[Symbol.dispose]();
});

const made = (name: string, image: Parameters<typeof smallImage>[1]): Blobs => smallImage(home.at(name), image);

/** Lets podman pull from the registry without TLS, as docker does. */
function trusting(name: string): {readonly CONTAINERS_REGISTRIES_CONF: string} {
  const file = home.at(`${name}-registries.conf`);
  writeFileSync(file, `[[registry]]\nlocation = "${registry.address}"\ninsecure = true\n`);
  return {CONTAINERS_REGISTRIES_CONF: file};
}

/** What a cell prints, or its error as a person reads it. */
const said = async ({client}: Kernel, code: string): Promise<string> => {
  const {outputs} = await client.execute(code, {timeout: 60_000});
  const error = outputs.error?.traceback.join('\n').replaceAll(/\x1b\[[0-9;]*m/g, '');
  return outputs.streams.stdout + outputs.streams.stderr + (error ?? '');
};

describe.each([
  ['podman', podman],
  ['docker', docker],
] as const)('%s', (name, engine) => {
  beforeEach(context => need(context, engine));
  let environment: Record<string, string>;
  let kernel: Kernel;
  const call = (...args: readonly string[]) =>
    childProcess(found(engine).program, args, {env: {...process.env, ...environment}});

  beforeAll(async () => {
    if (missing([engine]) !== undefined) return;
    const {program, env} = found(engine);
    environment = {
      ...env,
      ...trusting(name),
      PATH: [dirname(program), process.env['PATH'] ?? ''].join(delimiter),
    };
    const directory = home.at(name);
    mkdirSync(directory);
    kernel = await startKernel({directory, home: home.path, env: environment});
  });
  afterAll(async () => {
    if (missing([engine]) === undefined) await kernel[Symbol.asyncDispose]();
  });

  const image = (text: string): string => `${registry.address}/weft/${name}-${text}:1`;
  const load = async (blobs: Blobs, tag: string): Promise<void> => {
    const archive = archiveOf(blobs, home.at(`archive-${name}-${tag}`), `localhost/weft-${tag}:1`);
    expect(await call('load', '-i', archive)).toMatchObject({status: 0});
  };
  /** A container can be made of it, and nobody else uses it. */
  const copyOfStack = async (tag: string): Promise<void> => {
    const from = await call('create', '--pull=never', '--network=none', found(givenEngines().image).name, 'true');
    const container = from.stdout.trim();
    expect(await call('commit', '--change', `LABEL weft.test=${tag}`, container, tag)).toMatchObject({status: 0});
    await call('rm', container);
  };

  test('keeps to its pin when a tag moves, until it is refreshed, and fetches again what vanished', async () => {
    const [one, two] = ['one', 'two'].map(text => made(`${name}-${text}`, {files: {'/text': text}})) as [Blobs, Blobs];
    registry.tags.set(`weft/${name}-moving:1`, one);
    const container = `%container ${name}:${image('moving')}`;
    const first = await said(kernel, container);
    expect(first).toContain(`fetching ${image('moving')}: ${name} pull -- ${image('moving')}`);
    expect(first).toContain('pinned in weft.lock');
    // The registry's own digest, where the engine tells which that is.
    const digest = (blobs: Blobs): string => (name === 'podman' ? blobs.digest : blobs.id);
    expect(first).toContain(`${image('moving')} is ${digest(one)}`);

    registry.tags.set(`weft/${name}-moving:1`, two);
    await call('pull', image('moving'));
    expect(await said(kernel, container)).toMatch(new RegExp(`is ${digest(one)}.* as weft.lock has it`));
    expect(await said(kernel, '%container --refresh')).toContain(`has moved: ${digest(one)} → ${digest(two)}\n`);

    expect(await call('rmi', '-f', two.id)).toMatchObject({status: 0});
    const again = await said(kernel, container);
    expect(again).toContain(`the image that weft.lock has for \`${image('moving')}\` is not here: ${digest(two)}`);
    expect(again).toMatch(new RegExp(`is ${digest(two)}.* as weft.lock has it`));

    expect(await call('rmi', '-f', two.id)).toMatchObject({status: 0});
    registry.tags.set(`weft/${name}-moving:1`, one);
    registry.forget(two);
    const gone = await said(kernel, container);
    expect(gone).toMatch(/cell \[\d+\]:1:12 {2}W801[45] {2}/);
    expect(gone).toContain(name === 'podman' ? 'manifest unknown' : '%container --refresh');
  });

  test('has no image of a name that the registry does not know, and says where to look', async () => {
    const text = await said(kernel, `%container ${name}:${image('no-such')}`);
    expect(text).toMatch(/cell \[\d+\]:1:12 {2}W8015 {2}the registry has no `/);
    expect(text).toContain(`${name} login`);
  });

  test('refuses an image that says it is for another machine', async () => {
    await load(made(`${name}-arm`, {files: {'/text': 'arm'}, architecture: 'arm64'}), 'arm');
    const text = await said(kernel, `%container ${name}:localhost/weft-arm:1`);
    expect(text).toMatch(/cell \[\d+\]:1:12 {2}W8016 {2}the image `localhost\/weft-arm:1` is for arm64/);
    expect(text).toContain(`${name} pull --platform linux/`);
  });

  test('finds that an image is for another machine which does not say so', async () => {
    // ELF of a machine that is none (elf(5)).
    const alien = Buffer.from(`7f454c46020101${'00'.repeat(9)}0300ff00${'00'.repeat(44)}`, 'hex');
    const programs = ['/bin/sh', '/bin/bash', '/usr/bin/bash', '/usr/bin/env'];
    await load(made(`${name}-alien`, {files: Object.fromEntries(programs.map(path => [path, alien]))}), 'alien');
    const text = await said(kernel, `%%bash --container ${name}:localhost/weft-alien:1\necho never`);
    expect(text).toMatch(/cell \[\d+\]:1:3 {2}W8002 {2}.*the image is for other machines than this one\n/);
    expect(text).toMatch(/\n +~+ .*take an image that is built/);
  });

  test('says so where an image vanished between two cells', async context => {
    need(context, givenEngines().image);
    await copyOfStack('localhost/weft-gone:1');
    await said(kernel, `%container ${name}:localhost/weft-gone:1`);
    expect(await said(kernel, '%%bash --value --as before\necho 1')).not.toMatch(/W\d{4}/);
    expect(await said(kernel, 'console.log(await before)')).toBe('1\n');
    expect(await call('rmi', '-f', 'localhost/weft-gone:1')).toMatchObject({status: 0});
    await said(kernel, '%%bash --value --as after\necho 2');
    const text = await said(kernel, 'await after');
    expect(text).toContain('the image is not there any more');
    expect(text).toContain('%container');
    // What ran before needs no image.
    expect(await said(kernel, '%%bash --value --as before\necho 1\n')).not.toMatch(/W\d{4}/);
    expect(await said(kernel, 'console.log(await before)')).toBe('1\n');
  });

  test('is ended at the time limit where it hangs, and nothing of it stays', async context => {
    need(context, givenEngines().image);
    const bin = home.at(`${name}-hangs`);
    mkdirSync(bin);
    const real = found(engine).program;
    const shim = `#!/bin/bash\n[[ $1 == run && $* == */usr/bin/env* ]] || exec ${real} "$@"\necho $$ > ${bin}/pid\nexec sleep 1000\n`;
    writeFileSync(join(bin, name), shim, {mode: 0o755});
    const directory = home.at(`${name}-hanging`);
    mkdirSync(directory);
    const env = {...environment, PATH: `${bin}:${environment['PATH'] ?? ''}`};
    await using hanging = await startKernel({directory, home: home.path, env});
    const container = `%%bash --container ${name}:${found(givenEngines().image).name} --time 2s --as never`;
    expect(await said(hanging, `${container}\necho never`)).not.toMatch(/W\d{4}/);
    const text = await said(hanging, 'await never');
    expect(text).toMatch(/time limit|took longer|2 s/);
    expect(existsSync(`/proc/${readFileSync(join(bin, 'pid'), 'utf8').trim()}`)).toBe(false);
  });
});

describe('podman', () => {
  beforeEach(context => need(context, podman, mountNamespaces));

  test('has no space left in its store: an error with its place and the remedy', async () => {
    const store = home.at('full');
    mkdirSync(store);
    expect(await childProcess('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', store], {})).toMatchObject({
      status: 0,
    });
    try {
      const full = await startPodman(store);
      try {
        registry.tags.set('weft/big:1', made('big', {files: {'/big': randomBytes(8_000_000)}}));
        const directory = home.at('full-notebook');
        mkdirSync(directory);
        await using kernel = await startKernel({directory, home: home.path, env: {...trusting('full'), ...full.env}});
        const text = await said(kernel, `%container podman:${registry.address}/weft/big:1`);
        expect(text).toMatch(/cell \[\d+\]:1:12 {2}W8020 {2}there is no space left for `.*no space left on device/);
        expect(text).toContain('remove images that are not needed, or move the image store');
      } finally {
        await full.stop();
      }
    } finally {
      await childProcess('umount', [store], {});
    }
  });
});

describe('docker', () => {
  beforeEach(context => need(context, docker));
  const start = async (env: Readonly<Record<string, string>>, uid?: number): Promise<Kernel> => {
    const directory = mkdtempSync(home.at('docker-'));
    if (uid !== undefined) for (const path of [home.path, directory]) chmodSync(path, 0o777);
    const {program} = found(docker);
    const path = [dirname(program), process.env['PATH'] ?? ''].join(delimiter);
    return startKernel({directory, env: {PATH: path, ...env}, ...(uid === undefined ? {} : {uid})});
  };

  test('whose engine does not run: an error with its place and the remedy', async () => {
    await using kernel = await start({DOCKER_HOST: `unix://${home.at('no-socket')}`});
    const text = await said(kernel, '%container docker:localhost/x:1');
    expect(text).toMatch(/cell \[1\]:1:12 {2}W8011 {2}the engine of docker does not run/);
    expect(text).toContain('sudo systemctl start docker');
  });

  test.skipIf(process.getuid?.() !== 0)(
    'whose socket is not for the user: an error with its place and the remedy',
    async () => {
      await using kernel = await start(found(docker).env, 65_534);
      const text = await said(kernel, '%container docker:localhost/x:1');
      expect(text).toMatch(/cell \[1\]:1:12 {2}W8012 {2}you may not use the socket of docker/);
      expect(text).toContain('sudo usermod -aG docker $USER');
    },
  );
});

describe('A place that can not be mounted at', () => {
  test.for([
    ['shifter', 'shifter shows only what its site mounts', 'WEFT_SHIFTER_SITE'],
    ['ch', 'lacks /usr/bin/env/deep', 'mkdir -p'],
  ] as const)('is refused before %s starts, with the remedy', async ([name, message, remedy], context) => {
    need(context, ...needsOf(name));
    const onHand = await runtimesOnHand(mkdtempSync(home.at('hand-')));
    const {HOME = ''} = onHand.environment;
    const directory = join(HOME, 'notebook');
    mkdirSync(directory);
    await using kernel = await startKernel({directory, env: onHand.environment, home: HOME});
    await said(kernel, `%container ${onHand.images[name]}`);
    await said(kernel, '%mount /usr/share:/usr/bin/env/deep');
    const text = await said(kernel, '%%bash\necho never');
    expect(text).toMatch(/cell \[3\]:1:3 {2}W8002 {2}the container `.*` can't be started: /);
    const [first = '', , third = ''] = text.split('\n');
    expect(first).toContain(message);
    expect(third).toContain(remedy);
  });
});
