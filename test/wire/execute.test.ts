import {describe, expect, it} from 'vitest';
import type {CellOutput} from '../../kernel/wire/notebook.js';
import type {Message} from '../../kernel/wire/message.js';
import {broken, fails} from './fake-notebook.js';
import {Serving} from './serving.js';

const types = (messages: readonly Message[]) => messages.map(({header}) => header.msg_type);
const states = (messages: readonly Message[]) =>
  messages.flatMap(({content}) => (typeof content['execution_state'] === 'string' ? [content['execution_state']] : []));

/** A promise that a test resolves. */
function gate(): {opened: Promise<void>; open: () => void} {
  let open: () => void = () => undefined;
  const opened = new Promise<void>(resolve => (open = resolve));
  return {opened, open};
}

describe('an execute request', () => {
  it('is answered with its output between busy and idle', async () => {
    await using serving = await Serving.start();
    serving.notebook.cells['1'] = output => {
      output.stream('stdout', 'hello, ');
      output.stream('stdout', 'world\n');
      output.display({'text/html': '<b>1</b>'}, {isolated: true});
      output.clear(true);
      output.result({'text/plain': '1'});
    };
    const {reply, outputs, messages} = await serving.client.execute('1', {cellId: 'cell-1'});
    expect(types(messages)).toEqual([
      'status',
      'execute_input',
      'stream',
      'display_data',
      'clear_output',
      'execute_result',
      'status',
    ]);
    expect(states(messages)).toEqual(['busy', 'idle']);
    expect(messages[1]!.content).toEqual({code: '1', execution_count: 1});
    expect(messages[3]!.content).toEqual({data: {'text/html': '<b>1</b>'}, metadata: {isolated: true}, transient: {}});
    expect(messages[4]!.content).toEqual({wait: true});
    expect(outputs.streams.stdout).toBe('hello, world\n');
    expect(outputs.result).toEqual({data: {'text/plain': '1'}, metadata: {}, count: 1});
    expect(reply).toEqual({status: 'ok', execution_count: 1, payload: [], user_expressions: {}});
    expect(serving.notebook.requests[0]).toMatchObject({count: 1, silent: false, storeHistory: true, cellId: 'cell-1'});
  });

  it('that fails has the error in its reply', async () => {
    await using serving = await Serving.start();
    serving.notebook.cells['x'] = fails;
    const {reply, outputs} = await serving.client.execute('x');
    expect(reply).toEqual({status: 'error', execution_count: 1, ...broken, payload: [], user_expressions: {}});
    expect(outputs.error).toEqual(broken);
  });

  it('that meets a bug of the kernel has an InternalError, and the next one runs', async () => {
    await using serving = await Serving.start();
    serving.notebook.cells['x'] = () => {
      throw new TypeError('oops');
    };
    const {reply, outputs} = await serving.client.execute('x');
    expect(reply).toMatchObject({status: 'error', ename: 'InternalError', evalue: 'oops'});
    expect(outputs.error).toMatchObject({ename: 'InternalError'});
    expect(serving.log.join()).toContain('oops');
    expect((await serving.client.execute('y')).reply).toMatchObject({status: 'ok', execution_count: 2});
  });

  it('passes user expressions and the payload on', async () => {
    await using serving = await Serving.start();
    const payload = [{source: 'page', data: {'text/plain': 'help'}, start: 0}];
    serving.notebook.cells['x'] = () => ({payload, userExpressions: {a: {status: 'ok', data: {}, metadata: {}}}});
    const {reply} = await serving.client.execute('x', {userExpressions: {a: '1 + 1'}});
    expect(serving.notebook.requests[0]!.userExpressions).toEqual({a: '1 + 1'});
    expect(reply).toMatchObject({payload, user_expressions: {a: {status: 'ok', data: {}, metadata: {}}}});
  });

  it('raises the count only if it is stored, and a silent one says nothing', async () => {
    await using serving = await Serving.start();
    const {client, notebook} = serving;
    notebook.cells['x'] = output => {
      output.stream('stdout', 'x');
      output.result({'text/plain': '1'});
    };
    expect((await client.execute('', {silent: true})).reply).toMatchObject({status: 'ok', execution_count: 0});
    expect((await client.execute('x')).reply).toMatchObject({execution_count: 1});
    const unstored = await client.execute('x', {storeHistory: false});
    expect(unstored.reply).toMatchObject({execution_count: 1});
    expect(types(unstored.messages)).toContain('execute_input');
    const silent = await client.execute('x', {silent: true, storeHistory: true});
    expect(silent.reply).toMatchObject({execution_count: 1});
    expect(types(silent.messages)).toEqual(['status', 'status']);
    expect((await client.execute('x')).reply).toMatchObject({execution_count: 2});
    const {content} = await client.request('shell', 'history_request', {hist_access_type: 'tail', n: 9, output: true});
    expect(content).toEqual({status: 'ok', history: [[1, 1, ['x', '1']], [1, 2, ['x', '1']]]}); // prettier-ignore
  });

  it('is run after the ones before it, also when all are sent at once', async () => {
    await using serving = await Serving.start();
    const seen: string[] = [];
    for (let i = 0; i < 50; i++) {
      serving.notebook.cells[String(i)] = async () => {
        seen.push(`begin ${i}`);
        await new Promise(resolve => setImmediate(resolve));
        seen.push(`end ${i}`);
      };
    }
    await Promise.all(Array.from({length: 50}, async (_, i) => serving.client.execute(String(i))));
    expect(seen).toEqual(Array.from({length: 50}, (_, i) => [`begin ${i}`, `end ${i}`]).flat());
  });

  it('is aborted if it was queued when an earlier one failed, and a later cell runs', async () => {
    await using serving = await Serving.start();
    const {client, notebook} = serving;
    const {opened, open} = gate();
    notebook.cells['ok'] = () => opened;
    notebook.cells['bad'] = fails;
    const codes = ['ok', 'bad', 'a', 'b', 'c'];
    const cells = codes.map(code => client.start(code).done);
    // What came before this reply has been read too.
    expect((await client.request('shell', 'kernel_info_request')).content).toMatchObject({status: 'ok'});
    open();
    const replies = (await Promise.all(cells)).map(({reply}) => reply['status']);
    expect(replies).toEqual(['ok', 'error', 'aborted', 'aborted', 'aborted']);
    expect((await client.execute('a')).reply).toMatchObject({status: 'ok', execution_count: 3});
    expect(notebook.requests.map(({code}) => code)).toEqual(['ok', 'bad', 'a']);
  });

  it('is aborted too when the failing cell takes no time at all', async () => {
    await using serving = await Serving.start();
    serving.notebook.cells['bad'] = fails;
    const frames = ['bad', 'a', 'b'].map(code => serving.client.frames('execute_request', {code}));
    frames.forEach(each => serving.client.sendRaw('shell', each));
    const aborted = (message: Message) =>
      message.header.msg_type === 'status' && message.content['execution_state'] === 'idle';
    await expect.poll(() => serving.client.messages.filter(aborted).length).toBe(3);
    expect(serving.notebook.requests.map(({code}) => code)).toEqual(['bad']);
  });

  it('is not aborted where the failing one had stop_on_error off', async () => {
    await using serving = await Serving.start();
    serving.notebook.cells['bad'] = fails;
    const bad = serving.client.start('bad', {stopOnError: false}).done;
    const next = serving.client.start('a').done;
    expect((await bad).reply['status']).toBe('error');
    expect((await next).reply['status']).toBe('ok');
  });
});

describe('output', () => {
  it('of 5000 messages arrives complete and in order, before the reply', async () => {
    await using serving = await Serving.start();
    serving.notebook.cells['burst'] = output => {
      for (let i = 0; i < 5000; i++) output.stream(i % 2 === 0 ? 'stdout' : 'stderr', `${i}\n`);
    };
    const {messages} = await serving.client.execute('burst');
    const streams = messages.filter(({header}) => header.msg_type === 'stream');
    expect(streams).toHaveLength(5000);
    expect(streams.map(({content}) => content['text'])).toEqual(Array.from({length: 5000}, (_, i) => `${i}\n`));
  });

  it('of 20 000 lines is a few messages', async () => {
    await using serving = await Serving.start();
    const line = `${'x'.repeat(79)}\n`;
    serving.notebook.cells['print'] = output => {
      for (let i = 0; i < 20_000; i++) output.stream('stdout', line);
    };
    const {messages, outputs} = await serving.client.execute('print');
    expect(outputs.streams.stdout).toBe(line.repeat(20_000));
    expect(messages.length).toBeLessThan(40);
  });

  it('of cell 1 after cell 2 has begun goes to cell 1', async () => {
    await using serving = await Serving.start();
    const {client, notebook} = serving;
    let late: CellOutput | undefined;
    notebook.cells['1'] = output => void (late = output);
    const first = await client.execute('1');
    notebook.cells['2'] = output => {
      late?.stream('stdout', 'of one');
      late?.display({'text/plain': 'shown by one'});
      output.stream('stdout', 'of two');
    };
    const second = await client.execute('2');
    expect(second.outputs.streams.stdout).toBe('of two');
    expect(first.outputs.streams.stdout).toBe('of one');
    expect(first.outputs.displays.map(({data}) => data['text/plain'])).toEqual(['shown by one']);
    late?.stream('stdout', ', and more');
    await client.waitFor(({content}) => content['text'] === ', and more');
    expect(first.outputs.streams.stdout).toBe('of one, and more');
  });

  it('that updates a display belongs to the cell that runs, else to the cell of the display', async () => {
    await using serving = await Serving.start();
    const {client, notebook} = serving;
    let late: CellOutput | undefined;
    notebook.cells['1'] = output => {
      late = output;
      output.display({'text/plain': 'a'}, {}, 'id-1');
    };
    const first = await client.execute('1');
    const update = (text: string) => late?.update('id-1', {'text/plain': text});
    notebook.cells['wait'] = () => update('b');
    const second = await client.execute('wait');
    expect(types(second.messages)).toEqual(['status', 'execute_input', 'update_display_data', 'status']);
    await client.execute('wait', {silent: true});
    update('c');
    await client.waitFor(({content}) => JSON.stringify(content['data']) === '{"text/plain":"c"}');
    expect(types(first.messages).slice(-3)).toEqual(['status', 'update_display_data', 'update_display_data']);
    expect(first.messages.at(-1)!.content).toEqual({
      data: {'text/plain': 'c'},
      metadata: {},
      transient: {display_id: 'id-1'},
    });
    expect(first.outputs.displays).toEqual([{data: {'text/plain': 'c'}, metadata: {}, displayId: 'id-1', updates: 3}]);
  });
});
