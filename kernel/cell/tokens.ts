/**
 * What the last token leaves behind: `none` a finished statement, `operand` a value, `operator` something that wants more.
 * A slash begins a regular expression but after an operand; a line magic may stand but after an operator.
 */
export type After = 'none' | 'operand' | 'operator';

/** What an open bracket is: it decides what stands after the closing one. */
type Bracket = '(' | 'control(' | '[' | 'block{' | 'object{' | 'template{';

/** Keywords that want an operand: no magic behind these. */
const OPERATOR_WORDS: ReadonlySet<string> = new Set(
  'typeof instanceof in new delete void await yield extends'.split(' '),
);
/** Keywords that end no value, so that a slash behind them begins a regular expression. */
const STATEMENT_WORDS: ReadonlySet<string> = new Set(
  'return throw else do case default break continue finally try'.split(' '),
);
const CONTROL_WORDS: ReadonlySet<string> = new Set('if while for with'.split(' '));

const NAME = /[\p{ID_Start}$_#@\\][\p{ID_Continue}$\u200c\u200d\\]*/uy;
const NUMBER = /\.?\d[\w.]*/y;
const STRING = /(["'])(?:\\(?:\r\n|[^])|(?!\1)[^\\\r\n])*\1?/y;
const REGEX = /\/(?:\\[^\r\n]|\[(?:\\[^\r\n]|[^\]\\\r\n])*\]|[^/\\[\r\n])+\/[\p{ID_Continue}]*/uy;

/**
 * Walks over TypeScript text, token by token, and knows what is bracket, string, template, comment and regular expression.
 * No parser: it finds its way in broken text too. JSX is not understood.
 */
export class Tokens {
  readonly text: string;
  /** The offset of the next thing to read. */
  at: number;
  after: After = 'none';
  readonly #brackets: Bracket[] = [];
  /** Open `<` that stood directly behind a name, as those of generics do. */
  #angles = 0;
  /** The last token was a dot (the next word is a property), or a keyword with its condition to come. */
  #dot = false;
  #control = false;

  constructor(text: string, at = 0) {
    this.text = text;
    this.at = at;
  }

  /** How many brackets are open. */
  get depth(): number {
    return this.#brackets.length;
  }

  /** True inside `{}` or the `${}` of a template. */
  get inBraces(): boolean {
    return this.#brackets.some(bracket => bracket.endsWith('{'));
  }

  /** Goes on at `at` as behind a finished statement. */
  resume(at: number): void {
    this.at = at;
    this.after = 'none';
    this.#angles = 0;
    this.#dot = this.#control = false;
  }

  /**
   * Reads one thing: a newline, blanks, a comment, a token; a template up to its next `${` or its end. Gives its first
   * character, or undefined at the end of the text.
   */
  next(): string | undefined {
    const {text} = this;
    const first = text[this.at];
    if (first === undefined) return undefined;
    if (/\s/.test(first)) this.at++;
    else if (text.startsWith('//', this.at)) this.at = this.#find('\n');
    else if (text.startsWith('/*', this.at)) this.at = this.#find('*/', 2);
    else this.#token(first);
    return first;
  }

  #token(first: string): void {
    const dot = this.#dot;
    const control = this.#control;
    this.#dot = this.#control = false;
    if (first === '"' || first === "'") {
      this.#match(STRING);
      this.after = 'operand';
    } else if (first === '`') {
      this.at++;
      this.#template();
    } else if (/\d/.test(first) || (first === '.' && /\d/.test(this.text[this.at + 1] ?? ''))) {
      this.#match(NUMBER);
      this.after = 'operand';
    } else {
      const word = this.#match(NAME);
      if (word !== undefined) this.#word(word, dot);
      else if (first !== '/' || this.after === 'operand' || this.#match(REGEX) === undefined)
        this.#punctuator(first, control);
      else this.after = 'operand';
    }
  }

  #word(word: string, property: boolean): void {
    this.after = 'operand';
    if (property) return;
    if (OPERATOR_WORDS.has(word)) this.after = 'operator';
    else if (STATEMENT_WORDS.has(word)) this.after = 'none';
    else this.#control = CONTROL_WORDS.has(word);
  }

  #punctuator(first: string, control: boolean): void {
    const {text, at} = this;
    const rest = text.slice(at, at + 2);
    this.at++;
    const before = text[at - 1] ?? '\n';
    const adjacent = !/\s/.test(before);
    if (first === '(') this.#open(control ? 'control(' : '(');
    else if (first === '[') this.#open('[');
    else if (first === '{')
      this.#open(this.after === 'operator' && !text.slice(0, at).trimEnd().endsWith('=>') ? 'object{' : 'block{');
    else if (first === ')' || first === ']') {
      const open = this.#brackets.at(-1);
      if (open !== undefined && !open.endsWith('{')) this.#brackets.pop();
      this.after = open === 'control(' ? 'none' : 'operand';
    } else if (first === '}') this.#brace();
    else if (first === ';') {
      this.after = 'none';
      this.#angles = 0;
    } else if (rest === '++' || rest === '--') {
      this.at++;
      if (this.after !== 'operand') this.after = 'operator';
    } else if (rest === '=>') {
      this.at++;
      this.after = 'operator';
    } else if (first === '!' && this.after === 'operand' && adjacent && rest !== '!=') {
      // A non-null assertion leaves a value.
    } else if (first === '<' && this.after === 'operand' && /[\p{ID_Continue}$]/u.test(before)) {
      this.#angles++;
      this.after = 'operator';
    } else if (first === '>' && this.#angles > 0) {
      this.#angles--;
      this.after = 'operand';
    } else {
      this.#dot = first === '.';
      this.after = 'operator';
    }
  }

  #open(bracket: Bracket): void {
    this.#brackets.push(bracket);
    // A block begins with a statement, all others with an operand.
    this.after = bracket === 'block{' ? 'none' : 'operator';
  }

  #brace(): void {
    // Round and square brackets that are still open were forgotten.
    let open = this.#brackets.pop();
    while (open !== undefined && !open.endsWith('{')) open = this.#brackets.pop();
    if (open === 'template{') this.#template();
    else this.after = open === 'object{' ? 'operand' : 'none';
  }

  /** Reads the text of a template up to its next `${`, or its end. */
  #template(): void {
    const {text} = this;
    while (this.at < text.length) {
      const char = text[this.at];
      if (char === '\\') this.at++;
      else if (char === '`') {
        this.at++;
        this.after = 'operand';
        return;
      } else if (char === '$' && text[this.at + 1] === '{') {
        this.at += 2;
        this.#open('template{');
        return;
      }
      this.at++;
    }
    this.at = text.length;
    // What is open to the end of the text hides all that follows.
    this.#brackets.push('template{');
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  #find(end: string, length = 0): number {
    const found = this.text.indexOf(end, this.at + length);
    return found === -1 ? this.text.length : found + length;
  }
}

/**
 * The offset of the `}` that closes a brace which was opened before `from`, or undefined. For text that JavaScript does not
 * understand: brackets, strings, templates, comments are seen, nothing else.
 */
export function closingBrace(text: string, from: number): number | undefined {
  const tokens = new Tokens(text, from);
  tokens.after = 'operator';
  for (;;) {
    const start = tokens.at;
    if (text[start] === '}' && !tokens.inBraces) return start;
    if (tokens.next() === undefined) return undefined;
  }
}
