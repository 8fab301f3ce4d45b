import {execFileSync} from 'node:child_process';
import {chmodSync, copyFileSync, existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';

/**
 * Makes a small tree for a fake image: some programs of this machine in `bin`, with the libraries they need, and the usual
 * folders. Programs that need more than libraries, such as Python, do not work in it.
 */
export function programTree(tree: string, programs: readonly string[] = usual): string {
  for (const folder of ['bin', 'dev', 'etc', 'mnt', 'opt', 'proc', 'sys', 'tmp', 'usr/bin', 'var/tmp']) {
    mkdirSync(join(tree, folder), {recursive: true});
  }
  for (const folder of ['tmp', 'var/tmp']) chmodSync(join(tree, folder), 0o1777);
  writeFileSync(join(tree, 'etc', 'passwd'), 'root:x:0:0:root:/:/bin/sh\n');
  writeFileSync(join(tree, 'etc', 'group'), 'root:x:0:\n');
  const have = new Set<string>();
  for (const program of programs) {
    const path = realpathSync(onPath(program));
    const target = basename(path);
    copy(path, join(tree, 'bin', target), have);
    if (target !== program) symlinkSync(target, join(tree, 'bin', program));
    for (const [, library = ''] of libraries(path).matchAll(/(\/[^ \n]*) \(0x/g))
      copy(library, join(tree, library), have);
  }
  return tree;
}

const usual = ['sh', 'env', 'cat', 'sleep', 'setsid', 'id', 'true', 'touch', 'ls', 'readlink', 'kill'];

function onPath(program: string): string {
  const found = ['/usr/bin', '/bin', '/usr/sbin'].map(folder => join(folder, program)).find(path => existsSync(path));
  if (found === undefined) throw new Error(`${program} is not on this machine`);
  return found;
}

function libraries(path: string): string {
  try {
    return execFileSync('ldd', [path], {encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']});
  } catch {
    return ''; // a program without libraries
  }
}

function copy(from: string, to: string, have: Set<string>): void {
  if (have.has(to)) return;
  have.add(to);
  mkdirSync(dirname(to), {recursive: true});
  copyFileSync(realpathSync(from), to);
  chmodSync(to, 0o755);
}
