import {randomBytes, randomUUID} from 'node:crypto';
import {createServer} from 'node:net';
import {Dealer, Request, Subscriber} from 'zeromq';
import type {JsonObject} from '../../kernel/fingerprint/json.js';
import {Codec} from '../../kernel/wire/codec.js';
import {CHANNELS, endpoint, type Channel, type Connection} from '../../kernel/wire/connection.js';
import {newHeader, type Header, type Message} from '../../kernel/wire/message.js';
import {SendQueue} from '../../kernel/wire/send-queue.js';
import {dataOf, Outputs, type Display} from './outputs.js';

/** What came of one `execute_request`. */
export interface Execution {
  readonly id: string;
  /** Content of the `execute_reply`. */
  readonly reply: JsonObject;
  /** Grows while late output comes in. */
  readonly outputs: Outputs;
  /** All messages on iopub whose parent is the request, in order. */
  readonly messages: Message[];
}

/** Options of an execution, as in an `execute_request`. `cellId` goes into the metadata, as JupyterLab sends it. */
export interface ExecuteOptions {
  readonly silent?: boolean;
  readonly storeHistory?: boolean;
  readonly stopOnError?: boolean;
  readonly userExpressions?: Readonly<Record<string, string>>;
  readonly cellId?: string;
  /** Milliseconds until the rig gives up. 30 000 unless given. */
  readonly timeout?: number;
}

interface Pending {
  readonly outputs: Outputs;
  readonly messages: Message[];
  readonly ended: (message: Message) => void;
}

interface Waiter {
  readonly predicate: (message: Message) => boolean;
  readonly resolve: (message: Message) => void;
}

/** A connection on loopback with free ports and a fresh key. */
export async function freeConnection(): Promise<Connection> {
  // All of 127.0.0.0/8 is this machine on Linux: with an address of its own, no other test can take the ports in between.
  const random = (): number => 1 + Math.floor(Math.random() * 254);
  const ip = process.platform === 'linux' ? `127.${random()}.${random()}.${random()}` : '127.0.0.1';
  const servers = await Promise.all(
    CHANNELS.map(
      async () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer();
          server.once('error', reject).listen(0, ip, () => resolve(server));
        }),
    ),
  );
  const ports = servers.map(server => (server.address() as {port: number}).port);
  await Promise.all(servers.map(async server => new Promise(resolve => server.close(resolve))));
  const [shell, control, stdin, iopub, hb] = ports as [number, number, number, number, number];
  return {
    transport: 'tcp',
    ip,
    ports: {shell, control, stdin, iopub, hb},
    key: randomBytes(16).toString('hex'),
    hash: 'sha256',
  };
}

/** The text of a connection file. */
export function connectionFile({transport, ip, ports, key, hash}: Connection): string {
  const named = Object.fromEntries(CHANNELS.map(channel => [`${channel}_port`, ports[channel]]));
  return JSON.stringify({transport, ip, ...named, key, signature_scheme: `hmac-${hash}`});
}

/** A Jupyter client over real sockets. One of them sees everything that is published. */
export class Client implements AsyncDisposable {
  /** Every message on iopub so far, in order. */
  readonly messages: Message[] = [];
  /** Answers what a cell asks; without it, the client allows no questions. */
  onInput: ((prompt: string, password: boolean) => string | Promise<string>) | undefined;
  readonly #connection: Connection;
  readonly #session = randomUUID();
  readonly #codec: Codec;
  readonly #iopub = new Subscriber({linger: 0, receiveHighWaterMark: 0});
  readonly #hb = new Request({linger: 0});
  readonly #dealers: Readonly<Record<'shell' | 'control' | 'stdin', Dealer>>;
  readonly #queues: Readonly<Record<'shell' | 'control' | 'stdin', SendQueue>>;
  readonly #replies = new Map<string, (message: Message) => void>();
  readonly #executions = new Map<string, Pending>();
  readonly #displays = new Map<string, Display[]>();
  readonly #waiters = new Set<Waiter>();
  #beat: Promise<unknown> = Promise.resolve();

  private constructor(connection: Connection) {
    this.#connection = connection;
    this.#codec = new Codec(connection.key, connection.hash);
    // One identity on all sockets: the kernel asks on stdin whom it heard on shell.
    const dealer = (): Dealer => new Dealer({routingId: this.#session, linger: 0, sendHighWaterMark: 0});
    this.#dealers = {shell: dealer(), control: dealer(), stdin: dealer()};
    const queue = (channel: 'shell' | 'control' | 'stdin'): SendQueue =>
      new SendQueue(this.#dealers[channel], error => console.error(channel, error));
    this.#queues = {shell: queue('shell'), control: queue('control'), stdin: queue('stdin')};
  }

  /** Connects, and waits until the kernel has welcomed the subscription: nothing that is published from then on is missed. */
  static async connect(connection: Connection, timeout = 30_000): Promise<Client> {
    const client = new Client(connection);
    const at = (channel: Channel): string => endpoint(connection, channel);
    for (const channel of ['shell', 'control', 'stdin'] as const) client.#dealers[channel].connect(at(channel));
    client.#hb.connect(at('hb'));
    client.#iopub.connect(at('iopub'));
    const welcome = client.waitFor(message => message.header.msg_type === 'iopub_welcome', {timeout});
    client.#iopub.subscribe();
    void client.#read(client.#iopub, message => client.#published(message));
    for (const channel of ['shell', 'control'] as const) {
      void client.#read(client.#dealers[channel], message => {
        const id = message.parent['msg_id'] as string;
        client.#replies.get(id)?.(message);
        client.#replies.delete(id);
      });
    }
    void client.#read(client.#dealers.stdin, async message => {
      const {prompt, password} = message.content as {prompt: string; password: boolean};
      const value = await client.onInput?.(prompt, password);
      client.send('stdin', 'input_reply', {value: value ?? ''}, message.header);
    });
    try {
      await welcome;
    } catch (error) {
      client.close();
      throw error;
    }
    return client;
  }

  /** Sends a message and does not wait. Gives its header. */
  send(
    channel: 'shell' | 'control' | 'stdin',
    type: string,
    content: JsonObject,
    parent: JsonObject = {},
    metadata: JsonObject = {},
    buffers: readonly Buffer[] = [],
  ): Header {
    const header = newHeader(this.#session, type);
    this.#queues[channel].push(this.#codec.encode({identities: [], header, parent, metadata, content, buffers}));
    return header;
  }

  /** Sends frames as they are, for what no honest client would send. */
  sendRaw(channel: 'shell' | 'control' | 'stdin', frames: Buffer[]): void {
    this.#queues[channel].push(frames);
  }

  /** The frames of a request, signed with the right key. */
  frames(type: string, content: JsonObject): Buffer[] {
    const header = newHeader(this.#session, type);
    return this.#codec.encode({identities: [], header, parent: {}, metadata: {}, content, buffers: []});
  }

  /** Sends a request and waits for its reply. */
  async request(
    channel: 'shell' | 'control',
    type: string,
    content: JsonObject = {},
    timeout = 30_000,
  ): Promise<Message> {
    const header = this.send(channel, type, content);
    return this.#reply(header, timeout);
  }

  /** Executes a cell, and waits for its reply and its idle. */
  async execute(code: string, options: ExecuteOptions = {}): Promise<Execution> {
    return this.start(code, options).done;
  }

  /** Sends a cell to execute. What it says can be read while it runs. */
  start(code: string, options: ExecuteOptions = {}): Omit<Execution, 'reply'> & {readonly done: Promise<Execution>} {
    const content = {
      code,
      silent: options.silent ?? false,
      store_history: options.storeHistory ?? true,
      user_expressions: options.userExpressions ?? {},
      allow_stdin: this.onInput !== undefined,
      stop_on_error: options.stopOnError ?? true,
    };
    const metadata: JsonObject = options.cellId === undefined ? {} : {cellId: options.cellId};
    const header = this.send('shell', 'execute_request', content, {}, metadata);
    const timeout = options.timeout ?? 30_000;
    const execution = {id: header.msg_id, outputs: new Outputs(), messages: [] as Message[]};
    const idle = new Promise<Message>(ended => {
      this.#executions.set(header.msg_id, {outputs: execution.outputs, messages: execution.messages, ended});
    });
    const what = `the end of ${JSON.stringify(code.slice(0, 80))}`;
    const done = (async () => {
      const [reply] = await Promise.all([this.#reply(header, timeout), this.#within(idle, timeout, what)]);
      return {...execution, reply: reply.content};
    })();
    done.catch(() => undefined);
    return {...execution, done};
  }

  /** The first message on iopub, among those that have come and those that will, of which this is true. */
  async waitFor(predicate: (message: Message) => boolean, {timeout = 30_000, from = 0} = {}): Promise<Message> {
    const found = this.messages.slice(from).find(predicate);
    if (found !== undefined) return found;
    let waiter: Waiter | undefined;
    const coming = new Promise<Message>(resolve => this.#waiters.add((waiter = {predicate, resolve})));
    return this.#within(coming, timeout, `a message on iopub: ${predicate.toString()}`).finally(() => {
      if (waiter !== undefined) this.#waiters.delete(waiter);
    });
  }

  /** Sends a heartbeat and waits for its echo. */
  async heartbeat(data = 'ping', timeout = 5000): Promise<string> {
    const beat = this.#beat.then(async () => {
      await this.#hb.send(data);
      const [echo] = await this.#hb.receive();
      return echo?.toString() ?? '';
    });
    this.#beat = beat.catch(() => undefined);
    return this.#within(beat, timeout, 'the echo of a heartbeat');
  }

  async interrupt(): Promise<Message> {
    return this.request('control', 'interrupt_request');
  }

  async shutdown(restart = false, timeout = 10_000): Promise<Message> {
    return this.request('control', 'shutdown_request', {restart}, timeout);
  }

  async kernelInfo(): Promise<JsonObject> {
    return (await this.request('shell', 'kernel_info_request')).content;
  }

  get connection(): Connection {
    return this.#connection;
  }

  close(): void {
    for (const socket of [this.#iopub, this.#hb, ...Object.values(this.#dealers)]) socket.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  async #reply(header: Header, timeout: number): Promise<Message> {
    const reply = new Promise<Message>(resolve => this.#replies.set(header.msg_id, resolve));
    return this.#within(reply, timeout, `the reply to ${header.msg_type}`);
  }

  #published(message: Message): void {
    this.messages.push(message);
    const execution = this.#executions.get(message.parent['msg_id'] as string);
    execution?.messages.push(message);
    const {msg_type: type} = message.header;
    if (type === 'update_display_data') this.#update(message.content);
    const display = execution?.outputs.add(message);
    if (display?.displayId !== undefined) {
      this.#displays.set(display.displayId, [...(this.#displays.get(display.displayId) ?? []), display]);
    }
    if (type === 'status' && message.content['execution_state'] === 'idle') execution?.ended(message);
    for (const waiter of this.#waiters) if (waiter.predicate(message)) waiter.resolve(message);
  }

  #update(content: JsonObject): void {
    const id = (content['transient'] as JsonObject)['display_id'] as string;
    for (const display of this.#displays.get(id) ?? []) {
      Object.assign(display, dataOf(content));
      display.updates++;
    }
  }

  async #read(socket: Dealer | Subscriber, handle: (message: Message) => void | Promise<void>): Promise<void> {
    for await (const frames of socket) {
      const decoded = this.#codec.decode(frames);
      if (!decoded.ok) throw new Error(`the kernel sent a message that cannot be read: ${decoded.error.message}`);
      await handle(decoded.value);
    }
  }

  async #within<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const seen = this.messages
          .slice(-20)
          .map(({header, content}) => `  ${header.msg_type} ${JSON.stringify(content).slice(0, 200)}`);
        reject(new Error(`no sign of ${what} in ${ms} ms. The last messages on iopub:\n${seen.join('\n')}`));
      }, ms);
    });
    return Promise.race([work, late]).finally(() => clearTimeout(timer));
  }
}
