import type {JsonValue} from '../fingerprint/json.js';
import type {Manifest} from '../graph/manifest.js';
import type {AssistPorts} from './assist.js';
import type {CompletionContext, KnownResult} from './completer.js';
import {elementsOf} from './element.js';
import type {Futures} from './futures.js';
import type {FutureNode} from './node.js';

/** So many results are looked at for their data ids, and so many ids are kept. */
const MOST_RESULTS = 60;
const MOST_IDS = 5000;

type DataIds = readonly Readonly<Record<string, JsonValue>>[];

/** What was made of a record once: a record never changes, and to say what a join is of can mean to read directories. */
const results = new WeakMap<Manifest, KnownResult>();
const ids = new WeakMap<Manifest, DataIds>();

/** What the magics of a notebook may look at while a person types. */
export function completionContext({contexts, futures}: AssistPorts): CompletionContext {
  return {
    ...contexts.surroundings(),
    dataIds: () => dataIdsOf(futures),
    result: name => namedResult(name, futures),
    resultAt: directory => resultOf(futures.at(directory)),
    images: () => contexts.images(),
  };
}

/** What the results that are there say of their datasets. */
function dataIdsOf(futures: Futures): DataIds {
  const found: Readonly<Record<string, JsonValue>>[] = [];
  const nodes = [...futures.all()].filter(node => node.is === 'task' && node.kind === 'repo').slice(-MOST_RESULTS);
  for (const node of nodes) {
    if (node.is !== 'task' || node.state.is !== 'done' || found.length > MOST_IDS) continue;
    const {manifest} = node.state;
    let own = ids.get(manifest);
    if (own === undefined) {
      const settled = (node.inner?.draft ?? node.draft).settle(manifest);
      own = settled.is === 'repo' ? (settled.dataIds ?? []) : [];
      if (settled.is === 'repo') ids.set(manifest, own);
    }
    found.push(...own);
  }
  return found;
}

function namedResult(text: string, futures: Futures): KnownResult | undefined {
  const [, name = '', indexes = ''] = /^([^[\]]+)((?:\[[^\]]*\])*)$/.exec(text) ?? [];
  const node = futures.namedSo(name);
  if (node === undefined) return undefined;
  const found = elementsOf(
    node,
    [...indexes.matchAll(/\[([^\]]*)\]/g)].map(([, key = '']) => key),
  );
  return found.length === 1 ? resultOf(found[0]) : undefined;
}

function resultOf(node: FutureNode | undefined): KnownResult | undefined {
  if (node?.is !== 'task' || node.state.is !== 'done' || node.kind === 'value') return undefined;
  const {manifest} = node.state;
  let result = results.get(manifest);
  if (result === undefined) {
    const settled = (node.inner?.draft ?? node.draft).settle(manifest);
    if (settled.is !== 'repo' && settled.is !== 'files') return undefined;
    result = {directory: settled.path, files: manifest.outputs.map(({path}) => path)};
    results.set(manifest, result);
  }
  return result;
}
