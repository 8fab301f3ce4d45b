import type {FutureNode, Member} from './node.js';
import {madeOf} from './series.js';

/** A future with what a person calls it. */
export interface ListedFuture {
  readonly name: string;
  readonly node: FutureNode;
}

/**
 * What has a name, then what code has made, in the order of making; without what stands in another one.
 * @param replaced what once had a name that is now another's, or no future's: it is left out
 */
export function listedFutures(
  named: readonly (readonly [string, FutureNode])[],
  nodes: readonly FutureNode[],
  replaced: ReadonlySet<FutureNode>,
): readonly ListedFuture[] {
  const seen = new Set<FutureNode>();
  const see = (node: FutureNode): void => {
    if (seen.has(node)) return;
    seen.add(node);
    if (node.is === 'set') {
      for (const member of node.members ?? []) {
        const made = madeOf(member);
        if (made !== undefined) see(made);
      }
    } else {
      for (const part of node.parts) see(part);
      if (node.inner !== undefined) see(node.inner);
    }
  };
  for (const [, node] of named) see(node);
  for (const node of nodes) {
    if (replaced.has(node)) see(node);
    else if (node.is === 'task')
      for (const part of [...node.parts, ...(node.inner?.kind === node.kind ? [node.inner] : [])]) see(part);
  }
  const rest: FutureNode[] = [];
  const isSeen = (member: Member): boolean => {
    const made = madeOf(member);
    return made !== undefined && seen.has(made);
  };
  for (const node of [...nodes.filter(each => each.is === 'set'), ...nodes.filter(each => each.is === 'task')]) {
    if (node.is === 'task' && node.draft.aside === true) continue;
    if (seen.has(node) || (node.is === 'set' && node.members !== undefined && node.members.every(isSeen))) continue;
    see(node);
    rest.push(node);
  }
  const titleOf = (node: FutureNode): string =>
    node.is === 'set' && node.name === '_' ? (node.members?.[0]?.node.draft.name ?? '_') : node.label;
  return [...named.map(([name, node]) => ({name, node})), ...rest.map(node => ({name: titleOf(node), node}))];
}
