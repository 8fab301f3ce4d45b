import {randomUUID} from 'node:crypto';
import type {JsonObject} from '../fingerprint/json.js';
import type {Log} from './channels.js';
import {internalError} from './internal-error.js';
import type {Header, Request} from './message.js';
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

/** Where comms speak. */
export interface CommPort {
  readonly out: Pick<Outgoing, 'publish'>;
  /** The header of the request that executes now. */
  readonly executing: () => Header | undefined;
  readonly log: Log;
}

/** The comms of a kernel, and the targets that front ends may open. It may be made, and targets registered, before there is a server. */
export class Comms {
  readonly #targets = new Map<string, CommTarget>();
  readonly #open = new Map<string, {readonly comm: Comm; end: CommEnd}>();
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

  /** Says where to speak. Called once, by the server. */
  attach(port: CommPort): void {
    this.#port = port;
  }

  /** The content of a `comm_info_reply`: open comms, of one target or of all. */
  info(target: unknown): JsonObject {
    const shown = [...this.#open.values()].filter(({comm}) => typeof target !== 'string' || comm.target === target);
    return {comms: Object.fromEntries(shown.map(({comm}) => [comm.id, {target_name: comm.target}]))};
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
