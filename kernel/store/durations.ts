import {ISO_LENGTH, isoSpan} from '../graph/iso-span.js';
import type {Recipe} from '../graph/recipe.js';

/** How many of the latest durations are kept of each kind. */
const KEPT = 15;

/** How much of a script tells it from others, in characters of JSON. */
const SCRIPT = 160;

const KIND = '"recipe":{"kind":"';
const NAME = '","name":"';
const TEXT = '","arguments":{"script":';
const LABEL = '"label":"';
const STARTED = '"startedAt":"';
const BETWEEN = '","endedAt":"';

/** How far into the manifest the recipe begins at most: behind its version and the fingerprint. */
const NEAR = 150;

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

  /**
   * Takes the duration from a result's line, if the line is as Weft itself writes it.
   * @param at where `"manifest"` begins in it
   */
  add(line: string, at: number): void {
    const kindAt = line.indexOf(KIND, at) + KIND.length;
    if (kindAt < KIND.length || kindAt > at + NEAR) return;
    const kind = line.slice(kindAt, line.indexOf('"', kindAt));
    const labelAt = line.indexOf(LABEL, kindAt) + LABEL.length;
    const started = line.indexOf(STARTED, labelAt) + STARTED.length;
    const ended = started + ISO_LENGTH + BETWEEN.length;
    if (labelAt < LABEL.length || started < STARTED.length || !line.startsWith(BETWEEN, started + ISO_LENGTH)) return;
    const duration = isoSpan(line, line, started, ended);
    const label = line.slice(labelAt, line.indexOf('"', labelAt));
    const blank = label.indexOf(' ');
    const name = blank < 0 ? label : label.slice(0, blank);
    if (name !== kind) this.#keep(name, duration);
    else {
      const textAt = kindAt + kind.length + NAME.length + kind.length + TEXT.length;
      if (line.startsWith(TEXT, textAt - TEXT.length))
        this.#keep(scriptKey(kind, line.slice(textAt, textAt + SCRIPT)), duration);
    }
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

  #keep(key: string, duration: number): void {
    let ring = this.#rings.get(key);
    // A key that was cut from a line would keep the whole line.
    if (ring === undefined) this.#rings.set(Buffer.from(key).toString(), (ring = {values: [], next: 0}));
    ring.values[ring.next] = duration;
    ring.next = (ring.next + 1) % KEPT;
  }
}

/** The quote that ends a short text belongs to what was cut: what follows it in a line is none of the script's. */
function scriptKey(name: string, json: string): string {
  const end = endOfText(json);
  return `${name} ${end < 0 ? json : json.slice(0, end)}`;
}

/** Where a JSON text ends that begins with a quote at a place; less than 0 if it goes on. */
export function endOfText(json: string, from = 0): number {
  for (let at = json.indexOf('"', from + 1); at >= 0; at = json.indexOf('"', at + 1)) {
    let slashes = 0;
    while (json.charCodeAt(at - 1 - slashes) === 92) slashes++;
    if (slashes % 2 === 0) return at;
  }
  return -1;
}
