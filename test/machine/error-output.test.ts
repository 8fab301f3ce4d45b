import {afterEach, beforeEach, expect, test, vi} from 'vitest';
import {ErrorOutput} from '../../kernel/machine/error-output.js';

/** A pipe that takes so many bytes until it is read, or fails. */
class Pipe {
  room = 0;
  code = 'EAGAIN';
  text = '';
  readonly output = new ErrorOutput(bytes => {
    if (this.room === 0) throw Object.assign(new Error(this.code), {code: this.code});
    const taken = bytes.subarray(0, this.room);
    this.room -= taken.length;
    this.text += taken.toString();
    return taken.length;
  });
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('lines wait for a slow reader, in order, and are written whole', () => {
  const pipe = new Pipe();
  pipe.room = 5;
  for (const line of ['one', 'two', 'three']) pipe.output.line(line);
  expect(pipe.text).toBe('one\nt');
  pipe.room = 100;
  vi.advanceTimersByTime(20);
  expect(pipe.text).toBe('one\ntwo\nthree\n');
});

test('what is too much for a slow reader is left out, and said to be', () => {
  const pipe = new Pipe();
  for (let n = 0; n < 300; n++) pipe.output.line(`${n} ${'x'.repeat(1000)}`);
  pipe.room = Infinity;
  vi.advanceTimersByTime(20);
  const lines = pipe.text.trimEnd().split('\n');
  expect(lines.at(-1)).toBe(`weft: ${300 - (lines.length - 1)} lines were left out here, as nobody read them in time`);
  expect(lines.length).toBeGreaterThan(250);
  pipe.output.line('next');
  expect(pipe.text).toMatch(/in time\nnext\n$/);
});

test('a reader that is gone keeps nothing, and ends nothing', () => {
  const pipe = new Pipe();
  pipe.output.line('kept');
  pipe.code = 'EPIPE';
  vi.advanceTimersByTime(20);
  for (let n = 0; n < 1000; n++) pipe.output.line('x'.repeat(1000));
  pipe.room = Infinity;
  pipe.output.line('last');
  expect(pipe.text).toBe('last\n');
});
