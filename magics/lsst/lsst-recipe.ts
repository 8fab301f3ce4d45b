import type {Fingerprint} from '../../kernel/fingerprint/fingerprint.js';
import type {JsonObject, JsonValue} from '../../kernel/fingerprint/json.js';
import type {Input, Recipe} from '../../kernel/graph/recipe.js';
import {fail, ok, type Result} from '../../kernel/graph/result.js';
import type {DataId} from './data-id.js';
import type {ParentRerun} from './parents.js';
import {printsOnly, type Plan} from './plan.js';
import {rootIdentity, type RootSlice, type TakeDigest} from './root-identity.js';
import type {RootRepository} from './root-repository.js';

/** What of the root a task reads. */
export function sliceOf({normal, entry}: Plan, parents: readonly ParentRerun[]): RootSlice {
  // What no rerun is the parent of, reads the root; some read parts of it besides their parents.
  const parts = parents.length > 0 ? entry.reads : [...new Set([...entry.reads, 'skymap' as const])];
  return {parts, ids: normal.ids['id'] ?? [{}]};
}

/** How a task runs: for its data, for what it prints, in the root, in a person's rerun. */
export type Way = 'rerun' | 'show' | 'root' | 'person';

/** The way in which a plan is run. */
export function wayOf({entry, normal, rerun}: Plan): Way {
  if (entry.root) return 'root';
  if (printsOnly(entry, normal)) return 'show';
  return rerun === undefined ? 'rerun' : 'person';
}

/** What of a command line is hashed: its meaning, not its words. */
type LsstArguments = {
  /** Data ids by option (`id`, `selectId`), expanded, without repetition, sorted: they say which data are made. */
  readonly ids?: JsonObject;
  /** `-c` and `-C` in order, as later ones win; of a file its content. */
  readonly config?: JsonValue;
  /** All other options but those of placement and of logs, sorted by name. */
  readonly options?: readonly (readonly string[])[];
  /** Words before the first option, in order. */
  readonly words?: readonly string[];
  /** What `--show` prints instead of running: it is the value. */
  readonly show?: readonly string[];
  /** The person's rerun, which is another place. */
  readonly rerun?: string;
  /** The root that the task changes: the same change of another root is another. */
  readonly root?: string;
};

/** The recipe of a task; the error says why the root or the files that it stands on can't be read. */
export async function readRecipe(...given: Parameters<typeof recipeOf>): Promise<Result<Recipe, string>> {
  try {
    return ok(await recipeOf(...given));
  } catch (error) {
    const {code, message, name} = error as NodeJS.ErrnoException;
    if (code === undefined && name !== 'SQLite3Error') throw error;
    return fail(`the repository ${given[2].path} can't be read: ${message}`);
  }
}

/**
 * All that can change what the task writes. The command itself is not in it: how data ids are ordered, and how many processes
 * work on them, means nothing.
 * @param placed fingerprints of the futures that the arguments name
 * @param fill puts these into a text
 * @param digest sha256 of a file, through the stat cache
 */
async function recipeOf(
  plan: Plan,
  way: Way,
  root: RootRepository,
  parents: readonly ParentRerun[],
  placed: readonly Fingerprint[],
  fill: (text: string) => string,
  digest: TakeDigest,
): Promise<Recipe> {
  const {normal} = plan;
  const args: {-readonly [K in keyof LsstArguments]: LsstArguments[K]} = {};
  if (Object.keys(normal.ids).length > 0)
    args.ids = Object.fromEntries(
      Object.entries(normal.ids).map(([name, ids]) => [name, ids.map(id => filledId(id, fill))]),
    );
  if (normal.config.length > 0)
    args.config = normal.config.map(({is, word}) =>
      is === 'value' ? [is, fill(word.text)] : [is, plan.files.get(word.text) ?? fill(word.text)],
    );
  if (normal.others.length > 0) args.options = normal.others.map(option => option.map(fill));
  if (normal.positional.length > 0) args.words = normal.positional.map(({text}) => fill(text));
  if (normal.show.length > 0) args.show = [...normal.show];
  if (way === 'person') args.rerun = plan.rerun ?? '';
  const inputs: Input[] = parents.flatMap(({fingerprint}) =>
    fingerprint === undefined ? [] : [{is: 'task' as const, fingerprint}],
  );
  inputs.push(...[...placed].sort().map(fingerprint => ({is: 'task' as const, fingerprint})));
  if (way === 'root') args.root = root.path;
  else {
    const identity = await rootIdentity(root, sliceOf(plan, parents), digest);
    inputs.push({is: 'root', identity});
  }
  const kind = {rerun: 'lsst', show: 'show', root: 'root', person: 'rerun'}[way];
  return {
    kind,
    name: plan.call.task,
    arguments: args,
    variables: {},
    inputs,
    code: plan.code,
    setup: plan.setup.identity,
    ...(Object.keys(plan.sources).length === 0 ? {} : {sources: plan.sources}),
    ...(Object.keys(plan.environment).length === 0 ? {} : {environment: plan.environment}),
    ...(way === 'root' && plan.files.size > 0 ? {files: Object.fromEntries(plan.files)} : {}),
  };
}

const filledId = (id: DataId, fill: (text: string) => string): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(id).map(([key, value]) => [key, fill(value)]));
