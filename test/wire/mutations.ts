import type {JsonObject, JsonValue} from '../../kernel/fingerprint/json.js';
import {Codec} from '../../kernel/wire/codec.js';
import type {Connection} from '../../kernel/wire/connection.js';
import {newHeader} from '../../kernel/wire/message.js';
import type {Random} from '../rig/random.js';

/** What clients send, as a mutator begins with it. No shutdown: a signed one is obeyed. */
const REQUESTS: readonly (readonly [type: string, content: JsonObject])[] = [
  ['kernel_info_request', {}],
  ['execute_request', {code: '1', silent: false, store_history: true, user_expressions: {a: '1'}, allow_stdin: true}],
  ['complete_request', {code: '%ls', cursor_pos: 3}],
  ['inspect_request', {code: '%lsmagic', cursor_pos: 5, detail_level: 0}],
  ['is_complete_request', {code: 'const a = ['}],
  ['history_request', {hist_access_type: 'tail', n: 3, output: true, raw: true}],
  ['history_request', {hist_access_type: 'search', pattern: '*1?', unique: true, n: 3}],
  ['history_request', {hist_access_type: 'range', session: 0, start: 1, stop: 3}],
  ['comm_info_request', {target_name: 'x'}],
  ['comm_open', {comm_id: 'c', target_name: 'x', data: {}}],
  ['comm_msg', {comm_id: 'c', data: {}}],
  ['comm_close', {comm_id: 'c', data: {}}],
  ['interrupt_request', {}],
  ['input_reply', {value: 'x'}],
  ['no_such_request', {}],
];

/** Values that somebody forgot to think of. */
const ODD: readonly JsonValue[] = [
  null,
  true,
  -1,
  1e308,
  0.5,
  '',
  '\u0000',
  '\ud800',
  '__proto__',
  'x'.repeat(3000),
  [],
  [[[]]],
  {},
  {constructor: {prototype: {a: 1}}},
];

/** Frames of a message that no honest client would send; some of them are signed with the right key. */
export class Mutator {
  readonly #random: Random;
  readonly #codec: Codec;
  #last: Buffer[] = [];

  constructor(random: Random, {key, hash}: Connection) {
    this.#random = random;
    this.#codec = new Codec(key, hash);
  }

  /** The next message. */
  next(): Buffer[] {
    const random = this.#random;
    const kind = random.below(10);
    if (kind === 0) return Array.from({length: 1 + random.below(8)}, () => random.bytes(random.below(40)));
    if (kind === 1 && this.#last.length > 0) return this.#last;
    const frames = kind < 6 ? this.#signed() : this.#spoiled(this.#signed());
    this.#last = frames;
    return frames;
  }

  /** A message that is signed, with something odd in one of its parts. */
  #signed(): Buffer[] {
    const random = this.#random;
    const [type, content] = random.of(REQUESTS);
    const header = newHeader('fuzz', type);
    const parts = {header, parent: {} as JsonObject, metadata: {} as JsonObject, content};
    const part = random.of(['header', 'parent', 'metadata', 'content', 'content', 'content'] as const);
    const changed = {...parts, [part]: this.#odd(parts[part])};
    const buffers = Array.from({length: random.below(3)}, () => random.bytes(random.below(20)));
    return this.#codec.encode({identities: [], ...changed, buffers});
  }

  #odd(object: JsonObject): JsonObject {
    const random = this.#random;
    const keys = Object.keys(object);
    const key = keys.length === 0 || random.below(8) === 0 ? 'extra' : random.of(keys);
    if (random.below(4) === 0) return Object.fromEntries(Object.entries(object).filter(([each]) => each !== key));
    // A signed execution runs what it says: only what is no code, or harmless, may stand there.
    return {...object, [key]: random.of(ODD)};
  }

  /** A message with a part lost, doubled, exchanged or damaged behind its signature. */
  #spoiled(frames: Buffer[]): Buffer[] {
    const random = this.#random;
    const at = random.below(frames.length);
    const other = random.below(frames.length);
    const frame = frames[at] ?? Buffer.alloc(0);
    switch (random.below(6)) {
      case 0:
        return frames.filter((_, i) => i !== at);
      case 1:
        return frames.toSpliced(at, 0, frame);
      case 2:
        return frames.with(at, frames[other] ?? frame).with(other, frame);
      case 3:
        return frames.with(at, random.bytes(random.below(60)));
      case 4:
        return frames.with(at, frame.subarray(0, random.below(frame.length + 1)));
      default: {
        const damaged = Buffer.from(frame);
        if (damaged.length > 0) damaged[random.below(damaged.length)] = random.below(256);
        return frames.with(at, damaged);
      }
    }
  }
}
