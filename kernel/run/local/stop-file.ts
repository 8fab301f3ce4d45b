import {readFile} from 'node:fs/promises';
import {writeFileSync} from 'node:fs';
import type {Command} from '../command.js';
import type {Stop} from '../executor.js';

/** What `.weft.stop` of an attempt says: how what runs in a container is ended, by whoever comes to end it. */
export interface StopFile {
  /** Words for `env -i`. */
  readonly ask: readonly (readonly string[])[];
  /** Words for `env -i`. */
  readonly remove: readonly (readonly string[])[];
  readonly session: boolean;
  /** The container is a station's: other jobs run in it too, its runner is inside, and no signal reaches that by number. */
  readonly shared: boolean;
}

/** A command as words for `env -i`. */
export function envWords({file, args, environment}: Command): readonly string[] {
  const assignments = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  // `env` takes a program's name with a `=` in it for one more assignment; `nice` does not.
  return [...assignments, ...(file.includes('=') ? ['nice', '-n', '0', '--'] : []), file, ...args];
}

/** Writes `.weft.start`, from which a runner starts a job's container. Values of its environment may be secret. */
export function writeStart(directory: string, command: Command): void {
  write(`${directory}/.weft.start`, envWords(command));
}

/** Writes `.weft.stop`. Throws if it can't. */
export function writeStop(directory: string, {ask, remove, session}: Stop, shared: boolean): void {
  const record = (kind: string, command: Command): readonly string[] => {
    const words = envWords(command);
    return [kind, String(words.length), ...words];
  };
  write(`${directory}/.weft.stop`, [
    session ? 'session' : '',
    shared ? 'shared' : '',
    ...ask.flatMap(command => record('ask', command)),
    ...remove.flatMap(command => record('remove', command)),
  ]);
}

/** Reads `.weft.stop`; undefined where there is none, or none that is complete: its job runs on the host. */
export async function readStop(directory: string): Promise<StopFile | undefined> {
  const text = await readFile(`${directory}/.weft.stop`, 'utf8').catch(() => '');
  if (!text.endsWith('\0')) return undefined;
  const [session, shared, ...words] = text.slice(0, -1).split('\0');
  const commands: {readonly ask: string[][]; readonly remove: string[][]} = {ask: [], remove: []};
  while (words.length > 0) {
    const [kind, count] = words.splice(0, 2);
    if (kind === 'ask' || kind === 'remove') commands[kind].push(words.splice(0, Number(count)));
    else return undefined;
  }
  return {...commands, session: session === 'session', shared: shared === 'shared'};
}

function write(path: string, words: readonly string[]): void {
  writeFileSync(path, words.map(word => `${word}\0`).join(''), {mode: 0o600});
}
