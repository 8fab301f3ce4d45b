import {resolve} from 'node:path';
import type {Span} from '../kernel/cell/source.js';
import type {Digest} from '../kernel/fingerprint/fingerprint.js';
import {fail, ok, type Result} from '../kernel/graph/result.js';
import type {Turn, Work} from '../kernel/graph/work.js';
import type {MagicContext, Problem} from '../kernel/session/magic.js';
import type {Stop, TaskNode} from '../kernel/session/node.js';
import {RootOrder} from './lsst/root-order.js';
import {RootReader} from './lsst/root-reader.js';
import {readRoot, type RootRepository} from './lsst/root-repository.js';
import {wholeRootAgain, wholeRootIdentity} from './lsst/whole-root.js';

/** What `--reads` or `--mutates` says, and where; a function's option has no place. */
export interface RootOption {
  readonly text: string;
  /** The script changes it. */
  readonly writes?: true;
  readonly span?: Span;
}

/** The error of a script with both: it would be known by what the root held before it. */
export const readsAndMutates = (span?: Span): Problem => ({
  code: 'W6009',
  severity: 'error',
  message: 'a script reads a root (`--reads`) or changes one (`--mutates`), not both',
  hint: 'leave `--reads` out: what changes a root may read it',
  ...(span === undefined ? {} : {span}),
});

/** The root repository that a script reads, and what is still to change it; or the one that it changes. */
export class ScriptRoot {
  readonly root: RootRepository;
  readonly writes: boolean;
  readonly #order: RootOrder;
  readonly #digest: MagicContext['digest'];
  readonly #cell: string;
  #before: readonly TaskNode[];
  #node: TaskNode | undefined;

  constructor(root: RootRepository, writes: boolean, context: MagicContext) {
    this.root = root;
    this.writes = writes;
    this.#digest = path => context.digest(path);
    this.#cell = context.cell;
    this.#order = RootOrder.of(context.state);
    // Those that change it run one after the other by themselves.
    this.#before = writes ? [] : this.#order.pending(root.path);
  }

  /** Finds the root that an option names; undefined without one. */
  static of(option: RootOption | undefined, context: MagicContext): Result<ScriptRoot | undefined, Problem> {
    if (option === undefined) return ok(undefined);
    const root = readRoot(resolve(context.directory, option.text));
    if (root.ok) return ok(new ScriptRoot(root.value, option.writes === true, context));
    return fail({
      code: root.error.startsWith('there is no directory') ? 'W7004' : 'W7005',
      severity: 'error',
      message: `\`--${option.writes === true ? 'mutates' : 'reads'}\`: ${root.error}`,
      hint: 'name a root repository; what any other directory has is declared with `--in`',
      ...(option.span === undefined ? {} : {span: option.span}),
    });
  }

  /** The tasks that change the root and were submitted before. */
  get before(): readonly TaskNode[] {
    return this.#before;
  }

  /** It is about to start: what it waits for. */
  turn(): Turn | undefined {
    return this.#node === undefined ? undefined : this.#order.turn(this.root.path, this.#node, this.writes);
  }

  /** The work of a script that reads it: what it makes counts only if the root still is what was hashed. */
  watched(work: Work, identity: Digest): Work {
    const {path} = this.root;
    const take = (): Promise<Digest> => wholeRootAgain(this.root, this.#digest);
    return new RootReader(work, {path, identity, take, changes: () => this.#order.changes(path)});
  }

  /** It has become this node: what changes the root and comes later waits for it. */
  planned(node: TaskNode): void {
    this.#node = node;
    if (this.writes) {
      this.#order.wrote(this.root.path, node, this.#cell);
      return;
    }
    this.#before = this.#order.before(node) ?? this.#before;
    this.#order.reads(node);
  }

  /** Waits for what is to change the root, and says what it then holds; undefined for what changes it, whose state does not count. */
  async identity(): Promise<Result<Digest | undefined, Stop>> {
    if (this.writes) return ok(undefined);
    if (this.#node !== undefined) {
      const waited = await this.#order.read(this.root.path, this.#node, this.#before);
      if (!waited.ok) return waited;
    }
    try {
      return ok(await wholeRootIdentity(this.root, this.#digest));
    } catch (error) {
      const message = `the repository ${this.root.path} can't be read: ${error instanceof Error ? error.message : String(error)}`;
      const remedy = 'give yourself the right to read it, or ask its owner';
      return fail({is: 'failed', failure: {reason: 'start', message, remedy}});
    }
  }
}
