import {inspect} from 'node:util';
import type {ErrorContent} from '../wire/notebook.js';
import type {CallPlace} from './messages.js';
import type {ModuleFiles} from './module-files.js';
import {offsetOf, type Position, type Positions} from './positions.js';

/** A cell whose code may stand in a stack. */
interface Known {
  readonly label: string;
  readonly source: string;
  readonly positions: Positions;
}

/** So many frames are shown, and more only down to the first one of a cell. */
const ENOUGH = 10;

/** So many frames are looked at for the place of a call. */
const FRAMES = 12;

/** A frame of Node's own that loads modules. */
const loader = /\(node:internal\/modules\/|^(?:async )?node:internal\/modules\//;

const place = /\(?((?:file:\/\/)?\/[^():\n]*):(\d+):(\d+)\)?$/;

/** Tells errors in the words of the cells: their places are those of the cell's own text. */
export class CellErrors {
  readonly #cells = new Map<string, Known>();
  readonly #hidden: readonly string[];
  #called: (Position & {readonly known: Known; readonly place: CallPlace | undefined}) | undefined;
  /** What Node's loader of modules threw. */
  readonly #loading = new WeakSet<Error>();

  /** The files that cells import: their places are told too. */
  readonly modules: ModuleFiles;

  /** Frames of code in `hidden` files are left out of stacks. */
  constructor(hidden: readonly string[], modules: ModuleFiles) {
    this.#hidden = hidden;
    this.modules = modules;
  }

  /** Makes `Error.stack` use the places of cells. */
  install(): void {
    // An import that fails has its cell below a dozen frames of Node's loader.
    Error.stackTraceLimit = 30;
    Error.prepareStackTrace = (error, frames) => {
      const texts = frames.map(String);
      if (loader.test(texts[0] ?? '')) this.#loading.add(error);
      const own = texts.filter(text => !this.#hidden.some(file => text.includes(file)));
      // What comes after the last frame of a cell is the machinery that runs cells.
      const last = own.findLastIndex(text => this.#find(text) !== undefined);
      const shown = last < 0 ? own : own.slice(0, last + 1).filter(text => !loader.test(text));
      const enough = Math.max(ENOUGH, shown.findIndex(text => this.#find(text) !== undefined) + 1);
      return [headOf(error), ...shown.slice(0, enough).map(text => `    at ${this.#mapped(text)}`)].join('\n');
    };
  }

  /** Remembers a cell by the file name that its script runs under. The oldest are forgotten. */
  add(file: string, label: string, source: string, positions: Positions): void {
    this.#cells.set(file, {label, source, positions});
    const [oldest] = this.#cells.keys();
    if (this.#cells.size > 5000 && oldest !== undefined) this.#cells.delete(oldest);
  }

  /** Where a cell calls what calls this: of its frames the innermost. Undefined where no cell does. */
  here(): CallPlace | undefined {
    const {stackTraceLimit} = Error;
    const prepare: unknown = Reflect.get(Error, 'prepareStackTrace');
    const holder: {stack?: readonly NodeJS.CallSite[]} = {};
    Error.stackTraceLimit = FRAMES;
    Error.prepareStackTrace = (_error, frames) => frames;
    let frames: readonly NodeJS.CallSite[];
    try {
      Error.captureStackTrace(holder);
      frames = holder.stack ?? [];
    } finally {
      Reflect.set(Error, 'prepareStackTrace', prepare);
      Error.stackTraceLimit = stackTraceLimit;
    }
    const cells = frames.flatMap(frame => {
      const known = this.#cells.get(frame.getFileName() ?? '');
      return known === undefined ? [] : [{frame, known}];
    });
    // What a cell calls may be a function of an earlier one.
    const last = cells.at(-1)?.known;
    const found = cells.find(({known}) => known === last);
    return found && this.#placeOf(found.known, found.frame.getLineNumber() ?? 0, found.frame.getColumnNumber() ?? 0);
  }

  #placeOf(known: Known, line: number, column: number): CallPlace | undefined {
    // A loop calls from one place.
    const asked = this.#called;
    if (asked?.known === known && asked.line === line && asked.column === column) return asked.place;
    const at = known.positions.original({line, column});
    const start = at && offsetOf(known.source, at);
    const called =
      start === undefined ? '' : (/^[\p{ID_Continue}$.]*/u.exec(known.source.slice(start, start + 200))?.[0] ?? '');
    const place =
      start === undefined ? undefined : {label: known.label, start, end: start + Math.max(called.length, 1)};
    this.#called = {known, line, column, place};
    return place;
  }

  /** What a person sees of something that was thrown. Never throws. */
  content(thrown: unknown): ErrorContent {
    try {
      if (!(thrown instanceof Error) && !isErrorLike(thrown)) {
        const text = inspect(thrown);
        return {ename: 'Error', evalue: text, traceback: [`Uncaught ${text}`]};
      }
      const {name, message}: {readonly name: unknown; readonly message: unknown} = thrown;
      const stack = this.#labelled(this.#ownLines(inspect(thrown, {colors: false}))).split('\n');
      const known = {ename: String(name), evalue: this.#labelled(String(message))};
      // Of an ES module Node keeps the place to itself.
      const isModule = thrown instanceof SyntaxError && this.#loading.has(thrown) && !stack[0]?.startsWith('/');
      const fault = isModule ? this.modules.syntaxError() : undefined;
      if (fault !== undefined) return this.syntax(fault.name, fault.source, fault.message ?? known.evalue, fault.at);
      return {...known, traceback: [...this.#excerpt(stack), ...stack]};
    } catch {
      return {ename: 'Error', evalue: 'an error that can not be shown', traceback: ['an error that can not be shown']};
    }
  }

  /** The error of a cell that is no TypeScript. */
  syntax(label: string, source: string, message: string, at: Position | undefined): ErrorContent {
    const excerpt = at ? [...excerptOf(label, source, at), ''] : [];
    return {ename: 'SyntaxError', evalue: message, traceback: [...excerpt, `SyntaxError: ${message}`]};
  }

  /** The line of the innermost frame that is in a cell. */
  #excerpt(stack: readonly string[]): string[] {
    for (const line of stack) {
      const match = /(cell \[[^\]]*\][^\s:()]*):(\d+):(\d+)/.exec(line);
      if (!match || !/^\s+at /.test(line)) continue;
      const known = [...this.#cells.values()].findLast(each => each.label === match[1]);
      if (known)
        return [...excerptOf(known.label, known.source, {line: Number(match[2]), column: Number(match[3])}), ''];
    }
    return [];
  }

  /** A stack without the frames of the thread that loads modules, which was not made here. */
  #ownLines(text: string): string {
    const machinery = /^ +at (?:.*\()?(?:node:internal\/(?:modules|event_target|per_context|process)[/:])/;
    const lines: string[] = [];
    for (const line of text.split('\n')) {
      const isFrame = /^ +at /.test(line);
      if (!isFrame || !(machinery.test(line) || this.#hidden.some(file => line.includes(file)))) lines.push(line);
      // The properties of the error stand behind the last frame.
      else if (line.endsWith(' {')) lines.push(`${lines.pop() ?? ''} {`);
    }
    return lines.join('\n');
  }

  /** A text in which files of cells are called as a person knows them. */
  #labelled(text: string): string {
    if (!/cell-\d+\.\d+\.ts/.test(text)) return text;
    let labelled = text;
    for (const [file, {label}] of this.#cells) labelled = labelled.replaceAll(file, label);
    return labelled;
  }

  #find(frame: string): {known: Known; at: Position; text: string} | undefined {
    const match = place.exec(frame);
    const known = match && this.#cells.get(match[1] ?? '');
    return known ? {known, at: {line: Number(match[2]), column: Number(match[3])}, text: match[0]} : undefined;
  }

  #mapped(frame: string): string {
    const found = this.#find(frame);
    if (!found) return this.modules.frame(frame);
    const {known, at, text} = found;
    const original = known.positions.original(at);
    const shown = original ? `${known.label}:${original.line}:${original.column}` : known.label;
    return frame.slice(0, -text.length) + (text.startsWith('(') ? `(${shown})` : shown);
  }
}

function excerptOf(label: string, source: string, at: Position): string[] {
  const line = (source.split('\n')[at.line - 1] ?? '').replace(/\r$/, '');
  const number = String(at.line);
  // Tabs stay tabs, so that the caret stands below its column.
  const indent = line.slice(0, at.column - 1).replace(/[^\t]/g, ' ');
  return [`${label}:${at.line}:${at.column}`, `  ${number} | ${line}`, `  ${' '.repeat(number.length)} | ${indent}^`];
}

function headOf(error: Error): string {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    return 'Error';
  }
}

function isErrorLike(value: unknown): value is Error {
  return typeof value === 'object' && value !== null && 'name' in value && 'message' in value && 'stack' in value;
}
