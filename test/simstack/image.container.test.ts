import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {childProcess} from '../rig/child-process.js';
import {found, need} from '../rig/component.js';
import {givenEngines, type Engines} from '../rig/engines/given.js';
import {scratch} from '../rig/scratch.js';
import {root} from '../rig/sources.js';

const engines = givenEngines();
const {image} = engines;

const make = (...args: readonly string[]) =>
  childProcess(process.execPath, [join(root, 'notebooks/simstack/image.js'), ...args], {});

/** The words before a command that runs in the image, in a directory that is mounted at its own path. */
const words: Readonly<Record<Exclude<keyof Engines, 'image'>, (directory: string) => readonly string[]>> = {
  podman: directory => [...run(directory), '--pull=never', found(image).name],
  docker: directory => [...run(directory), found(image).name],
  charliecloud: directory => ['-b', `${directory}:${directory}`, '-c', directory, found(image).directory, '--'],
  bubblewrap: directory => [
    ...['--die-with-parent', '--unshare-pid', '--ro-bind', found(image).directory, '/', '--tmpfs', '/tmp'],
    ...['--bind', directory, directory, '--proc', '/proc', '--dev', '/dev', '--chdir', directory, '--'],
  ],
};
const run = (directory: string): readonly string[] => [
  ...['run', '--rm', '--init', '--network=none', '-v', `${directory}:${directory}`, '-w', directory],
];

async function inImage(engine: keyof typeof words, directory: string, script: string) {
  const {program, env} = found(engines[engine]);
  return childProcess(program, [...words[engine](directory), 'bash', '-c', script], {
    env: {PATH: process.env['PATH'], HOME: directory, ...env},
  });
}

describe.each(['podman', 'docker', 'charliecloud', 'bubblewrap'] as const)('In %s, the image', engine => {
  test('has the stack where LSST has it, and its tasks run', async context => {
    need(context, engines[engine], image);
    using folder = scratch();
    const ended = await inImage(
      engine,
      folder.path,
      `source /opt/lsst/software/stack/loadLSST.bash && setup lsst_distrib && eups list lsst_distrib &&
       processCcd.py . --help | head -1 && pwd && echo made > file`,
    );
    expect(ended).toEqual({
      status: 0,
      stdout: `   18.1.0    \tcurrent setup\nusage: processCcd.py input [options]\n${folder.path}\n`,
      stderr: '',
    });
    expect(readFileSync(folder.at('file'), 'utf8')).toBe('made\n');
    expect(statSync(folder.at('file')).uid).toBe(process.getuid?.());
  });

  test('runs a stack that was made outside, whose Node and program are not in it', async context => {
    need(context, engines[engine], image);
    using folder = scratch();
    const elsewhere = ['--program', '/elsewhere/simstack.js', '--node', '/elsewhere/node'];
    execFileSync(process.execPath, [join(root, 'dist/simstack.js'), 'install', folder.at('stack'), ...elsewhere]);
    const script =
      'source stack/loadLSST.bash && setup lsst_distrib && type -P processCcd.py && processCcd.py . --help | head -1';
    expect(await inImage(engine, folder.path, script)).toEqual({
      status: 0,
      stdout: `${folder.at('stack/bin/processCcd.py')}\nusage: processCcd.py input [options]\n`,
      stderr: '',
    });
  });

  test('has all that the programs of the runner and of scripts ask for', async context => {
    need(context, engines[engine], image);
    using folder = scratch();
    const script = `((BASH_VERSINFO[0] >= 4)) && export LC_ALL=C.UTF-8 && printf 'ä\\n' | sed 's/./x/' &&
      find . -name nothing | xargs -r ls && date -u -d @0 +%F && tar --version | head -1 | grep -o GNU && stat -c %U .`;
    const owner = process.getuid?.() === 0 || engine === 'podman' ? 'root' : expect.any(String);
    const ended = await inImage(engine, folder.path, script);
    expect(ended).toMatchObject({status: 0, stderr: ''});
    expect(ended.stdout.split('\n')).toEqual(['x', '1970-01-01', 'GNU', owner, '']);
  });
});

test('The same programs make the same bytes, and under 200 MB of them', async () => {
  using folder = scratch();
  const hashes = [];
  for (const name of ['one.tar', 'two.tar']) {
    expect(await make('--out', folder.at(name))).toMatchObject({status: 0, stderr: ''});
    hashes.push(
      createHash('sha256')
        .update(readFileSync(folder.at(name)))
        .digest('hex'),
    );
    expect(statSync(folder.at(name)).size).toBeLessThan(200e6);
  }
  expect(hashes[0]).toBe(hashes[1]);
});

test('podman and docker know the image by the same id', async context => {
  need(context, engines.podman, engines.docker, image);
  const ids = [];
  for (const {program, env} of [found(engines.podman), found(engines.docker)]) {
    const args = ['image', 'inspect', '--format', '{{.Id}}', found(image).name];
    const {stdout} = await childProcess(program, args, {env: {...process.env, ...env}});
    ids.push(stdout.trim().replace('sha256:', ''));
  }
  expect(ids[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(ids[0]).toBe(ids[1]);
});

test('Its Containerfile is built without a registry', async context => {
  need(context, engines.podman);
  using folder = scratch();
  await make('--out', folder.at('image/simstack.tar'));
  const {program, env} = found(engines.podman);
  const options = {env: {...process.env, ...env}};
  const file = join(root, 'notebooks/simstack/Containerfile');
  const name = 'localhost/weft-containerfile:1';
  const built = await childProcess(
    program,
    ['build', '-q', '--network=none', '-f', file, '-t', name, folder.at('image')],
    options,
  );
  expect(built.status, built.stderr).toBe(0);
  try {
    const script =
      'source /opt/lsst/software/stack/loadLSST.bash && setup lsst_distrib && processCcd.py . --help | head -1';
    const ran = await childProcess(program, ['run', '--rm', '--network=none', name, 'bash', '-c', script], options);
    expect(ran).toMatchObject({status: 0, stdout: 'usage: processCcd.py input [options]\n'});
  } finally {
    await childProcess(program, ['rmi', name], options);
  }
});

test('What it cannot make, it says', async () => {
  using folder = scratch();
  expect(await make('--out', root)).toMatchObject({status: 1, stderr: `image: ${root} is not empty\n`});
  expect(await make('--load', 'lxc')).toMatchObject({
    status: 1,
    stderr: 'image: can load into podman and docker, not into lxc\n',
  });
  expect((await make('--out', folder.at('new'), '--name')).status).toBe(1);
});
