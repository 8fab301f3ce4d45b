import {readFile} from 'node:fs/promises';
import {constants} from 'node:os';
import type {Exit} from '../executor.js';
import type {Leader} from './process-group.js';

/** What a runner tells of a job that ended. */
export interface Ending {
  /** As bash says it: 128 + n for signal n, and for a command that chose such a code. `why` tells which. */
  readonly code: number;
  /** Milliseconds since the epoch. */
  readonly endedAt: number;
  readonly why?: 'signal' | 'timeout' | 'cancelled' | 'memory';
  /** Bytes that it took when its runner ended it for that. */
  readonly used?: number;
  /** All that it wrote, where its runner tells that instead of keeping it. */
  readonly said?: string;
}

/** What `.weft.started` says of a job. */
export interface Start {
  /**
   * Its process, which leads its group; an empty start if that had gone before anyone could look. Absent for a job in a station, whose
   * processes have no numbers that mean something outside.
   */
  readonly process?: Leader;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The runner that started it, which may be another than the one that it was given to last; the client of a station. */
  readonly runner: Leader;
}

const signals = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

/** Milliseconds from a decimal number of seconds. */
export const millisecondsOf = (seconds: string): number => Math.round(Number(seconds) * 1000);

const REASONS: readonly NonNullable<Ending['why']>[] = ['signal', 'timeout', 'cancelled', 'memory'];

/** Reads `CODE TIME [WHY [BYTES]]`, or `CODE TIME =LINE`; undefined for a text that is not that. */
export function endingOf(text: string): Ending | undefined {
  const [, code, time, line, why, bytes] = /^(\d+) (\d+(?:\.\d+)?)(?: =(.*)| (\w+)(?: (\d+))?)?$/s.exec(text) ?? [];
  if (code === undefined || time === undefined) return undefined;
  const ending = {code: Number(code), endedAt: millisecondsOf(time)};
  if (line !== undefined) return {...ending, said: `${line}\n`};
  const reason = REASONS.find(word => word === why);
  return {
    ...ending,
    ...(reason === undefined ? {} : {why: reason}),
    ...(bytes === undefined ? {} : {used: Number(bytes)}),
  };
}

/** What an executor tells of a job that ended so. */
export function exitOf({code, endedAt, why, used, said}: Ending, startedAt: number): Exit {
  if (why === 'cancelled') return {is: 'cancelled'};
  if (why === 'memory') return {is: 'out of memory', startedAt, endedAt, ...(used === undefined ? {} : {used})};
  if (why === 'timeout') return {is: 'timed out', startedAt, endedAt};
  const signal = why === 'signal' ? (signals.get(code - 128) ?? `signal ${code - 128}`) : undefined;
  return signal === undefined
    ? {is: 'exited', code, startedAt, endedAt, ...(said === undefined ? {} : {said})}
    : {is: 'signalled', signal, startedAt, endedAt};
}

/** The text of a file of one complete line; undefined while it is not there or not complete. */
async function lineOf(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.endsWith('\n') ? text.slice(0, -1) : undefined;
}

/** How the attempt in a directory ended, by its `.weft.exit`; undefined while it has not said. */
export async function readEnding(directory: string): Promise<Ending | undefined> {
  const line = await lineOf(`${directory}/.weft.exit`);
  return line === undefined ? undefined : endingOf(line);
}

/** When the attempt in a directory started, by its `.weft.started`; undefined if it has not said. */
export async function readStart(directory: string): Promise<Start | undefined> {
  const [pid, time, startTime, runner, born] = (await lineOf(`${directory}/.weft.started`))?.split(' ') ?? [];
  if (pid === undefined || time === undefined || !(pid === '-' || Number(pid) > 1)) return undefined;
  return {
    ...(pid === '-' ? {} : {process: {pid: Number(pid), startTime: startTime ?? ''}}),
    at: millisecondsOf(time),
    runner: {pid: Number(runner), startTime: born ?? ''},
  };
}

/** The exit of the attempt in a directory; undefined while it has not ended. */
export async function readExit(directory: string): Promise<Exit | undefined> {
  const ending = await readEnding(directory);
  return ending && exitOf(ending, (await readStart(directory))?.at ?? ending.endedAt);
}
