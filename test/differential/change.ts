import type {Random} from '../rig/random.js';
import type {Model} from './model.js';

/** Applies a change to one of some things, if there is one. */
export function change<T>(all: readonly T[], random: Random, how: (one: T) => void): boolean {
  if (all.length === 0) return false;
  how(random.of(all));
  return true;
}

/** A text of the same length with one letter changed. */
export function flipped(text: string, random: Random): string {
  if (text === '') return 'x';
  const at = random.below(text.length);
  const letter = text[at] === 'q' ? 'z' : 'q';
  return text.slice(0, at) + (text[at] === '\n' ? '\n' : letter) + text.slice(at + 1);
}

/** Changes the content of one of some files, not their length. */
export const changeFile = (model: Model, random: Random, names: readonly string[]): boolean =>
  change(
    names.filter(name => model.files[name] !== undefined),
    random,
    name => {
      const before = model.files[name] ?? '';
      while (model.files[name] === before) model.files[name] = flipped(before, random);
    },
  );
