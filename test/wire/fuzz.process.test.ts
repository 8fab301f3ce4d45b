import {Dealer, XSubscriber} from 'zeromq';
import {expect, it} from 'vitest';
import {endpoint} from '../../kernel/wire/connection.js';
import {SendQueue} from '../../kernel/wire/send-queue.js';
import {Client} from '../rig/client.js';
import {startKernel} from '../rig/kernel.js';
import {Random} from '../rig/random.js';
import {Mutator} from './mutations.js';

const soak = process.env['WEFT_SOAK'] !== undefined;

/** All messages, and how many go between two good ones. */
const MESSAGES = soak ? 1_000_000 : 10_000;
const BATCH = 500;

it(
  `the kernel answers the next good message after ${MESSAGES} mutated ones`,
  {timeout: soak ? 7_200_000 : 60_000},
  async () => {
    await using kernel = await startKernel();
    const {connection} = kernel.client;
    const random = new Random(20_261_123);
    const mutator = new Mutator(random, connection);
    const sockets = [
      ...(['shell', 'control', 'stdin', 'hb'] as const).map(channel => {
        const socket = new Dealer({linger: 0, sendHighWaterMark: 0, receiveHighWaterMark: 0});
        socket.connect(endpoint(connection, channel));
        return {channel, socket};
      }),
      {channel: 'iopub' as const, socket: new XSubscriber({linger: 0, sendHighWaterMark: 0})},
    ];
    const iopub = sockets.at(-1)!.socket;
    iopub.connect(endpoint(connection, 'iopub'));
    for (const {socket} of sockets) {
      // Nobody looks at the answers, but they must not fill a queue.
      void (async () => {
        while (!socket.closed) await socket.receive().catch(() => undefined);
      })();
    }
    const queues = sockets.map(({socket}) => new SendQueue(socket, () => undefined));
    try {
      for (let sent = 0; sent < MESSAGES; sent += BATCH) {
        for (let i = 0; i < BATCH; i++) {
          const frames = mutator.next();
          const at = random.of([0, 0, 0, 0, 1, 1, 1, 2, 3, 4] as const);
          if (at === 3 && random.below(2) === 0) frames.unshift(Buffer.alloc(0));
          if (at === 4)
            frames.splice(1, frames.length, Buffer.concat([Buffer.from([random.below(3)]), ...frames]).subarray(0, 99));
          queues[at]?.push(frames);
        }
        await Promise.all(queues.map(queue => queue.drained()));
        // A client of its own for each round: it has seen nothing of what went before.
        await using client = await Client.connect(connection);
        const where = `after ${sent + BATCH} messages`;
        expect((await client.request('control', 'kernel_info_request')).content, where).toMatchObject({status: 'ok'});
        expect((await client.request('shell', 'kernel_info_request')).content, where).toMatchObject({status: 'ok'});
        expect(await client.heartbeat(where)).toBe(where);
        // An interrupt, or an error that aborts the queue, may be among the last mutated ones: the cell says so, and goes through then.
        let said: unknown[] = [];
        for (let tries = 0; tries < 5 && said[0] !== 'ok'; tries++) {
          const {reply, outputs} = await client.execute('1 + 1');
          said = [reply['status'], outputs.text];
        }
        expect(said, where).toEqual(['ok', '2']);
      }
    } finally {
      for (const {socket} of sockets) socket.close();
    }
    expect(kernel.log).toContain('dropped a message: wrong signature');
    expect(await kernel.shutdown()).toEqual({code: 0, signal: null});
  },
);
