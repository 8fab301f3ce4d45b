import {randomUUID} from 'node:crypto';
import {existsSync, renameSync, rmSync, unlinkSync} from 'node:fs';
import {mkdir, rename, rm} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {codeOf} from '../fingerprint/file-problem.js';
import {Slice} from '../fingerprint/slice.js';
import type {Failure} from '../graph/failure.js';
import type {Manifest, OutputFile} from '../graph/manifest.js';
import {fail, ok, type Result} from '../graph/result.js';
import {editionOf} from './edition.js';
import {listOutputs, sortPaths} from './list-outputs.js';
import {MANIFEST, readManifest, writeManifest} from './manifest-file.js';
import {readOutput} from './output-stamp.js';
import {writeProblem} from './problem.js';
import {checkResult} from './verify.js';

/** An attempt that succeeded, to be made a result. */
export interface Publication {
  /** The attempt's directory, on the same file system as `final`. It is gone afterwards, unless publishing fails. */
  readonly attempt: string;
  /** The result's name, which exists only if the task succeeded. */
  readonly final: string;
  /** All of the manifest that is known without looking at files. */
  readonly manifest: Omit<Manifest, 'version' | 'edition' | 'directory' | 'outputs'>;
  /** The files of the result, relative; absent: all that are there. */
  readonly outputs?: readonly string[];
  /** The result before this one, if there was any, though it may be lost. */
  readonly previous?: Manifest | undefined;
  /** The task was run though its result was there: that is replaced, and bytes that differ raise the edition. */
  readonly force?: boolean;
  /** What is read through it has other bytes than for the result before. */
  readonly through?: boolean;
}

/** How a publication ended. */
export interface Published {
  readonly manifest: Manifest;
  /** False: another result was there first, it is as good, and ours was thrown away. */
  readonly ours: boolean;
}

/** Details for tests and for slow disks. */
export interface PublishOptions {
  /** Called before each step, with its name. */
  readonly step?: (name: string) => void;
  /** False leaves it to the system when large outputs and the manifest reach the disk. */
  readonly sync?: boolean;
}

type PublishFailure = Extract<Failure, {reason: 'publish'}>;

/** Outputs that are read at once. */
const CONCURRENCY = 4;

/** Who publishes the same name at the same time is at most beaten so often. */
const TRIES = 5;

/**
 * How often, and after how many milliseconds, a name that is taken and can't be seen is looked at again: network file systems show late
 * what another machine has just put there, NFS after a minute at most (nfs(5), acdirmax).
 */
const LOOKS = 140;
const LOOK = 500;

/**
 * Makes an attempt a result: reads its outputs, writes its manifest beside them, renames the directory. Whoever is killed at any
 * point leaves either an attempt that can be published again or a whole result, and never touches a published file.
 * What stands under the final name and is no result any more is renamed aside (`.dead-<uuid>`).
 */
export async function publish(
  publication: Publication,
  {step = () => undefined, sync = true}: PublishOptions = {},
): Promise<Result<Published, PublishFailure>> {
  const {attempt, final, previous, force = false, through = false} = publication;
  try {
    step('list');
    const own: string[] = [];
    const all = await listOutputs(attempt, own);
    const names = publication.outputs === undefined ? all : sortPaths(publication.outputs);
    step('hash');
    const read = await readOutputs(attempt, names, sync);
    if (!read.ok) return read;
    const outputs = read.value;
    const edition = editionOf(publication.manifest, outputs, previous, force, through);
    const manifest: Manifest = {...publication.manifest, version: 1, edition, directory: final, outputs};
    step('manifest');
    const written = await writeManifest(attempt, manifest, sync);
    if (!written.ok) return fail({reason: 'publish', ...written.error});
    step('clean');
    // What tells that the attempt ended, and with what it began, goes last: without it, a successor could not publish the attempt.
    removeOwn(
      attempt,
      own.filter(name => !KEPT.has(name)),
    );
    step('rename');
    const placed = await place(attempt, manifest, force, step);
    if (!placed.ok || !placed.value.ours) return placed;
    step('exit');
    for (const name of LAST) if (own.includes(name)) removeFile(join(final, name));
    return placed;
  } catch (error) {
    return fail({reason: 'publish', ...writeProblem(final, error)});
  }
}

async function readOutputs(
  directory: string,
  names: readonly string[],
  sync: boolean,
): Promise<Result<readonly OutputFile[], PublishFailure>> {
  const outputs: OutputFile[] = [];
  const slice = new Slice();
  for (let at = 0; at < names.length; at += CONCURRENCY) {
    if (slice.over) await slice.rest();
    const batch = names.slice(at, at + CONCURRENCY);
    const read = await Promise.allSettled(batch.map(name => readOutput(join(directory, name), name, sync)));
    for (const [place, output] of read.entries()) {
      const name = batch[place] ?? '';
      if (output.status === 'rejected') {
        const message = `The output ${name} could not be read (${codeOf(output.reason)})`;
        return fail({reason: 'publish', message});
      }
      if (output.value !== undefined) outputs.push(output.value);
      else return fail({reason: 'publish', message: `The output ${name} is missing, or is no file`});
    }
  }
  return ok(outputs);
}

/** Gives the attempt its final name, or takes the result that is there. */
async function place(
  attempt: string,
  manifest: Manifest,
  force: boolean,
  step: (name: string) => void,
): Promise<Result<Published, PublishFailure>> {
  const final = manifest.directory ?? '';
  let looks = 0;
  for (let tries = 0; ; tries++) {
    let code: string;
    try {
      step(tries === 0 ? 'final' : 'final again');
      renameSync(attempt, final);
      return ok({manifest, ours: true});
    } catch (error) {
      code = codeOf(error);
      if (tries >= TRIES || !['ENOENT', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(code)) throw error;
      if (code === 'ENOENT') {
        await mkdir(dirname(final), {recursive: true});
        continue;
      }
    }
    const there = await readManifest(final);
    if (!there.ok && code !== 'ENOTDIR' && looks < LOOKS && !existsSync(final)) {
      // Who has put it aside in this moment is not waited for in vain: the next try succeeds.
      if (looks++ > 0) await new Promise(resolve => setTimeout(resolve, LOOK));
      tries--;
      continue;
    }
    if (there.ok && there.value.fingerprint !== manifest.fingerprint) return fail(collision(final, there.value));
    if (!there.ok && there.error.is === 'version') {
      const remedy = `Use the newer Weft, or move ${final} away.`;
      return fail({reason: 'publish', message: there.error.message, remedy});
    }
    const hit = there.ok && !force ? await checkResult(there.value, 'mtime') : undefined;
    if (hit?.ok) {
      step('discard');
      await rm(attempt, {recursive: true, force: true}).catch(() => undefined);
      return ok({manifest: hit.value.manifest, ours: false});
    }
    await moveAside(final, step);
  }
}

function collision(final: string, other: Manifest): PublishFailure {
  return {
    reason: 'publish',
    message: `${final} is the result of another task (${other.label}), whose fingerprint begins with the same 12 digits: ${other.fingerprint}`,
    remedy: `Move ${final} away if that result is not needed any more, then run the cell again.`,
  };
}

/** Takes away what stands under a final name. Whoever reads it keeps reading it. */
async function moveAside(final: string, step: (name: string) => void): Promise<void> {
  step('aside');
  try {
    await rename(final, join(dirname(final), `.dead-${randomUUID()}`));
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

/** Weft's own files that an attempt must have to be published: they go when it was. */
const LAST = ['.weft.inputs', '.weft.exit'];

/** Weft's own files that stay when the others are removed. */
const KEPT: ReadonlySet<string> = new Set([MANIFEST, '.weft.log', ...LAST]);

/** Removes the runner's files and the script: a few unlinks, cheaper at once than by the thread pool. */
function removeOwn(directory: string, names: readonly string[]): void {
  for (const name of names) {
    const path = join(directory, name);
    try {
      // Nearly all are files, which takes one call.
      unlinkSync(path);
    } catch {
      rmSync(path, {recursive: true, force: true});
    }
  }
}

/** Removes a file, or leaves it where it can't be. */
function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is not there any more, or means nothing where it is.
  }
}
