import type {Task} from '../graph/work.js';
import type {Entry} from '../run/entry.js';
import {slotsOf, type Room} from '../run/slots.js';
import {durationText} from '../show/duration-text.js';
import type {FutureNode} from './node.js';

/** Who has the claim to a task. */
export interface Owner {
  readonly host: string;
  readonly pid: number;
  /** The job of Slurm that it is in. */
  readonly job?: string;
  /** Milliseconds since the epoch, by its clock. */
  readonly at: number;
}

/** Who has the claim to a lane. */
export interface LaneOwner extends Owner {
  /** What a person calls the task that runs there. */
  readonly label: string;
  /** Its kernel is gone, and has left the task running. */
  readonly gone: boolean;
}

/** What is looked at to say why nothing goes on. */
export interface StuckPorts {
  readonly entries: () => Iterable<Entry>;
  readonly nodes: () => Iterable<FutureNode>;
  readonly room: () => Room;
  /** Who has the claim to a task that another kernel makes. */
  readonly ownerOf: (task: Task) => Owner | undefined;
  /** Who has the lane of a task in another kernel. */
  readonly laneOwnerOf: (task: Task) => LaneOwner | undefined;
  /** What a person calls a task: the future that stands for it; else its label. */
  readonly nameOf: (task: Task) => string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** How many tasks are named. */
const NAMED = 3;

/** What tasks that have not ended wait for, a sentence for each cause: a slot, a lane, another kernel, the notebook's own code. */
export function whyStuck({entries, nodes, room, ownerOf, laneOwnerOf, nameOf, now}: StuckPorts): readonly string[] {
  const lanes = new Map<string, Entry>();
  const waiting: Entry[] = [];
  const running: Entry[] = [];
  const preparing: string[] = [];
  const inLane: string[] = [];
  const elsewhere = new Map<string, {owner: Owner | undefined; labels: string[]}>();
  for (const entry of entries()) {
    if (entry.final) continue;
    const {state, phase, lane, task, awaits: awaited} = entry;
    if (awaited.length > 0) preparing.push(`${nameOf(task)} waits until ${names(awaited)} ${be(awaited)} done`);
    if (phase !== 'idle' && lane !== undefined) lanes.set(lane, entry);
    if (phase === 'elsewhere' && entry.lacksLane) {
      inLane.push(
        `${nameOf(task)} waits for ${laneOwnerWords(laneOwnerOf(task), now())}: one after the other in ${lane}`,
      );
    } else if (phase === 'elsewhere') {
      const owner = ownerOf(task);
      const key = owner === undefined ? '' : `${owner.host} ${owner.pid}`;
      const known = elsewhere.get(key) ?? {owner, labels: []};
      elsewhere.set(key, known);
      known.labels.push(nameOf(task));
      if (owner !== undefined && known.owner !== undefined && owner.at < known.owner.at) known.owner = owner;
    } else if (state.is === 'running' || phase === 'starting' || phase === 'finishing') running.push(entry);
    // What the executor has and has not started waits for a slot there.
    else if (phase === 'out') waiting.push(entry);
    else if (state.is === 'queued' && !(state.until !== undefined && state.until > now())) waiting.push(entry);
  }
  return [
    ...preparing,
    ...inLane,
    ...laneWords(waiting, lanes, nameOf),
    ...slotWords(
      waiting.filter(entry => entry.lane === undefined || [undefined, entry].includes(lanes.get(entry.lane))),
      running,
      {room: room(), now: now(), nameOf},
    ),
    ...[...elsewhere.values()].map(
      ({owner, labels}) => `${names(labels)} ${be(labels)} being made by another kernel${ownerWords(owner, now())}`,
    ),
    ...codeWords(nodes()),
  ];
}

function ownerWords(owner: Owner | undefined, now: number): string {
  // Its claim is there, and can't be read: a disk behind a network shows it late.
  if (owner === undefined) return ', which has not said yet who it is';
  const job = owner.job === undefined ? '' : ` in job ${owner.job}`;
  return `: process ${owner.pid} on ${owner.host}${job}, for ${durationText(now - owner.at)}`;
}

function laneOwnerWords(owner: LaneOwner | undefined, now: number): string {
  if (owner === undefined) return 'another kernel, which has not said yet who it is';
  const {label, gone, host} = owner;
  // Its own cell takes it over: `%cancel` ends it then.
  if (gone)
    return `${label}, which a kernel that is gone has left running on ${host} for ${durationText(now - owner.at)}`;
  return `${label} of another kernel (${ownerWords(owner, now).slice(2)})`;
}

/** What may not run beside something else. */
function laneWords(
  waiting: readonly Entry[],
  lanes: ReadonlyMap<string, Entry>,
  nameOf: StuckPorts['nameOf'],
): readonly string[] {
  return [...lanes].flatMap(([lane, holder]) => {
    const labels = waiting.filter(entry => entry.lane === lane && entry !== holder).map(({task}) => nameOf(task));
    if (labels.length === 0) return [];
    return [`${names(labels)} wait${s(labels)} for ${nameOf(holder.task)}: one after the other in ${lane}`];
  });
}

function slotWords(
  waiting: readonly Entry[],
  running: readonly Entry[],
  {room, now, nameOf}: {readonly room: Room; readonly now: number; readonly nameOf: StuckPorts['nameOf']},
): readonly string[] {
  if (waiting.length === 0 || running.length === 0) return [];
  const labels = waiting.map(({task}) => nameOf(task));
  const {slots} = room;
  const widthOf = ({task}: Entry): number => slotsOf(task.placement, room);
  const taken = running.reduce((sum, entry) => sum + widthOf(entry), 0);
  const least = Math.min(...waiting.map(widthOf));
  const what = least === 1 ? 'a slot' : `${least} slots`;
  const oldest = running.reduce((a, b) => ((b.startedAt ?? Infinity) < (a.startedAt ?? Infinity) ? b : a));
  const since = oldest.startedAt === undefined ? '' : ` for ${durationText(now - oldest.startedAt)}`;
  const by = ` by ${nameOf(oldest.task)}${since}${running.length > 1 ? ` and ${running.length - 1} more` : ''}`;
  return [
    `${names(labels)} wait${s(labels)} for ${what}: ${Math.min(taken, slots)} of ${slots} ${slots === 1 ? 'is' : 'are'} taken${by}`,
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
