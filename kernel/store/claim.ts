import {existsSync, linkSync, readFileSync, readdirSync, renameSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {codeOf} from '../fingerprint/file-problem.js';
import {readFingerprint, type Fingerprint} from '../fingerprint/fingerprint.js';
import type {Holder, ProcessStamp} from '../graph/holder.js';
import {fail, ok, type Result} from '../graph/result.js';
import type {AttemptId} from '../graph/task.js';
import {writeProblem, type StoreProblem} from './problem.js';
import {isObject} from './record.js';
import {remove, Spares} from './spares.js';

/** What a claim says: who runs a task, and where. */
export interface ClaimContent {
  readonly attempt: AttemptId;
  /** The attempt's directory. */
  readonly directory: string;
  /** The kernel that made the claim: it publishes. */
  readonly kernel: ProcessStamp;
  /** Who runs the job, once that is known: it may outlive the kernel. */
  readonly runner?: Holder;
  /** The number of the batch job that the kernel runs in, at the scheduler of a cluster. */
  readonly job?: string;
  /** Names the sign of life of the kernel, a file beside the claim (`Heartbeat`). Absent: there is none. */
  readonly beat?: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Absent: it is the claim to a task. */
  readonly lane?: LaneContent;
}

/** What the claim to a lane says of the task that runs in it. */
export interface LaneContent {
  readonly task: Fingerprint;
  /** As a person calls it. */
  readonly label: string;
  /** Its limit, seconds; absent: none. */
  readonly time?: number;
  /** The directory of the claim, absolute, by the name that its maker knows. */
  readonly claims: string;
}

/** The claim of the highest number: its maker owns the task. */
export interface Claim {
  readonly fingerprint: Fingerprint;
  readonly number: number;
  /** Undefined: the machine broke down before it reached the disk. */
  readonly content: ClaimContent | undefined;
  /** Its name is taken, and can't be seen here yet: another machine has just made it. */
  readonly unseen?: true;
}

/** What came of an attempt to own a task. `theirs`: somebody else does, and this is what he says. */
export type Claiming = {readonly is: 'ours' | 'theirs'; readonly claim: Claim};

/** The file that says that a task was taken over, and that the numbers of its claims have to be looked through. */
const TAKEN = '.taken-';

/** The task of such a file; undefined for the name of anything else. */
export const takenOf = (name: string): string | undefined => /^\.taken-([0-9a-f]{64})$/.exec(name)?.[1];

/**
 * The claims of one directory, numbered files `<fingerprint>.1`, `.2`, … A claim is written to a file of a unique name and
 * linked into place: link(2) is atomic and fails on a name that is there, on network file systems too, and a request that was
 * sent twice can be told from a lost race. Owner is who made the highest number.
 *
 * Before a number above 1 there is `.taken-<fingerprint>`, and it stays when the claims go. So who has made number 1 and does not see that
 * file has the highest number: of most tasks the directory need not be read, whose names can be many, and on some file systems those
 * that were removed, too.
 * Who has made a claim looks for the result once more before it runs anything.
 */
export class Claims {
  readonly directory: string;
  readonly #spares: Spares;

  /** @param directory is made with the first claim */
  constructor(directory: string) {
    this.directory = directory;
    this.#spares = new Spares(directory);
  }

  /** The claim that holds now; undefined if nobody owns the task. */
  read(fingerprint: Fingerprint): Claim | undefined {
    const number = this.#numbers(fingerprint).at(-1);
    if (number === undefined) return undefined;
    return {fingerprint, number, content: this.contentOf(fingerprint, number)};
  }

  /** Claims a task that nobody owns. */
  claim(fingerprint: Fingerprint, content: ClaimContent): Result<Claiming, StoreProblem> {
    // Mostly nobody does: the link tells who does, and a first number that was free beside a higher one is given back.
    const made = this.#make(fingerprint, 1, content);
    if (made.ok) return made;
    // Where nothing can be written, who owns it can still be seen.
    const held = this.read(fingerprint);
    return held === undefined ? made : ok({is: 'theirs', claim: held});
  }

  /** Claims a task of an owner who is dead. Of two who try it at once, one wins. */
  takeOver(dead: Claim, content: ClaimContent): Result<Claiming, StoreProblem> {
    const held = this.read(dead.fingerprint);
    if (held !== undefined && held.number !== dead.number) return ok({is: 'theirs', claim: held});
    return this.#make(dead.fingerprint, held === undefined ? 1 : held.number + 1, content);
  }

  /** What the claim of one number says; undefined if it is not there, or can't be read. */
  contentOf(fingerprint: Fingerprint, number: number): ClaimContent | undefined {
    return readContent(this.#path(fingerprint, number), fingerprint);
  }

  /** Whether a claim that we made is still the one that counts: two looks, as this is asked of every task. */
  isHeld({fingerprint, number}: Pick<Claim, 'fingerprint' | 'number'>): boolean {
    return existsSync(this.#path(fingerprint, number)) && !existsSync(this.#path(fingerprint, number + 1));
  }

  /** Writes more into our own claim, in one step. False if it is no longer ours. */
  update(claim: Claim, content: ClaimContent): Result<boolean, StoreProblem> {
    const path = this.#path(claim.fingerprint, claim.number);
    if (this.#numbers(claim.fingerprint).at(-1) !== claim.number) return ok(false);
    const written = this.#spares.write({...content, fingerprint: claim.fingerprint});
    if (!written.ok) return written;
    try {
      renameSync(written.value, path);
      this.#spares.free(path);
      return ok(true);
    } catch (error) {
      return fail(writeProblem(path, error));
    }
  }

  /**
   * Gives our claim up, and those before it. Only once the result or the failure is visible to others.
   * Ours goes last, so that none of the older ones counts again. Where it has gone already, who took it over has seen to those too, and
   * what stands under a lower number is somebody's who came later.
   */
  release(claim: Claim): void {
    if (!this.#isOurs(claim)) return;
    const older = claim.number === 1 ? [] : this.#numbers(claim.fingerprint).filter(number => number < claim.number);
    for (const number of [...older, claim.number]) {
      const path = this.#path(claim.fingerprint, number);
      if (remove(path)) this.#spares.free(path);
    }
  }

  /** Takes away what was kept for later claims. */
  close(): void {
    this.#spares.close();
  }

  /** All tasks that are owned now, as a new kernel wants to know. */
  list(): readonly Claim[] {
    const fingerprints = new Set<Fingerprint>();
    for (const name of this.#names()) {
      const fingerprint = readFingerprint(/^([0-9a-f]{64})\.\d+$/.exec(name)?.[1] ?? '');
      if (fingerprint !== undefined) fingerprints.add(fingerprint);
    }
    return [...fingerprints].flatMap(fingerprint => this.read(fingerprint) ?? []);
  }

  /** The tasks that have a claim, as text. */
  owned(): ReadonlySet<string> {
    return new Set(this.#names().map(name => name.slice(0, 64)));
  }

  /** A slow owner that was taken for dead must not remove the claim of who came long after. */
  #isOurs({fingerprint, number, content}: Claim): boolean {
    const there = this.contentOf(fingerprint, number);
    return there?.attempt === content?.attempt && (there !== undefined || existsSync(this.#path(fingerprint, number)));
  }

  #make(fingerprint: Fingerprint, number: number, content: ClaimContent, tries = 3): Result<Claiming, StoreProblem> {
    const written = this.#spares.write({...content, fingerprint});
    if (!written.ok) return written;
    const path = this.#path(fingerprint, number);
    let won = true;
    try {
      if (number > 1) this.#take(fingerprint);
      linkSync(written.value, path);
      this.#spares.use(written.value, path);
    } catch (error) {
      won = codeOf(error) === 'EEXIST' && isSameFile(written.value, path);
      if (won) this.#spares.use(written.value, path);
      else this.#spares.give(written.value);
      if (codeOf(error) !== 'EEXIST') return fail(writeProblem(path, error));
    }
    const claim: Claim = {fingerprint, number, content};
    if (won && this.#isHighest(fingerprint, number)) return ok({is: 'ours', claim});
    const held = this.read(fingerprint);
    // The old owner was giving up between our look and our link, while a newer one was there.
    if (won) this.release(claim);
    // Who beat us may have finished already: the task is free again, and the result is there to be found.
    if (held !== undefined) return ok({is: 'theirs', claim: held});
    if (tries > 0) return this.#make(fingerprint, 1, content, tries - 1);
    return ok({is: 'theirs', claim: {fingerprint, number: 1, content: undefined, unseen: true}});
  }

  /** Whether a number that we have just made is the highest. */
  #isHighest(fingerprint: Fingerprint, number: number): boolean {
    return (number === 1 && !existsSync(this.#taken(fingerprint))) || this.#numbers(fingerprint).at(-1) === number;
  }

  #names(): readonly string[] {
    try {
      return readdirSync(this.directory);
    } catch {
      return [];
    }
  }

  #numbers(fingerprint: Fingerprint): readonly number[] {
    return this.#names()
      .filter(name => name.startsWith(`${fingerprint}.`))
      .map(name => Number(name.slice(fingerprint.length + 1)))
      .filter(number => Number.isSafeInteger(number) && number > 0)
      .sort((a, b) => a - b);
  }

  /** Says that there will be a number above 1, as of now: what says so is collected an hour after it was written last. */
  #take(fingerprint: Fingerprint): void {
    writeFileSync(this.#taken(fingerprint), '\n');
  }

  #taken(fingerprint: Fingerprint): string {
    return join(this.directory, `${TAKEN}${fingerprint}`);
  }

  #path(fingerprint: Fingerprint, number: number): string {
    return join(this.directory, `${fingerprint}.${number}`);
  }
}

/** True if the link was made after all: a request that a file server got twice says EEXIST to the second. */
function isSameFile(a: string, b: string): boolean {
  try {
    const [first, second] = [statSync(a, {bigint: true}), statSync(b, {bigint: true})];
    return first.dev === second.dev && first.ino === second.ino;
  } catch {
    return false;
  }
}

const isStamp = (value: unknown): boolean =>
  isObject(value) &&
  typeof value['pid'] === 'number' &&
  ['startTime', 'host', 'bootId'].every(name => typeof value[name] === 'string');

/** The file names its task, as it may be that of another by the time that it is read; older ones do not. */
function readContent(path: string, own: Fingerprint): ClaimContent | undefined {
  try {
    const read: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (!isObject(read)) return undefined;
    const {fingerprint = own, ...data} = read;
    if (fingerprint !== own) return undefined;
    if (typeof data['directory'] !== 'string' || typeof data['attempt'] !== 'string') return undefined;
    const {runner, kernel, lane} = data;
    if (!isStamp(kernel)) return undefined;
    if (
      lane !== undefined &&
      !(isObject(lane) && ['task', 'label', 'claims'].every(name => typeof lane[name] === 'string'))
    )
      return undefined;
    if (data['beat'] !== undefined && typeof data['beat'] !== 'string') return undefined;
    if (runner !== undefined && !(isStamp(runner) && isObject(runner) && typeof runner['directory'] === 'string')) {
      return undefined;
    }
    return data as unknown as ClaimContent;
  } catch {
    return undefined;
  }
}
