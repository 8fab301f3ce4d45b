import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {Client} from '../rig/client.js';
import {startKernel, type Kernel} from '../rig/kernel.js';

let kernel: Kernel;
let client: Client;
beforeAll(async () => {
  kernel = await startKernel();
  ({client} = kernel);
});
afterAll(() => kernel[Symbol.asyncDispose]());

/** A client that answers questions, for one test. */
async function answering(answer: string): Promise<Client> {
  const other = await Client.connect(kernel.client.connection);
  other.onInput = () => answer;
  return other;
}

// The names are those of Deno's tests of its kernel (denoland/deno:tests/integration/jupyter_tests.rs), without `jupyter_`.
describe('the built kernel, as Deno tests its own', () => {
  it('heartbeat_echoes', async () => {
    expect(await client.heartbeat('heartbeat')).toBe('heartbeat');
  });

  it('kernel_info', async () => {
    expect(await client.kernelInfo()).toMatchObject({
      status: 'ok',
      protocol_version: '5.5',
      implementation: 'weft',
      language_info: {name: 'typescript', file_extension: '.ts', mimetype: 'text/typescript'},
      debugger: false,
      supported_features: [],
    });
  });

  it('execute_request', async () => {
    const {reply, outputs} = await client.execute('console.log("asdf")');
    expect(reply).toMatchObject({status: 'ok', execution_count: expect.any(Number) as number, payload: []});
    expect(outputs.streams).toEqual({stdout: 'asdf\n', stderr: ''});
  });

  it('execute_error_reports_traceback', async () => {
    const {reply, outputs} = await client.execute(
      'const bad = (): never => {\n  throw new RangeError("far")\n}\nbad()',
    );
    expect(reply).toMatchObject({status: 'error', ename: 'RangeError', evalue: 'far'});
    expect(reply['traceback']).toEqual(outputs.error?.traceback);
    expect(outputs.error?.traceback.join('\n')).toMatch(/RangeError: far\n.*bad.*cell \[\d+\]:2:9/);
  });

  it('store_history_false', async () => {
    const first = await client.execute('1', {storeHistory: false});
    const second = await client.execute('2', {storeHistory: false});
    expect(second.reply['execution_count']).toBe(first.reply['execution_count']);
    expect(second.outputs.result?.count).toBe(first.reply['execution_count']);
    const {content} = await client.request('shell', 'history_request', {
      hist_access_type: 'search',
      pattern: '2',
      n: 9,
    });
    expect(content['history']).toEqual([]);
  });

  it('execute_prompt_stdin', async () => {
    await using other = await answering('name here');
    expect((await other.execute('await prompt("What is your name?")')).outputs.text).toBe("'name here'");
  });

  it('prompt_does_not_block_heartbeat', async () => {
    await using other = await Client.connect(client.connection);
    other.onInput = async () => client.heartbeat('while it asks');
    expect((await other.execute('await prompt("?")')).outputs.text).toBe("'while it asks'");
  });

  it('prompt_hmac_signed', async () => {
    // The client refuses what is not signed, so a question that it hears was signed.
    await using other = await answering('signed');
    expect(client.connection.key).not.toBe('');
    expect((await other.execute('await prompt("?")')).outputs.text).toBe("'signed'");
  });

  it('stdin_prompt_reply', async () => {
    await using other = await Client.connect(client.connection);
    const asked: unknown[] = [];
    other.onInput = (prompt, password) => {
      asked.push(prompt, password);
      return 'é ✨';
    };
    expect((await other.execute('const given = await prompt("word: ", {password: true}); given')).outputs.text).toBe(
      "'é ✨'",
    );
    expect(asked).toEqual(['word: ', true]);
  });

  it('stdin_disabled_returns_null', async () => {
    // A null would be taken for an answer: here the cell hears that there is nobody.
    const {reply} = await client.execute('await prompt("?")');
    expect(reply).toMatchObject({status: 'error', evalue: 'nobody can be asked here'});
  });

  it('complete_request_multibyte', async () => {
    await client.execute('const multibyte = 1');
    const code = '"é✨"; multib';
    const {content} = await client.request('shell', 'complete_request', {code, cursor_pos: code.length});
    expect(content).toMatchObject({status: 'ok', cursor_start: 6, cursor_end: 12});
    expect(content['matches']).toContain('multibyte');
  });

  it('complete_request_astral_cursor', async () => {
    await client.execute('const astral = 1');
    const code = '"😀😀"; astra + 1';
    const {content} = await client.request('shell', 'complete_request', {code, cursor_pos: 11});
    expect(content).toMatchObject({status: 'ok', cursor_start: 6, cursor_end: 11});
    expect(content['matches']).toContain('astral');
  });

  it('rejects_invalid_hmac_signature', async () => {
    const forged = client.frames('execute_request', {code: 'globalThis.forged = true'});
    forged[1] = Buffer.from('0'.repeat(64));
    client.sendRaw('shell', forged);
    expect((await client.execute('"forged" in globalThis')).outputs.text).toBe('false');
    // It comes by another pipe than the reply.
    await expect.poll(() => kernel.log).toContain('shell: dropped a message: wrong signature');
  });

  it('interrupt_reply', async () => {
    const {header, content} = await client.interrupt();
    expect([header.msg_type, content]).toEqual(['interrupt_reply', {status: 'ok'}]);
  });

  it('interrupt_running_code', async () => {
    const spinning = client.start('var kept = 7; console.log("spins"); while (true) {}');
    await client.waitFor(({content}) => content['text'] === 'spins\n');
    await client.interrupt();
    expect((await spinning.done).reply).toMatchObject({status: 'error', ename: 'KernelInterrupt'});
    expect((await client.execute('kept')).outputs.text).toBe('7');
  });

  it('relative_import', async () => {
    writeFileSync(join(kernel.directory, 'beside.mjs'), 'export const beside = "here";');
    expect((await client.execute('import {beside} from "./beside.mjs"; beside')).outputs.text).toBe("'here'");
  });

  it('http_server', async () => {
    const {outputs} = await client.execute(
      `import {createServer} from 'node:http';
       const web = createServer((_, answer) => answer.end('served'));
       await new Promise<void>(done => web.listen(0, '127.0.0.1', () => done()));
       (web.address() as {port: number}).port`,
    );
    const answer = await fetch(`http://127.0.0.1:${outputs.text ?? ''}/`);
    expect(await answer.text()).toBe('served');
    await client.execute('web.closeAllConnections(); web.close()');
  });

  it.each([
    ['shutdown_reply', false],
    ['shutdown_restart_reply', true],
  ])('%s', async (_, restart) => {
    await using ending = await startKernel();
    expect((await ending.client.shutdown(restart)).content).toEqual({status: 'ok', restart});
    expect(await ending.exited).toEqual({code: 0, signal: null});
  });
});

describe("what Jupyter's own tests leave out", () => {
  it('user expressions are answered behind the cell: with a bundle, or each with its own error', async () => {
    const {reply} = await client.execute('var held = {a: [1, 2]}', {
      userExpressions: {
        value: 'held.a[1] + 1',
        object: 'held',
        text: '"é"',
        awaited: 'await Promise.resolve(5)',
        shown: '({[Symbol.for("Jupyter.display")]: () => ({"text/html": "<b>1</b>", "text/plain": "one"})})',
        thrown: 'throw new TypeError("no")',
        unknown: 'notThere',
        wrong: '1 +',
        nothing: 'undefined',
      },
    });
    const plain = (text: string) => ({status: 'ok', data: {'text/plain': text}, metadata: {}});
    expect(reply['user_expressions']).toMatchObject({
      value: plain('3'),
      object: plain('{ a: [ 1, 2 ] }'),
      text: plain("'é'"),
      awaited: plain('5'),
      shown: {status: 'ok', data: {'text/html': '<b>1</b>', 'text/plain': 'one'}},
      thrown: {status: 'error', ename: 'TypeError', evalue: 'no', traceback: expect.any(Array) as string[]},
      unknown: {status: 'error', ename: 'ReferenceError', evalue: 'notThere is not defined'},
      wrong: {status: 'error', ename: 'SyntaxError'},
      nothing: plain('undefined'),
    });
    expect(reply['status']).toBe('ok');
  });

  it('user expressions of a silent request are answered too, and those of a failed one are not', async () => {
    const silent = await client.execute('var quiet = 3', {silent: true, userExpressions: {a: 'quiet'}});
    expect(silent.reply['user_expressions']).toMatchObject({a: {status: 'ok', data: {'text/plain': '3'}}});
    const failed = await client.execute('throw 1', {userExpressions: {a: '1'}});
    expect(failed.reply).toMatchObject({status: 'error', user_expressions: {}});
  });

  it('an interrupt ends a user expression that spins', async () => {
    const spinning = client.start('console.log("soon")', {
      userExpressions: {a: 'console.log("now") ?? (() => { for (;;); })()'},
    });
    await client.waitFor(({content}) => typeof content['text'] === 'string' && content['text'].includes('now'));
    await client.interrupt();
    const {reply} = await spinning.done;
    expect(reply['user_expressions']).toMatchObject({a: {status: 'error', ename: 'KernelInterrupt'}});
  });

  it('a silent request says nothing, is not counted nor kept, and its error is in its reply', async () => {
    const before = (await client.execute('0')).reply['execution_count'];
    const {reply, messages} = await client.execute(
      'console.log("x"); display.html("<b>x</b>"); throw new Error("quiet")',
      {
        silent: true,
      },
    );
    expect(reply).toMatchObject({status: 'error', evalue: 'quiet', execution_count: before});
    expect(messages.map(({content}) => content['execution_state'])).toEqual(['busy', 'idle']);
  });

  it('a cell with an error aborts those behind it, only with stop_on_error, and none that comes after its reply', async () => {
    const runs = (stopOnError: boolean) =>
      Promise.all(['throw new Error("x")', '1', '2'].map(code => client.start(code, {stopOnError}).done));
    expect((await runs(true)).map(({reply}) => reply['status'])).toEqual(['error', 'aborted', 'aborted']);
    expect((await client.execute('3')).reply['status']).toBe('ok');
    expect((await runs(false)).map(({reply}) => reply['status'])).toEqual(['error', 'ok', 'ok']);
  });

  it('the pager is a payload', async () => {
    const {reply} = await client.execute('%lsmagic?');
    expect(reply['payload']).toEqual([{source: 'page', data: {'text/plain': expect.any(String) as string}, start: 0}]);
  });

  it('output is cleared at once, or when the next one comes', async () => {
    const {messages} = await client.execute('display.clear(); display.clear({wait: true})');
    expect(messages.filter(({header}) => header.msg_type === 'clear_output').map(({content}) => content)).toEqual([
      {wait: false},
      {wait: true},
    ]);
  });

  it('history outlives a restart, and two kernels of a notebook do not mix theirs', async () => {
    await using first = await startKernel();
    const {directory} = first;
    const second = await startKernel({directory});
    await first.client.execute('"one"');
    await second.client.execute('"two"');
    expect(await second.shutdown(true)).toEqual({code: 0, signal: null});
    await using third = await startKernel({directory});
    await third.client.execute('"three"');
    const ask = async (content: object) =>
      (await third.client.request('shell', 'history_request', {...content, raw: true})).content['history'];
    expect(await ask({hist_access_type: 'tail', n: 3})).toEqual([[1, 1, '"one"'], [2, 1, '"two"'], [3, 1, '"three"']]); // prettier-ignore
    expect(await ask({hist_access_type: 'search', pattern: '*t?o*', output: true})).toEqual([
      [2, 1, ['"two"', "'two'"]],
    ]);
    await second[Symbol.asyncDispose]();
  });

  it('a comm of a target that nobody has registered is closed', async () => {
    const {msg_id: id} = client.send('shell', 'comm_open', {comm_id: 'w', target_name: 'jupyter.widget', data: {}});
    const closed = await client.waitFor(({header}) => header.msg_type === 'comm_close');
    expect([closed.content, closed.parent['msg_id']]).toEqual([{comm_id: 'w', data: {}}, id]);
  });

  it('kernel info is answered on control while a cell spins', async () => {
    const spinning = client.start('console.log("spinning"); for (;;) {}');
    await client.waitFor(({content}) => content['text'] === 'spinning\n');
    expect((await client.request('control', 'kernel_info_request')).content).toMatchObject({status: 'ok'});
    await client.interrupt();
    expect((await spinning.done).reply['status']).toBe('error');
  });

  it('a shutdown on shell ends the kernel though a cell spins', async () => {
    await using ending = await startKernel();
    const spinning = ending.client.start('console.log("spinning"); for (;;) {}');
    await ending.client.waitFor(({content}) => content['text'] === 'spinning\n');
    const waiting = ending.client.start('1').done;
    await ending.client.request('control', 'kernel_info_request');
    expect((await ending.client.request('shell', 'shutdown_request', {restart: true})).content).toMatchObject({
      restart: true,
    });
    expect((await waiting).reply['status']).toBe('aborted');
    expect((await spinning.done).reply['status']).toBe('error');
    expect(await ending.exited).toEqual({code: 0, signal: null});
  });

  it('display ids are new in each execution of a cell', async () => {
    const ids = async () =>
      (await client.execute('%%bash --as again\ntrue')).outputs.displays.map(({displayId}) => displayId);
    const [first, second] = [await ids(), await ids()];
    expect(first).toHaveLength(1);
    expect(second).toHaveLength(1);
    expect(first[0]).toEqual(expect.any(String));
    expect(second[0]).not.toBe(first[0]);
  });
});
