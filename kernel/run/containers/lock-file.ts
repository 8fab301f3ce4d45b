import {closeSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';
import {join} from 'node:path';
import {readDigest} from '../../fingerprint/fingerprint.js';
import type {ImageIdentity} from '../../graph/container.js';
import {fail, ok, type Result} from '../../graph/result.js';

/** What one name of an image means, on machines of one architecture, for one runtime. */
export interface Pin {
  /** `[RUNTIME:]REF`, as typed. */
  readonly text: string;
  /** The runtime that was named, or that `auto` took. */
  readonly runtime: string;
  readonly architecture: string;
  /** What the runtime is told to run. */
  readonly image: string;
  readonly identity: ImageIdentity;
  /** When it was pinned: ISO 8601, UTC. */
  readonly pinned: string;
}

/** Raised when the form changes, so that older versions refuse the file. */
const VERSION = 1;

const FILE = 'weft.lock';

/** After so many milliseconds a writer that left its mark behind is taken for dead. */
const DEAD = 10_000;

/** Why the file can't be used, in a person's words. `denied`: it can't be written here, all else is well. */
export interface LockProblem {
  readonly denied: boolean;
  readonly message: string;
  readonly remedy: string;
}

/** `weft.lock`, the pins of a notebook's directory: text for version control, one pin a line. Several kernels may write it. */
export class LockFile {
  readonly path: string;

  /** @param directory the notebook's directory */
  constructor(directory: string) {
    this.path = join(directory, FILE);
  }

  /** All pins; none where there is no file. */
  read(): Result<readonly Pin[], LockProblem> {
    let text;
    try {
      text = readFileSync(this.path, 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return ok([]);
      return fail(wrong(`${this.path} can't be read: ${textOf(error)}`));
    }
    return readPins(text, this.path);
  }

  /** Puts a pin into the file, in the place of the one that it had; what others wrote meanwhile stays. */
  async write(pins: readonly Pin[]): Promise<Result<undefined, LockProblem>> {
    const temporary = `${this.path}~`;
    let file;
    // As git does it: the temporary file is the lock as well.
    for (let left = 200; file === undefined; left--) {
      try {
        file = openSync(temporary, 'wx', 0o644);
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') return fail(cannotWrite(this.path, error));
        if (left === 0) return fail(cannotWrite(this.path, new Error(`${temporary} is there: another kernel writes`)));
        if (Date.now() - modified(temporary) > DEAD) rmSync(temporary, {force: true});
        else await sleep(20);
      }
    }
    try {
      const known = this.read();
      if (!known.ok) {
        closeSync(file);
        rmSync(temporary, {force: true});
        return known;
      }
      const own = new Set(pins.map(keyOf));
      writeSync(file, writePins([...known.value.filter(pin => !own.has(keyOf(pin))), ...pins]));
      closeSync(file);
      renameSync(temporary, this.path);
      return ok(undefined);
    } catch (error) {
      rmSync(temporary, {force: true});
      return fail(cannotWrite(this.path, error));
    }
  }
}

/** The text of the file: keys in one order, pins sorted, so that equal pins are equal text. */
export function writePins(pins: readonly Pin[]): string {
  const lines = [...pins]
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
    .map(({text, runtime, architecture, image, identity, pinned}) =>
      JSON.stringify({container: text, runtime, architecture, image, identity, pinned}),
    );
  return `{"weft.lock": ${VERSION}, "images": [\n${lines.map(line => `  ${line}`).join(',\n')}\n]}\n`;
}

/** Reads what {@link writePins} wrote. `path` is for the error. */
export function readPins(text: string, path: string): Result<readonly Pin[], LockProblem> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const conflict = /^(<{7}|={7}|>{7})/m.test(text);
    return fail(wrong(`${path} ${conflict ? 'has the marks of a merge conflict' : `is no JSON: ${textOf(error)}`}`));
  }
  const version = isRecord(value) ? value['weft.lock'] : undefined;
  if (typeof version === 'number' && version > VERSION)
    return fail({
      denied: false,
      message: `${path} was written by a newer version of Weft: its form is ${version}, this version knows ${VERSION}`,
      remedy: 'update Weft, or move the file away: images are then pinned anew',
    });
  const images = isRecord(value) ? value['images'] : undefined;
  if (version !== VERSION || !Array.isArray(images)) return fail(wrong(`${path} is no list of pinned images`));
  const pins: Pin[] = [];
  for (const [at, image] of images.entries()) {
    const pin = readPin(image);
    if (pin === undefined) return fail(wrong(`image ${at + 1} of ${path} can't be read`));
    pins.push(pin);
  }
  return ok(pins);
}

function readPin(value: unknown): Pin | undefined {
  if (!isRecord(value)) return undefined;
  const {container: text, runtime, architecture, image, pinned} = value;
  const identity = readIdentity(value['identity']);
  if (typeof text !== 'string' || typeof runtime !== 'string' || typeof architecture !== 'string') return undefined;
  // It reaches a runtime's argv: nobody may slip an option into it by way of a repository.
  if (typeof image !== 'string' || image === '' || image.startsWith('-') || typeof pinned !== 'string')
    return undefined;
  return identity === undefined ? undefined : {text, runtime, architecture, image, identity, pinned};
}

function readIdentity(value: unknown): ImageIdentity | undefined {
  if (!isRecord(value)) return undefined;
  const {engine, id} = value;
  if (typeof engine === 'string' && typeof id === 'string') return {engine, id};
  const digestOf = (name: string): ReturnType<typeof readDigest> =>
    typeof value[name] === 'string' ? readDigest(value[name]) : undefined;
  const manifest = digestOf('manifest');
  const file = digestOf('file');
  const directory = digestOf('directory');
  if (manifest !== undefined) return {manifest};
  if (file !== undefined) return {file};
  return directory === undefined ? undefined : {directory};
}

const keyOf = ({text, runtime, architecture}: Pin): string => JSON.stringify([text, runtime, architecture]);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function modified(path: string): number {
  return statSync(path, {throwIfNoEntry: false})?.mtimeMs ?? Date.now();
}

const wrong = (message: string): LockProblem => ({
  denied: false,
  message,
  remedy: 'take it back from version control, or move it away: images are then pinned anew',
});

const cannotWrite = (path: string, error: unknown): LockProblem => ({
  denied: true,
  message: `${path} can't be written: ${textOf(error)}`,
  remedy: 'pins hold until the kernel ends; make the directory writable, and write them with `%lock`',
});
