import {spawn, type ChildProcess} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Connection} from '../wire/connection.js';
import type {PythonStart} from './port.js';

/** What of its standard error is kept, in characters: why it did not start. */
const KEPT = 4000;

/** How long it may take to leave when it is asked, in milliseconds. */
const GRACE_MS = 700;

/** Paths of sockets must be short: 107 bytes on Linux. */
const LONGEST = 70;

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** It never started: there is no such program. */
  readonly missing: boolean;
  readonly stderr: string;
}

/**
 * The process of an ipykernel, in a group of its own, with its sockets in a directory that nobody else can read: no port is taken, and
 * no other user can connect. Its standard input is a pipe that ends with us.
 */
export class PythonProcess {
  readonly connection: Connection;
  readonly scratch: string;
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;

  constructor({program, directory, environment}: PythonStart) {
    this.scratch = mkdtempSync(join(tmpdir().length > LONGEST ? '/tmp' : tmpdir(), 'weft-py-'));
    const key = randomBytes(24).toString('hex');
    const ports = {shell: 1, control: 2, stdin: 3, iopub: 4, hb: 5};
    this.connection = {transport: 'ipc', ip: join(this.scratch, 'k'), ports, key, hash: 'sha256'};
    const file = join(this.scratch, 'connection.json');
    const named = Object.fromEntries(Object.entries(ports).map(([name, port]) => [`${name}_port`, port]));
    const {transport, ip} = this.connection;
    writeFileSync(file, JSON.stringify({transport, ip, ...named, key, signature_scheme: 'hmac-sha256'}), {mode: 0o600});
    this.#child = spawn(program, ['-m', 'ipykernel_launcher', '-f', file, '--HistoryManager.hist_file=:memory:'], {
      cwd: directory,
      env: {...environment, JPY_PARENT_PID: String(process.pid)},
      // Its own group: an interrupt reaches what it has started, and none but it.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stderr = '';
    this.#child.stdout?.resume();
    this.#child.stdin?.on('error', () => undefined);
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-KEPT)));
    this.ended = new Promise(resolve => {
      const end = (code: number | null, signal: NodeJS.Signals | null, missing: boolean): void => {
        // What it has started may hold the pipes open.
        setImmediate(() => {
          rmSync(this.scratch, {recursive: true, force: true});
          resolve({code, signal, missing, stderr});
        });
      };
      this.#child.once('error', () => {
        if (this.#child.pid === undefined) end(null, null, true);
      });
      this.#child.once('exit', (code, signal) => end(code, signal, false));
    });
  }

  signal(signal: NodeJS.Signals): void {
    const {pid} = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // It has gone already.
    }
  }

  /** Waits until it has left, and ends it where it takes too long. It has been asked to leave. */
  async close(): Promise<void> {
    const timer = setTimeout(() => this.signal('SIGKILL'), GRACE_MS);
    await this.ended;
    clearTimeout(timer);
    // What it has started goes with it.
    this.signal('SIGKILL');
  }
}
