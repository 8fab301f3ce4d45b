import type {Recipe} from '../graph/recipe.js';
import {scriptOf, type ResultHead} from './result-line.js';

/** How many of the latest durations are kept of each kind. */
const KEPT = 15;

/** How much of a script tells it from others, in characters of JSON. */
const SCRIPT = 160;

const QUOTE = 34;
const SPACE = 32;

/** The latest durations of some tasks, milliseconds; the oldest gives way. */
interface Ring {
  readonly values: number[];
  next: number;
}

/**
 * How long tasks took lately, by the names that people give them, and scripts without one by their texts. Filled from lines of journals by
 * their places, since parsing would cost more than all else of reading them.
 */
export class Durations {
  readonly #rings = new Map<string, Ring>();
  /** The name that the last line had, and its durations: those of a loop follow each other. */
  #last = Buffer.alloc(0);
  #ring: Ring | undefined;

  /** Takes the duration from a result's line, which ends at `to`. */
  add(bytes: Buffer, to: number, head: ResultHead): void {
    const from = head.labelFrom;
    let end = from;
    while (bytes[end] !== SPACE && bytes[end] !== QUOTE) end++;
    const ring = this.#ring;
    if (ring !== undefined && end - from === this.#last.length && isSame(bytes, from, this.#last)) {
      keep(ring, head.took);
      return;
    }
    const name = bytes.toString('utf8', from, end);
    const script = scriptOf(bytes, to, head, name);
    const kept = this.#keep(script === undefined ? name : scriptKey(name, script.slice(0, SCRIPT)), head.took);
    // Scripts without names differ though they are called alike.
    this.#ring = script === undefined ? kept : undefined;
    this.#last = Buffer.from(name);
  }

  /** The same of a result that was parsed. */
  addResult(label: string, recipe: Recipe, took: number): void {
    const [name = ''] = label.split(' ', 1);
    const script = recipe.kind === name ? recipe.arguments['script'] : undefined;
    if (typeof script === 'string') this.#keep(scriptKey(name, JSON.stringify(script).slice(0, SCRIPT)), took);
    else if (recipe.kind !== name) this.#keep(name, took);
  }

  /**
   * The latest durations of tasks of a name, milliseconds, in no order.
   * @param recipe of a script without a name, which is called after its language: those of its text are meant
   */
  of(name: string, recipe?: Recipe): readonly number[] {
    if (recipe?.kind !== name) return this.#rings.get(name)?.values ?? [];
    const script = recipe.arguments['script'];
    if (typeof script !== 'string') return [];
    return this.#rings.get(scriptKey(name, JSON.stringify(script).slice(0, SCRIPT)))?.values ?? [];
  }

  #keep(key: string, duration: number): Ring {
    let ring = this.#rings.get(key);
    if (ring === undefined) this.#rings.set(key, (ring = {values: [], next: 0}));
    keep(ring, duration);
    return ring;
  }
}

function keep(ring: Ring, duration: number): void {
  ring.values[ring.next] = duration;
  ring.next = (ring.next + 1) % KEPT;
}

function isSame(bytes: Buffer, from: number, text: Buffer): boolean {
  for (let n = 0; n < text.length; n++) if (bytes[from + n] !== text[n]) return false;
  return true;
}

/** The quote that ends a short text belongs to what was cut: what follows it in a line is none of the script's. */
function scriptKey(name: string, json: string): string {
  const end = endOfText(json);
  return `${name} ${end < 0 ? json : json.slice(0, end)}`;
}

/** Where a JSON text ends that begins with a quote; less than 0 if it goes on. */
function endOfText(json: string): number {
  for (let at = json.indexOf('"', 1); at >= 0; at = json.indexOf('"', at + 1)) {
    let slashes = 0;
    while (json.charCodeAt(at - 1 - slashes) === 92) slashes++;
    if (slashes % 2 === 0) return at;
  }
  return -1;
}
