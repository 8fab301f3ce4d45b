import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync} from 'node:fs';
import {constants} from 'node:os';
import {delimiter, join} from 'node:path';
import {scratch, type Scratch} from '../scratch.js';
import type {Component} from '../component.js';

/** What a process is to Weft: `job` is a runner's child before it is a program, `tool` a program that a task runs. */
export type Role = 'kernel' | 'user' | 'runner' | 'job' | 'task' | 'tool';

/** A point between two operations on files. Words of hexadecimal digits in its path are `#`. */
export interface Point {
  readonly role: Role;
  readonly operation: string;
  readonly path: string;
}

/** What happens just before operations that match. Patterns are those of fnmatch(3), whose `*` matches a `/` too. */
export interface Rule {
  /** Kills processes of these roles, or lets the operation fail. */
  readonly action: {readonly kill: readonly Role[]} | {readonly error: keyof typeof constants.errno};
  readonly role?: string;
  readonly operation?: string;
  /** Relative to the directory that is watched. */
  readonly path?: string;
  /** The first of all that match, from 1; 1 unless given. */
  readonly first?: number;
  /** For how many of them it holds; all unless given. */
  readonly count?: number;
}

/** Another machine, another time. */
export interface Elsewhere {
  /** Its name; with it, what the other of the two makes is seen `late` milliseconds later. */
  readonly host?: 'a' | 'b';
  readonly late?: number;
  /** Seconds that its clock is ahead. */
  readonly clock?: number;
  /** Whose files are seen late: the faults of the other machine. */
  readonly beside?: Faults;
}

const root = join(import.meta.dirname, '../../..');

/** The library, compiled once for each text of its sources. */
export const library: Component<string> = {name: 'a C compiler', found: compile()};

function compile(): Component<string>['found'] {
  if (process.platform !== 'linux') return {ok: false, why: 'libraries are preloaded on Linux only'};
  const sources = readdirSync(import.meta.dirname)
    .filter(name => /\.[ch]$/.test(name))
    .sort()
    .map(name => join(import.meta.dirname, name));
  const hash = createHash('sha256');
  for (const path of sources) hash.update(readFileSync(path));
  const folder = join(root, 'node_modules/.cache/weft-faults');
  const path = join(folder, `faults-${hash.digest('hex').slice(0, 12)}.so`);
  if (existsSync(path)) return {ok: true, value: path};
  try {
    mkdirSync(folder, {recursive: true});
    const made = `${path}.${process.pid}`;
    const units = sources.filter(name => name.endsWith('.c'));
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-Wall', '-o', made, ...units, '-ldl'], {stdio: 'pipe'});
    renameSync(made, path);
    return {ok: true, value: path};
  } catch (error) {
    return {ok: false, why: error instanceof Error ? error.message : String(error)};
  }
}

/**
 * Faults of the files below one directory, for the kernels that have its {@link environment}, and all that they start. It sees
 * their operations, too.
 */
export class Faults implements Disposable {
  readonly #scratch: Scratch = scratch();
  readonly environment: Readonly<Record<string, string>>;
  #generation = 0;

  /** @param below the watched directory, without links in its path */
  constructor(below: string, rules: readonly Rule[] = [], {host, late, clock, beside}: Elsewhere = {}) {
    if (!library.found.ok) throw new Error(library.found.why);
    mkdirSync(this.#scratch.at('born'));
    mkdirSync(this.#scratch.at('bin'));
    writeFileSync(this.#scratch.at('counts'), Buffer.alloc(256));
    writeFileSync(this.#scratch.at('rules'), '');
    const own = {
      LD_PRELOAD: library.found.value,
      WEFT_FAULTS: this.#scratch.path,
      WEFT_FAULTS_BELOW: below,
      ...(host === undefined ? {} : {WEFT_FAULTS_HOST: host}),
      ...(late === undefined ? {} : {WEFT_FAULTS_LATE: String(late)}),
      ...(clock === undefined ? {} : {WEFT_FAULTS_CLOCK: String(clock)}),
      WEFT_FAULTS_BORN: beside?.environment['WEFT_FAULTS_BORN'] ?? this.#scratch.at('born'),
    };
    // A kernel gives its runners none of its environment.
    const exports = Object.entries(own).map(([name, value]) => `export ${name}='${value}'\n`);
    writeFileSync(this.#scratch.at('exports'), exports.join(''));
    // It is the same for all, as a program that a task uses counts by its content.
    writeFileSync(this.#scratch.at('bin/bash'), '#!/bin/sh\n. "${0%/*}/../exports"\nexec /bin/bash "$@"\n', {
      mode: 0o755,
    });
    const path = process.env['PATH'] ?? '/usr/bin:/bin';
    this.environment = {...own, PATH: [this.#scratch.at('bin'), path].join(delimiter)};
    this.set(rules);
  }

  /** The rules from now on, instead of those before. */
  set(rules: readonly Rule[]): void {
    const lines = rules.map(({action, role = '*', operation = '*', path = '*', first = 1, count = 1e9}) => {
      const what = 'kill' in action ? `kill:${action.kill.join('+')}` : `errno:${constants.errno[action.error]}`;
      return [what, role, operation, path, first, count].join('\t');
    });
    writeFileSync(this.#scratch.at('rules'), lines.map(line => `${line}\n`).join(''));
    const counts = Buffer.alloc(256);
    counts.writeBigUInt64LE(BigInt(++this.#generation), 248);
    writeFileSync(this.#scratch.at('counts'), counts, {flag: 'r+'});
  }

  /** All operations that change something, in their order. */
  get log(): readonly Point[] {
    return this.#points('log');
  }

  /** The operations at which something happened. */
  get hits(): readonly Point[] {
    return this.#points('hits');
  }

  /** The processes of a role that were ever there. */
  pids(role: Role): readonly number[] {
    return this.#lines('pids').flatMap(line => {
      const [kind, pid] = line.split(' ');
      return kind === role ? [Number(pid)] : [];
    });
  }

  /** Kills all processes of some roles that still live. */
  kill(...roles: readonly Role[]): void {
    for (const pid of roles.flatMap(role => this.pids(role))) {
      // Numbers are given again: only what has these faults in its environment is meant.
      try {
        if (!readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`WEFT_FAULTS=${this.#scratch.path}\0`)) continue;
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has gone.
      }
    }
  }

  #points(name: string): readonly Point[] {
    return this.#lines(name).map(line => {
      const [role, operation, ...path] = line.split(' ');
      return {role: role as Role, operation: operation!, path: path.join(' ')};
    });
  }

  #lines(name: string): readonly string[] {
    const path = this.#scratch.at(name);
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
  }

  [Symbol.dispose](): void {
    this.kill('kernel', 'user', 'runner', 'job', 'task', 'tool');
    this.#scratch[Symbol.dispose]();
  }
}
