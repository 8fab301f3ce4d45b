import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {afterEach, beforeEach, describe, expect, it, vi} from 'vitest';
import {machine, parentPid, watchParent, type ProcessView} from '../../kernel/wire/parent.js';

describe('the watch over the server that started the kernel', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function watch(view: ProcessView): () => number {
    let calls = 0;
    watchParent(50, () => calls++, 1000, view);
    return () => {
      vi.advanceTimersByTime(3000);
      return calls;
    };
  }

  it('reads which process it is from the environment', () => {
    expect(parentPid({JPY_PARENT_PID: '50'})).toBe(50);
    expect(parentPid({JPY_PARENT_PID: '1'})).toBeUndefined();
    expect(parentPid({JPY_PARENT_PID: 'x'})).toBeUndefined();
    expect(parentPid({})).toBeUndefined();
  });

  it('says once that it has gone', () => {
    let started: string | undefined = '7';
    const calls = watch({started: () => started, ppid: () => 50});
    expect(calls()).toBe(0);
    started = undefined;
    expect(calls()).toBe(1);
    expect(calls()).toBe(1);
  });

  it('is not misled by another process that has got the same id', () => {
    let started = '7';
    const calls = watch({started: () => started, ppid: () => 50});
    started = '8';
    expect(calls()).toBe(1);
  });

  it('watches the direct parent where the id means nothing', () => {
    let ppid = 20;
    const calls = watch({started: () => undefined, ppid: () => ppid});
    expect(calls()).toBe(0);
    ppid = 1;
    expect(calls()).toBe(1);
  });

  it('watches nothing where there is nobody to watch', () => {
    expect(watch({started: () => undefined, ppid: () => 1})()).toBe(0);
  });

  it('sees the real processes of this machine', async () => {
    vi.useRealTimers();
    const child = spawn('cat', {stdio: ['pipe', 'ignore', 'ignore']});
    const started = machine.started(child.pid!);
    expect(started).toMatch(/./);
    const gone = new Promise<void>(resolve => watchParent(child.pid!, resolve, 5));
    child.stdin.end();
    await once(child, 'exit');
    await gone;
    expect(machine.started(child.pid!)).toBeUndefined();
  });
});
