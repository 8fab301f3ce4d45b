import {homedir} from 'node:os';
import {join} from 'node:path';
import {canonicalJson, type Digest} from '../fingerprint/fingerprint.js';
import type {JsonObject} from '../fingerprint/json.js';
import type {Container} from '../graph/container.js';
import {fail, ok, type Result} from '../graph/result.js';
import type {Futures} from './futures.js';
import type {ContainerPort, MagicContext, Problem, SetupProbe} from './magic.js';
import type {FutureNode} from './node.js';
import type {Registry} from './registry.js';
import type {Settings} from './settings.js';

/** What all cells of a notebook share, for the contexts of their magics. */
export interface ContextPorts {
  readonly directory: string;
  readonly settings: Settings;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly futures: Futures;
  readonly registry: Registry;
  readonly containers: ContainerPort;
  /** Prints below a cell: what fetching and pinning an image has to say. */
  readonly print: (cell: string, text: string) => void;
  digest(path: string): Promise<Result<Digest, string>>;
  /** Keeps what the identity of a set-up stands for, in the notebook's store. */
  keepSetup(identity: Digest, contents: JsonObject): void;
  workDirectory(name: string, fingerprint: Parameters<MagicContext['places']['work']>[1]): string;
}

/** What a set-up is known by now. */
type Identified = Pick<SetupProbe, 'identity' | 'contents' | 'trees'>;

/** What was asked for once in a cell. */
interface Asked {
  readonly identities: Map<SetupProbe, Promise<Identified>>;
  readonly pinned: Map<string, Promise<Result<Container | undefined, Problem>>>;
}

const copyOf = (settings: Settings): Settings => ({
  ...settings,
  mounts: [...settings.mounts],
  environment: new Map(settings.environment),
  code: new Set(settings.code),
});

/** Makes the contexts of cells; keeps what was probed, so that a set-up text runs once. */
export class Contexts {
  readonly #ports: ContextPorts;
  readonly #probes = new Map<string, Promise<Result<SetupProbe, Problem>>>();
  readonly #state = new Map<string, unknown>();
  /** The images that cells have used, as they were typed. */
  readonly #images = new Set<string>();
  readonly #containers: ContainerPort;
  readonly #keptSetups = new Set<string>();
  /** What was said of images, so that a cell that runs again does not say it again. */
  readonly #said = new Set<string>();

  constructor(ports: ContextPorts) {
    this.#ports = ports;
    this.#containers = {
      ...ports.containers,
      pin: async (text, options) => {
        const pinned = await ports.containers.pin(text, options);
        if (pinned.ok) this.#images.add(text);
        return pinned;
      },
    };
  }

  /** The images that cells have used, as they were typed, the last first. */
  images(): readonly string[] {
    return [...this.#images].reverse();
  }

  /** What is there to look at without running anything. */
  surroundings(): Pick<ContextPorts, 'directory' | 'settings' | 'environment'> {
    const {directory, settings, environment} = this.#ports;
    return {directory, settings, environment};
  }

  /** @param planned is told of each node that the cell makes */
  make(cell: string, signal: AbortSignal, planned: (node: FutureNode) => void): MagicContext {
    const asked: Asked = {identities: new Map(), pinned: new Map()};
    return this.#make(cell, signal, planned, this.#ports.settings, asked);
  }

  #make(
    cell: string,
    signal: AbortSignal,
    planned: (node: FutureNode) => void,
    settings: Settings,
    asked: Asked,
  ): MagicContext {
    const ports = this.#ports;
    const {directory, environment, futures} = ports;
    const {identities, pinned} = asked;
    return {
      directory,
      settings,
      fixed: () => this.#make(cell, signal, planned, copyOf(settings), asked),
      environment,
      home: environment['HOME'] ?? homedir(),
      cell,
      signal,
      digest: path => ports.digest(path),
      setup: container => this.#setup(settings, identities, container),
      containers: this.#containers,
      container: option => {
        if (option === undefined) return Promise.resolve(ok(settings.container));
        const {text, span} = option;
        if (text.trim() === 'none') return Promise.resolve(ok(undefined));
        let found = pinned.get(text);
        if (found === undefined) pinned.set(text, (found = this.#pin(cell, text, signal)));
        return found.then(result =>
          result.ok || span === undefined ? result : fail({...result.error, span: result.error.span ?? span}),
        );
      },
      places: {
        work: (name, fingerprint) => ports.workDirectory(name, fingerprint),
        scratch: join(settings.store, 'scratch'),
        claims: join(settings.store, 'claims'),
      },
      placement: ({cpus = 1, memory, time, retries = 0, bundle}, container) => ({
        executor: 'local',
        cpus,
        retries,
        ...(container === undefined ? {} : {container}),
        ...(container === undefined || settings.mounts.length === 0 ? {} : {mounts: [...settings.mounts]}),
        ...(container === undefined || bundle === undefined ? {} : {bundle}),
        ...(container === undefined || settings.network === undefined ? {} : {network: settings.network}),
        ...(memory === undefined ? {} : {memory}),
        ...(time === undefined ? {} : {time}),
      }),
      node: id => futures.get(id),
      nodeAt: path => futures.at(path),
      look: node => futures.look(node),
      placeholders: text => futures.placeholders(text),
      plan: (draft, name) => {
        const node = futures.plan(draft, name);
        planned(node);
        return node;
      },
      state: this.#state,
    };
  }

  /** The set-up's environment with `%env` over it; the text is run once for an image, until it changes, and its identity asked for once a cell. */
  async #setup(
    settings: Settings,
    identities: Map<SetupProbe, Promise<Identified>>,
    container: Container | undefined,
    again = false,
  ): Promise<Result<SetupProbe, Problem>> {
    const ports = this.#ports;
    const {directory, environment, registry, containers} = ports;
    const text = settings.setup;
    const mounts = [...settings.mounts, {source: directory, target: directory, write: false}];
    const key =
      container === undefined
        ? text
        : canonicalJson([container.runtime, {...container.identity}, mounts.map(mount => ({...mount})), text]);
    let probe = this.#probes.get(key);
    if (probe === undefined) {
      const inside =
        container === undefined
          ? {}
          : {
              inside: {
                container,
                run: containers.runText(container, mounts, directory),
                mounts,
                store: settings.store,
                digest: (path: string) => ports.digest(path),
              },
            };
      this.#probes.set(
        key,
        (probe = registry.probe({text, directory, environment, digest: path => ports.digest(path), ...inside})),
      );
    }
    const probed = await probe;
    if (!probed.ok) {
      // What failed may work the next time: a module that was not loaded, a network that was down.
      this.#probes.delete(key);
      return probed;
    }
    const declared = Object.fromEntries(settings.environment);
    const {value} = probed;
    let identity = identities.get(value);
    if (identity === undefined) {
      if (!again && value.current !== undefined && !(await value.current(path => ports.digest(path)))) {
        // A file that it sources was edited: what it makes now is another thing.
        if (this.#probes.get(key) === probe) this.#probes.delete(key);
        return this.#setup(settings, identities, container, true);
      }
      identity = value.identify?.(path => ports.digest(path)) ?? Promise.resolve(value);
      identities.set(value, identity);
    }
    const {identity: known, contents, trees} = await identity;
    // Once in this kernel and store: `%why` compares it with what later cells are set up with.
    const place = `${settings.store} ${known}`;
    if (!this.#keptSetups.has(place)) ports.keepSetup(known, contents);
    this.#keptSetups.add(place);
    return ok({
      ...value,
      identity: known,
      contents,
      ...(trees === undefined ? {} : {trees}),
      environment: {...value.environment, ...declared},
    });
  }

  /** The container that an option names. */
  async #pin(cell: string, text: string, signal: AbortSignal): Promise<Result<Container | undefined, Problem>> {
    const {print} = this.#ports;
    const line = (said: string): void => print(cell, `${said}\n`);
    const pinned = await this.#containers.pin(text, {refresh: false, signal, line});
    if (!pinned.ok) return pinned;
    const {container, said} = pinned.value;
    const all = said.join('\n');
    if (!this.#said.has(all)) line(all);
    this.#said.add(all);
    return ok(container);
  }
}
