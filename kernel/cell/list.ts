import {errorAt, warningAt} from './diagnostic.js';
import type {Code} from './codes.js';
import type {Diagnostic} from './diagnostic.js';
import {readExpression} from './expression.js';
import {bareVariable, duplicateKeys, integerPatches, mixedCommas} from './list-problem.js';
import type {ListWord} from './list-problem.js';
import {bareValue, expandRange, MOST_ELEMENTS} from './list-value.js';
import {lineEnd} from './source.js';
import type {Span} from './source.js';
import type {ElementSyntax} from './syntax.js';

const BLANKS = /(?:\s|\\(?=\r?\n|$))*/y;
const BARE = /(?:\$\{|(?!\\(?:\r?\n|$))[^\s,[\]])/y;
/** Deeper lists are no lists that a person typed. */
const DEEPEST = 50;

/**
 * Reads the list `[…]` that begins at `start`: its elements, with ranges expanded, and the offset behind its `]` (the text's end where
 * there is none). For the variable `patch` integers are errors. Spans are those of `text`, moved by `offset`.
 */
export function readList(
  text: string,
  start: number,
  offset: number,
  variable: string,
): {
  readonly elements: readonly ElementSyntax[];
  readonly end: number;
  readonly diagnostics: readonly Diagnostic[];
} {
  const reader = new ListReader(text, start, offset);
  const elements = reader.read(variable, 0);
  return {elements, end: reader.at, diagnostics: reader.diagnostics};
}

/** Where blanks, continuations and comments from `at` on end. */
export function behindBlanks(text: string, at: number): number {
  for (;;) {
    BLANKS.lastIndex = at;
    const end = at + (BLANKS.exec(text)?.[0].length ?? 0);
    const word = end === 0 || /[\s,[]/.test(text[end - 1] ?? '');
    if (text[end] !== '#' || !word) return end;
    at = lineEnd(text, end);
  }
}

class ListReader {
  at: number;
  readonly diagnostics: Diagnostic[] = [];
  readonly #text: string;
  readonly #offset: number;
  #count = 0;
  /** Something went wrong so that the rest of the text makes no sense. */
  #lost = false;

  constructor(text: string, at: number, offset: number) {
    this.#text = text;
    this.at = at;
    this.#offset = offset;
  }

  read(variable: string, depth: number): readonly ElementSyntax[] {
    const open = this.at++;
    if (depth > DEEPEST)
      this.#giveUp(
        'W3016',
        open,
        open + 1,
        'lists are nested too deeply',
        'a list in a list is one element; deeper ones are rare',
      );
    const elements: ElementSyntax[] = [];
    const integers: string[] = [];
    const words: ListWord[] = [];
    const commas = {blank: 0, none: 0};
    const known = this.diagnostics.length;
    for (;;) {
      this.at = behindBlanks(this.#text, this.at);
      const start = this.at;
      const char = this.#text[start];
      if (char === undefined) {
        this.#giveUp('W3011', open, open + 1, 'this `[` is never closed', 'add the `]`');
        return elements;
      }
      if (char === ']') break;
      if (char === ',') {
        this.#wrong(
          'W3010',
          start,
          start + 1,
          'an element is missing before this comma',
          "leave the comma out, or write `''` for an empty text",
        );
        this.at++;
        continue;
      }
      const found = this.#element(depth);
      for (const element of found) elements.push(element);
      this.#count += found.length;
      if (this.#count > MOST_ELEMENTS)
        this.#giveUp('W3016', open, open + 1, 'the list is too long', `a list has at most ${MOST_ELEMENTS} elements`);
      const raw = this.#text.slice(start, this.at);
      if (/^-?\d+$/.test(raw)) integers.push(raw);
      const end = this.at;
      this.at = behindBlanks(this.#text, end);
      const next = this.#text[this.at];
      const comma = next === ',';
      const blank = comma && /[\s\\]/.test(this.#text[this.at + 1] ?? ' ');
      words.push({raw, blank});
      if (comma) {
        this.at++;
        // A comma before the bracket separates nothing.
        if (this.#text[behindBlanks(this.#text, this.at)] !== ']') commas[blank ? 'blank' : 'none']++;
      } else if (next !== undefined && next !== ']') {
        const what =
          this.at === end ? 'quotes, braces and brackets are whole elements' : 'elements are separated by commas';
        this.#wrong('W3010', this.at, this.at + 1, 'a comma is missing here', `${what}: \`[HSC-R, HSC-I]\``);
      }
    }
    this.at++;
    const clean = this.diagnostics.length === known;
    const span = this.#span(open, this.at);
    const together = commas.none > 0 && integers.length === words.length ? integers : [];
    if (commas.blank > 0 && commas.none > 0) this.diagnostics.push(mixedCommas(words, span));
    else if (variable === 'patch' && integers.length > 0) this.diagnostics.push(integerPatches(together, span));
    else if (clean) this.diagnostics.push(...duplicateKeys(elements, together));
    return elements;
  }

  #element(depth: number): readonly ElementSyntax[] {
    const start = this.at;
    const char = this.#text[start] ?? '';
    if (char === '[') {
      const elements = this.read('', depth + 1);
      return [{is: 'list', elements, span: this.#span(start, this.at)}];
    }
    if (char === '"' || char === "'")
      return [{is: 'value', value: this.#string(char), span: this.#span(start, this.at)}];
    return this.#bare();
  }

  #string(quote: string): string {
    const start = this.at;
    const pattern = quote === '"' ? /"(?:[^"\\\r\n]|\\.)*"/y : /'[^']*'/y;
    pattern.lastIndex = start;
    const raw = pattern.exec(this.#text)?.[0];
    if (raw === undefined) {
      this.#giveUp('W3012', start, start + 1, `this ${quote} is never closed`, `add the closing ${quote}`);
      return '';
    }
    this.at += raw.length;
    if (quote === "'") return raw.slice(1, -1);
    if (raw.includes('${')) {
      const hint = 'for an expression write `${…}` without quotes';
      this.diagnostics.push(
        warningAt('W3015', this.#span(start, this.at), '`${` in a quoted string of a list is text', hint),
      );
    }
    try {
      return String(JSON.parse(raw));
    } catch {
      this.#wrong(
        'W3012',
        start,
        this.at,
        'this string is no JSON',
        "write it in single quotes: '…' is taken literally",
      );
      return raw.slice(1, -1);
    }
  }

  /** A word of letters and `${}`: an expression where it has one. */
  #bare(): readonly ElementSyntax[] {
    const start = this.at;
    const parts: {is: 'text' | 'code'; text: string}[] = [];
    for (;;) {
      BARE.lastIndex = this.at;
      const found = BARE.exec(this.#text)?.[0];
      if (found === undefined) break;
      if (found === '${') {
        const expression = readExpression(this.#text, this.at, this.#offset);
        if (expression.diagnostic !== undefined) this.diagnostics.push(expression.diagnostic);
        this.at = expression.end;
        parts.push({is: 'code', text: expression.code});
        if (expression.diagnostic?.code === 'W1102') this.#lost = true;
      } else {
        const last = parts.at(-1);
        if (last?.is === 'text') last.text += found;
        else parts.push({is: 'text', text: found});
        this.at++;
      }
    }
    const span = this.#span(start, this.at);
    const raw = this.#text.slice(start, this.at);
    const literal = parts.map(part => (part.is === 'text' ? part.text : '')).join(' ');
    const variable = /\$([A-Za-z_]\w*)/.exec(literal)?.[1];
    if (variable !== undefined) {
      this.diagnostics.push(bareVariable(span, raw, variable));
    } else if (/['"]/.test(literal)) {
      this.#wrong(
        'W3010',
        start,
        this.at,
        `a quote in the middle of \`${raw}\``,
        `quote the whole element: ${raw.includes("'") ? JSON.stringify(raw) : `'${raw}'`}`,
      );
    } else if (parts.length > 1 && literal.includes('..')) {
      const hint = 'the ends of a range are plain numbers; make the list with an expression: `${…}`';
      this.#wrong('W3013', start, this.at, `\`${raw}\` is no range`, hint);
    }
    const [only] = parts;
    if (parts.length === 1 && only?.is === 'code') return [{is: 'expression', code: only.text, span}];
    if (parts.length > 1) {
      const code = parts
        .map(part => (part.is === 'code' ? `\${${part.text}}` : part.text.replace(/[`\\$]/g, '\\$&')))
        .join('');
      return [{is: 'expression', code: `\`${code}\``, span}];
    }
    const range = expandRange(raw);
    if (range?.is === 'range') return range.values.map(value => ({is: 'value', value, span}));
    if (range?.is === 'empty') {
      this.diagnostics.push(warningAt('W3013', span, range.message, range.hint));
      return [];
    }
    if (range?.is === 'wrong') this.diagnostics.push(errorAt('W3013', span, range.message, range.hint));
    return [{is: 'value', value: bareValue(raw), span}];
  }

  #span(start: number, end: number): Span {
    return {start: start + this.#offset, end: Math.min(end, this.#text.length) + this.#offset};
  }

  #wrong(code: Code, start: number, end: number, message: string, hint: string): void {
    this.diagnostics.push(errorAt(code, this.#span(start, end), message, hint));
  }

  /** Says what is wrong, if nothing was before, and reads no further. */
  #giveUp(code: Code, start: number, end: number, message: string, hint: string): void {
    if (!this.#lost) this.#wrong(code, start, end, message, hint);
    this.#lost = true;
    this.at = this.#text.length;
  }
}
