import {existsSync} from 'node:fs';
import {readFile} from 'node:fs/promises';
import type {LoadHook, ResolveHook} from 'node:module';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {stripTypes} from './strip.js';

/** How a module is called that was loaded again: `lib.js?weft=2`, and all that it imports by path with it. */
const VERSION = /\?weft=\d+$/;

/** Endings of files with types, and what Node takes them for. */
const FORMATS: Readonly<Record<string, 'module' | 'commonjs'>> = {
  '.ts': 'module',
  '.mts': 'module',
  '.cts': 'commonjs',
};

/** The ending of a file with types, else undefined. */
export const typedEnding = (path: string): string | undefined => /\.[mc]?ts$/.exec(path)?.[0];

/**
 * The file that an import by path means, as TypeScript reads it: `./lib.js` is `lib.ts` where there is no such JavaScript, and so is `./lib`.
 * @param path absolute
 */
export function typedFile(path: string): string {
  if (existsSync(path) && /\.[^/]+$/.test(path)) return path;
  const tried = [path.replace(/\.([mc]?)js$/, '.$1ts'), `${path}.ts`, `${path}.mts`, `${path}.js`, `${path}.mjs`];
  return tried.find(file => file !== path && existsSync(file)) ?? path;
}

/** Node's hook that finds modules, in a thread of its own (nodejs/node: doc/api/module.md, "Customization Hooks"). */
export const resolve: ResolveHook = async (specifier, context, next) => {
  const {parentURL} = context;
  const relative = /^\.\.?\//.test(specifier) && parentURL?.startsWith('file:') === true;
  if (!relative) return next(specifier, context);
  const version = VERSION.exec(parentURL)?.[0] ?? '';
  const path = fileURLToPath(new URL(specifier.replace(/[?#].*$/, ''), parentURL));
  const file = typedFile(path);
  const found = await next(file === path ? specifier : pathToFileURL(file).href, context);
  return version === '' || found.url.includes('?') ? found : {...found, url: found.url + version};
};

/** Node's hook that reads modules: types are taken out. What is no TypeScript is left as it is, for Node to say so. */
export const load: LoadHook = async (url, context, next) => {
  const ending = url.startsWith('file:') ? typedEnding(url.replace(/[?#].*$/, '')) : undefined;
  if (ending === undefined) return next(url, context);
  const text = await readFile(fileURLToPath(url), 'utf8');
  const stripped = stripTypes(text, true);
  return {
    format: FORMATS[ending] ?? 'module',
    source: stripped.ok ? stripped.value.javascript : text,
    shortCircuit: true,
  };
};
