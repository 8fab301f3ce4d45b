import {execFileSync} from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {dirname, join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {StatCache} from '../../kernel/fingerprint/stat-cache.js';
import {ok, fail} from '../../kernel/graph/result.js';
import {productTree} from '../../magics/product-tree.js';
import {readProducts} from '../../magics/products.js';
import {scratch, type Scratch} from '../rig/scratch.js';

let folder: Scratch;
let read: string[];
const cache = new StatCache();
const product = (): string => folder.at('pipe_tasks');

beforeEach(() => {
  folder = scratch();
  read = [];
  write('bin/tool.sh', 'echo one\n');
  write('python/lsst/tool.py', 'x = 1\n');
  write('raw/a.fits', 'pixels');
});
afterEach(() => folder[Symbol.dispose]());

function write(name: string, text: string): void {
  mkdirSync(dirname(join(product(), name)), {recursive: true});
  writeFileSync(join(product(), name), text);
}

const tree = (directory = product(), name = 'pipe_tasks'): Promise<string> =>
  productTree({name, directory}, async path => {
    read.push(path.slice(directory.length + 1));
    const digest = await cache.digest(path);
    return digest.ok ? ok(digest.value) : fail(digest.error.message);
  });

const git = (...args: readonly string[]): void => {
  const who = ['-c', 'user.name=A', '-c', 'user.email=a@example.org', '-c', 'commit.gpgsign=false'];
  execFileSync('git', ['-C', product(), ...who, ...args], {stdio: 'ignore'});
};

describe.each(['without git', 'as a git work tree'])('a local product %s', kind => {
  beforeEach(() => {
    if (kind === 'without git') return;
    git('init', '-q');
    write('.gitignore', 'lib/\n*.so\n*.pyc\n');
    git('add', '-A');
    git('commit', '-q', '-m', 'first');
  });

  it('is another after an edit, and the same after it is taken back', async () => {
    const first = await tree();
    write('bin/tool.sh', 'echo two\n');
    expect(await tree()).not.toBe(first);
    write('bin/tool.sh', 'echo one\n');
    expect(await tree()).toBe(first);
    rmSync(join(product(), 'python/lsst/tool.py'));
    expect(await tree()).not.toBe(first);
  });

  it('is another with a new file, or another library', async () => {
    const first = await tree();
    write('python/lsst/more.py', 'y = 2\n');
    const second = await tree();
    write('lib/libtool.so', 'code');
    const third = await tree();
    write('lib/libtool.so', 'other code');
    expect(new Set([first, second, third, await tree()]).size).toBe(4);
  });

  it('is the same where it is moved and its files are new, and no other product', async () => {
    const first = await tree();
    const moved = folder.at('elsewhere', 'tasks');
    cpSync(product(), moved, {recursive: true});
    utimesSync(join(moved, 'bin/tool.sh'), 1, 1);
    expect(await tree(moved)).toBe(first);
    expect(await tree(product(), 'obs_subaru')).not.toBe(first);
  });

  it('does not count, or read, what programs leave behind, nor data', async () => {
    const first = await tree();
    write('python/lsst/__pycache__/tool.cpython.pyc', 'x');
    write('raw/b.fits', 'more pixels');
    write('raw/a.fits', 'other pixels');
    write('DATA/_mapper', 'lsst.obs.hsc.HscMapper\n');
    write('DATA/rerun/weft/log.txt', 'x');
    write('tutorial.ipynb', '{}');
    write('.weft/runs/x.jsonl', '{}');
    expect(await tree()).toBe(first);
    expect(read.filter(name => /raw|DATA|weft|pyc/.test(name))).toEqual([]);
  });
});

describe('a git work tree', () => {
  it('is the same before and after its edits are committed', async () => {
    git('init', '-q');
    git('add', '-A');
    git('commit', '-q', '-m', 'first');
    write('bin/tool.sh', 'echo two\n');
    write('config/new.py', 'config.x = 1\n');
    const edited = await tree();
    git('add', '-A');
    expect(await tree()).toBe(edited);
    git('commit', '-q', '-m', 'second');
    expect(await tree()).toBe(edited);
    git('checkout', '-q', 'HEAD~');
    expect(await tree()).not.toBe(edited);
  });

  it('is not written, and runs no monitor of its files', async () => {
    git('init', '-q');
    git('add', '-A');
    const mark = folder.at('mark');
    const bad = folder.at('bad.sh');
    writeFileSync(bad, `#!/bin/sh\ntouch '${mark}'\ncat\n`);
    chmodSync(bad, 0o755);
    for (const key of ['core.fsmonitor', 'diff.external']) git('config', key, bad);
    const index = join(product(), '.git/index');
    const before = [readFileSync(index), statSync(index).mtimeMs, readdirSync(join(product(), '.git'))];
    write('python/lsst/tool.py', 'x = 2\n');
    await tree();
    expect(existsSync(mark)).toBe(false);
    expect([readFileSync(index), statSync(index).mtimeMs, readdirSync(join(product(), '.git'))]).toEqual(before);
  });

  it('that git cannot read counts by its files', async () => {
    write('.git', 'gitdir: /nowhere\n');
    const first = await tree();
    write('bin/tool.sh', 'echo two\n');
    expect(await tree()).not.toBe(first);
  });
});

describe('what eups lists', () => {
  it('is products and versions, and of a local one no path', () => {
    const list = [
      'pipe_tasks            18.1.0     \tcurrent setup',
      'ci_hsc                LOCAL:/home/x y/ci_hsc \tsetup',
      'afw                   LOCAL:/home/x/afw',
      '',
    ];
    expect(readProducts(list.join('\n'))).toEqual({
      rows: ['afw LOCAL', 'ci_hsc LOCAL', 'pipe_tasks 18.1.0'],
      locals: [
        {name: 'afw', directory: '/home/x/afw'},
        {name: 'ci_hsc', directory: '/home/x y/ci_hsc'},
      ],
    });
  });
});
