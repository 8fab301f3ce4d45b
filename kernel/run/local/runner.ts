import {spawn, type ChildProcessByStdio} from 'node:child_process';
import type {Readable, Writable} from 'node:stream';
import type {ProcessStamp} from '../../graph/holder.js';
import {stampOf} from '../../machine/process-life.js';
import type {Job, Station, Stop} from '../executor.js';
import {endingOf, millisecondsOf, type Ending} from './exit-file.js';
import {envWords} from './stop-file.js';
import type {Ticket} from './ticket.js';

/** What a runner tells, about the ticket at the head of its queue. Times are milliseconds since the epoch. */
export interface RunnerEvents {
  /** It runs it; or it has come to it, and nobody else was given it: then it says when it ends whether and when it did. */
  started(runner: Runner, ticket: Ticket, at: number): void;
  ended(runner: Runner, ticket: Ticket, startedAt: number, ending: Ending): void;
  /** It did not start it: it was recalled, or another runner has it. */
  skipped(runner: Runner, ticket: Ticket): void;
  /** It could not start it. */
  lost(runner: Runner, ticket: Ticket, message: string): void;
  /** Its process has ended. `left`: what it had been given, the first of which may have started. */
  gone(runner: Runner, left: readonly Ticket[], message: string): void;
}

/** How a runner is started. */
export interface RunnerProgram {
  /** The path of runner.sh. */
  readonly script: string;
  /** Its text, for a container that does not see the path. */
  readonly text: () => string;
  /** A bash of version 4.2 or later. */
  readonly bash: string;
  /** What jobs start with; undefined: the environment of this process. */
  readonly environment: Readonly<Record<string, string>> | undefined;
}

/** Bytes of standard error that are kept, for a runner that could not start. */
const messageLimit = 4096;

/**
 * Starts a container's client with something between its standard output and this process that takes what is said after this process has
 * gone: the client would die of that, and the runner inside would be taken for lost.
 */
const RELAY = `trap '' PIPE
exec > >(while IFS= read -r line; do echo "$line"; done 2>/dev/null)
trap - PIPE
exec env -i -- "$@"`;

/** A runner in a container: with none of what the runtime and the image put into the environment. */
const inside = (text: string): readonly [string, ...string[]] => [
  '/usr/bin/env',
  '-i',
  'PATH=/usr/local/bin:/usr/bin:/bin',
  'bash',
  '-p',
  '-c',
  text,
  'weft-runner',
];

/** How many bytes a text has, and how many characters: six digits each. */
function lengths(text: string): string {
  const bytes = Buffer.byteLength(text);
  const characters = bytes === text.length ? bytes : Array.from(text).length;
  return `${String(bytes).padStart(6, '0')} ${String(characters).padStart(6, '0')}`;
}

/** Which runners a job may be given to; empty: those of the host. */
export const stationOf = ({inside}: Job): Station | undefined => (inside?.is === 'shared' ? inside.station : undefined);

/**
 * One persistent bash that runs jobs one after the other, in a session of its own: neither the end of this process nor a
 * signal to its group reaches it. Driven by its answers; nothing polls. That of a station works in a container, and the process that is
 * known here is the container's client.
 */
export class Runner {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #events: RunnerEvents;
  readonly #queue: Ticket[] = [];
  #unread = '';
  #message = '';
  #ready = false;
  #ending = false;
  #gone = false;
  #left: number;
  /** Whose jobs it is given; undefined: jobs of the host. */
  readonly station: Station | undefined;
  /** How its container is ended. */
  readonly stop: Stop | undefined;
  /** Which process this is; undefined if it could not be started. */
  readonly stamp: ProcessStamp | undefined;

  constructor({script, text, bash, environment}: RunnerProgram, station: Station | undefined, events: RunnerEvents) {
    this.#events = events;
    this.#left = station?.jobs ?? Infinity;
    const opened = station?.open(inside(text()));
    this.station = station;
    this.stop = opened?.stop;
    const words = opened === undefined ? [script] : ['-c', RELAY, 'weft', ...envWords(opened.command)];
    // `-p`: neither BASH_ENV nor functions of the environment change what the runner does; its jobs still see both.
    this.#child = spawn(bash, ['-p', ...words], {
      detached: true,
      cwd: '/',
      env: environment ?? process.env,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.stamp = this.#child.pid === undefined ? undefined : stampOf(this.#child.pid);
    // A write to a runner that has just died fails; its end is told by `close`.
    this.#child.stdin.on('error', () => undefined);
    if (station) this.#tell('', 'inside', String(this.stamp?.pid ?? 0), this.stamp?.startTime ?? '', '', '', '');
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => this.#read(text));
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#message = (this.#message + text).slice(0, messageLimit);
    });
    this.#child.on('error', error => {
      this.#message ||= error.message;
      if (this.#child.pid === undefined) this.#leave();
    });
    this.#child.on('close', () => this.#leave());
    // What runs on in a container may hold the output of its client.
    if (station) this.#child.on('exit', () => void setTimeout(() => this.#leave(), 500));
  }

  /** What it was given and has not answered for, the one that it runs first. */
  get queue(): readonly Ticket[] {
    return this.#queue;
  }

  /** Whether it ever said that it can work. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Whether it left when it was told to. */
  get well(): boolean {
    return this.#ending && this.#child.exitCode === 0;
  }

  /** Whether it may be given this job. */
  takes(job: Job): boolean {
    return !this.#ending && this.station?.key === stationOf(job)?.key;
  }

  /** Hands a job over. The queue is a few messages long, which a pipe always has room for. */
  give(ticket: Ticket): void {
    this.#queue.push(ticket);
    const {attempt, directory, inside, memory = '', script, stdout = '', text = '', time, told = false} = ticket.job;
    const limit = time !== undefined && Number.isFinite(time) ? time.toFixed(3) : '';
    const shared = ticket.runners.size > 1;
    const yes = (flag: boolean): string => (flag ? 'yes' : '');
    const file = inside?.is === 'own' ? '' : script;
    this.#tell(text, directory, file, limit, attempt, `${memory}`, stdout, yes(told && stdout !== ''), yes(shared));
    if (this.#queue.length === 1) this.#come();
    if (--this.#left <= 0) void this.end();
  }

  /** A message is read in a few system calls, as its lengths go before it: what a character is depends on the locale over there. */
  #tell(text: string, ...fields: readonly string[]): void {
    const head = fields.map(field => `${field}\x1f`).join('');
    this.#child.stdin.write(`${lengths(head)} ${lengths(text)}\n${head}${text}`);
  }

  /** Asks it to look whether the job that it runs has been cancelled. One in a container looks by itself, each second. */
  look(): void {
    if (this.#ready && !this.#gone && this.station === undefined) this.#child.kill('SIGUSR2');
  }

  /** Ends it at once. */
  kill(): void {
    if (this.#gone || this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, 'SIGKILL');
    } catch {
      // It has just ended.
    }
  }

  /** Gives it no more: it finishes what it has, and leaves. Resolves when it has been told. */
  async end(): Promise<void> {
    if (this.#ending || this.#gone) return;
    this.#ending = true;
    await new Promise<void>(resolve => this.#child.stdin.end(() => resolve()));
  }

  /** Ends it, and listens to it no more, so that it does not keep this process alive. */
  async abandon(): Promise<void> {
    const told = this.end();
    this.#child.stdout.destroy();
    this.#child.stderr.destroy();
    this.#child.unref();
    await told;
  }

  #read(text: string): void {
    const lines = (this.#unread + text).split('\n');
    this.#unread = lines.pop() ?? '';
    for (const line of lines) this.#answer(line.split('\t'));
  }

  #answer([word, ...fields]: string[]): void {
    if (word === 'ready') {
      this.#ready = true;
      this.#come();
      return;
    }
    const ticket = this.#queue[0];
    if (ticket === undefined) return;
    if (word === 'started') {
      this.#events.started(this, ticket, millisecondsOf(fields[0] ?? ''));
      return;
    }
    this.#queue.shift();
    const [start = '', ...end] = fields;
    // A line that is told may have tabs.
    const ending = word === 'ended' ? endingOf(end.join('\t')) : undefined;
    if (ending) this.#events.ended(this, ticket, millisecondsOf(start), ending);
    else if (word === 'skipped') this.#events.skipped(this, ticket);
    else this.#events.lost(this, ticket, fields.join(' ') || 'Its runner answered nonsense.');
    this.#come();
  }

  /** It has come to the job at the head of its queue, unless another runner has that. To be told so would cost each job a turn. */
  #come(): void {
    const [ticket] = this.#queue;
    if (this.#ready && ticket?.runners.size === 1) this.#events.started(this, ticket, Date.now());
  }

  #leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#events.gone(this, this.#queue.splice(0), this.#message.trim());
  }
}
