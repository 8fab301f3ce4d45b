import {fingerprintOf} from '../../kernel/fingerprint/fingerprint.js';
import type {Failure} from '../../kernel/graph/failure.js';
import type {Manifest} from '../../kernel/graph/manifest.js';
import type {AttemptId, How, TaskView} from '../../kernel/graph/task.js';
import type {CellView} from '../../kernel/show/view.js';

/** 12 October 2026, 14:03 in UTC. */
export const NOON = Date.UTC(2026, 9, 12, 14, 3);

/** A manifest of a task that took `duration` milliseconds and began at 14:03. */
export function manifest(duration = 3100, more: Partial<Manifest> = {}): Manifest {
  return {
    version: 1,
    fingerprint: fingerprintOf('task/test', null),
    recipe: {kind: 'bash', name: 'bash', arguments: {}, variables: {}, inputs: []},
    label: 'test',
    edition: 1,
    read: {},
    outputs: [],
    exit: 0,
    startedAt: new Date(NOON).toISOString(),
    endedAt: new Date(NOON + duration).toISOString(),
    host: 'nid00123',
    ...more,
  };
}

const base = (name: string, key: string, more: Partial<TaskView>): Omit<TaskView, 'state'> => ({name, key, ...more});

export const done = (name: string, key: string, how: How, duration = 3100, more: Partial<TaskView> = {}): TaskView => ({
  ...base(name, key, more),
  state: {is: 'done', at: NOON + duration, how, manifest: manifest(duration)},
});

export const running = (name: string, key: string, elapsed: number, more: Partial<TaskView> = {}): TaskView => ({
  ...base(name, key, more),
  state: {is: 'running', at: NOON + 60_000 - elapsed, attempt: 'a1' as AttemptId, attached: false},
});

export const elsewhere = (name: string, key: string): TaskView => ({
  name,
  key,
  state: {is: 'running', at: NOON, attempt: 'a1' as AttemptId, attached: true},
});

export const waiting = (name: string, key: string, on: readonly string[] = []): TaskView => ({
  name,
  key,
  state: {is: 'waiting', on},
});

export const failed = (name: string, key: string, failure: Failure, more: Partial<TaskView> = {}): TaskView => ({
  ...base(name, key, more),
  state: {is: 'failed', at: NOON + 5000, startedAt: NOON, failure},
});

export const blocked = (name: string, key: string, because: string): TaskView => ({
  name,
  key,
  state: {is: 'blocked', at: NOON + 5000, blocked: {because}},
});

/** `count` tasks, made by `make` with the keys `ccd=0`, `ccd=1` … */
export const many = (count: number, make: (key: string) => TaskView): readonly TaskView[] =>
  Array.from({length: count}, (_, at) => make(`ccd=${at}`));

/** A cell that was run at 14:03 and is looked at one minute later. */
export const cell = (title: string, tasks: readonly TaskView[], more: Partial<CellView> = {}): CellView => ({
  title,
  tasks,
  startedAt: NOON,
  now: NOON + 60_000,
  ...more,
});

/** Times in tests are UTC. */
export const UTC = {zone: 'UTC'};

/** A failure as processCcd ends. */
export const fatal = (tail: string): Failure => ({
  reason: 'exit',
  code: 1,
  line: 'FATAL: no astrometric solution',
  log: 'weft/logs/processCcd-3f2a9c71b0de.log',
  tail,
});
