import {createRequire} from 'node:module';
import type {SourceMapInput} from '@jridgewell/trace-mapping';
import type * as TypeScript from 'typescript';
import type {Printed} from './positions.js';

// Loaded with the first decorator: it is large, and oxc does all else.
const load = createRequire(import.meta.url);

/**
 * Strips the types of code with decorators as the standard has them (tc39/proposal-decorators), which oxc does not know. What is left calls the
 * functions of `decorators.ts`. Undefined: TypeScript refuses it, as it does decorators of parameters, which there are in its older kind only.
 * @param whole it is a file: what it imports and does not use are types
 */
export function stripDecorated(source: string, whole: boolean): Printed | undefined {
  const ts = load('typescript') as typeof TypeScript;
  // There is no helper for `using` among ours.
  const noEmitHelpers = !/\busing\s/.test(source);
  const {outputText, diagnostics, sourceMapText} = ts.transpileModule(source, {
    fileName: 'cell.ts',
    reportDiagnostics: true,
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: !whole,
      useDefineForClassFields: true,
      sourceMap: true,
      noEmitHelpers,
    },
  });
  if (diagnostics !== undefined && diagnostics.length > 0) return undefined;
  const javascript = outputText.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, '\n');
  return {source, javascript, map: (sourceMapText ?? '') as SourceMapInput};
}
