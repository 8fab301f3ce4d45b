import {randomBytes} from 'node:crypto';
import type {JsonValue} from '../fingerprint/json.js';
import type {ErrorContent} from '../wire/notebook.js';
import {encodeHandle, toJson} from './encode.js';
import {heldBy, holds, makeFuture} from './future.js';
import type {Future, Held} from './future.js';
import type {CallPlace, FromUser, FutureRef, Settled, ToUser} from './messages.js';
import {Files, Repo, SetResult} from './results.js';
import {withMembers} from './series-members.js';
import {makeSet} from './set.js';
import type {FutureSet} from './set.js';

/** What a future gives: what `await` resolves to. */
export interface FutureResult {
  readonly value: unknown;
}

/** A future that did not succeed. */
export class TaskFailed extends Error {
  override readonly name: string = 'TaskFailed';
  readonly #errors: readonly TaskFailed[] | undefined;

  constructor(message: string, errors?: readonly TaskFailed[]) {
    super(message);
    // Where it is printed, the message has said it all; nothing of a stack would be the notebook's.
    this.stack = `TaskFailed: ${message}`;
    Object.defineProperty(this, 'name', {enumerable: false});
    this.#errors = errors;
  }

  /** The failures of a set's members; its message names them too. */
  get errors(): readonly TaskFailed[] | undefined {
    return this.#errors;
  }
}

/** A question to the kernel that it has not answered. */
class Asked {
  readonly result: Promise<FutureResult>;
  resolve!: (result: FutureResult) => void;
  reject!: (error: Error) => void;

  constructor() {
    this.result = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // Whoever awaits it hears of a failure by a promise of his own.
    this.result.catch(() => undefined);
  }
}

interface Entry {
  ref: FutureRef;
  handle: Future | FutureSet;
  /** Of a value: the future of its files, once somebody has asked for it. */
  files?: Future;
  /** A set that only this process knows, until it is first sent. */
  unsent: boolean;
  refused?: Error;
  /** The kernel has been asked what it comes to. Not kept: a task that is started over may come to something else. */
  asked?: Asked;
  /** It is what `f` makes of another's result. */
  mapped?: {readonly source: string; readonly f: (value: unknown) => unknown; result: Promise<FutureResult>};
}

/** All futures that the user's code can reach: their handles, and what they come to. */
export class Futures {
  readonly #entries = new Map<string, Entry>();
  readonly #send: (message: FromUser) => void;
  readonly #cell: () => string;
  readonly #place: () => CallPlace | undefined;

  /** `send` puts a message on its way to the kernel, `cell` tells the cell whose code runs, `place` where in a cell that is. */
  constructor(
    send: (message: FromUser) => void,
    cell: () => string,
    place: () => CallPlace | undefined = () => undefined,
  ) {
    this.#send = send;
    this.#cell = cell;
    this.#place = place;
  }

  /** The handle of a future that the kernel has made; always the same one. */
  handle(given: FutureRef): Future | FutureSet {
    const ref = withMembers(given);
    const known = this.#entries.get(ref.id);
    if (known) {
      if (ref.members && !known.ref.members) known.ref = ref;
      return known.handle;
    }
    return this.#add(ref, false).handle;
  }

  /** Makes a handle, and tells the kernel of the call that it stands for. */
  call(ref: Omit<FutureRef, 'id'>, name: string, values: readonly JsonValue[]): Future | FutureSet {
    const {handle, ref: made} = this.#add({...ref, id: randomBytes(6).toString('hex')}, false);
    const at = this.#place();
    const message = {type: 'call', cell: this.#cell(), future: made.id, function: name, arguments: values} as const;
    this.#send(at === undefined ? message : {...message, at});
    return handle;
  }

  /** A set of known futures that the kernel learns of when it is first sent or awaited. */
  part(ref: Pick<FutureRef, 'name' | 'variables' | 'members'>): FutureSet {
    return this.#add({...ref, kind: 'set', id: randomBytes(6).toString('hex')}, true).handle as FutureSet;
  }

  /** The future of the files of a value; always the same one. */
  filesOf(value: FutureRef): Future {
    const entry = this.#entries.get(value.id);
    const made =
      entry?.files ?? this.call({name: `${value.name}.files`, kind: 'files'}, 'files', [encodeHandle(value.id)]);
    if (entry) entry.files = made as Future;
    return made as Future;
  }

  /** What is known of a future now. */
  current(ref: FutureRef): FutureRef {
    return this.#entries.get(ref.id)?.ref ?? ref;
  }

  /** The members of a set that the kernel does not know yet. */
  unsentMembers(ref: FutureRef): FutureRef['members'] {
    const entry = this.#entries.get(ref.id);
    return entry?.unsent === true ? entry.ref.members : undefined;
  }

  /** What is known under an id. */
  byId(id: string): FutureRef | undefined {
    return this.#entries.get(id)?.ref;
  }

  /** The reference of a handle, for sending; undefined for any other value. */
  refOf(value: unknown): FutureRef | undefined {
    const held = heldBy(value);
    const entry = held && this.#entries.get(held.ref.id);
    if (entry) this.#announce(entry);
    return entry?.ref ?? held?.ref;
  }

  /** What a future comes to, as the kernel knows it now. Rejects with what `await` throws. */
  result(id: string): Promise<FutureResult> {
    const entry = this.#entries.get(id);
    if (!entry) return Promise.reject(new TypeError('this future is not known any more'));
    if (entry.refused) return Promise.reject(entry.refused);
    if (entry.mapped) return entry.mapped.result;
    if (entry.asked) return entry.asked.result;
    entry.asked = new Asked();
    this.#announce(entry);
    this.#send({type: 'await', future: id});
    return entry.asked.result;
  }

  /** What the kernel tells of a future. */
  told(message: Extract<ToUser, {type: 'settled' | 'planned' | 'mapAgain'}>): void {
    if (message.type === 'settled') this.settle(message.future, message.settled);
    else if (message.type === 'mapAgain') this.#mapAgain(message.future);
    else if (message.error) this.refuse(message.future, message.error);
  }

  /** A future has come to an end. */
  settle(id: string, settled: Settled): void {
    const entry = this.#entries.get(id);
    const asked = entry?.asked;
    if (!entry || !asked) return;
    delete entry.asked;
    try {
      asked.resolve(this.read(settled, entry.ref));
    } catch (error) {
      asked.reject(error as Error);
    }
  }

  /** The kernel does not take the call that made a future. */
  refuse(id: string, error: ErrorContent): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    entry.refused = Object.assign(new Error(error.evalue), {
      name: error.ename,
      stack: `${error.ename}: ${error.evalue}`,
    });
    entry.asked?.reject(entry.refused);
    delete entry.asked;
  }

  /** The value of what a future came to. Throws where it failed. */
  read(settled: Settled, ref?: FutureRef): FutureResult {
    switch (settled.is) {
      case 'value':
        return {value: settled.value};
      case 'files':
        return {value: this.#files(settled.path, settled.files, ref)};
      case 'repo': {
        const repo = new Repo(settled.path, settled.rerun, settled.root, settled.parents, settled.dataIds);
        if (ref) holds(repo, {ref, futures: this, awaited: true});
        return {value: repo};
      }
      case 'failed':
        throw new TaskFailed(
          settled.message.startsWith(settled.name) ? settled.message : `${settled.name}: ${settled.message}`,
        );
      case 'set': {
        const refs = ref?.members ?? [];
        const errors: TaskFailed[] = [];
        const rows = settled.members.map(({key, settled: each}, index) => {
          try {
            return {key, value: this.read(each, refs[index]?.future).value};
          } catch (error) {
            const failed = error as TaskFailed;
            errors.push(...(failed.errors ?? [failed]));
            return {key, value: undefined};
          }
        });
        if (errors.length > 0) {
          const head = `${errors.length} of ${rows.length} failed`;
          throw new TaskFailed([head, ...errors.map(each => `  ${each.message}`)].join('\n'), errors);
        }
        return {value: new SetResult(settled.variables, rows)};
      }
    }
  }

  /** A future of what `f` makes of another's result. It begins at once; `f` may be asynchronous. */
  map(source: FutureRef, f: (value: unknown) => unknown): Future {
    if (typeof f !== 'function') throw new TypeError('map takes a function');
    const handle = this.call({name: `${source.name}.map`, kind: 'value'}, 'map', [encodeHandle(source.id)]) as Future;
    const ref = this.refOf(handle);
    const entry = ref && this.#entries.get(ref.id);
    if (!entry) return handle;
    entry.mapped = {source: source.id, f, result: this.#apply(entry.ref, source.id, f)};
    return handle;
  }

  /** The other's result may be another one by now. */
  #mapAgain(id: string): void {
    const {ref, mapped} = this.#entries.get(id) ?? {};
    const message = 'its function is lost: run its cell again';
    if (ref && mapped) mapped.result = this.#apply(ref, mapped.source, mapped.f);
    else this.#send({type: 'mapped', future: id, settled: {is: 'failed', name: id, message}});
  }

  /** Calls `f` with a result, and tells the kernel what it gave. */
  #apply({id, name}: FutureRef, source: string, f: (value: unknown) => unknown): Promise<FutureResult> {
    const result = this.result(source).then(async each => ({value: await f(each.value)}));
    const tell = (settled: Settled): void => this.#send({type: 'mapped', future: id, settled});
    result.then(
      ({value}) => {
        try {
          tell({is: 'value', value: toJson(value, name, this)});
        } catch (error) {
          tell({is: 'failed', name, message: (error as Error).message});
        }
      },
      (error: unknown) => {
        tell({is: 'failed', name, message: error instanceof Error ? error.message : String(error)});
      },
    );
    return result;
  }

  #add(ref: FutureRef, unsent: boolean): Entry {
    const held: Held = {ref, futures: this};
    const handle = ref.kind === 'set' ? makeSet(held) : makeFuture(held);
    const entry: Entry = {ref, handle, unsent};
    this.#entries.set(ref.id, entry);
    return entry;
  }

  #announce(entry: Entry): void {
    if (!entry.unsent) return;
    entry.unsent = false;
    const {id, variables = [], members = []} = entry.ref;
    const pairs = members.map(({key, future}) => [key, encodeHandle(future.id)]);
    this.#send({type: 'call', cell: this.#cell(), future: id, function: 'all', arguments: [variables, pairs]});
  }

  #files(path: string, names: readonly string[], ref: FutureRef | undefined): Files {
    const files = new Files(path, names);
    if (ref) holds(files, {ref, futures: this, awaited: true});
    return files;
  }
}
