import {readFileSync, statSync} from 'node:fs';
import Module, {register} from 'node:module';
import {dirname, relative, resolve} from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {parse, type AnyNode, type Program} from 'acorn';
import {typedEnding, typedFile} from './module-hooks.js';
import {positionAt, Positions, type Position} from './positions.js';
import {stripTypes} from './strip.js';

/** Marks the URL under which Node's hooks load this process's bundle. */
export const HOOKS = '?modules';

/** Bytes of a file that is not looked into for what it imports: it was made by a machine. */
const LARGE = 1_000_000;

/** Files of one import that are looked at. */
const MOST = 500;

/** A module with a place in it. */
export interface ModulePlace {
  /** As a person would name it: relative to the notebook where it lies below that. */
  readonly name: string;
  readonly source: string;
  readonly at: Position;
}

/** The first error of a module that is no JavaScript and no TypeScript. */
export interface ModuleSyntax extends ModulePlace {
  /** Absent: what Node says of it is as good. */
  readonly message?: string;
}

/** What a file imports by path, as it was when it had this stamp. */
interface Looked {
  readonly stamp: string;
  readonly imports: readonly string[];
}

/**
 * The modules that cells import by path: TypeScript among them, and each anew after an edit, with all that it imports by path. Node itself
 * remembers a module for ever, so the new one has another name. Places in them are those of the files.
 */
export class ModuleFiles {
  readonly #directory: string;
  readonly #entry: URL | undefined;
  readonly #looked = new Map<string, Looked>();
  /** What was imported by cells: the state of its files then, and its number. */
  readonly #loaded = new Map<string, {state: string; version: number}>();
  /** The files that Node has loaded under their own names, as they were then. */
  readonly #originals = new Map<string, string>();
  readonly #positions = new Map<string, {readonly stamp: string; readonly positions: Positions | undefined}>();
  #hooked = false;
  #versions = 0;

  /**
   * @param directory the notebook's, absolute
   * @param entry the module that Node's hooks are loaded from; without it only JavaScript is imported
   */
  constructor(directory: string, entry?: URL) {
    this.#directory = directory;
    this.#entry = entry;
  }

  /** What Node is asked for in place of what code imports. */
  asked(specifier: unknown): unknown {
    if (typeof specifier !== 'string' || !/^(?:\.\.?\/|\/|file:)/.test(specifier)) return specifier;
    let path: string;
    try {
      path = specifier.startsWith('file:') ? fileURLToPath(specifier) : resolve(this.#directory, specifier);
    } catch {
      return specifier;
    }
    if (/[?#]/.test(specifier)) return specifier;
    const file = typedFile(path);
    const files = this.#graph(file);
    if (files.length === 0) return specifier;
    const state = files.map(each => `${each} ${stampOf(each) ?? ''}`).join('\n');
    const before = this.#loaded.get(file);
    const edited = before === undefined ? files.some(each => this.#isEdited(each)) : before.state !== state;
    const version = edited ? ++this.#versions : (before?.version ?? 0);
    if (version === 0) for (const each of files) this.#originals.set(each, stampOf(each) ?? '');
    // Moved to the end: what was imported last is looked at first.
    this.#loaded.delete(file);
    this.#loaded.set(file, {state, version});
    if (version > 0 || files.some(each => typedEnding(each) !== undefined)) this.#hook();
    if (version > 0) return `${pathToFileURL(file).href}?weft=${version}`;
    return file === path ? specifier : pathToFileURL(file).href;
  }

  /** What is wrong with the text of a module that was imported lately; undefined: nothing. */
  syntaxError(): ModuleSyntax | undefined {
    for (const file of [...this.#loaded.keys()].reverse().slice(0, 5)) {
      for (const each of this.#graph(file)) {
        const found = this.#syntaxOf(each);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  /** A frame of a stack as a person knows it: without our number, and of TypeScript at the place in its file. */
  frame(text: string): string {
    const match = /((?:file:\/\/)?\/[^():\n?]*)(\?weft=\d+)?:(\d+):(\d+)(\)?)$/.exec(text);
    if (match === null) return text;
    const [all, place = '', , line, column, end = ''] = match;
    const path = place.startsWith('file:') ? fileURLToPath(place) : place;
    const at = {line: Number(line), column: Number(column)};
    const original = (typedEnding(path) === undefined ? undefined : this.#positionsOf(path)?.original(at)) ?? at;
    return `${text.slice(0, -all.length)}${place}:${original.line}:${original.column}${end}`;
  }

  #isEdited(path: string): boolean {
    const original = this.#originals.get(path);
    return original !== undefined && original !== stampOf(path);
  }

  #positionsOf(path: string): Positions | undefined {
    const stamp = stampOf(path) ?? '';
    const known = this.#positions.get(path);
    if (known?.stamp === stamp) return known.positions;
    const text = textOf(path);
    const stripped = text === undefined ? undefined : stripTypes(text, true);
    const printed = stripped?.ok === true ? stripped.value : undefined;
    const whole = [{at: 0, from: 0, length: printed?.javascript.length ?? 0}];
    const positions = printed && new Positions(printed.javascript, printed, whole);
    this.#positions.set(path, {stamp, positions});
    return positions;
  }

  #syntaxOf(path: string): ModuleSyntax | undefined {
    const text = textOf(path);
    if (text === undefined || !/\.[mc]?[jt]s$/.test(path)) return undefined;
    const below = relative(this.#directory, path);
    const place = {name: below.startsWith('..') ? path : below, source: text};
    let javascript = text;
    if (typedEnding(path) !== undefined) {
      const stripped = stripTypes(text, true);
      if (!stripped.ok) return {...place, ...stripped.error, at: stripped.error.at ?? {line: 1, column: 1}};
      javascript = stripped.value.javascript;
    }
    const parsed = parseEither(javascript, path);
    if (!('pos' in parsed)) return undefined;
    return {...place, at: positionAt(javascript, parsed.pos)};
  }

  /** A file and all that it imports by path, each once. Packages are left out. */
  #graph(file: string): readonly string[] {
    const found = new Set<string>();
    const visit = (path: string): void => {
      if (found.has(path) || found.size >= MOST || stampOf(path) === undefined) return;
      found.add(path);
      for (const source of this.#importsOf(path)) visit(typedFile(resolve(dirname(path), source)));
    };
    visit(file);
    return [...found];
  }

  #importsOf(path: string): readonly string[] {
    if (!/\.[mc]?[jt]s$/.test(path)) return [];
    const stamp = stampOf(path) ?? '';
    const known = this.#looked.get(path);
    if (known?.stamp === stamp) return known.imports;
    const text = textOf(path) ?? '';
    const stripped = typedEnding(path) === undefined ? undefined : stripTypes(text, true);
    const javascript = stripped === undefined ? text : stripped.ok ? stripped.value.javascript : '';
    const parsed = text.length > LARGE ? undefined : parseEither(javascript, path);
    const imports = parsed === undefined || 'pos' in parsed ? [] : parsed.body.flatMap(sourceOf);
    this.#looked.set(path, {stamp, imports});
    return imports;
  }

  /** From now on Node asks our hooks, which run in a thread of their own: nobody pays for it who imports no such module. */
  #hook(): void {
    if (this.#hooked || this.#entry === undefined) return;
    this.#hooked = true;
    register(this.#entry.href + HOOKS);
  }

  /** Lets `require` read TypeScript that is written for it. */
  static installRequire(): void {
    const {_extensions: extensions} = Module as unknown as {
      readonly _extensions: Record<
        string,
        (module: {_compile(code: string, file: string): void}, file: string) => void
      >;
    };
    for (const ending of ['.ts', '.cts'])
      extensions[ending] = (module, file) => {
        const text = readFileSync(file, 'utf8');
        const stripped = stripTypes(text, true);
        module._compile(stripped.ok ? stripped.value.javascript : text, file);
      };
  }
}

const sourceOf = (node: AnyNode): readonly string[] => {
  const source = 'source' in node ? node.source : undefined;
  const value = source?.type === 'Literal' ? source.value : undefined;
  return typeof value === 'string' && /^\.\.?\//.test(value) ? [value] : [];
};

/** A file as a module, else as CommonJS; of what is neither, why it is no module. */
function parseEither(text: string, path: string): Program | (Error & {readonly pos: number}) {
  const kinds = /\.c[jt]s$/.test(path) ? (['script'] as const) : (['module', 'script'] as const);
  let first: (Error & {readonly pos: number}) | undefined;
  for (const sourceType of kinds) {
    try {
      return parse(text, {
        ecmaVersion: 'latest',
        sourceType,
        allowReturnOutsideFunction: sourceType === 'script',
        allowHashBang: true,
      });
    } catch (error) {
      first ??= error as Error & {readonly pos: number};
    }
  }
  return first ?? Object.assign(new Error('it can’t be read'), {pos: 0});
}

function stampOf(path: string): string | undefined {
  const stats = statSync(path, {bigint: true, throwIfNoEntry: false});
  return stats?.isFile() === true ? `${stats.size} ${stats.mtimeNs} ${stats.ino}` : undefined;
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
