import {isoSpan} from '../graph/iso-span.js';
import type {Manifest} from '../graph/manifest.js';
import type {TaskState} from '../graph/task.js';
import {medianOf} from './median.js';

/** From how many finished tasks of a name an estimate is made. */
const SAMPLES = 5;

/** How many durations of a name are looked at: a median needs no more, and a display must stay cheap. */
const LOOKED_AT = 1000;

/** How long the task of a manifest took, in milliseconds; never less than nothing. */
export const durationOf = (manifest: Manifest): number => isoSpan(manifest.startedAt, manifest.endedAt);

/** The durations of the tasks of one name, and how much work they leave. */
export class TimeLeft {
  readonly #samples: number[] = [];
  #tasks = 0;
  #waiting = 0;
  readonly #elapsed: number[] = [];

  /** @param now milliseconds since the epoch */
  add(state: TaskState, now: number): void {
    this.#tasks++;
    if (state.is === 'waiting' || state.is === 'queued') this.#waiting++;
    else if (state.is === 'running') this.#elapsed.push(Math.max(0, now - state.at));
    else if (state.is === 'done' && this.#samples.length < LOOKED_AT) this.#samples.push(durationOf(state.manifest));
  }

  /** Adds many tasks that are done, of some of which the durations are given, and many that wait. */
  addAlike(done: number, waiting: number, durations: readonly number[]): void {
    this.#tasks += done + waiting;
    this.#waiting += waiting;
    for (const duration of durations) if (this.#samples.length < LOOKED_AT) this.#samples.push(duration);
  }

  /** Of the tasks that are done, cached ones too: they ran once. */
  get median(): number | undefined {
    return medianOf(this.#samples);
  }

  /**
   * Milliseconds until all is done if as many tasks go on running as do now. Undefined where nothing runs, or where
   * a name that has several tasks left has fewer than five finished ones.
   */
  static of(names: readonly TimeLeft[]): number | undefined {
    let work = 0;
    let longest = 0;
    let slots = 0;
    for (const name of names) {
      const running = name.#elapsed.length;
      if (name.#waiting + running === 0) continue;
      slots += running;
      const median = name.median;
      if (median === undefined || name.#samples.length < SAMPLES) {
        if (name.#tasks > 1 || running > 0) return undefined;
        continue;
      }
      work += name.#waiting * median;
      for (const elapsed of name.#elapsed) {
        const rest = Math.max(0, median - elapsed);
        work += rest;
        longest = Math.max(longest, rest);
      }
      if (name.#waiting > 0) longest = Math.max(longest, median);
    }
    return slots === 0 ? undefined : Math.max(work / slots, longest);
  }
}
