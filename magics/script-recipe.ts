import type {Code, Recipe} from '../kernel/graph/recipe.js';
import type {ScriptCall} from './script-call.js';
import type {ScriptLanguage} from './script-language.js';
import type {ScriptBase} from './script-work.js';

/** What of a script is hashed, besides what it reads. */
type ScriptArguments = {
  /** Its text: another text does another thing. Without CRLF and newlines at its end, which change nothing. */
  readonly script: string;
  /** bash without `-euo pipefail` goes on where it would have ended. Absent: with them. */
  readonly strict?: false;
  /** It gives a value, and files only where `out` names some. */
  readonly value?: true;
  /** Globs of `--out`, sorted: what they do not match is no part of the result. Absent: all is. */
  readonly out?: readonly string[];
  /** Patterns of `--in` below other results, sorted: other patterns are other files of the same results. */
  readonly in?: readonly string[];
  /** Members of the sets that it reads that failed and were allowed to (`--allow-failed`), sorted: without them it is another input. */
  readonly missing?: readonly string[];
  /** The root that it changes (`--mutates`): the same change of another root is another. */
  readonly root?: string;
};

/** The recipe of a script but for its variables. `script` has fingerprints in place of the futures that stand in it. */
export function recipeOf(
  language: ScriptLanguage,
  call: ScriptCall,
  base: ScriptBase,
  script: string,
  inputs: Recipe['inputs'],
  placedPatterns: readonly string[] = [],
  missing: readonly string[] = [],
): Omit<Recipe, 'variables'> {
  const args: ScriptArguments = {
    script,
    ...(call.strict ? {} : {strict: false}),
    ...(call.value ? {value: true} : {}),
    ...(call.out === undefined ? {} : {out: [...new Set(call.out)].sort()}),
    ...(placedPatterns.length === 0 ? {} : {in: [...new Set(placedPatterns)].sort()}),
    ...(missing.length === 0 ? {} : {missing: [...new Set(missing)].sort()}),
    ...(base.root?.writes === true ? {root: base.root.root.path} : {}),
  };
  const code: Code = {
    ...(base.container === undefined ? {} : {image: {...base.container.identity}}),
    ...base.program.identity,
  };
  return {
    kind: language.name,
    name: language.name,
    arguments: args,
    inputs,
    ...(Object.keys(code).length === 0 ? {} : {code}),
    setup: base.setup.identity,
    ...(Object.keys(base.sources).length === 0 ? {} : {sources: base.sources}),
    ...(Object.keys(base.environment).length === 0 ? {} : {environment: base.environment}),
    ...(base.files.length === 0 ? {} : {files: Object.fromEntries(base.files.map(({name, digest}) => [name, digest]))}),
  };
}
