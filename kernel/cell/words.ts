import {errorAt, warningAt} from './diagnostic.js';
import type {Diagnostic, Parsed} from './diagnostic.js';
import {readExpression} from './expression.js';
import {lineEnd} from './source.js';
import type {Piece, Word} from './syntax.js';

const VARIABLE = /\$([A-Za-z_][A-Za-z0-9_]*)/y;
const BLANK = /[ \t\r\n]/;
/** Words that a shell reads and Weft does not. */
const SHELL_WORD = /^(?:[|&;]{1,2}|(?:\d|&)?(?:>>?|<<?)(?:&\d)?)$/;

/**
 * The words of a magic line (one logical line), quoted as in POSIX shells (XCU 2.2, 2.6): a `\` before a newline disappears with it.
 * Spans are those of `text`, moved by `offset`.
 */
export function lineWords(text: string, offset = 0): Parsed<readonly Word[]> {
  return new Scanner(text, offset, false).scan();
}

/**
 * The words of a task's body: as of a line, but a newline is a blank, and a `\` at the end of a line changes nothing.
 * What only a shell would understand (`>`, `|`, `$(…)`) gets a warning and stays text.
 */
export function bodyWords(text: string, offset = 0): Parsed<readonly Word[]> {
  return new Scanner(text, offset, true).scan();
}

/** The text of a word that needs nothing filled in; undefined where an expression or a variable is part of it. */
export function literalText(word: Word): string | undefined {
  let text = '';
  for (const piece of word.pieces) {
    if (piece.is !== 'text') return undefined;
    text += piece.text;
  }
  return text;
}

/** A text as one word that is read back as this text: plain where that is possible, else in single quotes. */
export function quoteWord(text: string): string {
  return /^[A-Za-z0-9_./,+=:@%^[\]-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

class Scanner {
  readonly #text: string;
  readonly #offset: number;
  readonly #body: boolean;
  readonly #diagnostics: Diagnostic[] = [];
  #at = 0;
  #pieces: Piece[] = [];

  constructor(text: string, offset: number, body: boolean) {
    this.#text = text;
    this.#offset = offset;
    this.#body = body;
  }

  scan(): Parsed<readonly Word[]> {
    const words: Word[] = [];
    for (;;) {
      this.#skipBlanks();
      if (this.#at >= this.#text.length) return {value: words, diagnostics: this.#diagnostics};
      words.push(this.#word());
    }
  }

  #skipBlanks(): void {
    for (;;) {
      const char = this.#text[this.#at] ?? '';
      if (BLANK.test(char)) this.#at++;
      else if (char === '#') this.#at = lineEnd(this.#text, this.#at);
      else if (char === '\\' && this.#newlineAt(this.#at + 1) !== undefined)
        this.#at += 1 + (this.#newlineAt(this.#at + 1) ?? 0);
      else return;
    }
  }

  /** The length of the line end at an offset; the text's end is one of length 0. */
  #newlineAt(at: number): number | undefined {
    if (at >= this.#text.length) return 0;
    if (this.#text[at] === '\n') return 1;
    if (this.#text.startsWith('\r\n', at)) return 2;
    // People paste commands with blanks behind the `\`.
    const blanks = this.#body ? /[ \t]+(?=\r?\n|$)/y : undefined;
    if (blanks === undefined) return undefined;
    blanks.lastIndex = at;
    return blanks.exec(this.#text)?.[0].length;
  }

  #word(): Word {
    const start = this.#at;
    this.#pieces = [];
    if (this.#text.startsWith('~/', start)) {
      this.#at++;
      this.#pieces.push({is: 'variable', name: 'HOME', quoted: false, span: this.#span(start)});
    }
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at] ?? '';
      if (BLANK.test(char)) break;
      if (char === "'") this.#single();
      else if (char === '"') this.#double();
      else if (char === '$') this.#dollar(false);
      else if (char === '\\') {
        const newline = this.#newlineAt(this.#at + 1);
        if (newline === undefined)
          this.#add(this.#character(this.#at + 1), true, this.#at, this.#at + 1 + this.#character(this.#at + 1).length);
        else if (this.#body) break;
        else this.#at += 1 + newline;
      } else {
        if (char === '`' && !this.#text.slice(start, this.#at).includes('`')) this.#shell('`', this.#at, this.#at + 1);
        this.#add(char, false, this.#at, this.#at + 1);
      }
    }
    const raw = this.#text.slice(start, this.#at);
    if (SHELL_WORD.test(raw)) this.#shell(raw, start, this.#at);
    // Nothing but a continuation: the word is empty, as for a shell.
    if (this.#pieces.length === 0) this.#pieces.push({is: 'text', text: '', quoted: false, span: this.#span(start)});
    return {pieces: this.#pieces, span: this.#span(start), raw};
  }

  #character(at: number): string {
    return String.fromCodePoint(this.#text.codePointAt(at) ?? 0);
  }

  #single(): void {
    const start = this.#at;
    const close = this.#text.indexOf("'", start + 1);
    if (close === -1) this.#unbalanced(start);
    const end = close === -1 ? this.#text.length : close;
    const text = this.#text.slice(start + 1, end).replaceAll('\r\n', '\n');
    this.#add(text, true, start, Math.min(end + 1, this.#text.length));
  }

  #double(): void {
    const open = this.#at;
    const before = this.#pieces.length;
    let from = open;
    let text = '';
    this.#at++;
    const flush = (end: number): void => {
      if (text !== '') this.#add(text, true, from, end);
      text = '';
    };
    for (;;) {
      const at = this.#at;
      const char = this.#text[at];
      if (char === undefined || char === '"') {
        if (char === undefined) this.#unbalanced(open);
        const end = char === undefined ? at : at + 1;
        if (text === '' && this.#pieces.length === before) this.#add('', true, open, end);
        flush(end);
        this.#at = end;
        return;
      }
      if (char === '$' && /[A-Za-z_{$]/.test(this.#text[at + 1] ?? '')) {
        flush(at);
        this.#at = at;
        this.#dollar(true);
        from = this.#at;
      } else if (char === '\\' && /["\\$`]/.test(this.#text[at + 1] ?? '')) {
        text += this.#text[at + 1] ?? '';
        this.#at += 2;
      } else if (/^\\\r?\n/.test(this.#text.slice(at, at + 3))) {
        this.#at += this.#text[at + 1] === '\r' ? 3 : 2;
      } else {
        if (!this.#text.startsWith('\r\n', at)) text += char;
        this.#at++;
      }
    }
  }

  #dollar(quoted: boolean): void {
    const start = this.#at;
    const next = this.#text[start + 1];
    VARIABLE.lastIndex = start;
    const name = VARIABLE.exec(this.#text)?.[1];
    if (name !== undefined) {
      this.#at += name.length + 1;
      this.#pieces.push({is: 'variable', name, quoted, span: this.#span(start)});
    } else if (next === '{') {
      const found = readExpression(this.#text, start, this.#offset);
      if (found.diagnostic !== undefined) this.#diagnostics.push(found.diagnostic);
      this.#at = found.end;
      this.#pieces.push({is: 'expression', code: found.code, quoted, span: this.#span(start)});
    } else if (next === '$') {
      this.#add('$', true, start, start + 2);
    } else {
      if (next === '(') this.#shell('$(', start, start + 2);
      this.#add('$', quoted, start, start + 1);
    }
  }

  /** Adds text that was typed from `start` to `end`, and goes on there. Text of one kind that is typed without a gap is one piece. */
  #add(text: string, quoted: boolean, start: number, end: number): void {
    this.#at = end;
    const last = this.#pieces.at(-1);
    const span = {start: start + this.#offset, end: end + this.#offset};
    if (last?.is === 'text' && last.quoted === quoted && last.span.end === span.start) {
      this.#pieces[this.#pieces.length - 1] = {
        ...last,
        text: last.text + text,
        span: {start: last.span.start, end: span.end},
      };
    } else {
      this.#pieces.push({is: 'text', text, quoted, span});
    }
  }

  #span(start: number): {readonly start: number; readonly end: number} {
    return {start: start + this.#offset, end: this.#at + this.#offset};
  }

  #unbalanced(start: number): void {
    // The quote may stand behind the `}` that is missing.
    if (this.#diagnostics.at(-1)?.code === 'W1102') return;
    const quote = this.#text[start] ?? '';
    const span = {start: start + this.#offset, end: start + 1 + this.#offset};
    this.#diagnostics.push(
      errorAt(
        'W1101',
        span,
        `this ${quote} is never closed`,
        `add the closing ${quote}, or write \\${quote} for the character`,
      ),
    );
  }

  #shell(what: string, start: number, end: number): void {
    const span = {start: start + this.#offset, end: end + this.#offset};
    const hint = 'for shell syntax use `%%bash`; quote it if the text is meant';
    this.#diagnostics.push(
      warningAt(
        'W1104',
        span,
        `${what === '`' ? 'a backquote' : `\`${what}\``} is plain text here, no shell reads it`,
        hint,
      ),
    );
  }
}
