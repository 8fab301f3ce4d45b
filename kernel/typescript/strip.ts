import {createRequire} from 'node:module';
import type * as Oxc from 'oxc-transform';
import type {SourceMapInput} from '@jridgewell/trace-mapping';
import {fail, ok} from '../graph/result.js';
import type {Result} from '../graph/result.js';
import {positionAt} from './positions.js';
import type {Printed} from './positions.js';
import type {CellSyntaxError} from './rewrite.js';
import {stripDecorated} from './strip-decorated.js';

// Loaded with the first cell, and by `require`: bundlers hoist an import, and the watchdog's thread would load it too.
const load = createRequire(import.meta.url);
let oxc: typeof Oxc | undefined;

/** Loads the native transformer, so that the first cell need not wait for it. */
export function warmUp(): void {
  oxc ??= load('oxc-transform') as typeof Oxc;
}

/**
 * Strips types with oxc. It prints the code anew; what is left is JavaScript of ES2022.
 * @param whole it is a file: what it imports and does not use are types. Of a cell, it may be meant for the next.
 */
export function stripTypes(source: string, whole = false): Result<Printed, CellSyntaxError> {
  warmUp();
  // The enum of its types has no value at run time.
  const external = 'External' as unknown as Oxc.HelperMode;
  const result = oxc?.transformSync('cell.ts', source, {
    lang: 'ts',
    sourceType: 'module',
    target: 'es2022',
    sourcemap: true,
    typescript: {onlyRemoveTypeImports: !whole},
    decorator: {legacy: true},
    helpers: {mode: external},
  });
  const [error] = result?.errors ?? [];
  // oxc knows the older kind of decorators only, and no `accessor`; those of parameters are always of the older kind.
  const code = result?.code ?? '';
  if (
    error
      ? /(?:^|[\s(}])@[\w$(]|\baccessor\s/.test(source)
      : /babelHelpers\.decorate\((?![^]*babelHelpers\.decorateParam\()/.test(code)
  ) {
    const standard = stripDecorated(source, whole);
    if (standard !== undefined) return ok(standard);
  }
  if (error) {
    const byte = error.labels.at(-1)?.start;
    // Offsets of errors count bytes, unlike those of the source map.
    const offset = byte === undefined ? undefined : Buffer.from(source).subarray(0, byte).toString().length;
    const message = error.message.replace(/^TS\(\d+\): /, '');
    return fail({message, ...(offset !== undefined && {at: positionAt(source, offset)})});
  }
  return ok({
    source,
    javascript: code,
    map: (result?.map ?? {version: 3, sources: [], names: [], mappings: ''}) as SourceMapInput,
  });
}
