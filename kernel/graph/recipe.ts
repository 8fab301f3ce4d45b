import {fingerprintOf, fingerprintsOf, type Digest, type Fingerprint} from '../fingerprint/fingerprint.js';
import type {JsonObject, JsonValue} from '../fingerprint/json.js';

/**
 * A variable of a script: a loop variable, a `--with` or a `--from`. They are one map, so that the same task has the same
 * fingerprint however it was written (LANGUAGE 4 and 13).
 */
export type Variable =
  /** A value, by content: what made it does not matter, so an equal list leaves its readers cached. */
  | {readonly is: 'json'; readonly value: JsonValue}
  /** The directory of another task's result. */
  | {readonly is: 'task'; readonly fingerprint: Fingerprint}
  /** A directory with one entry per element of a set, named by its key. */
  | {readonly is: 'set'; readonly entries: readonly (readonly [key: string, fingerprint: Fingerprint])[]};

/** What a task reads besides its variables. */
export type Input =
  /** Another task's result (Merkle): its fingerprint stands for all that went into it. */
  | {readonly is: 'task'; readonly fingerprint: Fingerprint}
  /** The slice of a root repository that the task reads, by content. */
  | {readonly is: 'root'; readonly identity: Digest};

/** What is run. Where it lies does not count. */
export type Code = {
  /** What the image is known by, never its name: a tag may move, and another image writes other data. */
  readonly image?: JsonValue;
  /** On the host, the digest of the resolved program, of what it is started with and linked to: another program writes other data. */
  readonly program?: string;
  /** In a container, the name of the Python that `%config python` asks for: an image may have several. Absent: `python3`. */
  readonly python?: string;
};

/**
 * All that can change what a task writes, and nothing else. Hashed whole.
 * A field that is absent is not hashed, so that new optional fields leave old fingerprints alone.
 * Text in it that names another task's result holds `/weft::<fingerprint>` in place of the path.
 */
export interface Recipe {
  /** `bash`, `lsst`, `join` …: also the domain of the hash, so that kinds can't collide. */
  readonly kind: string;
  /** `processCcd`: another task writes other data. */
  readonly name: string;
  /** The normalised arguments, or the script's text and its options: other words give other data. */
  readonly arguments: JsonObject;
  /** What the script sees as variables. */
  readonly variables: Readonly<Record<string, Variable>>;
  /** What it reads, in an order that means something (the parents of a rerun), else sorted. */
  readonly inputs: readonly Input[];
  /** The image's digest, or for `none` the digest of the resolved program: other code writes other data. */
  readonly code?: Code;
  /** The identity of what `%setup` sets up: another stack writes other data. */
  readonly setup?: Digest;
  /** Declared code (`%code PATH`), by content. */
  readonly sources?: Readonly<Record<string, Digest>>;
  /** Declared environment (`%env`): the task sees it. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Declared input files by relative name, by content. */
  readonly files?: Readonly<Record<string, Digest>>;
}

/** The checkpoint hash of a recipe. */
export function fingerprintOfRecipe(recipe: Recipe): Fingerprint {
  const {kind, ...rest} = recipe;
  return fingerprintOf(`task/${kind}`, rest);
}

/** The checkpoint hashes of recipes that are equal but for their variables. */
export function fingerprintsOfVariables(
  recipe: Omit<Recipe, 'variables'>,
): (variables: Recipe['variables']) => Fingerprint {
  const {kind, ...rest} = recipe;
  return fingerprintsOf(`task/${kind}`, rest, 'variables');
}

/** The first 12 digits: what names a rerun or a directory. The manifest holds all 64. */
export const shortOf = (fingerprint: Fingerprint): string => fingerprint.slice(0, 12);
