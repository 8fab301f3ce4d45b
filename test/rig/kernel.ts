import {spawn, type ChildProcess} from 'node:child_process';
import {chownSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {onTestFailed} from 'vitest';
import {Client, connectionFile, freeConnection} from './client.js';

/** How a kernel is started. */
export interface KernelOptions {
  /** Working directory, where the notebook lies. A new temporary one unless given; that is removed at the end. */
  readonly directory?: string;
  /** Added to a small environment of PATH, HOME, LANG and TMPDIR. Undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The command before the connection file. `node --v8-pool-size=1 --enable-source-maps dist/kernel.js` unless given. */
  readonly argv?: readonly string[];
  /** The home directory, to be shared by kernels. A new temporary one unless given. */
  readonly home?: string;
  /** The user that it runs as, where the tests run as root. The directory must be that user's to write, or not, as a test wants. */
  readonly uid?: number;
  /** Milliseconds that it may take to start. */
  readonly timeout?: number;
}

/** The end of a process: its code, or the signal that ended it. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The built kernel, as a process of its own, with a client. `await using` ends both. */
export class Kernel implements AsyncDisposable {
  readonly client: Client;
  readonly pid: number;
  readonly directory: string;
  readonly home: string;
  readonly exited: Promise<Exit>;
  readonly #chunks: string[];
  readonly #scratch: string;

  constructor(
    client: Client,
    child: ChildProcess,
    exited: Promise<Exit>,
    at: Pick<Kernel, 'directory' | 'home'>,
    scratch: string,
    chunks: string[],
  ) {
    this.client = client;
    this.pid = child.pid!;
    this.directory = at.directory;
    this.home = at.home;
    this.exited = exited;
    this.#chunks = chunks;
    this.#scratch = scratch;
  }

  /** What the kernel itself has written to stdout and stderr. */
  get log(): string {
    return this.#chunks.join('');
  }

  /** Kills the kernel's process, as a crash would, and waits until it has gone. Its own children are left alone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<Exit> {
    signalPid(this.pid, signal);
    return this.exited;
  }

  /** Asks for a shutdown and waits until the process has gone. */
  async shutdown(restart = false): Promise<Exit> {
    await this.client.shutdown(restart);
    return this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The process group holds what belongs to the kernel; tasks have sessions of their own.
    signalPid(-this.pid, 'SIGKILL');
    await this.exited;
    this.client.close();
    rmSync(this.#scratch, {recursive: true, force: true, maxRetries: 3});
  }
}

/** Starts the built kernel in a temporary home and directory, in a process group of its own. Its stderr is printed if the test fails. */
export async function startKernel(options: KernelOptions = {}): Promise<Kernel> {
  const scratch = mkdtempSync(join(tmpdir(), 'weft-kernel-'));
  const home = options.home ?? mkdtempSync(join(scratch, 'home-'));
  const directory = options.directory ?? mkdtempSync(join(scratch, 'work-'));
  const connection = await freeConnection();
  const file = join(scratch, 'connection.json');
  writeFileSync(file, connectionFile(connection), {mode: 0o600});
  const {uid} = options;
  if (uid !== undefined) for (const path of [scratch, home, file]) chownSync(path, uid, uid);
  const argv = options.argv ?? [
    process.execPath,
    '--v8-pool-size=1',
    '--enable-source-maps',
    resolve(import.meta.dirname, '../../dist/kernel.js'),
  ];
  const child = spawn(argv[0]!, [...argv.slice(1), file], {
    cwd: directory,
    env: {PATH: process.env['PATH'], LANG: 'C.UTF-8', TMPDIR: tmpdir(), HOME: home, ...options.env},
    detached: true,
    ...(uid === undefined ? {} : {uid, gid: uid}),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => chunks.push(text));
  const exited = new Promise<Exit>(done => {
    child.once('exit', (code, signal) => done({code, signal}));
    child.once('error', error => {
      chunks.push(String(error));
      done({code: null, signal: null});
    });
  });
  printWhenFailed(() => chunks.join(''));
  const died = exited.then(({code, signal}) => {
    throw new Error(`the kernel ended (${code ?? signal ?? 'not started'}) before it answered:\n${chunks.join('')}`);
  });
  try {
    const client = await Promise.race([Client.connect(connection, options.timeout), died]);
    died.catch(() => undefined);
    return new Kernel(client, child, exited, {directory, home}, scratch, chunks);
  } catch (error) {
    if (child.pid !== undefined) signalPid(-child.pid, 'SIGKILL');
    rmSync(scratch, {recursive: true, force: true});
    throw error;
  }
}

function printWhenFailed(log: () => string): void {
  try {
    onTestFailed(() => console.error(`The kernel's own output:\n${log() || '(none)'}`));
  } catch {
    // Started outside of a test, in a hook: nothing to attach to.
  }
}

function signalPid(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has gone already.
  }
}
