import {afterEach, beforeEach, describe, expect, it, vi} from 'vitest';
import {FLUSH_MS, FLUSH_SIZE, StreamBuffer} from '../../kernel/wire/stream.js';

describe('a stream buffer', () => {
  let sent: string[];
  let stream: StreamBuffer;
  beforeEach(() => {
    vi.useFakeTimers();
    sent = [];
    stream = new StreamBuffer((name, text) => sent.push(`${name} ${text}`));
  });
  afterEach(() => void vi.useRealTimers());

  it('makes one message of what comes within 50 ms', () => {
    stream.write('stdout', 'a');
    vi.advanceTimersByTime(FLUSH_MS - 1);
    stream.write('stdout', 'b');
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(sent).toEqual(['stdout ab']);
    stream.write('stdout', 'c');
    vi.advanceTimersByTime(FLUSH_MS);
    expect(sent).toEqual(['stdout ab', 'stdout c']);
  });

  it('does not wait with 64 KB', () => {
    stream.write('stdout', 'x'.repeat(FLUSH_SIZE - 1));
    expect(sent).toEqual([]);
    stream.write('stdout', 'y');
    expect(sent.map(text => text.length)).toEqual([FLUSH_SIZE + 'stdout '.length]);
  });

  it('keeps the order of stdout and stderr', () => {
    stream.write('stdout', '1');
    stream.write('stderr', '2');
    stream.write('stdout', '3');
    stream.flush();
    expect(sent).toEqual(['stdout 1', 'stderr 2', 'stdout 3']);
  });

  it('sends nothing when there is nothing', () => {
    stream.write('stdout', '');
    stream.flush();
    vi.runAllTimers();
    expect(sent).toEqual([]);
  });
});
