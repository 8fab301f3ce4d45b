import {posix} from 'node:path';
import {escapeGlob} from '../kernel/cell/fill.js';

/** A glob as it was read. A pattern without a sign is the name of one file or directory. */
export interface Glob {
  /** The one way to write it: `\` stands before what is literal though it looks like a sign. Hashed, so equal globs are equal texts. */
  readonly pattern: string;
  /** As a person would say it: without the `\`. */
  readonly text: string;
  /** True: nothing in it is a sign. */
  readonly literal: boolean;
  /** The directory that its literal beginning names; empty: that where it is looked from. */
  readonly base: string;
  /** How many directories below that where it is looked from it can reach. */
  readonly depth: number;
  /** Matches whole names, relative, with `/`. */
  readonly expression: RegExp;
  /** A set that can match nothing: `[z-a]`. */
  readonly never?: string;
}

/** A character of a pattern; `typed`: it may be a sign. */
interface Character {
  readonly text: string;
  readonly typed: boolean;
}

/** What a part of a pattern is as a regular expression, and in its one way of writing. */
interface Read {
  readonly source: string;
  readonly pattern: string;
}

/** POSIX classes in a set (XBD 9.3.5), as a UTF-8 locale means them. */
const CLASSES: Readonly<Record<string, string>> = {
  alnum: '\\p{L}\\p{N}',
  alpha: '\\p{L}',
  blank: ' \\t',
  digit: '0-9',
  lower: '\\p{Ll}',
  punct: '\\p{P}\\p{S}',
  space: '\\s',
  upper: '\\p{Lu}',
  xdigit: '0-9A-Fa-f',
};

const quote = (text: string): string => text.replace(/[.+^$()|\\[\]{}*?/]/gu, '\\$&');

const quoteMember = (text: string): string => text.replace(/[\\[\]^-]/gu, '\\$&');

/**
 * Reads a pattern as bash does (XCU 2.13): `*` and `?` stay in a directory, `**` does not, `[…]` is a set, `{a,b}` are alternatives, `\` makes
 * the next character literal. A bracket or brace that is never closed, or `{a}`, is literal too.
 */
export function readGlob(pattern: string): Glob {
  return new Reader(characters(pattern)).glob();
}

/** A glob of names relative to a directory: `./`, `a/../` and a `/` at the end say nothing. */
export function relativeGlob(pattern: string): Glob {
  const {pattern: written} = readGlob(pattern);
  const clean = posix.normalize(written).replace(/(?<=.)\/$/, '');
  return readGlob(clean);
}

/** What to say of a name that was not found and has signs of a glob that are literal, as they were quoted. */
export function literalHint({literal, text}: Glob): string | undefined {
  const sign = /[*?[{]/.exec(text)?.[0];
  if (!literal || sign === undefined || readGlob(text).literal) return undefined;
  return `its \`${sign}\` is literal, as all that is quoted, escaped or comes from \`\${}\` is; a glob is written without quotes: \`${text}\``;
}

function characters(pattern: string): readonly Character[] {
  const result: Character[] = [];
  let typed = true;
  for (const text of pattern) {
    if (typed && text === '\\') typed = false;
    else {
      result.push({text, typed});
      typed = true;
    }
  }
  if (!typed) result.push({text: '\\', typed: false});
  return result;
}

class Reader {
  readonly #all: readonly Character[];
  #firstSign: number | undefined;
  #deep = false;
  #never: string | undefined;

  constructor(all: readonly Character[]) {
    this.#all = all;
  }

  glob(): Glob {
    const {source, pattern} = this.#read(0, this.#all.length, false);
    const text = this.#all.map(character => character.text).join('');
    const before = this.#all.slice(0, this.#firstSign).map(character => character.text);
    return {
      pattern,
      text,
      literal: this.#firstSign === undefined,
      base: before.slice(0, Math.max(before.lastIndexOf('/'), 0)).join(''),
      depth: this.#deep ? Infinity : text.split('/').length,
      expression: new RegExp(`^${source}$`, 'su'),
      ...(this.#never === undefined ? {} : {never: this.#never}),
    };
  }

  #is(at: number, sign: string): boolean {
    const character = this.#all[at];
    return character?.typed === true && character.text === sign;
  }

  #read(from: number, to: number, inBraces: boolean): Read {
    let source = '';
    let pattern = '';
    for (let at = from; at < to; at++) {
      const sign = this.#sign(at, to);
      if (sign === undefined) {
        const {text} = this.#all[at] as Character;
        source += quote(text);
        pattern += (inBraces ? /[\\*?[{},]/ : /[\\*?[{]/).test(text) ? `\\${text}` : text;
      } else {
        this.#firstSign = Math.min(this.#firstSign ?? at, at);
        source += sign.source;
        pattern += sign.pattern;
        at = sign.end - 1;
      }
    }
    return {source, pattern};
  }

  /** The sign that begins at a place, and where it ends. */
  #sign(at: number, to: number): (Read & {readonly end: number}) | undefined {
    if (this.#is(at, '?')) return {source: '[^/]', pattern: '?', end: at + 1};
    if (this.#is(at, '*')) {
      if (at + 1 >= to || !this.#is(at + 1, '*')) return {source: '[^/]*', pattern: '*', end: at + 1};
      this.#deep = true;
      if (at + 2 < to && this.#is(at + 2, '/')) return {source: '(?:[^/]+/)*', pattern: '**/', end: at + 3};
      return {source: '.*', pattern: '**', end: at + 2};
    }
    if (this.#is(at, '[')) return this.#set(at, to);
    if (this.#is(at, '{')) return this.#choice(at, to);
    return undefined;
  }

  #set(open: number, to: number): (Read & {readonly end: number}) | undefined {
    const not = this.#is(open + 1, '!') || this.#is(open + 1, '^');
    const first = open + (not ? 2 : 1);
    let members = '';
    let written = '';
    for (let at = first; at < to; at++) {
      const {text} = this.#all[at] as Character;
      if (text === '/') return undefined;
      if (at > first && this.#is(at, ']')) {
        const pattern = `[${not ? '!' : ''}${written}]`;
        if (members === '' && !not) this.#never ??= this.#typed(open, at + 1);
        return {source: `(?!/)[${not ? '^' : ''}${members}]`, pattern, end: at + 1};
      }
      const named =
        this.#is(at, '[') && this.#is(at + 1, ':') ? /^\[:([a-z]+):\]/.exec(this.#typed(at, to))?.[1] : undefined;
      const last = this.#all[at + 2];
      if (named !== undefined) {
        members += CLASSES[named] ?? '';
        written += `[:${named}:]`;
        at += named.length + 3;
      } else if (
        this.#is(at + 1, '-') &&
        at + 2 < to &&
        last !== undefined &&
        last.text !== '/' &&
        !this.#is(at + 2, ']')
      ) {
        if (text <= last.text) members += `${quoteMember(text)}-${quoteMember(last.text)}`;
        written += `${member(text)}-${member(last.text)}`;
        at += 2;
      } else {
        members += quoteMember(text);
        written += member(text);
      }
    }
    return undefined;
  }

  #choice(open: number, to: number): (Read & {readonly end: number}) | undefined {
    const ends: number[] = [];
    let depth = 0;
    for (let at = open; at < to; at++) {
      if (this.#is(at, '{')) depth += 1;
      else if (this.#is(at, ',') && depth === 1) ends.push(at);
      else if (this.#is(at, '}')) {
        depth -= 1;
        if (depth > 0) continue;
        if (ends.length === 0) return undefined;
        const choices = [...ends, at].map((end, i) => this.#read((ends[i - 1] ?? open) + 1, end, true));
        return {
          source: `(?:${choices.map(({source}) => source).join('|')})`,
          pattern: `{${choices.map(({pattern}) => pattern).join(',')}}`,
          end: at + 1,
        };
      }
    }
    return undefined;
  }

  #typed(from: number, to: number): string {
    return this.#all
      .slice(from, to)
      .map(({text}) => text)
      .join('');
  }
}

/** A member of a set as it is written in a pattern. */
const member = (text: string): string => (/[\\[\]!^:-]/.test(text) ? escapeGlob(text) : text);
