import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import type {JsonObject} from '../../kernel/fingerprint/json.js';
import type {Message} from '../../kernel/wire/message.js';
import {found, need} from '../rig/component.js';
import {pythonWith} from '../rig/jupyter.js';
import {openTestNotebook, type TestNotebook} from './notebook.js';

const ipykernel = pythonWith('ipykernel', 'comm');

async function open(): Promise<TestNotebook> {
  const notebook = await openTestNotebook();
  await notebook.run(`%config python ${found(ipykernel)}`);
  return notebook;
}

const isComm = ({header}: Message): boolean => header.msg_type.startsWith('comm_');

/** What was said over comms for a request: type, content and buffers. */
const commsOf = ({kernel}: TestNotebook, id: string): readonly unknown[][] =>
  kernel.client.messages
    .filter(message => isComm(message) && message.parent['msg_id'] === id)
    .map(({header, content, buffers}) => [header.msg_type, content['data'], buffers.map(String).join()]);

/** Sends a message of a comm, and waits until it was dealt with. Gives its id. */
async function say(
  {kernel: {client}}: TestNotebook,
  type: string,
  content: JsonObject,
  buffers: readonly Buffer[] = [],
): Promise<string> {
  const {msg_id: id} = client.send('shell', type, content, {}, {m: 1}, buffers);
  await client.waitFor(({parent, content: {execution_state: state}}) => parent['msg_id'] === id && state === 'idle');
  return id;
}

const info = async ({kernel}: TestNotebook, content: JsonObject = {}): Promise<unknown> =>
  (await kernel.client.request('shell', 'comm_info_request', content)).content['comms'];

test('a comm that %%py opens reaches the client, and what the client says reaches IPython, as output of the request behind it', async context => {
  need(context, ipykernel);
  await using notebook = await open();
  const {client} = notebook.kernel;
  const opening = await client.execute(
    `%%py
import comm, threading
from IPython.display import display
heard = []
c = comm.create_comm(target_name='slider', data={'value': 1}, metadata={'version': '2'}, buffers=[b'\\x01ab'])
def on(message):
    heard.append([message['content']['data'], [bytes(b).decode() for b in message['buffers']], message['metadata']['m']])
    print('heard')
    display(len(heard))
    c.send({'echo': message['content']['data']}, buffers=[b'back'])
    if message['content']['data'] == 'fail':
        1 / 0
c.on_msg(on)
c.on_close(lambda message: heard.append('closed'))
c.send({'more': True})
c.comm_id`,
  );
  const id = String(opening.outputs.text).slice(1, -1);
  expect(commsOf(notebook, opening.id)).toEqual([
    ['comm_open', {value: 1}, '\u0001ab'],
    ['comm_msg', {more: true}, ''],
  ]);
  const [first] = opening.messages.filter(isComm);
  expect(first).toMatchObject({content: {comm_id: id, target_name: 'slider'}, metadata: {version: '2'}});
  expect(await info(notebook)).toEqual({[id]: {target_name: 'slider'}});
  expect(await info(notebook, {target_name: 'other'})).toEqual({});

  const said = await say(notebook, 'comm_msg', {comm_id: id, data: 'é'}, [Buffer.from('bytes')]);
  expect(commsOf(notebook, said)).toEqual([['comm_msg', {echo: 'é'}, 'back']]);
  const answers = client.messages.filter(({parent}) => parent['msg_id'] === said).map(({header}) => header.msg_type);
  expect(answers).toEqual(['status', 'stream', 'display_data', 'comm_msg', 'status']);
  const failed = await say(notebook, 'comm_msg', {comm_id: id, data: 'fail'});
  expect(commsOf(notebook, failed)).toEqual([['comm_msg', {echo: 'fail'}, 'back']]);
  expect(await notebook.value('%%py\nheard')).toBe("[['é', ['bytes'], 1], ['fail', [], 1]]");

  // A thread that a cell has started speaks for that cell, also when another runs.
  const thread = client.start(
    "%%py\nimport time\ngo = threading.Event()\nt = threading.Thread(target=lambda: (go.wait(), c.send('late')))\nt.start()",
  );
  await thread.done;
  const {id: later} = await client.execute('%%py\ngo.set(); t.join()');
  await client.waitFor(message => isComm(message) && message.content['data'] === 'late');
  expect([...commsOf(notebook, thread.id), ...commsOf(notebook, later)]).toEqual([['comm_msg', 'late', '']]);

  await say(notebook, 'comm_close', {comm_id: id, data: {}});
  expect(await info(notebook)).toEqual({});
  expect(await notebook.value('%%py\nheard[-1]')).toBe("'closed'");
});

test('a client opens comms of targets in IPython, where no extension has that target, and hears of their end', async context => {
  need(context, ipykernel);
  await using notebook = await open();
  const opened = (id: string, target: string): Promise<string> =>
    say(notebook, 'comm_open', {comm_id: id, target_name: target, data: {a: 1}});
  // There is no IPython yet.
  expect(commsOf(notebook, await opened('c0', 'probe'))).toEqual([['comm_close', {}, '']]);
  await notebook.value(
    "%%py\ncomms = {}\ndef target(c, message):\n    comms[c.comm_id] = message['content']['data']\n    c.send({'hello': 1})\nfor name in ('probe', 'ours'):\n    get_ipython().kernel.comm_manager.register_target(name, target)",
  );
  expect(commsOf(notebook, await opened('c1', 'probe'))).toEqual([['comm_msg', {hello: 1}, '']]);
  expect(await info(notebook)).toEqual({c1: {target_name: 'probe'}});
  expect(commsOf(notebook, await opened('c2', 'nobody'))).toEqual([['comm_close', {}, '']]);
  expect(await info(notebook)).toEqual({c1: {target_name: 'probe'}});
  writeFileSync(
    join(notebook.kernel.directory, 'ours.js'),
    "export default weft => { weft.commTarget('ours', comm => { comm.send({from: 'extension'}); return {}; }); };",
  );
  const loaded = await notebook.run('%load_ext ./ours.js');
  expect(loaded.error).toBe('');
  expect(commsOf(notebook, await opened('c3', 'ours'))).toEqual([['comm_msg', {from: 'extension'}, '']]);
  expect(await notebook.value('%%py\ncomms')).toBe("{'c1': {'a': 1}}");
  // With IPython its ends have gone.
  await notebook.value('%%py\nexit');
  await notebook.kernel.client.waitFor(
    ({header, content}) => header.msg_type === 'comm_close' && content['comm_id'] === 'c1',
  );
  expect(await info(notebook)).toEqual({c3: {target_name: 'ours'}});
});

test('a handler of a comm can be interrupted, and holds up no other request for long', async context => {
  need(context, ipykernel);
  await using notebook = await open();
  const {client} = notebook.kernel;
  await notebook.value(
    "%%py\nimport comm\nc = comm.create_comm(comm_id='spin', target_name='t')\nx = 0\ndef on(message):\n    global x\n    print('go', flush=True)\n    while True:\n        x += 1\nc.on_msg(on)",
  );
  const {msg_id: id} = client.send('shell', 'comm_msg', {comm_id: 'spin', data: {}});
  await client.waitFor(({header, parent}) => header.msg_type === 'stream' && parent['msg_id'] === id);
  expect((await client.request('shell', 'comm_info_request')).content['comms']).toHaveProperty('spin');
  await client.interrupt();
  expect(await notebook.value('%%py\nx > 0')).toBe('True');
});
