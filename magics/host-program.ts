import {execFile} from 'node:child_process';
import {accessSync, closeSync, constants, openSync, readSync, realpathSync, statSync} from 'node:fs';
import {basename, isAbsolute, join} from 'node:path';
import {promisify} from 'node:util';
import {canonicalJson, digestOf, type Digest} from '../kernel/fingerprint/fingerprint.js';
import type {Result} from '../kernel/graph/result.js';

/** How far programs that run programs are followed: as far as the system does (execve(2), "Interpreter scripts"). */
const DEPTH = 4;

/** Milliseconds that the loader may take to say what a program is linked to. */
const LIMIT = 10_000;

type Take = (path: string) => Promise<Result<Digest, string>>;

/**
 * What a program of the host is made of: its own content, that of what it is started with (`#!`), and of the libraries that these are
 * linked to. What it starts or loads itself can't be known. Where things lie does not count, so that hosts with the same programs agree.
 * The error says which file can't be read.
 * @param environment PATH and LD_LIBRARY_PATH of the task
 */
export async function hostProgram(
  path: string,
  environment: Readonly<Record<string, string | undefined>>,
  digest: Take,
): Promise<Result<Digest, string>> {
  const own = await digest(path);
  if (!own.ok) return own;
  const chain = chainOf(path, environment['PATH'] ?? '');
  const files = [...chain, ...(await librariesOf(chain.at(-1) ?? path, environment['LD_LIBRARY_PATH'] ?? '', digest))];
  const digests = new Set<string>();
  for (const file of files) {
    const taken = await digest(file);
    if (taken.ok) digests.add(taken.value);
  }
  if (digests.size === 0) return own;
  return {ok: true, value: digestOf(`weft/program/1\n${canonicalJson([own.value, [...digests].sort()])}`)};
}

/** The first executable file of a name on a PATH. */
export function onPath(name: string, path: string): string | undefined {
  for (const place of path.split(':').filter(isAbsolute)) {
    const file = join(place, name);
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return file;
    } catch {
      continue;
    }
  }
  return undefined;
}

/** What a script is started with, and what that is started with. */
function chainOf(path: string, search: string): readonly string[] {
  const chain: string[] = [];
  for (let at = path; chain.length < DEPTH * 2;) {
    const line = /^#![ \t]*([^\n]*)/.exec(headOf(at))?.[1]?.trim();
    if (line === undefined || line === '') return chain;
    const [program = '', ...words] = line.split(/\s+/);
    chain.push(program);
    at = program;
    if (basename(program) !== 'env') continue;
    const name = words.find(word => !word.startsWith('-') && !word.includes('='));
    const found = name === undefined ? undefined : isAbsolute(name) ? name : onPath(name, search);
    if (found === undefined) return chain;
    chain.push(found);
    at = found;
  }
  return chain;
}

function headOf(path: string): string {
  try {
    const file = openSync(path, 'r');
    try {
      const bytes = Buffer.alloc(256);
      return bytes.toString('latin1', 0, readSync(file, bytes, 0, bytes.length, 0));
    } finally {
      closeSync(file);
    }
  } catch {
    return '';
  }
}

/** Libraries by program and by where they are looked for; asked for again when the program is another. */
const linked = new Map<string, Promise<readonly string[]>>();

/** The shared libraries of a program, links resolved; none where the loader does not say. */
async function librariesOf(path: string, places: string, digest: Take): Promise<readonly string[]> {
  const own = await digest(path);
  if (!own.ok) return [];
  const key = `${path}\n${own.value}\n${places}`;
  let found = linked.get(key);
  if (found === undefined) linked.set(key, (found = ask(path, places)));
  return found;
}

async function ask(path: string, places: string): Promise<readonly string[]> {
  if (!headOf(path).startsWith('\u007fELF')) return [];
  try {
    const env = {PATH: process.env['PATH'] ?? '/usr/bin:/bin', ...(places === '' ? {} : {LD_LIBRARY_PATH: places})};
    const {stdout} = await promisify(execFile)('ldd', [path], {env, timeout: LIMIT});
    return [...stdout.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].map(([, library = '']) => realpathSync(library));
  } catch {
    return [];
  }
}
