import {spawnSync} from 'node:child_process';
import {chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import {dirname, isAbsolute, join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {scratch} from '../rig/scratch.js';
import {root} from '../rig/sources.js';

interface Kernelspec {
  readonly argv: readonly string[];
  readonly display_name: string;
  readonly language: string;
  readonly interrupt_mode: string;
  readonly kernel_protocol_version: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** Runs install.js with a home of its own, and nothing of Jupyter's or Python's set but what the test says. */
function install(home: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const {status, stdout, stderr} = spawnSync(process.execPath, [join(root, 'install.js'), ...args], {
    cwd: home,
    encoding: 'utf8',
    env: {PATH: process.env['PATH'] ?? '', HOME: home, ...environment},
  });
  return {status, stdout, stderr};
}

const readSpec = (folder: string) => JSON.parse(readFileSync(join(folder, 'kernel.json'), 'utf8')) as Kernelspec;

/** All files below a folder, relative to it. */
const tree = (folder: string) =>
  readdirSync(folder, {recursive: true, withFileTypes: true})
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

test('weft is a program, also by a link, with one thread of V8 beside its own', () => {
  using home = scratch();
  const weft = join(root, 'dist', 'weft.js');
  symlinkSync(weft, home.at('weft'));
  const {status, stdout} = spawnSync(home.at('weft'), ['--version'], {encoding: 'utf8'});
  expect([status, stdout]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+/)]);
  expect(readFileSync(weft, 'utf8').split('\n', 1)).toEqual(['#!/usr/bin/env -S node --v8-pool-size=1']);
});

describe('install', () => {
  test('writes a kernelspec and its logo for the user, and nothing else', () => {
    using home = scratch();
    const {status, stdout} = install(home.path, []);
    expect(stdout).toContain(`installed: ${home.at('.local/share/jupyter/kernels/weft')}`);
    expect(stdout).toMatch(/zeromq: 6\.\d+\.\d+, \/.*\.node/);
    expect(stdout).toMatch(/better-sqlite3: (12|not there)/);
    expect(status).toBe(0);
    expect(tree(home.path)).toEqual([
      '.local/share/jupyter/kernels/weft/kernel.json',
      '.local/share/jupyter/kernels/weft/logo-svg.svg',
    ]);
  });

  test('writes what JEP 105 describes, with absolute paths that exist', () => {
    using home = scratch();
    install(home.path, ['--prefix', home.path, '--display-name', 'Weft ⚡']);
    const spec = readSpec(home.at('share/jupyter/kernels/weft'));
    expect(spec).toEqual({
      argv: [
        expect.any(String),
        '--v8-pool-size=1',
        '--enable-source-maps',
        join(root, 'dist', 'kernel.js'),
        '{connection_file}',
      ],
      display_name: 'Weft ⚡',
      language: 'typescript',
      interrupt_mode: 'message',
      kernel_protocol_version: expect.stringMatching(/^5\.5\.\d+$/),
      metadata: {weft: {version: expect.any(String)}},
    });
    const [node = '', , , script = ''] = spec.argv;
    for (const path of [node, script]) expect([isAbsolute(path), existsSync(path)]).toEqual([true, true]);
  });

  test("prefers the name on PATH over the link's target, but not a folder that goes with the shell", () => {
    using home = scratch();
    symlinkSync(process.execPath, home.at('node')); // a folder for temporary files
    install(home.path, ['--prefix', home.path], {PATH: `${home.path}:relative:/usr/bin:/bin`});
    const [node = ''] = readSpec(home.at('share/jupyter/kernels/weft')).argv;
    expect(node).not.toBe(home.at('node'));
    expect(spawnSync(node, ['--version'], {encoding: 'utf8'}).stdout.trim()).toBe(process.version);
  });

  test('again is the same', () => {
    using home = scratch();
    install(home.path, []);
    const before = readFileSync(home.at('.local/share/jupyter/kernels/weft/kernel.json'), 'utf8');
    expect(install(home.path, []).status).toBe(0);
    expect(readFileSync(home.at('.local/share/jupyter/kernels/weft/kernel.json'), 'utf8')).toBe(before);
  });

  const places: readonly (readonly [string, readonly string[], Readonly<Record<string, string>>, string])[] = [
    ['JUPYTER_DATA_DIR', [], {JUPYTER_DATA_DIR: '%/data', XDG_DATA_HOME: '%/xdg'}, 'data/kernels/weft'],
    ['XDG_DATA_HOME', ['--user'], {XDG_DATA_HOME: '%/xdg'}, 'xdg/jupyter/kernels/weft'],
    ['--prefix', ['--prefix', '%/prefix'], {JUPYTER_DATA_DIR: '%/data'}, 'prefix/share/jupyter/kernels/weft'],
    [
      'VIRTUAL_ENV',
      ['--sys-prefix'],
      {VIRTUAL_ENV: '%/venv', CONDA_PREFIX: '%/conda'},
      'venv/share/jupyter/kernels/weft',
    ],
    ['CONDA_PREFIX', ['--sys-prefix'], {CONDA_PREFIX: '%/conda'}, 'conda/share/jupyter/kernels/weft'],
    ['--name', ['--name', 'weft-dev'], {}, '.local/share/jupyter/kernels/weft-dev'],
  ];
  test.each(places)('writes where %s says', (_name, args, environment, folder) => {
    using home = scratch();
    const there = (text: string) => text.replace('%', home.path);
    const variables = Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, there(value)]));
    const {status} = install(home.path, args.map(there), variables);
    expect(status).toBe(0);
    expect(tree(home.path)).toEqual([`${folder}/kernel.json`, `${folder}/logo-svg.svg`]);
  });

  test("leaves another kernel's folder of the same name alone", () => {
    using home = scratch();
    const folder = home.at('.local/share/jupyter/kernels/python3');
    mkdirSync(folder, {recursive: true});
    writeFileSync(join(folder, 'kernel.json'), '{"argv": ["python3"]}');
    const {status, stderr} = install(home.path, ['--name', 'python3']);
    expect(stderr).toContain('holds another kernel');
    expect(status).toBe(1);
    expect(install(home.path, ['--uninstall', '--name', 'python3']).status).toBe(1);
    expect(readFileSync(join(folder, 'kernel.json'), 'utf8')).toBe('{"argv": ["python3"]}');
  });
});

describe('check', () => {
  test('says that nothing is installed, and writes nothing', () => {
    using home = scratch();
    const {status, stdout} = install(home.path, ['--check']);
    expect(stdout).toMatch(/^! kernelspec +not installed in .*kernels\/weft$/m);
    expect(status).toBe(1);
    expect(tree(home.path)).toEqual([]);
  });

  test('prints versions, paths, Slurm and the containers that are on PATH', () => {
    using home = scratch();
    const program = (name: string, text: string) => {
      mkdirSync(home.at('bin'), {recursive: true});
      writeFileSync(home.at('bin', name), `#!/bin/sh\necho '${text}'\n`);
      chmodSync(home.at('bin', name), 0o755);
    };
    program('sbatch', 'slurm 22.05.8');
    program('podman-hpc', 'podman version 4.9.4');
    const PATH = `${home.at('bin')}:${dirname(process.execPath)}:/usr/bin:/bin`;
    install(home.path, [], {PATH});
    const {status, stdout} = install(home.path, ['--check'], {PATH});
    expect(stdout).toContain(`node            ${process.versions.node}, /`);
    expect(stdout).toMatch(/zeromq +6\.\d+\.\d+ \(libzmq 4\.\d+\.\d+\), \/.*\.node/);
    expect(stdout).toContain(`slurm           22.05.8, ${home.at('bin/sbatch')}`);
    expect(stdout).toContain(`podman-hpc 4.9.4, ${home.at('bin/podman-hpc')}`);
    expect(stdout).toMatch(/better-sqlite3 +(12\.|not there \(optional: )/);
    expect(stdout).not.toMatch(/^!/m);
    expect(status).toBe(0);
  });

  test('sees that a path of the kernelspec is gone', () => {
    using home = scratch();
    install(home.path, ['--prefix', home.path]);
    const file = home.at('share/jupyter/kernels/weft/kernel.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('dist/kernel.js', 'gone/kernel.js'));
    const {status, stdout} = install(home.path, ['--check', '--prefix', home.path]);
    expect(stdout).toMatch(/^! kernelspec .*gone\/kernel\.js, which is gone; install again$/m);
    expect(status).toBe(1);
  });
});

describe('uninstall', () => {
  test('removes what install wrote, and may be said twice', () => {
    using home = scratch();
    install(home.path, []);
    expect(install(home.path, ['--uninstall']).stdout).toContain('removed: ');
    expect(existsSync(home.at('.local/share/jupyter/kernels/weft'))).toBe(false);
    expect(install(home.path, ['--uninstall'])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('nothing to remove'),
    });
  });

  test("keeps a file that is not the installer's", () => {
    using home = scratch();
    install(home.path, []);
    writeFileSync(home.at('.local/share/jupyter/kernels/weft/notes.txt'), 'mine');
    install(home.path, ['--uninstall']);
    expect(tree(home.path)).toEqual(['.local/share/jupyter/kernels/weft/notes.txt']);
  });
});

describe('options', () => {
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [['--nonsense'], /--nonsense[^]*usage: node install\.js/],
    [['extra'], /extra/],
    [['--prefix'], /--prefix/],
    [['--user', '--prefix', '/tmp/x'], /--user and --prefix exclude each other/],
    [['--check', '--uninstall'], /--check and --uninstall exclude each other/],
    [['--name', '../evil'], /--name \.\.\/evil: only/],
    [['--into', 'x'], /--into needs --tutorial/],
    [['--sys-prefix'], /no Python environment is active/],
  ];
  test.each(wrong)('%j is wrong: exit 2, nothing written', (args, message) => {
    using home = scratch();
    const {status, stderr, stdout} = install(home.path, args);
    expect(stderr).toMatch(message);
    expect([status, stdout]).toEqual([2, '']);
    expect(tree(home.path)).toEqual([]);
  });

  test('--help prints the usage', () => {
    using home = scratch();
    expect(install(home.path, ['-h'])).toMatchObject({status: 0, stdout: expect.stringContaining('--sys-prefix')});
  });
});
