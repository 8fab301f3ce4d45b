import {describe, expect, test} from 'vitest';
import type {Task} from '../../kernel/graph/work.js';
import type {Entry, Phase} from '../../kernel/run/entry.js';
import type {TaskState} from '../../kernel/graph/task.js';
import type {FutureNode} from '../../kernel/session/node.js';
import {whyStuck, type LaneOwner, type Owner} from '../../kernel/session/stuck.js';

interface Given {
  readonly cpus?: number;
  readonly lane?: string;
  readonly startedAt?: number;
  readonly awaits?: readonly string[];
  readonly memory?: number;
}

/** What the scheduler knows of a task that has not ended. */
function entry(name: string, phase: Phase, is: 'waiting' | 'queued' | 'running', given: Given = {}): Entry {
  const {cpus = 1, lane, startedAt, awaits = [], memory} = given;
  const state = (is === 'running' ? {is, at: 0, attempt: 'a', attached: false} : {is, at: 0}) as TaskState;
  return {
    final: false,
    phase,
    state,
    lane,
    startedAt,
    awaits,
    task: {name, placement: {cpus, memory}},
  } as unknown as Entry;
}

function why(
  entries: readonly Entry[],
  more: {slots?: number; owners?: Record<string, Owner>; lanes?: Record<string, LaneOwner>; nodes?: FutureNode[]} = {},
) {
  const {slots = 2, owners = {}, lanes = {}, nodes = []} = more;
  return whyStuck({
    entries: () => entries,
    nodes: () => nodes,
    room: () => ({slots, memory: 64}),
    ownerOf: ({name}) => owners[name],
    laneOwnerOf: ({name}) => lanes[name],
    nameOf: ({name}: Task) => `<${name}>`,
    now: () => 100_000,
  });
}

describe('why nothing moves', () => {
  test('nothing is said where all that is there runs', () => {
    expect(why([entry('a', 'out', 'running')])).toEqual([]);
    expect(why([])).toEqual([]);
  });

  test('a slot, with how many are taken and by whom for the longest time', () => {
    const running = [
      entry('a', 'out', 'running', {startedAt: 90_000}),
      entry('b', 'out', 'running', {startedAt: 40_000}),
    ];
    const waiting = ['c', 'd', 'e', 'f'].map(name => entry(name, 'idle', 'queued'));
    expect(why([...running, ...waiting])).toEqual([
      '<c>, <d>, <e> and 1 more wait for a slot: 2 of 2 are taken by <b> for 1 min and 1 more',
    ]);
  });

  test('as many slots as the narrowest one that waits needs, also where the executor has it already', () => {
    const entries = [
      entry('a', 'out', 'running', {startedAt: 90_000}),
      entry('wide', 'out', 'queued', {cpus: 4}),
      entry('next', 'idle', 'queued', {cpus: 3}),
    ];
    expect(why(entries, {slots: 4})).toEqual(['<wide>, <next> wait for 3 slots: 1 of 4 are taken by <a> for 10 s']);
  });

  test('the slots whose memory it may take', () => {
    const entries = [
      entry('a', 'out', 'running', {startedAt: 90_000, memory: 30}),
      entry('large', 'out', 'queued', {memory: 48}),
    ];
    expect(why(entries, {slots: 4})).toEqual(['<large> waits for 3 slots: 2 of 4 are taken by <a> for 10 s']);
  });

  test('the one before it in a rerun or a root, which itself may wait for a slot', () => {
    const one = entry('one', 'out', 'running', {lane: 'DATA', startedAt: 99_000});
    const two = entry('two', 'idle', 'queued', {lane: 'DATA'});
    expect(why([one, two], {slots: 1})).toEqual(['<two> waits for <one>: one after the other in DATA']);
    const given = entry('one', 'out', 'queued', {lane: 'DATA'});
    const other = entry('other', 'out', 'running', {startedAt: 99_000});
    expect(why([given, two, other], {slots: 1})).toEqual([
      '<two> waits for <one>: one after the other in DATA',
      '<one> waits for a slot: 1 of 1 is taken by <other> for 1.0 s',
    ]);
  });

  test('what reads a root that is to be changed', () => {
    const ingest = entry('ingest', 'idle', 'waiting', {
      lane: 'DATA',
      awaits: ['calexps visit=1', 'calexps visit=2'],
    });
    expect(why([ingest])).toEqual(['<ingest> waits until calexps visit=1, calexps visit=2 are done']);
  });

  test('another kernel, with its process, host and job, and one that can not be read yet', () => {
    const entries = ['a', 'b', 'c', 'd'].map(name => entry(name, 'elsewhere', 'queued'));
    const owners = {
      a: {host: 'nid1', pid: 7, at: 70_000},
      b: {host: 'nid1', pid: 7, at: 40_000},
      c: {host: 'nid2', pid: 8, job: '4711', at: 98_000},
    };
    expect(why(entries, {owners})).toEqual([
      '<a>, <b> are being made by another kernel: process 7 on nid1, for 1 min',
      '<c> is being made by another kernel: process 8 on nid2 in job 4711, for 2.0 s',
      '<d> is being made by another kernel, which has not said yet who it is',
    ]);
  });

  test('the task of another kernel that has its rerun or root, whether that lives or is gone', () => {
    const entries = ['a', 'b', 'c'].map(name =>
      Object.assign(entry(name, 'elsewhere', 'queued', {lane: `DATA/rerun/${name}`}), {lacksLane: true}),
    );
    const owner = {host: 'nid1', pid: 7, at: 70_000, label: 'processCcd ccd=1'};
    expect(why(entries, {lanes: {a: {...owner, gone: false}, b: {...owner, gone: true}}})).toEqual([
      '<a> waits for processCcd ccd=1 of another kernel (process 7 on nid1, for 30 s): one after the other in DATA/rerun/a',
      '<b> waits for processCcd ccd=1, which a kernel that is gone has left running on nid1 for 30 s: one after the other in DATA/rerun/b',
      '<c> waits for another kernel, which has not said yet who it is: one after the other in DATA/rerun/c',
    ]);
  });

  test('the code of the notebook, for what only an expression keeps from being planned', () => {
    const node = (label: string, over: boolean): FutureNode =>
      ({is: 'task', label, state: {is: 'waiting', on: []}, draft: {needs: [{over}]}}) as unknown as FutureNode;
    expect(why([], {nodes: [node('ready', true), node('not yet', false)]})).toEqual([
      'ready waits for an expression of the notebook: its own code is running',
    ]);
  });

  test('no slot is missed by what rests between two tries', () => {
    const resting = Object.assign(entry('a', 'idle', 'queued'), {state: {is: 'queued', at: 0, until: 101_000}});
    expect(why([resting, entry('b', 'out', 'running')])).toEqual([]);
  });
});
