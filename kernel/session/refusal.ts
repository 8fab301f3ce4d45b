import {join} from 'node:path';
import type {Manifest} from '../graph/manifest.js';
import type {TaskState} from '../graph/task.js';
import type {Task} from '../graph/work.js';
import type {Entry} from '../run/entry.js';

/** What a future says of a result that lacks something for it, where another task of the same fingerprint is content with it. */
export class Refusal {
  readonly #entry: Pick<Entry, 'state'>;
  readonly #lacks: NonNullable<Task['lacks']>;
  #seen: {readonly manifest: Manifest; readonly lacks: string | undefined} | undefined;

  constructor(entry: Pick<Entry, 'state'>, lacks: NonNullable<Task['lacks']>) {
    this.#entry = entry;
    this.#lacks = lacks;
  }

  /** The future has failed; undefined where it is what its task is. */
  get state(): TaskState | undefined {
    const {state} = this.#entry;
    if (state.is !== 'done') return undefined;
    const {manifest, at} = state;
    if (this.#seen?.manifest !== manifest) this.#seen = {manifest, lacks: this.#lacks(manifest)};
    const {lacks: message} = this.#seen;
    if (message === undefined) return undefined;
    const log = join(manifest.directory ?? '', '.weft.log');
    return {is: 'failed', at, failure: {reason: 'output', message, paths: [], log, tail: ''}};
  }
}
