/** What words of a line name, with the words themselves. */
interface Named<T> {
  readonly name: string;
  readonly node: T;
  /** Of an element of a partly indexed set: the words that named it with others. */
  readonly among?: string;
}

/** What words have named, a group for each; the elements that a partly indexed set stands for are one. */
export function groupedNames<T>(
  named: readonly Named<T>[],
): readonly {readonly name: string; readonly nodes: readonly T[]}[] {
  const together = new Map<string, T[]>();
  const groups: {readonly name: string; readonly nodes: readonly T[]}[] = [];
  for (const {name, node, among} of named) {
    const group = among === undefined ? undefined : together.get(among);
    if (group !== undefined) {
      group.push(node);
      continue;
    }
    const nodes = [node];
    if (among !== undefined) together.set(among, nodes);
    groups.push({name, nodes});
  }
  return groups;
}
