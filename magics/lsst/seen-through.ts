import {readFile, stat} from 'node:fs/promises';
import {basename, dirname, join, resolve} from 'node:path';
import {digestOf, type Digest} from '../../kernel/fingerprint/fingerprint.js';
import {fail, ok, type Result} from '../../kernel/graph/result.js';
import {REPOSITORY_CFG, readRepositoryCfg} from './repository-cfg.js';
import type {Turn} from '../../kernel/graph/work.js';
import type {FutureNode, TaskNode} from '../../kernel/session/node.js';
import type {TakeDigest} from './root-identity.js';

/** What a result was when it was published, as its manifest says. */
interface Recorded {
  readonly label: string;
  readonly outputs: readonly {
    readonly path: string;
    readonly size: number;
    readonly mtimeNs: string;
    readonly sha256: string;
  }[];
}

/** What a look at a result gave: which bytes it has; or what is wrong with it, in a person's words. */
type Look = Result<Digest, string>;

const looked = new Map<string, {readonly at: number; readonly mark: Promise<string>; readonly look: Promise<Look>}>();

/** Results that are remembered: of more, all are looked at again. */
const MOST = 10_000;

/**
 * Looks at the reruns that a task reads through its parents: the butler goes on to the parents of those, and a join of few reruns has no data
 * of its own. The parents themselves are looked at by who runs the task. Gives which bytes they all have; the error says, in a person's
 * words, which one is not what it was when it was published.
 * @param parents directories of reruns
 * @param since looks of this time and later count, on the clock of `performance`
 */
export async function lookThrough(parents: readonly string[], digest: TakeDigest, since: number): Promise<Look> {
  const found: Digest[] = [];
  for (const look of await Promise.all((await rerunsThrough(parents)).map(rerun => lookSince(rerun, digest, since)))) {
    if (!look.ok) return look;
    found.push(look.value);
  }
  return ok(digestOf(found.sort().join('\n')));
}

/** The reruns that are read through some parents. */
async function rerunsThrough(parents: readonly string[]): Promise<readonly string[]> {
  const reruns = new Set<string>();
  for (const parent of parents) for (const each of await parentsOf(parent)) reruns.add(each);
  for (const rerun of reruns) for (const each of await parentsOf(rerun)) reruns.add(each);
  return [...reruns];
}

/** What {@link MadeAgain} asks of the notebook. */
export interface MadeAgainPorts {
  /** The future whose result lies there. */
  nodeAt(directory: string): FutureNode | undefined;
  /** Looks at the result of a future that is done; it is made again where that is not there as it was recorded. */
  look(node: TaskNode): Promise<void>;
}

/**
 * What a task waits for though it needs it only through its parents: these may be cached, while what they read is made again. What of it is
 * lost is found here, and made again where a cell of this kernel has asked for it.
 */
export class MadeAgain {
  readonly #parents: readonly string[];
  readonly #ports: MadeAgainPorts;
  /** What was looked at last; absent where it is to be looked at. */
  #seen: readonly TaskNode[] | undefined;

  constructor(parents: readonly string[], ports: MadeAgainPorts) {
    this.#parents = parents;
    this.#ports = ports;
  }

  /** What is being made, once the parents are there. */
  turn(): Turn | undefined {
    if (this.#parents.length === 0) return undefined;
    const seen = this.#seen;
    if (seen === undefined) return {on: [], until: this.#look().then(nodes => (this.#seen = nodes))};
    // Who is asked again has waited: what was made meanwhile may have parents that are lost.
    this.#seen = undefined;
    const open = seen.filter(node => node.entry?.final === false);
    if (open.length === 0) return undefined;
    return {on: open.map(({label}) => label), until: Promise.all(open.map(node => node.ended()))};
  }

  async #look(): Promise<readonly TaskNode[]> {
    const nodes = (await rerunsThrough(this.#parents)).flatMap(rerun => {
      const node = this.#ports.nodeAt(rerun);
      return node?.is === 'task' ? [node] : [];
    });
    await Promise.all(nodes.map(node => this.#ports.look(node)));
    return nodes;
  }
}

async function lookSince(rerun: string, digest: TakeDigest, since: number): Promise<Look> {
  const asked = performance.now();
  const mark = markOf(rerun);
  // A look that is older than the question does not know of what was published in between.
  const known = looked.get(rerun);
  if (known !== undefined && known.at >= since && (known.at >= asked || (await known.mark) === (await mark)))
    return known.look;
  if (looked.size >= MOST) looked.clear();
  const look = mark.then(() => lookAt(rerun, digest));
  looked.set(rerun, {at: asked, mark, look});
  // What is wrong is made again by whoever hears of it.
  void look.then(({ok}) => (ok ? undefined : looked.delete(rerun)));
  return look;
}

/** Another one each time that a result is published there. */
async function markOf(rerun: string): Promise<string> {
  const file = await stat(join(rerun, '.weft.json'), {bigint: true}).catch(() => undefined);
  return file === undefined ? '' : `${file.ino} ${file.mtimeNs} ${file.ctimeNs}`;
}

async function lookAt(rerun: string, digest: TakeDigest): Promise<Look> {
  let recorded: Recorded;
  try {
    recorded = JSON.parse(await readFile(join(rerun, '.weft.json'), 'utf8')) as Recorded;
  } catch {
    return fail(`the result ${rerun} is missing`);
  }
  const {label, outputs} = recorded;
  for (const {path, size, mtimeNs, sha256} of outputs) {
    const file = join(rerun, path);
    const now = await stat(file, {bigint: true}).catch(() => undefined);
    if (now === undefined) return fail(`${label}: ${path} is missing`);
    if (Number(now.size) !== size) return fail(`${label}: ${path} has another size: ${size} → ${now.size} bytes`);
    if (String(now.mtimeNs) === mtimeNs) continue;
    const content = await digest(file);
    if (!content.ok || content.value !== sha256) return fail(`${label}: ${path} has other content`);
  }
  return ok(digestOf(outputs.map(({path, sha256}) => `${path} ${sha256}`).join('\n')));
}

/** The results of Weft that a rerun has as parents; none where its configuration can't be read. */
async function parentsOf(rerun: string): Promise<readonly string[]> {
  const text = await readFile(join(rerun, REPOSITORY_CFG), 'utf8').catch(() => '');
  const cfg = readRepositoryCfg(text);
  if (!cfg.ok) return [];
  return cfg.value.parents
    .flatMap(parent => (parent.kind === 'path' ? [resolve(rerun, parent.path)] : []))
    .filter(path => basename(dirname(path)) === 'weft');
}
