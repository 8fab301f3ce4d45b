import {describe, expect, it} from 'vitest';
import type {JsonObject} from '../../kernel/fingerprint/json.js';
import {Comms, type Comm, type CommEvent} from '../../kernel/wire/comms.js';
import {Serving} from './serving.js';

const ofComms = ({client}: Serving) =>
  client.messages.filter(({header}) => header.msg_type.startsWith('comm_')).map(({header, content, parent, buffers}) => ({
    type: header.msg_type,
    content,
    parent: parent['msg_id'],
    buffers: buffers.map(String),
  })); // prettier-ignore

/** Sends a message of a comm, and waits until the kernel has handled it. */
async function say({client}: Serving, type: string, content: JsonObject): Promise<string> {
  const {msg_id: id} = client.send('shell', type, content);
  await client.waitFor(({parent, content: {execution_state: state}}) => parent['msg_id'] === id && state === 'idle');
  return id;
}

describe('a comm', () => {
  it('of a target that is not known is closed at once', async () => {
    await using serving = await Serving.start();
    const id = await say(serving, 'comm_open', {comm_id: 'c-1', target_name: 'widget', data: {}});
    expect(ofComms(serving)).toEqual([
      {type: 'comm_close', content: {comm_id: 'c-1', data: {}}, parent: id, buffers: []},
    ]);
    const info = await serving.client.request('shell', 'comm_info_request');
    expect(info.content).toEqual({status: 'ok', comms: {}});
  });

  it('of a registered target talks both ways, between busy and idle, until it is closed', async () => {
    const comms = new Comms();
    const heard: JsonObject[] = [];
    comms.register('echo', (comm, opening) => {
      comm.send({hello: opening.data['name'] ?? null});
      return {
        message: ({data}) => comm.send({echo: data}, {buffers: [Buffer.from('binary')]}),
        closed: ({data}) => void heard.push(data),
      };
    });
    await using serving = await Serving.start({}, {comms});
    const {client} = serving;
    const opened = await say(serving, 'comm_open', {comm_id: 'c', target_name: 'echo', data: {name: 'Ada'}});
    const said = await say(serving, 'comm_msg', {comm_id: 'c', data: {n: 1}});
    const info = async (content: JsonObject) => (await client.request('control', 'comm_info_request', content)).content;
    expect(await info({})).toEqual({status: 'ok', comms: {c: {target_name: 'echo'}}});
    expect(await info({target_name: 'echo'})).toMatchObject({comms: {c: {}}});
    expect(await info({target_name: 'other'})).toEqual({status: 'ok', comms: {}});
    await say(serving, 'comm_close', {comm_id: 'c', data: {bye: true}});
    await say(serving, 'comm_msg', {comm_id: 'c', data: {n: 2}});
    expect(await info({})).toEqual({status: 'ok', comms: {}});
    expect(heard).toEqual([{bye: true}]);
    expect(ofComms(serving)).toEqual([
      {type: 'comm_msg', content: {comm_id: 'c', data: {hello: 'Ada'}}, parent: opened, buffers: []},
      {type: 'comm_msg', content: {comm_id: 'c', data: {echo: {n: 1}}}, parent: said, buffers: ['binary']},
    ]);
  });

  it('can be opened and closed by the kernel, in the cell that runs', async () => {
    const comms = new Comms();
    await using serving = await Serving.start({}, {comms});
    let comm: Comm | undefined;
    const heard: CommEvent[] = [];
    serving.notebook.cells['open'] = () =>
      void (comm = comms.open('plot', {width: 3}, {message: event => void heard.push(event)}));
    const {id} = await serving.client.execute('open');
    await say(serving, 'comm_msg', {comm_id: comm!.id, data: {zoom: 2}});
    expect(heard).toEqual([{data: {zoom: 2}, metadata: {}, buffers: []}]);
    comm!.close({done: true});
    comm!.close();
    comm!.send({late: true});
    await serving.client.waitFor(({header}) => header.msg_type === 'comm_close');
    expect(ofComms(serving)).toEqual([
      {type: 'comm_open', content: {comm_id: comm!.id, target_name: 'plot', data: {width: 3}}, parent: id, buffers: []},
      {type: 'comm_close', content: {comm_id: comm!.id, data: {done: true}}, parent: undefined, buffers: []},
    ]);
  });

  it('is closed where its target throws, and a handler that throws harms nobody', async () => {
    const comms = new Comms();
    comms.register('broken', () => {
      throw new Error('no such plot');
    });
    comms.register('half', () => ({message: async () => Promise.reject(new Error('oops'))}));
    await using serving = await Serving.start({}, {comms});
    await say(serving, 'comm_open', {comm_id: 'b', target_name: 'broken'});
    await say(serving, 'comm_open', {comm_id: 'h', target_name: 'half', data: [1]});
    await say(serving, 'comm_msg', {comm_id: 'h', data: {}});
    for (const type of ['comm_open', 'comm_msg', 'comm_close']) await say(serving, type, {comm_id: 7});
    expect(ofComms(serving).map(({type, content}) => [type, content['comm_id']])).toEqual([['comm_close', 'b']]);
    expect(serving.log.join('\n')).toMatch(/no such plot[^]*oops/);
    expect((await serving.client.execute('x')).reply).toMatchObject({status: 'ok'});
  });

  it('holds up no other request while it is being handled, and is idle when it was', async () => {
    const comms = new Comms();
    let release = (): void => undefined;
    const heard: unknown[] = [];
    comms.register('slow', () => ({
      message: async ({data}) => {
        if (heard.push(data['n']) === 1) await new Promise<void>(resolve => (release = resolve));
      },
    }));
    await using serving = await Serving.start({}, {comms});
    const {client} = serving;
    await say(serving, 'comm_open', {comm_id: 's', target_name: 'slow', data: {}});
    const ids = [1, 2].map(n => client.send('shell', 'comm_msg', {comm_id: 's', data: {n}}).msg_id);
    expect((await client.request('shell', 'complete_request', {code: 'x', cursor_pos: 1})).content['status']).toBe(
      'ok',
    );
    expect((await client.execute('x')).reply).toMatchObject({status: 'ok'});
    expect(heard).toEqual([1]);
    const idles = (): readonly string[] =>
      ids.filter(id =>
        client.messages.some(({parent, content}) => parent['msg_id'] === id && content['execution_state'] === 'idle'),
      );
    expect(idles()).toEqual([]);
    release();
    await client.waitFor(({parent, content}) => parent['msg_id'] === ids[1] && content['execution_state'] === 'idle');
    expect(idles()).toEqual(ids);
    expect(heard).toEqual([1, 2]);
  });

  it('of a target that was taken back is not opened any more', async () => {
    const comms = new Comms();
    const takeBack = comms.register('a', () => ({}));
    comms.register('a', () => ({}));
    takeBack();
    await using serving = await Serving.start({}, {comms});
    await say(serving, 'comm_open', {comm_id: '1', target_name: 'a', data: {}});
    expect(ofComms(serving)).toEqual([]);
    comms.register('a', () => ({}))();
    await say(serving, 'comm_open', {comm_id: '2', target_name: 'a', data: {}});
    expect(ofComms(serving).map(({content}) => content['comm_id'])).toEqual(['2']);
  });
});
