import {join} from 'node:path';
import ts from 'typescript';
import {isIdentifier} from '../../cell/identifier.js';
import {declaredBy, exportedBy} from './cell-names.js';
import type {CellCode, Known} from './language-messages.js';

/** A cell as a file that TypeScript reads: a module, which imports what it takes from earlier ones, and exports what it declares. */
export interface CellFile {
  readonly path: string;
  readonly text: string;
  /** Where the cell's own text begins. */
  readonly shift: number;
  readonly length: number;
  readonly version: number;
  readonly declares: ReadonlyMap<string, 'variable' | 'fixed'>;
  /** Syntax errors are said by what runs the cell. */
  readonly broken: boolean;
}

/** Where a name comes from: a file that exports it, or a type. */
type Origin = {readonly path: string; readonly how: 'variable' | 'fixed'} | {readonly type: string};

/** So many cells are kept besides those that a name still comes from. */
const KEPT = 50;

/**
 * The cells of a notebook as files. Modules are what makes declaring a name again right: a cell imports each name from the last
 * one before it that declared it. A `let` is not imported but declared with the type that it has there, since it may be assigned.
 */
export class CellFiles {
  /** Files that exist, by path. */
  readonly files = new Map<string, CellFile>();
  readonly #directory: string;
  readonly #ambient: ReadonlySet<string>;
  readonly #origins = new Map<string, Origin>();
  readonly #byKey = new Map<string, string>();
  #serial = 0;

  /** @param ambient names that need no import */
  constructor(directory: string, ambient: ReadonlySet<string>) {
    this.#directory = directory;
    this.#ambient = ambient;
  }

  /** Takes in what has happened. */
  add(known: Known): void {
    if (known.is === 'lost') {
      this.#origins.clear();
      return;
    }
    if (known.is === 'name') {
      if (isIdentifier(known.name)) this.#origins.set(known.name, {type: known.type});
      return;
    }
    const {cell} = known;
    const file = this.#write(`weft-cell-${++this.#serial}.ts`, cell, []);
    this.#byKey.set(cell.key, file.path);
    if (cell.variables === undefined) {
      for (const [name, how] of file.declares) this.#origins.set(name, {path: file.path, how});
    }
    this.#forget();
  }

  /** The file of a cell, which is made if the cell is not known: then it is the draft, and nothing comes from it. */
  fileOf(cell: CellCode, names: readonly string[]): CellFile {
    const path = this.#byKey.get(cell.key);
    const file = path === undefined ? undefined : this.files.get(path);
    return file ?? this.draft(cell, names);
  }

  /** The one file that is not a cell's that ran. `whole`: it sees all names, not only those that it mentions now. */
  draft(cell: CellCode, names: readonly string[], whole = false): CellFile {
    return this.#write('weft-draft.ts', cell, names, whole);
  }

  #write(name: string, cell: CellCode, names: readonly string[], whole = false): CellFile {
    const path = join(this.#directory, name);
    const code = asModule(cell.code);
    const tree = ts.createSourceFile(path, code.text, ts.ScriptTarget.Latest, false);
    const own = declaredBy(tree);
    const mentioned = whole ? undefined : new Set(code.text.match(/[\p{ID_Start}$_][\p{ID_Continue}$]*/gu));
    const wanted = (each: string): boolean => !own.has(each) && (mentioned?.has(each) ?? true);
    const lines: string[] = [];
    for (const [each, origin] of this.#origins) {
      if (!wanted(each) || cell.variables?.includes(each) === true) continue;
      if ('type' in origin) lines.push(`declare const ${each}: ${origin.type};`);
      else if (origin.how === 'fixed') lines.push(`import {${each}} from ${JSON.stringify(origin.path)};`);
      else lines.push(`declare let ${each}: typeof import(${JSON.stringify(origin.path)}).${each};`);
    }
    for (const each of names) {
      if (this.#origins.has(each) || this.#ambient.has(each) || !wanted(each) || !isIdentifier(each)) continue;
      lines.push(`declare let ${each}: any;`);
    }
    for (const each of cell.variables ?? []) if (isIdentifier(each)) lines.push(`declare const ${each}: any;`);
    const prefix = `${lines.join('')}\n${code.open}`;
    const exported = exportedBy(tree);
    const given = [...own.keys()].filter(each => !exported.has(each) && isIdentifier(each));
    const text = `${prefix}${cell.code}${code.close}\nexport {${given.join(', ')}};\n`;
    const before = this.files.get(path);
    if (before?.text === text) return before;
    const file: CellFile = {
      path,
      text,
      shift: prefix.length,
      length: cell.code.length,
      declares: own,
      version: (before?.version ?? 0) + 1,
      broken: code.broken,
    };
    this.files.set(path, file);
    return file;
  }

  /** Cells that no name comes from are dropped in time. What they import goes on to exist for those that remain. */
  #forget(): void {
    if (this.#byKey.size <= 2 * KEPT) return;
    const used = new Set([...this.#origins.values()].flatMap(origin => ('path' in origin ? [origin.path] : [])));
    // What a file imports must stay as long as the file.
    const needed = [...used];
    for (let path = needed.pop(); path !== undefined; path = needed.pop()) {
      for (const other of this.files.get(path)?.text.match(/(?<=(?:from |import\())"[^"\n]+weft-cell-\d+\.ts"/g) ??
        []) {
        const imported = JSON.parse(other) as string;
        if (used.has(imported)) continue;
        used.add(imported);
        needed.push(imported);
      }
    }
    for (const [key, path] of [...this.#byKey].slice(0, -KEPT)) {
      this.#byKey.delete(key);
      if (!used.has(path)) this.files.delete(path);
    }
  }
}

const parseErrors = (text: string): number =>
  (ts.createSourceFile('x.ts', text, ts.ScriptTarget.Latest, false) as unknown as {parseDiagnostics: unknown[]})
    .parseDiagnostics.length;

/** A cell that is one object literal is read as that: brackets go around it. */
function asModule(code: string): {
  readonly text: string;
  readonly open: string;
  readonly close: string;
  readonly broken: boolean;
} {
  if (/^(?:\s|\/\/[^\n]*\n|\/\*[^]*?\*\/)*\{/.test(code)) {
    const literal = `(${code}\n)`;
    if (parseErrors(literal) === 0) return {text: literal, open: '(', close: '\n)', broken: false};
  }
  return {text: code, open: '', close: '', broken: parseErrors(code) > 0};
}
