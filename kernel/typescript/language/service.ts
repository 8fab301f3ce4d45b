import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import ts from 'typescript';
import {CellFiles} from './cell-files.js';
import {declaredBy} from './cell-names.js';
import type {CellCode, Known, LanguageCompletions, LanguageOptions, TypeProblem} from './language-messages.js';
import {problemOf} from './type-problem.js';

/** Of a cell, no more problems than this are worth reading. */
const MOST_PROBLEMS = 20;

const NOTHING = (at: number): LanguageCompletions => ({matches: [], start: at, end: at, member: false});

/** TypeScript's language service over the cells of a notebook. Not strict: what a person means is seldom wrong, a name that is not there is. */
export class CellLanguage {
  readonly #cells: CellFiles;
  readonly #service: ts.LanguageService;
  readonly #ambient: {readonly path: string; readonly text: string};

  constructor({directory, declarations}: LanguageOptions) {
    const path = join(directory, 'weft-declarations.d.ts');
    this.#ambient = {path, text: declarations};
    const tree = ts.createSourceFile(path, declarations, ts.ScriptTarget.Latest, false);
    const platform = ['require', 'module', 'exports', '__dirname', '__filename', 'babelHelpers'];
    this.#cells = new CellFiles(directory, new Set([...declaredBy(tree).keys(), ...platform]));
    this.#service = ts.createLanguageService(this.#host(directory), ts.createDocumentRegistry());
  }

  /** Reads the libraries, so that the first question is answered at once. */
  warm(): void {
    this.complete('"".', 3, []);
  }

  add(known: Known): void {
    this.#cells.add(known);
  }

  /** The problems of a cell. A cell that is no TypeScript has none: what runs it says so. */
  check(cell: CellCode, names: readonly string[]): readonly TypeProblem[] {
    const file = this.#cells.fileOf(cell, names);
    if (file.broken) return [];
    const known = new Set(names);
    return this.#service
      .getSemanticDiagnostics(file.path)
      .flatMap(diagnostic => problemOf(diagnostic, file, known) ?? [])
      .slice(0, MOST_PROBLEMS);
  }

  /** What fits at an offset of a text. */
  complete(code: string, at: number, names: readonly string[]): LanguageCompletions {
    const file = this.#cells.draft({key: '', code}, names, true);
    const found = this.#service.getCompletionsAtPosition(file.path, file.shift + at, {
      includeCompletionsForModuleExports: false,
      includeCompletionsWithInsertText: false,
    });
    const word = /[\p{ID_Continue}$#]*$/u.exec(code.slice(0, at))?.[0] ?? '';
    if (found === undefined) return NOTHING(at);
    const span = found.optionalReplacementSpan;
    // A stretch that goes on behind the cursor is that of a text in quotes.
    const start = span === undefined ? at - word.length : Math.min(at, Math.max(0, span.start - file.shift));
    const typed = code.slice(start, at);
    const member = found.isMemberCompletion || !found.isGlobalCompletion;
    // All that there is in the world fits where nothing is typed.
    if (typed === '' && !member) return {...NOTHING(at), member};
    const matches = found.entries
      .filter(({name, kind}) => name.startsWith(typed) && name !== typed && kind !== ts.ScriptElementKind.warning)
      .filter(({name}) => !name.startsWith('weft-'))
      .sort((a, b) => (a.sortText < b.sortText ? -1 : a.sortText > b.sortText ? 1 : a.name < b.name ? -1 : 1))
      .map(({name, kind}) => ({text: name, type: kind}));
    return {matches, start, end: at, member};
  }

  /** What is known of the thing at an offset: its type and documentation; between the brackets of a call, those of what is called. */
  inspect(code: string, at: number, names: readonly string[]): string | undefined {
    const file = this.#cells.draft({key: '', code}, names, true);
    const word = (offset: number): boolean => /[\p{ID_Continue}$]/u.test(code.charAt(offset));
    const place = word(at) ? at : at > 0 && word(at - 1) ? at - 1 : undefined;
    const info = place === undefined ? undefined : this.#service.getQuickInfoAtPosition(file.path, file.shift + place);
    if (info !== undefined) {
      const head = ts
        .displayPartsToString(info.displayParts)
        .replace(/^\(alias\) /, '')
        .replace(/\nimport \S+$/, '');
      return head === 'any' ? undefined : textOf(head, info.documentation, info.tags);
    }
    const help = this.#service.getSignatureHelpItems(file.path, file.shift + at, undefined);
    // Before an argument says which form is meant, the last one is the most common.
    const item = help?.argumentIndex === 0 ? help.items.at(-1) : help?.items[help.selectedItemIndex];
    if (item === undefined) return undefined;
    const all = (parts: readonly ts.SymbolDisplayPart[]): string => ts.displayPartsToString([...parts]);
    const parameters = item.parameters.map(each => all(each.displayParts)).join(all(item.separatorDisplayParts));
    const head = all(item.prefixDisplayParts) + parameters + all(item.suffixDisplayParts);
    return textOf(head, item.documentation, item.tags);
  }

  #host(directory: string): ts.LanguageServiceHost {
    const options: ts.CompilerOptions = {
      target: ts.ScriptTarget.ESNext,
      lib: ['lib.esnext.d.ts'],
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      strict: false,
      alwaysStrict: false,
      noImplicitAny: false,
      useUnknownInCatchVariables: false,
      ...nodeTypes(),
      skipLibCheck: true,
      noEmit: true,
      allowJs: true,
      checkJs: false,
      esModuleInterop: true,
      allowSyntheticDefaultImports: true,
      allowImportingTsExtensions: true,
      resolveJsonModule: true,
      useDefineForClassFields: true,
    };
    const {files} = this.#cells;
    const ambient = this.#ambient;
    const own = (path: string): string | undefined => (path === ambient.path ? ambient.text : files.get(path)?.text);
    return {
      getCompilationSettings: () => options,
      getScriptFileNames: () => [ambient.path, ...files.keys()],
      getScriptVersion: path => String(files.get(path)?.version ?? versionOnDisk(path)),
      getScriptSnapshot: path => {
        const text = own(path) ?? ts.sys.readFile(path);
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
      },
      getCurrentDirectory: () => directory,
      getDefaultLibFileName: each => ts.getDefaultLibFilePath(each),
      fileExists: path => own(path) !== undefined || ts.sys.fileExists(path),
      readFile: path => own(path) ?? ts.sys.readFile(path),
      directoryExists: path => ts.sys.directoryExists(path),
      getDirectories: path => ts.sys.getDirectories(path),
      readDirectory: (...all) => ts.sys.readDirectory(...all),
      realpath: path => ts.sys.realpath?.(path) ?? path,
    };
  }
}

/** A module beside the notebook may be edited, and is loaded anew then; packages are not. */
function versionOnDisk(path: string): number {
  if (path.includes('/node_modules/')) return 0;
  return ts.sys.getModifiedTime?.(path)?.getTime() ?? 0;
}

/** The types of Node, where they are installed. */
function nodeTypes(): Pick<ts.CompilerOptions, 'types' | 'typeRoots'> {
  try {
    const path = createRequire(import.meta.url).resolve('@types/node/package.json');
    return {types: ['node'], typeRoots: [dirname(dirname(path))]};
  } catch {
    return {types: []};
  }
}

function textOf(
  head: string,
  documentation: readonly ts.SymbolDisplayPart[] | undefined,
  tags: readonly ts.JSDocTagInfo[] | undefined,
): string {
  const text = ts.displayPartsToString([...(documentation ?? [])]);
  const more = (tags ?? []).map(({name, text: parts}) => `@${name} ${ts.displayPartsToString(parts)}`.trimEnd());
  return [head, text, more.join('\n')].filter(part => part !== '').join('\n\n');
}
