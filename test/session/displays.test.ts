import {afterEach, beforeEach, describe, expect, it, vi} from 'vitest';
import {isFinal, type TaskView} from '../../kernel/graph/task.js';
import {Displays} from '../../kernel/session/displays.js';
import type {Futures} from '../../kernel/session/futures.js';
import type {FutureNode} from '../../kernel/session/node.js';
import type {Bundle, CellOutput} from '../../kernel/wire/notebook.js';
import {done, running} from '../show/tasks.js';

/** A future as a display sees it: a task whose view the test sets. */
function fakeNode(view: TaskView) {
  const node: {state: TaskView['state']} & Record<string, unknown> = {
    is: 'task',
    name: view.name,
    draft: {},
    parts: [],
    dependents: new Set(),
    state: view.state,
    views: () => [view],
    get over() {
      return isFinal(node.state);
    },
    get running() {
      return node.state.is === 'running';
    },
  };
  const set = (next: TaskView): void => {
    view = next;
    node.state = next.state;
  };
  return {node: node as unknown as FutureNode, set};
}

describe('the displays of a notebook', () => {
  let sent: {at: number; id: string; text: string}[];
  let shown: string[];
  let changed: (node: FutureNode) => void;
  let displays: Displays;
  const output = {
    display: (_: Bundle, __: unknown, id: string) => void shown.push(id),
    update: (id: string, data: Bundle) =>
      void sent.push({at: performance.now() - began, id, text: data['text/plain'] as string}),
  } as unknown as CellOutput;
  let began: number;

  beforeEach(() => {
    vi.useFakeTimers();
    sent = [];
    shown = [];
    began = performance.now();
    displays = new Displays({watch: (hears: typeof changed) => (changed = hears)} as unknown as Futures);
  });
  afterEach(() => {
    displays.close();
    vi.useRealTimers();
  });

  const between = (from: number, to: number): number => sent.filter(({at}) => at >= from && at < to).length;

  it('are updated four times a second at first, then once, then once in five seconds', () => {
    const {node, set} = fakeNode(running('t', 'n=0', 1000));
    displays.open('t', [node], output);
    for (let i = 0; i < 6000; i++) {
      set(running('t', `n=${i}`, 1000));
      changed(node);
      vi.advanceTimersByTime(50);
    }
    expect(between(0, 10_000)).toBeGreaterThanOrEqual(36);
    expect(between(0, 10_000)).toBeLessThanOrEqual(40);
    expect(between(20_000, 30_000)).toBeGreaterThanOrEqual(9);
    expect(between(20_000, 30_000)).toBeLessThanOrEqual(10);
    expect(between(200_000, 300_000)).toBeGreaterThanOrEqual(19);
    expect(between(200_000, 300_000)).toBeLessThanOrEqual(20);
  });

  it('are sent once, as they are at the end, where nobody looks before', () => {
    const {node, set} = fakeNode(running('t', 'n=0', 1000));
    displays.leaveUnwatched();
    displays.open('t', [node], output);
    for (let i = 0; i < 100; i++) {
      set(running('t', `n=${i}`, 1000));
      changed(node);
      vi.advanceTimersByTime(500);
    }
    expect(sent).toEqual([]);
    displays.flush();
    expect(sent.map(({text}) => text)).toEqual([expect.stringContaining('n=99')]);
  });

  it('of the whole kernel are updated at most twenty times in any second, each in its turn', () => {
    const nodes = Array.from({length: 40}, (_, i) => fakeNode(running('t', `n=${i}`, 1000)));
    for (const {node} of nodes) displays.open('t', [node], output);
    for (let round = 0; round < 200; round++) {
      for (const [i, {node, set}] of nodes.entries()) {
        set(running('t', `n=${i} r=${round}`, 1000));
        changed(node);
      }
      vi.advanceTimersByTime(50);
    }
    for (const {at} of sent) expect(between(at, at + 999)).toBeLessThanOrEqual(20);
    expect(between(1000, 9000)).toBeGreaterThan(140);
    expect(new Set(sent.map(({id}) => id)).size).toBe(40);
  });

  it('are updated once a minute while tasks wait and nothing changes, so that the kernel does not seem idle', () => {
    const {node} = fakeNode({name: 't', key: '', state: {is: 'queued', at: Date.now()}});
    displays.open('t', [node], output);
    vi.advanceTimersByTime(59_000);
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(241_500);
    expect(sent).toHaveLength(5);
  });

  it('say the final state at once, and nothing after it', () => {
    const {node, set} = fakeNode(running('t', '', 1000));
    displays.open('t', [node], output);
    set(done('t', '', 'ran'));
    changed(node);
    vi.advanceTimersByTime(20);
    expect(sent).toHaveLength(1);
    expect(sent[0]?.text).toContain('done');
    vi.advanceTimersByTime(600_000);
    expect(sent).toHaveLength(1);
  });

  it('have an id of their own each time that a cell shows the same future', () => {
    const {node, set} = fakeNode(running('t', '', 1000));
    displays.open('t', [node], output);
    displays.open('t', [node], output);
    expect(new Set(shown).size).toBe(2);
    set(running('t', 'n=7', 1000));
    changed(node);
    vi.advanceTimersByTime(2000);
    expect(new Set(sent.map(({id}) => id))).toEqual(new Set(shown));
  });

  it('say their last word when the kernel ends', () => {
    const {node, set} = fakeNode(running('t', '', 1000));
    displays.open('t', [node], output);
    set(running('t', 'n=7', 2000));
    displays.close();
    expect(sent).toHaveLength(1);
    expect(sent[0]?.text).toContain('n=7');
    vi.advanceTimersByTime(600_000);
    expect(sent).toHaveLength(1);
  });
});
