import {createHmac} from 'node:crypto';
import {describe, expect, it} from 'vitest';
import {XSubscriber} from 'zeromq';
import {endpoint} from '../../kernel/wire/connection.js';
import type {CellOutput} from '../../kernel/wire/notebook.js';
import {PROTOCOL_VERSION} from '../../kernel/wire/message.js';
import {Server} from '../../kernel/wire/server.js';
import {Client, freeConnection} from '../rig/client.js';
import {FakeNotebook} from './fake-notebook.js';
import {Serving} from './serving.js';

describe('a server', () => {
  it('says what it is, on shell and on control', async () => {
    await using serving = await Serving.start();
    const {content, header, parent} = await serving.client.request('shell', 'kernel_info_request');
    expect(content).toEqual({
      status: 'ok',
      protocol_version: '5.5',
      implementation: 'weft',
      implementation_version: '1.2.3',
      language_info: {
        name: 'typescript',
        version: '6.0',
        mimetype: 'text/typescript',
        file_extension: '.ts',
        codemirror_mode: {mode: 'typescript', name: 'javascript', typescript: true},
        nbconvert_exporter: 'script',
      },
      banner: 'a banner',
      debugger: false,
      help_links: [],
      supported_features: [],
    });
    expect(header).toMatchObject({msg_type: 'kernel_info_reply', version: PROTOCOL_VERSION});
    expect(header['session']).not.toBe(parent['session']);
    expect((await serving.client.request('control', 'kernel_info_request')).content).toEqual(content);
  });

  it('echoes heartbeats', async () => {
    await using serving = await Serving.start();
    for (let i = 0; i < 20; i++) expect(await serving.client.heartbeat(`beat ${i}`)).toBe(`beat ${i}`);
  });

  it('welcomes every subscriber, before anything else', async () => {
    await using serving = await Serving.start();
    await using second = await Client.connect(serving.connection);
    expect(second.messages[0]).toMatchObject({
      header: {msg_type: 'iopub_welcome'},
      parent: {},
      content: {subscription: ''},
    });
    await serving.client.execute('x');
    await second.waitFor(({header}) => header.msg_type === 'execute_input');
  });

  it('welcomes a subscriber whose frame libzmq has put behind an odd one of another client', async () => {
    await using serving = await Serving.start();
    const odd = new XSubscriber({linger: 0});
    try {
      odd.connect(endpoint(serving.connection, 'iopub'));
      const topics = Array.from({length: 50}, (_, i) => `topic ${i}`);
      for (const topic of topics) {
        // The first frame is no subscription, the second ends one that there is not: libzmq gives the first alone, as one of more.
        await odd.send(['x', Buffer.from('\0nothing')]);
        await odd.send(Buffer.from(`\x01${topic}`));
      }
      for (const topic of topics)
        await serving.client.waitFor(({content}) => content['subscription'] === topic, {timeout: 5000});
    } finally {
      odd.close();
    }
  });

  it('answers kernel info, on shell and control, while a cell runs, and stays busy', async () => {
    await using serving = await Serving.start();
    const {client, notebook} = serving;
    let open: () => void = () => undefined;
    notebook.cells['long'] = async () => new Promise<void>(resolve => (open = resolve));
    const {done, messages} = client.start('long');
    await client.waitFor(({header}) => header.msg_type === 'execute_input');
    expect((await client.request('control', 'kernel_info_request')).content).toMatchObject({status: 'ok'});
    const {parent} = await client.request('shell', 'kernel_info_request');
    const states = () => client.messages.filter(({header}) => header.msg_type === 'status');
    await client.waitFor(
      message => message.content['execution_state'] === 'busy' && message === messages.at(-1) && messages.length === 3,
    );
    expect(states().slice(-3).map(({content, parent: of}) => [content['execution_state'], of['msg_id'] === parent['msg_id']])).toEqual(
      [['busy', true], ['idle', true], ['busy', false]],
    ); // prettier-ignore
    open();
    expect((await done).reply['status']).toBe('ok');
    expect(states().at(-1)!.content['execution_state']).toBe('idle');
  });

  it('counts the cursor in code points, for multibyte and for astral characters', async () => {
    await using serving = await Serving.start();
    const {client, notebook} = serving;
    notebook.completions = {matches: ['path'], start: 4, end: 6, metadata: {a: 1}};
    const complete = async (code: string, cursor_pos: number) =>
      (await client.request('shell', 'complete_request', {code, cursor_pos})).content;
    expect(await complete('"é".pa + 1', 6)).toEqual({
      status: 'ok',
      matches: ['path'],
      cursor_start: 4,
      cursor_end: 6,
      metadata: {a: 1},
    });
    expect(await complete('"😀"pa + 1', 5)).toMatchObject({cursor_start: 3, cursor_end: 5});
    notebook.inspection = {'text/plain': 'help'};
    const inspected = await client.request('shell', 'inspect_request', {code: '😀 a', cursor_pos: 2, detail_level: 1});
    expect(inspected.content).toEqual({status: 'ok', found: true, data: {'text/plain': 'help'}, metadata: {}});
    notebook.inspection = undefined;
    const nothing = await client.request('shell', 'inspect_request', {code: '', cursor_pos: 0, detail_level: 0});
    expect(nothing.content).toEqual({status: 'ok', found: false, data: {}, metadata: {}});
    expect(notebook.calls).toEqual([
      ['complete', '"é".pa + 1', 6],
      ['complete', '"😀"pa + 1', 6],
      ['inspect', '😀 a', 3, 1],
      ['inspect', '', 0, 0],
    ]);
  });

  it('says whether code is complete', async () => {
    await using serving = await Serving.start();
    const ask = async (code: string) => (await serving.client.request('shell', 'is_complete_request', {code})).content;
    expect(await ask('1')).toEqual({status: 'complete'});
    expect(await ask('{')).toEqual({status: 'incomplete', indent: '  '});
    expect(await ask('}')).toEqual({status: 'invalid'});
  });

  it('has no comms, and closes one that a client opens', async () => {
    await using serving = await Serving.start();
    const {client} = serving;
    const info = await client.request('shell', 'comm_info_request');
    expect([info.header.msg_type, info.content]).toEqual(['comm_info_reply', {status: 'ok', comms: {}}]);
    const {msg_id: id} = client.send('shell', 'comm_open', {comm_id: 'c-1', target_name: 'widget', data: {}});
    const closed = await client.waitFor(({header}) => header.msg_type === 'comm_close');
    expect(closed.content).toEqual({comm_id: 'c-1', data: {}});
    expect(closed.parent['msg_id']).toBe(id);
  });

  it('drops a message with an invalid signature, and goes on', async () => {
    await using serving = await Serving.start();
    const {client, log} = serving;
    const forged = client.frames('execute_request', {code: 'rm'});
    forged[1] = Buffer.from('0'.repeat(64));
    for (const channel of ['shell', 'control', 'stdin'] as const) client.sendRaw(channel, forged);
    const honest = client.frames('execute_request', {code: 'once'});
    client.sendRaw('shell', honest);
    client.sendRaw('shell', honest);
    client.sendRaw('shell', [Buffer.from('no message at all')]);
    expect((await client.execute('x')).reply).toMatchObject({status: 'ok'});
    expect(serving.notebook.requests.map(({code}) => code)).toEqual(['once', 'x']);
    await expect.poll(() => log.length).toBe(5);
    expect([...log].sort()).toEqual([
      'control: dropped a message: wrong signature',
      'shell: dropped a message: a signature that was used before',
      'shell: dropped a message: no delimiter',
      'shell: dropped a message: wrong signature',
      'stdin: dropped a message: wrong signature',
    ]);
  });

  it('goes on after a message that it does not know, and after a bug in an answer', async () => {
    await using serving = await Serving.start();
    const {client, notebook, log} = serving;
    for (const type of ['toString', 'no_such_request', 'comm_msg']) client.send('shell', type, {});
    notebook.complete = () => {
      throw new RangeError('oops');
    };
    const reply = await client.request('shell', 'complete_request', {code: 1, cursor_pos: 'x'});
    expect(reply.content).toMatchObject({status: 'error', ename: 'InternalError', evalue: 'oops'});
    expect(log[0]).toBe('shell: toString is not known');
    expect((await client.execute('x')).reply).toMatchObject({status: 'ok'});
  });

  it('goes on after a signed message that is nested too deeply to be answered', async () => {
    await using serving = await Serving.start();
    const {client, connection, log} = serving;
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    for (const type of ['kernel_info_request', 'execute_request', 'comm_open', 'shutdown']) {
      const header = `{"msg_id": "deep", "msg_type": "${type}", "deep": ${deep}}`;
      for (const channel of ['shell', 'control'] as const) {
        const body = [header, '{}', '{}', `{"comm_id": "${channel}"}`];
        const signature = createHmac('sha256', connection.key).update(body.join('')).digest('hex');
        client.sendRaw(
          channel,
          ['<IDS|MSG>', signature, ...body].map(each => Buffer.from(each)),
        );
      }
    }
    expect((await client.request('control', 'kernel_info_request')).content).toMatchObject({status: 'ok'});
    expect((await client.execute('x')).reply).toMatchObject({status: 'ok'});
    expect(log.join('\n')).toContain('Maximum call stack size exceeded');
  });

  it('works without a key', async () => {
    await using serving = await Serving.start({key: ''});
    expect((await serving.client.execute('x')).reply).toMatchObject({status: 'ok'});
  });

  it('interrupts, and answers at once', async () => {
    await using serving = await Serving.start();
    const {client, notebook} = serving;
    notebook.cells['forever'] = async () => new Promise<void>(resolve => (notebook.onInterrupt = resolve));
    const {done} = client.start('forever');
    await client.waitFor(({header}) => header.msg_type === 'execute_input');
    const reply = await client.interrupt();
    expect([reply.header.msg_type, reply.content]).toEqual(['interrupt_reply', {status: 'ok'}]);
    expect((await done).reply['status']).toBe('ok');
  });

  it.each([
    ['control', true],
    ['shell', false],
  ] as const)('shuts down on %s: reply, idle, the notebook, the sockets', async (channel, restart) => {
    const {client, notebook, server} = await Serving.start();
    notebook.cells['forever'] = async () => new Promise<void>(() => undefined);
    client.start('forever');
    await client.waitFor(({header}) => header.msg_type === 'execute_input');
    const {content, parent} = await client.request(channel, 'shutdown_request', {restart});
    expect(content).toEqual({status: 'ok', restart});
    await client.waitFor(
      message => message.parent['msg_id'] === parent['msg_id'] && message.content['execution_state'] === 'idle',
    );
    expect(await server.closed).toEqual({restart});
    expect(notebook.calls).toEqual([['shutdown', restart]]);
    client.close();
  });

  it('sends what cells have printed before it closes', async () => {
    const {client, notebook, server} = await Serving.start();
    let late: CellOutput | undefined;
    notebook.cells['x'] = output => void (late = output);
    const {outputs} = await client.execute('x');
    notebook.onShutdown = async () => {
      late?.stream('stdout', 'goodbye');
      return Promise.resolve();
    };
    await client.shutdown();
    await server.closed;
    await client.waitFor(({content}) => content['text'] === 'goodbye');
    expect(outputs.streams.stdout).toBe('goodbye');
    client.close();
  });

  it('aborts what waits when it ends, and what still comes', async () => {
    const {client, notebook, server} = await Serving.start();
    let ended: () => void = () => undefined;
    notebook.onShutdown = async () => new Promise<void>(resolve => (ended = resolve));
    notebook.cells['forever'] = async () => new Promise<void>(() => undefined);
    client.start('forever');
    await client.waitFor(({header}) => header.msg_type === 'execute_input');
    const waiting = client.start('a').done;
    await client.request('shell', 'kernel_info_request');
    await client.shutdown();
    expect((await waiting).reply).toEqual({status: 'aborted'});
    expect((await client.execute('b')).reply).toEqual({status: 'aborted'});
    expect(notebook.requests.map(({code}) => code)).toEqual(['forever']);
    ended();
    await server.closed;
    client.close();
  });

  it('closes though the notebook does not end', async () => {
    await using serving = await Serving.start({}, {graceMs: 20});
    serving.notebook.onShutdown = async () => new Promise<void>(() => undefined);
    await serving.client.shutdown();
    expect(await serving.server.closed).toEqual({restart: false});
  });

  it('cannot be had on an address that is taken, and leaves no socket open', async () => {
    await using serving = await Serving.start();
    const options = {version: '', banner: '', log: () => undefined};
    await expect(Server.start(serving.connection, new FakeNotebook(), options)).rejects.toThrow(/in use/);
    const free = await freeConnection();
    const taken = {...free, ip: serving.connection.ip, ports: {...free.ports, hb: serving.connection.ports.hb}};
    await expect(Server.start(taken, new FakeNotebook(), options)).rejects.toThrow(/in use/);
    // ZeroMQ lets go of an address in a thread of its own, a moment after the socket is closed.
    const starts = async (): Promise<boolean> => {
      const server = await Server.start({...taken, ports: free.ports}, new FakeNotebook(), options).catch(
        () => undefined,
      );
      await server?.close();
      return server !== undefined;
    };
    await expect.poll(starts, {timeout: 5000}).toBe(true);
  });
});
