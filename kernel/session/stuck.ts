import {labelOf, type Task} from '../graph/work.js';
import type {Entry} from '../run/entry.js';
import {durationText} from '../show/duration-text.js';
import type {FutureNode} from './node.js';

/** Who has the claim to a task. */
export interface Owner {
  readonly host: string;
  readonly pid: number;
  /** Milliseconds since the epoch, by its clock. */
  readonly at: number;
}

/** What is looked at to say why nothing goes on. */
export interface StuckPorts {
  readonly entries: () => Iterable<Entry>;
  readonly nodes: () => Iterable<FutureNode>;
  readonly slots: () => number;
  /** Who has the claim to a task that another kernel makes. */
  readonly ownerOf: (task: Task) => Owner | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** How many tasks are named. */
const NAMED = 3;

/** What tasks that have not ended wait for, a sentence for each cause: a slot, a lane, another kernel, the notebook's own code. */
export function whyStuck({entries, nodes, slots, ownerOf, now}: StuckPorts): readonly string[] {
  const lanes = new Map<string, Entry>();
  const waiting: Entry[] = [];
  const running: Entry[] = [];
  const elsewhere = new Map<string, {owner: Owner; labels: string[]}>();
  let taken = 0;
  for (const entry of entries()) {
    if (entry.final) continue;
    const {state, phase, lane, task} = entry;
    if (phase !== 'idle' && lane !== undefined) lanes.set(lane, entry);
    if (phase === 'elsewhere') {
      const owner = ownerOf(task);
      if (owner === undefined) continue;
      const key = `${owner.host} ${owner.pid}`;
      const known = elsewhere.get(key) ?? {owner, labels: []};
      elsewhere.set(key, known);
      known.labels.push(labelOf(task));
      if (owner.at < known.owner.at) known.owner = owner;
    } else if (state.is === 'running' || phase !== 'idle') {
      running.push(entry);
      taken += Math.min(Math.max(1, Math.ceil(task.placement.cpus)), slots());
    } else if (state.is === 'queued' && !(state.until !== undefined && state.until > now())) waiting.push(entry);
  }
  return [
    ...laneWords(waiting, lanes),
    ...slotWords(
      waiting.filter(({lane}) => lane === undefined || !lanes.has(lane)),
      running,
      {taken, slots: slots(), now: now()},
    ),
    ...[...elsewhere.values()].map(
      ({owner, labels}) =>
        `${names(labels)} ${be(labels)} being made by another kernel: process ${owner.pid} on ${owner.host}, for ${durationText(now() - owner.at)}`,
    ),
    ...codeWords(nodes()),
  ];
}

/** What may not run beside something else. */
function laneWords(waiting: readonly Entry[], lanes: ReadonlyMap<string, Entry>): readonly string[] {
  return [...lanes].flatMap(([lane, holder]) => {
    const labels = waiting.filter(entry => entry.lane === lane).map(({task}) => labelOf(task));
    if (labels.length === 0) return [];
    return [`${names(labels)} wait${s(labels)} for ${labelOf(holder.task)}: one after the other in ${lane}`];
  });
}

function slotWords(
  waiting: readonly Entry[],
  running: readonly Entry[],
  {taken, slots, now}: {readonly taken: number; readonly slots: number; readonly now: number},
): readonly string[] {
  if (waiting.length === 0 || running.length === 0) return [];
  const labels = waiting.map(({task}) => labelOf(task));
  const oldest = running.reduce((a, b) => ((b.startedAt ?? Infinity) < (a.startedAt ?? Infinity) ? b : a));
  const since = oldest.startedAt === undefined ? '' : ` for ${durationText(now - oldest.startedAt)}`;
  const by = ` by ${labelOf(oldest.task)}${since}${running.length > 1 ? ` and ${running.length - 1} more` : ''}`;
  return [
    `${names(labels)} wait${s(labels)} for a slot: ${Math.min(taken, slots)} of ${slots} ${slots === 1 ? 'is' : 'are'} taken${by}`,
  ];
}

/** What can be planned as soon as the user's process answers. */
function codeWords(nodes: Iterable<FutureNode>): readonly string[] {
  const labels: string[] = [];
  for (const node of nodes) {
    if (node.is !== 'task' || node.entry !== undefined || node.inner !== undefined || node.state.is !== 'waiting')
      continue;
    const {needs} = node.draft;
    if (needs.length > 0 && needs.every(need => need.over)) labels.push(node.label);
  }
  if (labels.length === 0) return [];
  return [`${names(labels)} wait${s(labels)} for an expression of the notebook: its own code is running`];
}

const names = (labels: readonly string[]): string =>
  labels.length <= NAMED ? labels.join(', ') : `${labels.slice(0, NAMED).join(', ')} and ${labels.length - NAMED} more`;
const be = (labels: readonly string[]): string => (labels.length === 1 ? 'is' : 'are');
const s = (labels: readonly string[]): string => (labels.length === 1 ? 's' : '');
