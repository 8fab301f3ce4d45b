import {describe, expect, it} from 'vitest';
import {fail, ok, type Result} from '../../kernel/graph/result.js';
import {LaterNotebook} from '../../kernel/wire/later-notebook.js';
import type {CellOutput, ExecuteRequest, Notebook} from '../../kernel/wire/notebook.js';
import {FakeNotebook} from './fake-notebook.js';
import {Serving} from './serving.js';

const request = (code: string, silent = false): ExecuteRequest => ({
  id: `id of ${code}`,
  code,
  count: 1,
  silent,
  storeHistory: true,
  userExpressions: {},
  allowStdin: false,
});

/** An output that keeps the errors it is given. */
function recorded(): {readonly errors: string[]; readonly output: CellOutput} {
  const errors: string[] = [];
  const output = {error: ({evalue}: {evalue: string}) => void errors.push(evalue)} as unknown as CellOutput;
  return {errors, output};
}

/** A notebook whose opening is in the hands of the test. */
function held() {
  const notebook = new FakeNotebook();
  let open: (opened: Result<Notebook, string>) => void = () => undefined;
  let asked = 0;
  const later = new LaterNotebook(() => {
    asked++;
    return new Promise(resolve => (open = resolve));
  });
  return {
    notebook,
    later,
    opens: () => open(ok(notebook)),
    fails: (why: string) => open(fail(why)),
    asked: () => asked,
  };
}

describe('a notebook that is opened later', () => {
  it('is opened once, and what was asked before waits for it', async () => {
    const {notebook, later, opens, asked} = held();
    const {output} = recorded();
    const asking = Promise.all([later.execute(request('1'), output), later.isComplete('{'), later.complete('ab', 2)]);
    expect(notebook.requests).toEqual([]);
    opens();
    expect(await asking).toEqual([
      {payload: [], userExpressions: {}},
      {status: 'incomplete', indent: '  '},
      notebook.completions,
    ]);
    await later.execute(request('2'), output);
    expect(notebook.requests.map(({code}) => code)).toEqual(['1', '2']);
    expect(asked()).toBe(1);
  });

  it('hands an interrupt on to the cell that waited for it, and to no other', async () => {
    const {notebook, later, opens} = held();
    const interrupts: number[] = [];
    notebook.onInterrupt = () => interrupts.push(notebook.requests.length);
    later.interrupt();
    const first = later.execute(request('1'), recorded().output);
    later.interrupt();
    opens();
    await first;
    await later.execute(request('2'), recorded().output);
    expect(interrupts).toEqual([1]);
    later.interrupt();
    expect(interrupts).toEqual([1, 2]);
  });

  it('that can not be opened is an error of the cell, and is tried again with the next', async () => {
    const {later, opens, fails, asked} = held();
    const {errors, output} = recorded();
    const first = later.execute(request('1'), output);
    fails('the disk is full');
    const {error} = await first;
    expect(error?.evalue).toBe("the notebook can't be opened: the disk is full");
    expect(errors).toEqual([error?.evalue]);
    const second = later.execute(request('2', true), output);
    fails('still');
    expect((await second).error?.evalue).toContain('still');
    expect(errors).toHaveLength(1);
    const third = later.execute(request('3'), output);
    opens();
    expect(await third).toEqual({payload: [], userExpressions: {}});
    expect(asked()).toBe(3);
  });

  it('is not opened to be shut down, and is shut down if it is being opened', async () => {
    const never = held();
    await never.later.shutdown(false);
    expect(never.asked()).toBe(0);
    const {notebook, later, opens} = held();
    void later.open();
    const ended = later.shutdown(true);
    opens();
    await ended;
    expect(notebook.calls).toEqual([['shutdown', true]]);
  });
});

it('a server says once that a client knows what kernel it is, after it has answered', async () => {
  let greeted = 0;
  await using serving = await Serving.start({}, {greeted: () => (greeted += 1)});
  expect(greeted).toBe(0);
  await serving.client.kernelInfo();
  await serving.client.kernelInfo();
  expect(greeted).toBe(1);
});
