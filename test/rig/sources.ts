import {readdirSync, readFileSync} from 'node:fs';
import {dirname, join, relative} from 'node:path';
import {fileURLToPath} from 'node:url';
import ts from 'typescript';

/** The checkout's root folder. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A file of the checkout, its path relative to the root, with `/`. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** One import or re-export of a file. `target` is a path relative to the root, or a package's name. */
export interface Import {
  readonly from: string;
  readonly target: string;
  readonly line: number;
  /** Erased when the code runs. */
  readonly typeOnly: boolean;
}

/** All files below some folders of the checkout whose names end in one of `endings`, in order. Folders that are absent are empty. */
export function filesBelow(folders: readonly string[], endings: readonly string[]): readonly SourceFile[] {
  const skip = new Set(['node_modules', 'dist', '.weft', '.git', '.ipynb_checkpoints', '__pycache__']);
  const walk = (folder: string): string[] => {
    let entries;
    try {
      entries = readdirSync(folder, {withFileTypes: true});
    } catch {
      return [];
    }
    return entries
      .filter(entry => !skip.has(entry.name))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap(entry => {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) return walk(path);
        return endings.some(ending => entry.name.endsWith(ending)) ? [path] : [];
      });
  };
  return folders
    .flatMap(folder => walk(join(root, folder)))
    .map(path => ({path: relative(root, path), text: readFileSync(path, 'utf8')}));
}

/** Parses without checking types: one file takes about a millisecond. */
export function parse(file: SourceFile): ts.SourceFile {
  return ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ES2023, true);
}

/** What a file imports: static, dynamic and type imports alike. */
export function importsOf(file: SourceFile): readonly Import[] {
  const tree = parse(file);
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, typeOnly: boolean) => {
    if (specifier === undefined || !ts.isStringLiteral(specifier)) return;
    const target = specifier.text.startsWith('.')
      ? join(dirname(file.path), specifier.text).replace(/\.js$/, '.ts')
      : specifier.text;
    const line = tree.getLineAndCharacterOfPosition(specifier.getStart()).line + 1;
    found.push({from: file.path, target, line, typeOnly});
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeOnly(node.importClause));
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], false);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

function isTypeOnly(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const named = clause.namedBindings;
  return (
    clause.name === undefined &&
    named !== undefined &&
    ts.isNamedImports(named) &&
    named.elements.length > 0 &&
    named.elements.every(element => element.isTypeOnly)
  );
}
