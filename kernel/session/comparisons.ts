import {changeText, type ChangeText, type Labeler} from '../show/change-text.js';
import {diffRecipes} from '../show/recipe-diff.js';
import type {AgainMark} from './again-mark.js';
import type {EarlierRuns} from './earlier.js';
import type {TaskNode} from './node.js';

/** Milliseconds between two looks at the journals, at least: many cells that are run one after the other share one. */
const PAUSE = 250;

/** How many times as long as a look lasted the pause after it is at least: of long journals, looks take a fifth of the time at most. */
const SHARE = 4;

/** Compares the tasks of marks with earlier runs, one lookup at a time, in the background. */
export class Comparisons {
  readonly #earlier: Pick<EarlierRuns, 'before'>;
  readonly #labels: () => Labeler;
  readonly #waiting = new Map<AgainMark, () => void>();
  #timer: NodeJS.Timeout | undefined;
  #running = false;
  /** When the next look may begin, on the clock of `performance`. */
  #next = 0;

  constructor(earlier: Pick<EarlierRuns, 'before'>, labels: () => Labeler) {
    this.#earlier = earlier;
    this.#labels = labels;
  }

  /** Compares what a mark asks for. @param told is called if there is something to say of it */
  ask(mark: AgainMark, told: () => void): void {
    this.#waiting.set(mark, told);
    this.#schedule();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#waiting.clear();
  }

  #schedule(): void {
    if (this.#running || this.#timer !== undefined || this.#waiting.size === 0) return;
    const wait = Math.max(0, this.#next - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#running = true;
      const began = performance.now();
      void this.#run().finally(() => {
        this.#running = false;
        const now = performance.now();
        this.#next = now + Math.max(PAUSE, SHARE * (now - began));
        this.#schedule();
      });
    }, wait).unref();
  }

  async #run(): Promise<void> {
    const asked = [...this.#waiting].map(([mark, told]) => ({mark, told, nodes: mark.take()}));
    this.#waiting.clear();
    // A display says less where the journals can't be read; who reads them for a result says why.
    const changes = await this.#changesOf([...new Set(asked.flatMap(({nodes}) => nodes))]).catch(() => undefined);
    for (const {mark, told, nodes} of asked) {
      const news = nodes.map(node => mark.learn(node, changes?.get(node) ?? []));
      if (news.includes(true)) told();
    }
  }

  async #changesOf(nodes: readonly TaskNode[]): Promise<ReadonlyMap<TaskNode, readonly ChangeText[]>> {
    const before = await this.#earlier.before(nodes);
    const labelOf = this.#labels();
    const changes = new Map<TaskNode, readonly ChangeText[]>();
    for (const [at, node] of nodes.entries()) {
      const [old, now] = [before[at]?.recipe, (node.inner ?? node).entry?.task.recipe];
      if (old === undefined || now === undefined) continue;
      changes.set(
        node,
        diffRecipes(old, now, labelOf.setupOf).map(change => changeText(change, labelOf)),
      );
    }
    return changes;
  }
}
