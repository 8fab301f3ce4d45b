import {describe, expect, it} from 'vitest';
import {SendQueue} from '../../kernel/wire/send-queue.js';

/** A socket that refuses a second send while one is in flight, as zeromq 6 does. */
class FakeSocket {
  closed = false;
  readonly sent: string[] = [];
  #busy = false;

  async send([frame]: Buffer[]): Promise<void> {
    if (this.#busy) throw new Error('EBUSY');
    this.#busy = true;
    await new Promise(resolve => setImmediate(resolve));
    this.#busy = false;
    if (frame!.toString() === 'bad') throw new Error('EHOSTUNREACH');
    this.sent.push(frame!.toString());
  }
}

describe('a send queue', () => {
  it('sends in order, one message at a time', async () => {
    const socket = new FakeSocket();
    const errors: unknown[] = [];
    const queue = new SendQueue(socket, error => errors.push(error));
    for (let i = 0; i < 100; i++) queue.push([Buffer.from(String(i))]);
    await queue.drained();
    queue.push([Buffer.from('last')]);
    await queue.drained();
    expect(errors).toEqual([]);
    expect(socket.sent).toEqual([...Array.from({length: 100}, (_, i) => String(i)), 'last']);
  });

  it('goes on after a message that cannot be sent, and says which it was', async () => {
    const socket = new FakeSocket();
    const errors: string[] = [];
    const queue = new SendQueue(socket, error => errors.push(`queue: ${String(error)}`));
    queue.push([Buffer.from('bad')]);
    queue.push([Buffer.from('bad')], error => errors.push(`message: ${String(error)}`));
    queue.push([Buffer.from('good')]);
    await queue.drained();
    expect(errors).toEqual(['queue: Error: EHOSTUNREACH', 'message: Error: EHOSTUNREACH']);
    expect(socket.sent).toEqual(['good']);
  });

  it('sends nothing on a socket that was closed', async () => {
    const socket = new FakeSocket();
    const queue = new SendQueue(socket, error => expect.fail(String(error)));
    queue.push([Buffer.from('1')]);
    queue.push([Buffer.from('2')]);
    socket.closed = true;
    queue.push([Buffer.from('3')]);
    await queue.drained();
    queue.push([Buffer.from('4')]);
    await queue.drained();
    expect(socket.sent).toEqual(['1']);
  });
});
