import type {Fingerprint} from '../fingerprint/fingerprint.js';
import type {Manifest} from '../graph/manifest.js';
import type {Entry} from '../run/entry.js';
import {durationOf} from '../show/time-left.js';
import type {Plan, PlanCounts} from '../show/plan.js';
import type {Forecast} from './forecast.js';
import {madeBelow, type FutureNode, type TaskNode} from './node.js';
import {seriesOf, type Series} from './series.js';
import type {SetNode} from './set-node.js';

/** What a plan is made of. */
export interface PlanPorts {
  readonly forecast: Forecast;
  /** Why a result is no hit any more, without a change to anything; undefined: it is one. Absent: what is done is taken for so. */
  readonly look?: (manifest: Manifest) => Promise<string | undefined>;
  /** Tasks run: what is blocked stays so. Absent: it may be blocked because nothing runs. */
  readonly live?: boolean;
}

/** Counts of nothing. */
export const noPlan = (): PlanCounts => ({
  total: 0,
  cached: 0,
  done: 0,
  attached: 0,
  running: 0,
  run: 0,
  unknown: 0,
  failed: 0,
  blocked: 0,
  cancelled: 0,
});

/**
 * What would come of some futures, or is coming.
 * @param seen tasks that were counted already; gets those that are counted now
 * @param only whether joins are counted, or all else; absent: both
 */
export async function planOf(
  title: string,
  nodes: readonly FutureNode[],
  {forecast, look, live = false}: PlanPorts,
  {seen = new Set(), only}: {readonly seen?: Set<Fingerprint>; readonly only?: 'joins' | 'tasks'} = {},
): Promise<Plan> {
  const counts = noPlan();
  const until = new Set<string>();
  const lost: string[] = [];
  const again = new Set<Entry>();
  const found = {saved: 0};
  const count = (what: Exclude<keyof PlanCounts, 'total'>): void => {
    counts[what]++;
    counts.total++;
  };
  const known = async (task: TaskNode): Promise<void> => {
    const {entry, state} = task;
    if (entry !== undefined) {
      if (seen.has(entry.fingerprint)) return;
      seen.add(entry.fingerprint);
    }
    switch (state.is) {
      case 'waiting':
      case 'queued':
        if (entry === undefined) {
          count('unknown');
          for (const need of task.draft.needs) if (!isDone(need)) until.add(need.label);
        } else count(entry.elsewhere ? 'attached' : 'run');
        return;
      case 'running':
        count(state.attached ? 'attached' : 'running');
        return;
      case 'blocked':
        if (state.blocked.planned === 'run') count(entry?.elsewhere === true ? 'attached' : 'run');
        else if (state.blocked.planned === 'unknown') count('unknown');
        else if (!live && entry === undefined && task.draft.needs.some(isPlanned)) {
          count('unknown');
          for (const need of task.draft.needs) if (!isDone(need)) until.add(need.label);
        } else count('blocked');
        return;
      case 'done': {
        const why = entry === undefined ? undefined : await look?.(state.manifest);
        if (why !== undefined) {
          lost.push(why);
          if (entry !== undefined) again.add(entry);
          count('run');
          return;
        }
        count(state.how === 'cached' ? 'cached' : 'done');
        if (state.how === 'cached') found.saved += durationOf(state.manifest);
        return;
      }
      case 'failed':
      case 'cancelled':
        count(state.is);
    }
  };
  /** A task of a long loop that was found done. */
  const alike = async (fingerprint: Fingerprint, {ports}: Series): Promise<void> => {
    if (seen.has(fingerprint)) return;
    seen.add(fingerprint);
    const why = look === undefined ? undefined : await look(ports.manifest(fingerprint));
    if (why !== undefined) {
      lost.push(why);
      count('run');
      return;
    }
    count('cached');
    found.saved += ports.tookOf(fingerprint) ?? 0;
  };
  const walk = async (node: FutureNode): Promise<void> => {
    if (node.is === 'set') {
      const {members = []} = node;
      const series = seriesOf(members);
      if (series !== undefined) {
        await series.look();
        if (only !== 'joins') for (const fingerprint of series.done()) await alike(fingerprint, series);
      }
      for (const task of madeBelow(node)) await walk(task);
      if (node.members !== undefined || only === 'joins') return;
      if (live && node.stop !== undefined) {
        count(node.stop.is);
        return;
      }
      count('unknown');
      if (node.list !== undefined) until.add(node.list);
    } else if (node.inner !== undefined) {
      for (const part of [...node.parts, node.inner]) await walk(part);
    } else if (only === undefined || (only === 'joins') === isJoin(node)) await known(node);
  };
  for (const node of nodes) await walk(node);
  const left = counts.run + counts.attached + counts.running > 0 ? forecast.left(nodes, again) : undefined;
  return {title, counts, until: [...until], lost, left, saved: found.saved};
}

const isJoin = ({entry, draft}: TaskNode): boolean =>
  entry === undefined ? draft.name === 'join' : entry.task.recipe.kind === 'join';

const isDone = (node: FutureNode): boolean =>
  node.is === 'set' ? node.members !== undefined && madeBelow(node).every(isDone) : node.state.is === 'done';

/** Whether a future ends at something that is only planned. */
function isPlanned(node: FutureNode): boolean {
  if (node.is === 'set') return isUnknownSet(node) || madeBelow(node).some(isPlanned);
  const {state} = node;
  if (state.is !== 'blocked') return false;
  return state.blocked.planned !== undefined || (node.entry === undefined && node.draft.needs.some(isPlanned));
}

const isUnknownSet = (node: SetNode): boolean => node.members === undefined && node.stop?.is === 'blocked';
