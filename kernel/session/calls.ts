import type {JsonValue} from '../fingerprint/json.js';
import {fail, ok} from '../graph/result.js';
import {HANDLE_KEY, type CallPlace, type Settled} from '../typescript/messages.js';
import {checkName} from '../cell/identifier.js';
import {problemsError} from './cell-error.js';
import {once} from './cell-names.js';
import type {Contexts} from './context.js';
import type {Futures} from './futures.js';
import type {Draft, Made, MagicContext, Problem} from './magic.js';
import type {FutureNode, Member, TaskNode} from './node.js';
import {planCall, type Registry} from './registry.js';
import {calledSo} from './rows.js';
import type {UserPort} from './user-port.js';

/** What the calls of the user's code need. */
export interface CallPorts {
  readonly user: UserPort;
  readonly futures: Futures;
  readonly registry: Registry;
  readonly contexts: Contexts;
}

/** The cell whose code calls: what it has made so far, and what is wrong with it. */
export interface CallingCell {
  readonly context: MagicContext;
  readonly count: number;
  readonly nodes: FutureNode[];
  /** Calls that are being planned. */
  readonly calls: Promise<void>[];
  problems: readonly Problem[];
}

interface Mapped {
  readonly resolve: (made: Made) => void;
  readonly count: number;
}

/** The functions of LANGUAGE 13 as the kernel does them: tasks, sets of futures, and what the user's own functions give. */
export class Calls {
  readonly #ports: CallPorts;
  readonly #maps = new Map<string, Mapped>();
  #last: Promise<void> = Promise.resolve();

  constructor(ports: CallPorts) {
    this.#ports = ports;
  }

  /** A function was called: plans its task under the id `future`, and answers. */
  call(
    cell: CallingCell | undefined,
    request: string,
    future: string,
    name: string,
    values: readonly JsonValue[],
    at?: CallPlace,
  ): void {
    if (name === 'all') this.#all(cell, future, values);
    else if (name === 'map') this.#map(cell, future, values);
    else if (name === 'files') this.#files(cell, future, values);
    else this.#task(cell, request, future, name, values, at);
  }

  /** What a function of the notebook made of another's result. */
  mapped(future: string, settled: Settled): void {
    const map = this.#maps.get(future);
    this.#maps.delete(future);
    if (settled.is === 'value') map?.resolve({is: 'value', value: settled.value});
    else
      map?.resolve({
        is: 'failed',
        failure: {
          reason: 'value',
          message: settled.is === 'failed' ? settled.message : 'it is no JSON',
          log: '',
          tail: '',
        },
      });
  }

  /** The process of the user's code is gone: what waits for a function of it never comes. */
  died(): void {
    for (const {resolve, count} of this.#maps.values())
      resolve({
        is: 'blocked',
        blocked: {because: `the function that it waited with is lost: run cell [${count}] again`},
      });
    this.#maps.clear();
  }

  #task(
    cell: CallingCell | undefined,
    request: string,
    future: string,
    name: string,
    values: readonly JsonValue[],
    at: CallPlace | undefined,
  ): void {
    const {futures, registry, user, contexts} = this.#ports;
    const made = cell?.context ?? contexts.make(request, new AbortController().signal, () => undefined);
    const context = made.fixed();
    const given = nameIn(values);
    const wrong = given === undefined ? undefined : nameProblem(given, registry.ownNames);
    const plan = (draft: Draft): TaskNode => {
      const node = futures.plan(given === undefined ? draft : calledSo(draft, given), given, future);
      cell?.nodes.push(node);
      return node;
    };
    this.#inOrder(cell, async () => {
      const planned = planCall(registry, name, values, context, plan, wrong === undefined ? [] : [wrong]);
      const result = await planned.catch((error: unknown) => fail([faultOf(error)]));
      if (result.ok) {
        user.planned(future);
        return;
      }
      user.planned(future, problemsError(result.error, '', cell?.count ?? 0));
      if (cell === undefined) return;
      const span = at?.label === `cell [${cell.count}]` ? {span: {start: at.start, end: at.end}} : {};
      cell.problems = once([...cell.problems, ...result.error.map(problem => ({...span, ...problem}))]);
    });
  }

  /** Resolves when all calls so far are planned. */
  settled(): Promise<void> {
    return this.#last;
  }

  /** Calls are planned one after the other: one may take what the one before has made. */
  #inOrder(cell: CallingCell | undefined, plan: () => Promise<void>): void {
    this.#last = this.#last.then(plan);
    cell?.calls.push(this.#last);
  }

  /** A set of futures that the user's code has put together: `[variables, [[key, handle], …]]`. Sets in it are taken apart. */
  #all(cell: CallingCell | undefined, future: string, values: readonly JsonValue[]): void {
    const {futures} = this.#ports;
    const handles = (values[1] as readonly (readonly [JsonValue, Readonly<Record<string, string>>])[]).map(
      ([, handle]) => handle[HANDLE_KEY] ?? '',
    );
    // Its members may have been called just before, and be in planning.
    if (handles.every(id => futures.get(id) !== undefined)) this.#makeAll(future, values);
    else this.#inOrder(cell, async () => this.#makeAll(future, values));
  }

  #makeAll(future: string, values: readonly JsonValue[]): void {
    const {futures, user} = this.#ports;
    const [names, pairs] = values as unknown as readonly [
      readonly string[],
      readonly (readonly [readonly JsonValue[], Readonly<Record<string, string>>])[],
    ];
    const found = pairs.flatMap(([key, handle]) => {
      const node = futures.get(handle[HANDLE_KEY] ?? '');
      return node === undefined ? [] : [{key, node}];
    });
    const inner = found.map(({node}) => (node.is === 'set' ? node.variables : []));
    const variables = [...names, ...(inner.find(each => each.length > 0) ?? [])];
    const members = (): readonly Member[] =>
      found.flatMap(({key, node}) =>
        node.is === 'task'
          ? [{key, node}]
          : (node.members ?? []).map(member => ({key: [...key, ...member.key], node: member.node})),
      );
    const open = found.filter(({node}) => node.is === 'set' && node.members === undefined);
    if (open.length === 0) futures.makeSet(nameOfSet(members()), variables, members(), future);
    else {
      const expand = async (): Promise<
        ReturnType<typeof ok<readonly Member[]>> | {ok: false; error: Extract<Made, {is: 'blocked'}>}
      > => {
        for (const {node} of open)
          if (node.is === 'set' && !(await node.known()).ok)
            return fail({is: 'blocked', blocked: {because: node.stopWords}} as const);
        return ok(members());
      };
      futures.makeSet('all', variables, {waiting: open.map(({node}) => node.name).join(', '), expand}, future);
    }
    user.planned(future);
  }

  /** The files of a value: a future of its own, of the same task. */
  #files(cell: CallingCell | undefined, future: string, values: readonly JsonValue[]): void {
    const {futures, user} = this.#ports;
    const id = (values[0] as Readonly<Record<string, string>> | undefined)?.[HANDLE_KEY] ?? '';
    // Without a pause: what is told next may take it.
    const make = async (): Promise<void> => {
      const value = futures.get(id);
      if (value?.is === 'task') futures.plan(filesOf(value), `${value.label}.files`, future);
      user.planned(future);
    };
    if (futures.get(id) === undefined) this.#inOrder(cell, make);
    else void make();
  }

  #map(cell: CallingCell | undefined, future: string, values: readonly JsonValue[]): void {
    const {futures, user} = this.#ports;
    const id = (values[0] as Readonly<Record<string, string>> | undefined)?.[HANDLE_KEY] ?? '';
    const called = (): Promise<Made> =>
      new Promise(resolve => this.#maps.set(future, {resolve, count: cell?.count ?? 0}));
    // The first time it is called without being asked for.
    let made = called();
    let again = false;
    this.#inOrder(cell, async () => {
      const source = futures.get(id);
      const name = `${source?.name ?? 'future'}.map`;
      const make = async (): Promise<Made> => {
        const repeated = again;
        again = true;
        const settled = await source?.settled();
        if (settled?.is === 'failed') return {is: 'blocked', blocked: {because: source?.stopWords ?? 'it failed'}};
        if (repeated) {
          await made;
          made = called();
          user.mapAgain(future);
        }
        return made;
      };
      futures.plan(
        {
          name,
          key: '',
          kind: 'value',
          needs: source === undefined ? [] : [source],
          make,
          settle: ({value}) => ({is: 'value', value: value ?? null}),
        },
        name,
        future,
      );
      user.planned(future);
    });
  }
}

const filesOf = (value: TaskNode): Draft => ({
  name: `${value.label}.files`,
  key: '',
  kind: 'files',
  needs: [value],
  aside: true,
  make: () => Promise.resolve({is: 'node', node: value, parts: []}),
  settle: manifest => {
    const settled = value.draft.settle(manifest);
    return settled.is === 'value' && settled.files !== undefined ? {is: 'files', ...settled.files} : settled;
  },
});

const nameOfSet = (members: readonly Member[]): string => {
  const names = new Set(members.map(({node}) => node.name));
  const [only] = names;
  return names.size === 1 && only !== undefined && only !== '_' ? only : 'all';
};

/** `as` of a call's options: what the person calls its future. */
function nameIn(values: readonly JsonValue[]): string | undefined {
  for (const value of values) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) continue;
    const {as} = value as Readonly<Record<string, JsonValue>>;
    if (typeof as === 'string') return as;
  }
  return undefined;
}

/** What is wrong with the name that a call gives; its place is that of the call. */
function nameProblem(name: string, ownNames: readonly string[]): Problem | undefined {
  const wrong = checkName(name, {start: 0, end: 0}, ownNames);
  if (wrong === undefined) return undefined;
  const {code, severity, message, hint} = wrong;
  return {code, severity, message: `\`as\`: ${message}`, ...(hint === undefined ? {} : {hint})};
}

const faultOf = (error: unknown): Problem => ({
  code: 'W9099',
  severity: 'error',
  message: `a fault of Weft: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
});
