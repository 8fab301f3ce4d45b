import {readFileSync} from 'node:fs';
import {relative} from 'node:path';
import {canonicalJson, digestOf, type Digest} from '../kernel/fingerprint/fingerprint.js';
import type {JsonObject} from '../kernel/fingerprint/json.js';
import {ok, type Result} from '../kernel/graph/result.js';
import type {SetupProbe} from '../kernel/session/magic.js';
import {productTree, type LocalProduct} from './product-tree.js';

/** What a set-up was found to be. */
export interface FoundSetup {
  /** Bash text of `%setup`. */
  readonly text: string;
  /** The notebook's directory. */
  readonly directory: string;
  /** Sorted rows of the products that eups has set up: `afw 18.1.0`. */
  readonly rows: readonly string[];
  /** The environment that it makes. */
  readonly environment: Readonly<Record<string, string>>;
  /** Digests of the files that the text names, and that these name, by absolute path of the host. */
  readonly files: Readonly<Record<string, string>>;
}

/** What of a set-up is hashed. */
type SetupContents = {
  /** Products and versions, where there are any: another version writes other data. */
  readonly products?: readonly string[];
  /** Variables that the person's own lines make beside products: no product says what they are. */
  readonly assigned?: JsonObject;
  /** The text, where there are no products to stand for what it makes. */
  readonly text?: string;
  /** Contents of the files that such a text names: they are its continuation. */
  readonly files?: readonly string[];
};

/**
 * The identity of a set-up. Where there are products, they and their versions: another version writes other data, while paths and most
 * variables differ from node to node. Besides, the variables that the person's own lines make, in the text and in files of the notebook's
 * directory: no product says what they are. Without products, the text and what lies in the files that it names.
 */
export function setupIdentity({text, directory, rows, environment, files}: FoundSetup): Digest {
  const digestOfSetup = (contents: SetupContents): Digest => digestOf(`weft/setup/2\n${canonicalJson(contents)}`);
  if (rows.length === 0) return digestOfSetup({text: text.trim(), files: Object.values(files).sort()});
  const assigned = assignedBy({text, directory, environment, files});
  return digestOfSetup({products: rows, assigned});
}

/** What the identity of a set-up stands for, by the names that people know: products, variables and files. Never hashed. */
export function contentsOfSetup({text, directory, rows, environment, files}: FoundSetup): JsonObject {
  if (rows.length === 0) {
    const named = Object.entries(files).map(([path, digest]) => [nameIn(directory, path), digest] as const);
    return {text: text.trim(), files: Object.fromEntries(named)};
  }
  const products = rows.map(row => /^(\S+) (.*)$/s.exec(row)?.slice(1) ?? [row, '']);
  return {
    products: Object.fromEntries(products) as JsonObject,
    assigned: assignedBy({text, directory, environment, files}),
  };
}

/** Adds what lies now in products of a person's own to what a set-up is known by. */
export async function identifyNow(
  {identity, contents}: Pick<SetupProbe, 'identity' | 'contents'>,
  locals: readonly LocalProduct[],
  digest: Parameters<typeof productTree>[1],
): Promise<Pick<SetupProbe, 'identity' | 'contents' | 'trees'>> {
  const trees = await Promise.all(locals.map(local => productTree(local, digest)));
  return {
    identity: digestOf(`weft/setup/local/1\n${canonicalJson([identity, trees])}`),
    contents: {...contents, local: Object.fromEntries(locals.map(({name}, at) => [name, trees[at] ?? '']))},
    trees: new Map(
      locals.flatMap((local, at) => {
        const tree = trees[at];
        const take = async (): Promise<Result<Digest, string>> => ok(await productTree(local, digest));
        return tree === undefined ? [] : [[`${local.directory}/`, {digest: tree, take}] as const];
      }),
    ),
  };
}

const nameIn = (directory: string, path: string): string => {
  const name = relative(directory, path);
  return /^\.\.(?:\/|$)/.test(name) ? path : name;
};

/** Variables that the person's own lines make beside products, with their values. */
function assignedBy({text, directory, environment, files}: Omit<FoundSetup, 'rows'>): JsonObject {
  const own = Object.keys(files).filter(path => nameIn(directory, path) !== path);
  const names = [text, ...own.map(textOf)].flatMap(assignedIn);
  return Object.fromEntries(
    names.flatMap(name => {
      const value = environment[name];
      return value === undefined ? [] : [[name, value.replaceAll(directory, '.')] as const];
    }),
  );
}

/** Places where programs and libraries lie: the products are what is found there. */
const PLACES = /PATH$|_DIR$|^(?:HOME|USER|LANG|TERM|IFS|PS\d|PWD|OLDPWD)$|^(?:EUPS|SETUP|LMOD|SLURM)_/;

/** Names of variables that lines of bash assign, but for {@link PLACES}. */
function assignedIn(text: string): readonly string[] {
  const found = text.matchAll(
    /(?:^|[\n;&|({]|\b(?:export|declare|typeset|then|do|else)\b(?:[ \t]+-\w+)*)[ \t]*([A-Za-z_]\w*)\+?=/g,
  );
  return [...found].flatMap(([, name = '']) => (PLACES.test(name) ? [] : [name]));
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
