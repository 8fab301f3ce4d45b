import {randomUUID} from 'node:crypto';
import type {JsonObject} from '../fingerprint/json.js';
import type {Log} from './channels.js';
import {internalError} from './internal-error.js';
import type {Header, Request} from './message.js';
import type {CellOutput, CommMessage} from './notebook.js';
import type {Outgoing} from './outgoing.js';

/** What came over a comm. Buffers are binary, and not signed. */
export interface CommEvent {
  readonly data: JsonObject;
  readonly metadata: JsonObject;
  readonly buffers: readonly Buffer[];
}

/** What a comm does with what comes from its other end. What these throw is logged, and harms no other comm. */
export interface CommEnd {
  message?(event: CommEvent): void | Promise<void>;
  /** The other end has closed it; it is not known any more. */
  closed?(event: CommEvent): void | Promise<void>;
}

/** A channel of its own between kernel and front end (jupyter/jupyter_client:docs/messaging.rst, "Custom Messages"). */
export interface Comm {
  readonly id: string;
  readonly target: string;
  /** Sends to all front ends; after it was closed, nothing. */
  send(data: JsonObject, more?: {readonly metadata?: JsonObject; readonly buffers?: readonly Buffer[]}): void;
  close(data?: JsonObject): void;
}

/** Takes a comm that a front end opens. If it throws, the comm is closed at once. */
export type CommTarget = (comm: Comm, opening: CommEvent) => CommEnd | Promise<CommEnd>;

/** Another kernel behind this one that has comms of its own. */
export interface CommPeer {
  /**
   * Takes what a front end says over a comm; resolves when it was dealt with, or is being waited for. False: it is not there.
   * @param id of the front end's message
   * @param output what it says and shows meanwhile
   */
  take(message: CommMessage, id: string, output: CellOutput): Promise<boolean>;
}

/** Where comms speak. */
export interface CommPort {
  readonly out: Pick<Outgoing, 'publish'>;
  /** The header of the request that executes now. */
  readonly executing: () => Header | undefined;
  /** Where what a request brings about is shown. */
  readonly outputOf: (request: Request) => CellOutput & {end(): void};
  readonly log: Log;
}

/** The comms of a kernel, and the targets that front ends may open. It may be made, and targets registered, before there is a server. */
export class Comms {
  readonly #targets = new Map<string, CommTarget>();
  readonly #open = new Map<string, {readonly comm: Comm; end: CommEnd}>();
  /** Targets of the open comms of the kernel behind this one. */
  readonly #others = new Map<string, string>();
  #peer: CommPeer | undefined;
  #port: CommPort | undefined;
  /** The request that is being handled: what handlers send is its answer. */
  #handling: Header | undefined;

  /** Lets front ends open comms with this name; one of that name before it is replaced. Gives what takes it back. */
  register(name: string, target: CommTarget): () => void {
    this.#targets.set(name, target);
    return () => {
      if (this.#targets.get(name) === target) this.#targets.delete(name);
    };
  }

  /** Opens a comm from here: front ends that know the target take it. */
  open(target: string, data: JsonObject, end: CommEnd = {}): Comm {
    const comm = this.#make(randomUUID(), target);
    this.#open.set(comm.id, {comm, end});
    this.#publish('comm_open', {comm_id: comm.id, target_name: target, data});
    return comm;
  }

  /** Hands comms that nobody here has a target for to another kernel. */
  connect(peer: CommPeer): void {
    this.#peer = peer;
  }

  /** The other kernel has said this; `output` is where what it runs is shown, if that is known. */
  said(message: CommMessage, output: CellOutput | undefined): void {
    const {type, content} = message;
    const {comm_id: id, target_name: target} = content;
    if (typeof id !== 'string') return;
    if (type === 'comm_open' && typeof target === 'string') this.#others.set(id, target);
    else if (type === 'comm_close') this.#others.delete(id);
    if (output?.comm !== undefined) output.comm(message);
    else this.#publish(type, content, message.metadata, message.buffers);
  }

  /** The other kernel has gone, and its ends of comms with it. */
  gone(): void {
    for (const id of this.#others.keys()) this.#publish('comm_close', {comm_id: id, data: {}});
    this.#others.clear();
  }

  /** Says where to speak. Called once, by the server. */
  attach(port: CommPort): void {
    this.#port = port;
  }

  /** The content of a `comm_info_reply`: open comms, of one target or of all. */
  info(target: unknown): JsonObject {
    const all = [...Array.from(this.#open.values(), ({comm}) => [comm.id, comm.target] as const), ...this.#others];
    const shown = all.filter(([, name]) => typeof target !== 'string' || name === target);
    return {comms: Object.fromEntries(shown.map(([id, name]) => [id, {target_name: name}]))};
  }

  /** Handles a `comm_open`, `comm_msg` or `comm_close` of a front end; false if it is none. Never throws. */
  async handle(request: Request): Promise<boolean> {
    const type = request.header.msg_type;
    if (type !== 'comm_open' && type !== 'comm_msg' && type !== 'comm_close') return false;
    const id = request.content['comm_id'];
    if (typeof id !== 'string') {
      this.#port?.log(`${type}: no comm_id`);
      return true;
    }
    if (await this.#handed(type, id, request)) return true;
    this.#handling = request.header;
    try {
      if (type === 'comm_open') await this.#opened(id, request);
      else await this.#heard(id, type, request);
    } catch (thrown) {
      this.#port?.log(`${type}: ${internalError(thrown).traceback.join('\n')}`);
      if (type === 'comm_open') this.#close(id);
    } finally {
      this.#handling = undefined;
    }
    return true;
  }

  /** Hands a message to the other kernel, where it is for that one. */
  async #handed(type: CommMessage['type'], id: string, request: Request): Promise<boolean> {
    const {content, metadata, buffers, header} = request;
    const target = content['target_name'];
    const isOpening = type === 'comm_open' && typeof target === 'string' && !this.#targets.has(target);
    if (!isOpening && !this.#others.has(id)) return false;
    if (isOpening) this.#others.set(id, target);
    else if (type === 'comm_close') this.#others.delete(id);
    const output = this.#port?.outputOf(request);
    const taken =
      output !== undefined && (await this.#peer?.take({type, content, metadata, buffers}, header.msg_id, output));
    output?.end();
    if (taken !== true) this.#others.delete(id);
    return taken === true;
  }

  async #opened(id: string, request: Request): Promise<void> {
    const name = request.content['target_name'];
    const target = typeof name === 'string' ? this.#targets.get(name) : undefined;
    if (target === undefined || typeof name !== 'string') {
      // Its other end would wait for ever.
      this.#publish('comm_close', {comm_id: id, data: {}});
      return;
    }
    const comm = this.#make(id, name);
    const open = {comm, end: {}};
    this.#open.set(id, open);
    open.end = await target(comm, eventOf(request));
  }

  async #heard(id: string, type: 'comm_msg' | 'comm_close', request: Request): Promise<void> {
    const open = this.#open.get(id);
    if (open === undefined) return;
    if (type === 'comm_close') this.#open.delete(id);
    await (type === 'comm_close' ? open.end.closed?.(eventOf(request)) : open.end.message?.(eventOf(request)));
  }

  #make(id: string, target: string): Comm {
    return {
      id,
      target,
      send: (data, {metadata, buffers} = {}) => {
        if (this.#open.has(id)) this.#publish('comm_msg', {comm_id: id, data}, metadata, buffers);
      },
      close: data => this.#close(id, data),
    };
  }

  #close(id: string, data: JsonObject = {}): void {
    if (this.#open.delete(id)) this.#publish('comm_close', {comm_id: id, data});
  }

  #publish(
    type: 'comm_open' | 'comm_msg' | 'comm_close',
    content: JsonObject,
    metadata?: JsonObject,
    buffers?: readonly Buffer[],
  ): void {
    const parent = this.#handling ?? this.#port?.executing() ?? {};
    this.#port?.out.publish(type, content, parent, {
      ...(metadata && {metadata}),
      ...(buffers && {buffers}),
    });
  }
}

function eventOf({content, metadata, buffers}: Request): CommEvent {
  const {data} = content;
  const isObject = typeof data === 'object' && data !== null && !Array.isArray(data);
  return {data: isObject ? (data as JsonObject) : {}, metadata, buffers};
}
