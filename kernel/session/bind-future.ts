import type {Displays} from './displays.js';
import type {Futures} from './futures.js';
import type {FutureNode} from './node.js';
import type {TypeChecks} from './type-checks.js';
import type {UserPort} from './user-port.js';

/** Binds what a cell has made to the name that it gave, and to `_`. `by` says which cell, where another display is stale by it. */
export function bindFuture(
  name: string | undefined,
  node: FutureNode,
  by: string,
  ports: {
    readonly user: UserPort;
    readonly futures: Futures;
    readonly displays: Displays;
    readonly types: TypeChecks;
  },
): void {
  const ref = node.ref();
  const {id, kind} = ref;
  for (const each of name === undefined ? ['_'] : [name, '_']) {
    ports.futures.bind(each, node);
    ports.displays.bindings.hold(each, node, by);
    // The second time it is known already.
    ports.user.bind(each, each === '_' && name !== undefined ? {id, name: ref.name, kind} : ref);
    ports.types.bound(each, node.kind);
  }
}
