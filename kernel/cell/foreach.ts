import {errorAt, warningAt} from './diagnostic.js';
import type {Code} from './codes.js';
import type {Diagnostic, Parsed} from './diagnostic.js';
import {readExpression} from './expression.js';
import {isIdentifier, isReserved, proposeIdentifier} from './identifier.js';
import {bareValue, expandRange} from './list-value.js';
import {bareVariable} from './list-problem.js';
import {behindBlanks, readList} from './list.js';
import {parseReference} from './reference.js';
import type {Span} from './source.js';
import type {Binder, ElementSyntax, ListSyntax} from './syntax.js';

const FORM = '`%%foreach filter in [HSC-R, HSC-I]`';

/**
 * Reads what stands behind `%%foreach` (LANGUAGE: binders, separated by a comma and a blank, the leftmost slowest). `offset` is where `rest` begins in the cell;
 * `inForce` are the loop variables of the lines above, which a list may use as an index and no binder may bind again.
 * What follows an error that hides the structure is not read. `tail` is where in `rest` the options behind the last list begin.
 */
export function parseForeach(
  rest: string,
  offset = 0,
  inForce: readonly string[] = [],
): Parsed<readonly Binder[]> & {readonly tail: number} {
  const reader = new BinderReader(rest, offset, inForce);
  return {value: reader.read(), diagnostics: reader.diagnostics, tail: reader.tail};
}

class BinderReader {
  readonly diagnostics: Diagnostic[] = [];
  tail: number;
  readonly #text: string;
  readonly #offset: number;
  readonly #variables: string[];
  #at = 0;

  constructor(text: string, offset: number, inForce: readonly string[]) {
    this.#text = text;
    this.tail = text.length;
    this.#offset = offset;
    this.#variables = [...inForce];
  }

  read(): readonly Binder[] {
    const binders: Binder[] = [];
    for (;;) {
      this.#skip();
      if (this.#at >= this.#text.length) {
        if (binders.length === 0) this.#wrong('W3001', 0, this.#at, 'the loop has no variable', `write it as ${FORM}`);
        return binders;
      }
      const variable = this.#variable();
      if (variable === undefined || !this.#in(variable.name)) return binders;
      const list = this.#list(variable.name);
      if (list === undefined) return binders;
      binders.push({variable: variable.name, variableSpan: variable.span, list});
      this.#variables.push(variable.name);
      if (!this.#separator()) return binders;
    }
  }

  #skip(): void {
    this.#at = behindBlanks(this.#text, this.#at);
  }

  #variable(): {readonly name: string; readonly span: Span} | undefined {
    const start = this.#at;
    const name = this.#isTail() ? undefined : this.#match(/[^\s,[\]=:]+/y);
    if (name === undefined) {
      this.#wrong('W3001', start, start + 1, 'a loop variable is missing here', `write it as ${FORM}`);
      return undefined;
    }
    const span = this.#span(start, this.#at);
    if (name === 'in' && /^\s/.test(this.#text.slice(this.#at))) {
      this.diagnostics.push(errorAt('W3001', span, 'a loop variable is missing before `in`', `write it as ${FORM}`));
      return undefined;
    }
    if (!isIdentifier(name) || name.includes('$')) {
      const message = isReserved(name) ? `\`${name}\` is a reserved word` : `\`${name}\` is no loop variable`;
      const proposal = proposeIdentifier(name.replace(/^\$\{?|\}$|\$/g, ''));
      this.diagnostics.push(errorAt('W3004', span, message, `write \`${proposal}\``));
    } else if (this.#variables.includes(name)) {
      this.diagnostics.push(
        errorAt('W3005', span, `\`${name}\` is a loop variable already`, 'give one of the two another name'),
      );
    }
    return {name, span};
  }

  #in(variable: string): boolean {
    this.#skip();
    const start = this.#at;
    if (this.#match(/in(?=[\s[]|\$\{|\\?$|\\\r?\n)/y) !== undefined) return true;
    const typed = this.#match(/(?:=|of(?=[\s[])|:)/y);
    const end =
      typed === undefined ? Math.max(start, this.#match(/[^\s]+/y) === undefined ? start : this.#at) : this.#at;
    const hint = `write \`${variable} in [HSC-R, HSC-I]\``;
    this.#wrong('W3002', start, end, `\`in\` is missing behind \`${variable}\``, hint);
    return false;
  }

  #list(variable: string): ListSyntax | undefined {
    this.#skip();
    const start = this.#at;
    const char = this.#text[start];
    if (char === undefined || char === ',' || this.#isTail()) {
      const hint = `write \`${variable} in [HSC-R, HSC-I]\`, \`${variable} in \${list}\` or \`${variable} in list\``;
      this.#wrong('W3003', start, start + 1, `the list of \`${variable}\` is missing`, hint);
      return undefined;
    }
    if (char === '[') {
      const list = readList(this.#text, start, this.#offset, variable);
      this.diagnostics.push(...list.diagnostics);
      this.#at = list.end;
      return {is: 'elements', elements: list.elements, span: this.#span(start, this.#at)};
    }
    if (this.#text.startsWith('${', start)) {
      const found = readExpression(this.#text, start, this.#offset);
      if (found.diagnostic !== undefined) this.diagnostics.push(found.diagnostic);
      this.#at = found.end;
      return {is: 'expression', code: found.code, span: this.#span(start, this.#at)};
    }
    return this.#word(start);
  }

  /** A list of one word: a name, a quoted text, or LSST's own list. A comma at its end separates binders. */
  #word(start: number): ListSyntax {
    const named = this.#match(
      /[\p{ID_Start}$_][\p{ID_Continue}$]*(?:\[(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\]\s"'])*\])*(?=,?(?:\s|$))/uy,
    );
    if (named !== undefined) {
      const span = this.#span(start, this.#at);
      if (named.startsWith('$')) this.diagnostics.push(bareVariable(span, named, named.slice(1)));
      if (named.includes('[') || isIdentifier(named)) return {is: 'name', code: this.#code(named, start), span};
      return {is: 'elements', elements: this.#pieces(named, start), span};
    }
    const quoted = this.#match(/(?:'[^']*'|"(?:[^"\\\r\n]|\\.)*")(?=,?(?:\s|$))/y);
    if (quoted !== undefined) {
      const list = readList(`[${quoted}]`, 0, this.#offset + start - 1, '');
      this.diagnostics.push(...list.diagnostics);
      return {is: 'elements', elements: list.elements, span: this.#span(start, this.#at)};
    }
    const raw = this.#match(/\S+?(?=,?(?:\s|$))/y) ?? '';
    const span = this.#span(start, this.#at);
    // `1..3,b in [4]`: the comma was meant to separate, as is said behind the list.
    if (raw.includes(',') && /^\s+in(?:[\s[]|$)/.test(this.#text.slice(this.#at)))
      return {is: 'elements', elements: [], span};
    const variable = /\$([A-Za-z_]\w*)/.exec(raw)?.[1];
    if (variable !== undefined) {
      this.diagnostics.push(bareVariable(span, raw, variable));
    } else if (/^[\p{L}_][\w]*(?:\.[\p{L}_]\w*|\(.*\))+$/u.test(raw)) {
      const hint = `for the expression write \`\${${raw}}\``;
      this.diagnostics.push(warningAt('W3015', span, `\`${raw}\` is taken as text`, hint));
    } else if (/["'`]|\$\{/.test(raw)) {
      this.diagnostics.push(errorAt('W3010', span, `\`${raw}\` is no list`, `write it in brackets: ${FORM}`));
    }
    return {is: 'elements', elements: this.#pieces(raw, start), span};
  }

  /** LSST's own list: `0,0^0,1^1,1`, `903334..903338:2`, `16^22^23`. */
  #pieces(raw: string, start: number): readonly ElementSyntax[] {
    const elements: ElementSyntax[] = [];
    const keys = new Set<string>();
    let at = start;
    const pieces = raw.split('^');
    for (const piece of pieces) {
      const span = this.#span(at, at + piece.length);
      const range = expandRange(piece);
      if (piece === '')
        this.#wrong(
          'W3010',
          Math.max(start, at - 1),
          at + 1,
          'an element is missing beside this `^`',
          'elements are separated by one `^`: `16^22^23`',
        );
      else if (range?.is === 'wrong') this.diagnostics.push(errorAt('W3013', span, range.message, range.hint));
      else if (range?.is === 'empty') this.diagnostics.push(warningAt('W3013', span, range.message, range.hint));
      const values = range?.is === 'range' ? range.values : range?.is === 'empty' ? [] : [bareValue(piece)];
      // A range alone has every value once.
      const twice = piece === '' || pieces.length === 1 ? undefined : values.find(value => keys.has(String(value)));
      if (twice !== undefined) {
        this.diagnostics.push(
          errorAt('W3014', span, `two elements have the key \`${twice}\``, 'leave one of them out'),
        );
      }
      for (const value of values) {
        if (pieces.length > 1) keys.add(String(value));
        elements.push({is: 'value', value, span});
      }
      at += piece.length + 1;
    }
    return elements;
  }

  /** JavaScript for a name: a bare index is a loop variable in force, else a key. */
  #code(raw: string, start: number): string {
    const {value, diagnostics} = parseReference(raw, start + this.#offset);
    this.diagnostics.push(...diagnostics);
    let code = value.name;
    for (const index of value.indexes) {
      const variable = index.is === 'bare' && this.#variables.includes(index.text);
      if (index.is !== 'all') code += `[${variable ? index.text : JSON.stringify(index.text)}]`;
    }
    return code;
  }

  /** True where another binder follows. */
  #separator(): boolean {
    const end = this.#at;
    this.#skip();
    const start = this.#at;
    if (start >= this.#text.length || this.#isTail()) return false;
    if (this.#text[start] === ',') {
      this.#at = start + 1;
      this.#skip();
      if (this.#at > start + 1 && this.#at < this.#text.length) return true;
      const next = this.#match(/[^\s,]+/y);
      if (next === undefined)
        this.#wrong('W3001', start, start + 1, 'a loop variable is missing behind this comma', `write it as ${FORM}`);
      else
        this.#wrong(
          'W3006',
          start,
          start + 1,
          'loop variables are separated by a comma and a blank',
          `write \`, ${next} in …\``,
        );
      return false;
    }
    if (this.#match(/in(?=[\s[]|$)/y) !== undefined) {
      // `1..3,b in [4]`: the word before swallowed a variable.
      const word = /\S*$/.exec(this.#text.slice(0, end))?.[0] ?? '';
      const [, list, variable] = /^(.*),([^,]*)$/s.exec(word) ?? [];
      const hint =
        variable === undefined
          ? 'write `, b in [1, 2]` for a second variable'
          : `write \`${list ?? ''}, ${variable} in …\``;
      const from = variable === undefined ? start : end - variable.length - 1;
      this.#wrong(
        'W3006',
        from,
        variable === undefined ? start + 2 : end,
        'loop variables are separated by a comma and a blank',
        hint,
      );
      return false;
    }
    const next = this.#match(/\S+/y) ?? '';
    const binder = /^[\p{ID_Start}_]\w*\s+in\s/u.test(this.#text.slice(start));
    if (binder)
      this.#wrong('W3006', start, this.#at, 'a comma is missing before this variable', `write \`, ${next} in …\``);
    else
      this.#wrong(
        'W3017',
        start,
        this.#at,
        `unexpected \`${next}\` behind the list`,
        'a list with blanks stands in brackets: `[HSC-R, HSC-I]`',
      );
    return false;
  }

  /** Whether options begin here. */
  #isTail(): boolean {
    const is = this.#text.startsWith('--', this.#at);
    if (is) this.tail = this.#at;
    return is;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #span(start: number, end: number): Span {
    const {length} = this.#text;
    return {start: Math.min(start, length) + this.#offset, end: Math.min(end, length) + this.#offset};
  }

  #wrong(code: Code, start: number, end: number, message: string, hint: string): void {
    this.diagnostics.push(errorAt(code, this.#span(start, end), message, hint));
  }
}
