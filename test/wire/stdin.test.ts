import {describe, expect, it} from 'vitest';
import {Client} from '../rig/client.js';
import type {FakeCell} from './fake-notebook.js';
import {Serving} from './serving.js';

const asks: FakeCell = async output => {
  output.result({'text/plain': JSON.stringify((await output.input('name? ', false)) ?? 'nothing')});
};

describe('a question of a cell', () => {
  it('is answered by the client that runs it, and by no other', async () => {
    await using serving = await Serving.start();
    await using other = await Client.connect(serving.connection);
    serving.notebook.cells['ask'] = asks;
    const asked: unknown[] = [];
    serving.client.onInput = (prompt, password) => {
      asked.push(prompt, password);
      other.send('stdin', 'input_reply', {value: 'the wrong one'});
      return 'Ada ✨';
    };
    other.onInput = () => expect.fail('the question went to the wrong client');
    const {outputs} = await serving.client.execute('ask');
    expect(outputs.text).toBe('"Ada ✨"');
    expect(asked).toEqual(['name? ', false]);
  });

  it('does not block the heartbeat, nor completion', async () => {
    await using serving = await Serving.start();
    const {client, notebook} = serving;
    notebook.cells['ask'] = asks;
    client.onInput = async () => {
      const echo = await client.heartbeat('while asking');
      const completed = await client.request('shell', 'complete_request', {code: 'a', cursor_pos: 1});
      return `${echo}, ${completed.header.msg_type}`;
    };
    expect((await client.execute('ask')).outputs.text).toBe('"while asking, complete_reply"');
  });

  it('has no answer where the client allows none', async () => {
    await using serving = await Serving.start();
    serving.notebook.cells['ask'] = asks;
    expect((await serving.client.execute('ask')).outputs.text).toBe('"nothing"');
  });

  it('comes behind what was printed before it, and two of them one after the other', async () => {
    await using serving = await Serving.start();
    const {client, notebook} = serving;
    notebook.cells['ask'] = async output => {
      output.stream('stdout', 'first this\n');
      const values = await Promise.all([output.input('a', false), output.input('b', true)]);
      output.result({'text/plain': values.join()});
    };
    client.onInput = async (prompt, password) => {
      await client.waitFor(({content}) => content['text'] === 'first this\n');
      return `${prompt}${password}`;
    };
    expect((await client.execute('ask')).outputs.text).toBe('afalse,btrue');
  });

  it('ends with its cell, and a late answer harms no later question', async () => {
    await using serving = await Serving.start();
    const {client, notebook} = serving;
    let answer: (text: string) => void = () => undefined;
    const asked = new Promise<void>(resolve => {
      client.onInput = async () => {
        resolve();
        return new Promise<string>(done => (answer = done));
      };
    });
    let left: Promise<string | undefined> | undefined;
    notebook.cells['leave'] = async output => {
      left = output.input('?', false);
      await asked;
    };
    await client.execute('leave');
    expect(await left).toBeUndefined();
    answer('late');
    client.onInput = () => 'in time';
    notebook.cells['ask'] = asks;
    await client.request('shell', 'kernel_info_request');
    expect((await client.execute('ask')).outputs.text).toBe('"in time"');
  });
});
