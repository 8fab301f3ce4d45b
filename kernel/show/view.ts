import type {TaskView} from '../graph/task.js';

/** Tasks of one name of which there is nothing to say one by one. */
export interface AlikeTasks {
  readonly name: string;
  /** How many were found done. */
  readonly done: number;
  /** How many are still being looked for. */
  readonly looking: number;
  /** Milliseconds that those that are done took, all together, and some of them each. */
  readonly took: number;
  readonly samples: readonly number[];
}

/** All that a cell's display is made of. Times are milliseconds since the epoch. */
export interface CellView {
  /** The name that the cell binds, for the caption; `_` where it has none of its own. */
  readonly title: string;
  /** Every task of the cell, in the order of the loop, joins included. */
  readonly tasks: readonly TaskView[];
  /** Those of long loops that are not among them. */
  readonly alike?: readonly AlikeTasks[];
  /** Said while the members are not known yet: "waiting for the list `patches`". */
  readonly pending?: string;
  /** Set when a name the cell took has been bound again: "`calexps` was bound again by cell [9]". */
  readonly stale?: string;
  /** Why tasks that were cached once run again: "12 run again: `radius` was 2, is 3". */
  readonly again?: readonly string[];
  /** One line under the table: "since you left: …", "digest moved …". */
  readonly note?: string;
  /** Milliseconds until all is done, by how long such tasks took earlier; undefined where that is not known. Asked for only if it is shown. */
  readonly forecast?: () => number | undefined;
  readonly startedAt: number;
  readonly now: number;
}
