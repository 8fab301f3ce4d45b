import {spawn, type ChildProcess} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {constants, tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Connection} from '../wire/connection.js';
import {startFile} from './start-file.js';
import type {ContainedPython, ContainerFault, EnterContainer, PythonStart} from './port.js';

/** What of its standard error is kept, in characters: why it did not start. */
const KEPT = 4000;

/** How long it may take to leave when it is asked, in milliseconds: a container is taken away besides. */
const GRACE_MS = 700;
const CONTAINER_GRACE_MS = 2000;

/** Paths of sockets must be short: 107 bytes on Linux. */
const LONGEST = 70;

/** What tells an IPython in a container to interrupt what runs in it: no signal of this machine need reach it. */
const INTERRUPT = 'i';

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** It never started: there is no such program. */
  readonly missing: boolean;
  readonly stderr: string;
  /** The container did not start. */
  readonly fault?: ContainerFault;
}

/**
 * The process of an ipykernel, in a group of its own, with its sockets in a directory that nobody else can read: no port is taken, and
 * no other user can connect. Its standard input is a pipe that ends with us. In a container it is the same one, behind the runtime's
 * client, and the directory of its sockets lies at the same path.
 */
export class PythonProcess {
  readonly connection: Connection;
  readonly scratch: string;
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess | undefined;
  readonly #contained: ContainedPython | undefined;

  constructor(start: PythonStart, enter: EnterContainer) {
    this.scratch = mkdtempSync(join(tmpdir().length > LONGEST ? '/tmp' : tmpdir(), 'weft-py-'));
    const key = randomBytes(24).toString('hex');
    const ports = {shell: 1, control: 2, stdin: 3, iopub: 4, hb: 5};
    this.connection = {transport: 'ipc', ip: join(this.scratch, 'k'), ports, key, hash: 'sha256'};
    const file = join(this.scratch, 'connection.json');
    const named = Object.fromEntries(Object.entries(ports).map(([name, port]) => [`${name}_port`, port]));
    const {transport, ip} = this.connection;
    writeFileSync(file, JSON.stringify({transport, ip, ...named, key, signature_scheme: 'hmac-sha256'}), {mode: 0o600});
    const args = ['-m', 'ipykernel_launcher', '-f', file, '--HistoryManager.hist_file=:memory:'];
    const launch = this.#launch(start, args, enter);
    if ('fault' in launch) {
      rmSync(this.scratch, {recursive: true, force: true});
      this.ended = Promise.resolve({code: null, signal: null, missing: false, stderr: '', ...launch});
      return;
    }
    this.#contained = launch.contained;
    this.#child = spawn(launch.file, launch.args, {
      cwd: start.directory,
      env: launch.environment,
      // Its own group: an interrupt reaches what it has started, and none but it.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.ended = this.#watch(this.#child);
  }

  /** Interrupts what runs in it. */
  interrupt(): void {
    if (this.#contained === undefined) this.#signal('SIGINT');
    else this.#child?.stdin?.write(INTERRUPT);
  }

  /** Ends it at once, with all that it has started. */
  kill(): void {
    this.#signal('SIGKILL');
  }

  /** Waits until it has left, and ends it where it takes too long. It has been asked to leave. */
  async close(): Promise<void> {
    const timer = setTimeout(() => this.kill(), this.#contained === undefined ? GRACE_MS : CONTAINER_GRACE_MS);
    await this.ended;
    clearTimeout(timer);
    // What it has started goes with it.
    this.#signal('SIGKILL');
  }

  #launch(
    start: PythonStart,
    args: readonly string[],
    enter: EnterContainer,
  ):
    | {readonly fault: ContainerFault}
    | (Pick<ContainedPython, 'file' | 'args' | 'environment'> & {readonly contained?: ContainedPython}) {
    const {program, directory, environment, inside} = start;
    if (inside === undefined)
      return {file: program, args, environment: {...environment, JPY_PARENT_PID: String(process.pid)}};
    const {scratch} = this;
    const file = join(scratch, 'start.sh');
    // The environment may hold what other users must not see in a list of processes.
    writeFileSync(file, startFile(program, args, environment, scratch), {mode: 0o600});
    const own = {source: scratch, target: scratch, write: true};
    const mounts = [...inside.mounts, own];
    const argv = ['/usr/bin/env', '-i', 'PATH=/usr/local/bin:/usr/bin:/bin', 'bash', '--noprofile', '--norc', file];
    const made = enter({...inside, mounts}, directory, argv as [string, ...string[]]);
    if (!made.ok) return {fault: made.error};
    const {value: contained} = made;
    return {file: contained.file, args: contained.args, environment: contained.environment, contained};
  }

  #watch(child: ChildProcess): Promise<Ended> {
    let stderr = '';
    child.stdout?.resume();
    child.stdin?.on('error', () => undefined);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-KEPT)));
    return new Promise(resolve => {
      const end = (code: number | null, signal: NodeJS.Signals | null, missing: boolean): void => {
        // The runtime's client was ended, and what it has started may live on.
        const removed = signal === null ? undefined : this.#contained?.remove();
        const told = (): void => {
          rmSync(this.scratch, {recursive: true, force: true});
          resolve({missing, stderr, ...this.#inside(code, signal, stderr)});
        };
        // What it has started may hold the pipes open.
        setImmediate(() => void Promise.resolve(removed).then(told));
      };
      child.once('error', () => {
        if (child.pid === undefined) end(null, null, true);
      });
      child.once('exit', (code, signal) => end(code, signal, false));
    });
  }

  /** How the Python ended where it was in a container: a signal is a code of the runtime's client. */
  #inside(
    code: number | null,
    signal: NodeJS.Signals | null,
    stderr: string,
  ): Pick<Ended, 'code' | 'signal' | 'fault'> {
    if (this.#contained === undefined || code === null || code === 0) return {code, signal};
    const fault = this.#contained.fault(code, stderr);
    if (fault !== undefined) return {code, signal, fault};
    const name = Object.entries(constants.signals).find(([, number]) => number + 128 === code)?.[0];
    return name === undefined ? {code, signal} : {code: null, signal: name as NodeJS.Signals};
  }

  #signal(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // It has gone already.
    }
  }
}
