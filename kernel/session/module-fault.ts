import {readFileSync} from 'node:fs';
import {dirname, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parse, type AnyNode, type Program} from 'acorn';
import {ModuleFiles} from '../typescript/module-files.js';
import {typedEnding} from '../typescript/module-hooks.js';

/** What went wrong in a module, for a person: the message, and `file:line` where it is known. */
export interface ModuleFault {
  readonly message: string;
  readonly place?: string;
}

/** Reads what a module threw, while it was loaded from `path` (undefined: a package) or later. */
export function faultOf(thrown: unknown, path?: string): ModuleFault {
  if (!(thrown instanceof Error)) return {message: `it threw ${String(thrown)}`};
  const message = `${thrown.name}: ${thrown.message}`;
  if (thrown.name === 'SyntaxError' && path !== undefined) {
    // Node keeps the place of a syntax error to itself.
    const found = typedEnding(path) === undefined ? syntaxFault(path, new Set()) : typedFault(path, message);
    if (found !== undefined) return found;
  }
  const place = placeIn(thrown.stack ?? '');
  return place === undefined ? {message} : {message, place};
}

/** The first file that is no part of Node in a stack, with its line. */
function placeIn(stack: string): string | undefined {
  const [, file, line, column] =
    /(file:\/\/\/[^\s?]+|(?<=[\s(])\/[^\s?:]+)(?:\?weft=\d+)?:(\d+)(?::(\d+))?/.exec(stack) ?? [];
  if (file === undefined || line === undefined) return undefined;
  const path = pathOf(file);
  if (typedEnding(path) === undefined || column === undefined) return `${path}:${line}`;
  // What Node ran of it has other lines.
  return new ModuleFiles(dirname(path)).frame(`${path}:${line}:${column}`).replace(/:\d+$/, '');
}

/** The same of a module of TypeScript, and of what it imports by path. */
function typedFault(path: string, message: string): ModuleFault | undefined {
  const files = new ModuleFiles(dirname(path));
  files.asked(path);
  const found = files.syntaxError();
  if (found === undefined) return undefined;
  const said = found.message === undefined ? message : `SyntaxError: ${found.message}`;
  return {message: said, place: `${resolve(dirname(path), found.name)}:${found.at.line}`};
}

/** A path of a path or a URL. */
export const pathOf = (file: string): string =>
  file.startsWith('file:') ? fileURLToPath(file.replace(/\?.*$/, '')) : file;

/** The syntax error of a module or of what it imports by path, in the order of its imports. */
function syntaxFault(path: string, seen: Set<string>): ModuleFault | undefined {
  if (seen.has(path)) return undefined;
  seen.add(path);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
  let program: Program;
  try {
    program = parseModule(text);
  } catch (error) {
    const {loc, message} = error as Error & {readonly loc?: {readonly line: number}};
    const said = `SyntaxError: ${message.replace(/ \(\d+:\d+\)$/, '')}`;
    return loc === undefined ? undefined : {message: said, place: `${path}:${loc.line}`};
  }
  for (const node of program.body) {
    const source = 'source' in node ? node.source?.value : undefined;
    if (typeof source !== 'string' || !source.startsWith('.')) continue;
    const found = syntaxFault(resolve(dirname(path), source), seen);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The line of the first `await` outside functions of a module: where it waits, if it waits at all. */
export function awaitingLine(path: string): number | undefined {
  try {
    const program = parseModule(readFileSync(path, 'utf8'));
    return firstAwait(program);
  } catch {
    return undefined;
  }
}

const parseModule = (text: string): Program =>
  parse(text, {ecmaVersion: 'latest', sourceType: 'module', locations: true});

function firstAwait(node: AnyNode): number | undefined {
  if (node.type === 'AwaitExpression' || (node.type === 'ForOfStatement' && node.await)) return node.loc?.start.line;
  if (/Function|Method|PropertyDefinition/.test(node.type)) return undefined;
  const children = Object.values(node).flat() as readonly unknown[];
  const lines = children.flatMap(child =>
    typeof child === 'object' && child !== null && 'type' in child ? (firstAwait(child as AnyNode) ?? []) : [],
  );
  return lines.length === 0 ? undefined : Math.min(...lines);
}
