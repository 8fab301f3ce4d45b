import {existsSync} from 'node:fs';
import {availableParallelism, hostname, totalmem, userInfo} from 'node:os';
import {join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {registry as magics} from '../magics/registry.js';
import type {Digest} from './fingerprint/fingerprint.js';
import {fail, ok, type Result} from './graph/result.js';
import {tooLarge} from './graph/too-large.js';
import {Containers} from './run/containers/containers.js';
import {architectureOf, Images} from './run/containers/images.js';
import {removeLeftovers} from './run/containers/leftovers.js';
import {runProgram} from './run/containers/run-program.js';
import {runtimes} from './run/containers/runtimes.js';
import {hasSubordinateIds} from './run/containers/subordinate-ids.js';
import {LocalExecutor} from './run/local/local-executor.js';
import {Scheduler} from './run/scheduler.js';
import {defaultSlots, jobsOut} from './run/slots.js';
import {Adoption} from './session/adoption.js';
import {Contexts} from './session/context.js';
import {notebookControl} from './session/control.js';
import {pastOf} from './session/past.js';
import {Displays} from './session/displays.js';
import {Extensions} from './session/extensions.js';
import {Forecast} from './session/forecast.js';
import {Futures} from './session/futures.js';
import {News} from './session/news.js';
import {NotebookSession} from './session/notebook-session.js';
import {lookAtResult} from './session/planned-checkpoints.js';
import type {Settings} from './session/settings.js';
import {stampOf} from './machine/process-life.js';
import {IPython} from './python/ipython.js';
import type {StoreProblem} from './store/problem.js';
import {writeSetup} from './store/setup-record.js';
import {Comms} from './wire/comms.js';
import {DECLARATIONS} from './typescript/language/declarations.js';
import {LanguageThread} from './typescript/language-thread.js';
import {NotebookStore} from './open-store.js';
import {hooksOf, startUser, userPort, type Handlers} from './open-user.js';
import {newAttemptId} from './session/attempt-id.js';

/** Milliseconds before a failed task is tried again: the first time, twice as much each time, and the most. */
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 60_000;

/** Milliseconds after which a fault that is met again, and was not in between, is told again. */
const FORGOTTEN = 60_000;

/** Short jobs that are with the executor for each slot, beside the one that runs. */
const AHEAD = 4;

/** What opening a notebook takes. Paths are absolute. */
export interface NotebookOptions {
  /** The notebook's directory: what relative paths mean, and where `.weft` lies. */
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where the bundles are: `user.js` and `runner.sh`. */
  readonly dist?: string;
  readonly log: (line: string) => void;
  /** How many tasks run at once; the machine decides unless it is given. */
  readonly slots?: number;
  /** True where somebody types: a thread then completes, inspects and checks types. */
  readonly types?: boolean;
  /** What front ends may open; made here unless given. */
  readonly comms?: Comms;
  /** True: tasks are planned, and none is run; results are looked for, and none is changed. */
  readonly planOnly?: boolean;
}

/** A notebook with all that it runs on. */
export interface OpenNotebook {
  readonly session: NotebookSession;
  readonly futures: Futures;
  readonly scheduler: Scheduler;
  readonly displays: Displays;
  readonly settings: Settings;
  readonly forecast: Forecast;
  /** Resolves when all results so far are on the disk, or can't be. */
  readonly written: () => Promise<unknown>;
}

/** Builds a notebook of concrete parts. The error says why its store can't be used. */
export async function openNotebook({
  directory,
  environment: given,
  dist,
  log,
  slots,
  types = false,
  comms = new Comms(),
  planOnly = false,
}: NotebookOptions): Promise<Result<OpenNotebook, string>> {
  const bundles = dist ?? fileURLToPath(new URL('.', import.meta.url));
  const environment = withPrograms(given, join(bundles, '..', 'notebooks', 'bin'));
  const handlers: Handlers = {};
  const process_ = startUser(join(bundles, 'user.js'), directory, environment, handlers);
  const news = new News(FORGOTTEN);
  const onProblem = ({message, remedy}: StoreProblem): void => {
    const text = `weft: ${message}${remedy === undefined ? '' : `. ${remedy}`}`;
    // It is tried again and again.
    if (!news.isNews(text)) return;
    log(text);
    handlers.session?.printed('', 'stderr', `${text}\n`);
  };
  const own = Number(environment['WEFT_SLOTS']);
  const machineMemory = totalmem();
  const settings: Settings = {
    repo: undefined,
    setup: '',
    setupCell: '',
    container: undefined,
    mounts: [],
    network: undefined,
    python: 'python3',
    cells: 'typescript',
    environment: new Map(),
    code: new Set(),
    settle: environment['WEFT_SETTLE'] === 'cell' ? 'cell' : 'later',
    verify: 'mtime',
    typecheck: 'warn',
    slots:
      slots ??
      (Number.isInteger(own) && own > 0
        ? own
        : defaultSlots({cores: availableParallelism(), memory: machineMemory, hostname: hostname(), environment})),
    memory: machineMemory,
    get store() {
      return stores.current.store.directory;
    },
  };
  const opened = await NotebookStore.open({directory, environment, verify: () => settings.verify, onProblem, planOnly});
  if (!opened.ok) {
    await process_.close();
    const {message, remedy} = opened.error;
    return fail(`${message}${remedy === undefined ? '' : `; ${remedy}`}`);
  }
  const stores = opened.value;
  const digest = (path: string): Promise<Result<Digest, string>> => stores.digest(path);
  const {uid, gid} = userInfo();
  const oneUser = uid !== 0 && !hasSubordinateIds(userInfo());
  const stamp = stampOf();
  const machine = {
    environment,
    uid,
    gid,
    oneUser,
    architecture: architectureOf(process.arch),
    ...(stamp === undefined ? {} : {space: `${stamp.bootId} ${stamp.space ?? ''}`}),
  };
  const containers = new Containers({
    runtimes,
    machine,
    run: runProgram,
    get store() {
      return settings.store;
    },
  });
  const tidyContainers = (): void => {
    if (planOnly) return;
    void removeLeftovers({runtimes, machine, run: runProgram, store: settings.store}).then(names => {
      if (names.length > 0) log(`weft: removed containers that nobody held: ${names.join(', ')}`);
    });
  };
  tidyContainers();
  const images = new Images({runtimes, probing: {...machine, run: runProgram, digest}, directory});
  const late: {scheduler?: Scheduler; futures?: Futures} = {};
  const room = () => ({slots: settings.slots, memory: machineMemory});
  const executor = new LocalExecutor(
    // Tasks have what is declared, and nothing that this process happens to have.
    {
      ...room(),
      runner: join(bundles, 'runner.sh'),
      environment: {PATH: environment['PATH'] ?? '/usr/bin:/bin'},
    },
    {
      started: (attempt, at) => late.scheduler?.started(attempt, at),
      ended: (attempt, exit) => late.scheduler?.ended(attempt, exit),
      assigned: (attempt, holder) => late.scheduler?.assigned(attempt, holder),
    },
  );
  const scheduler = new Scheduler({
    get checkpoints() {
      return stores.current.checkpoints;
    },
    executor,
    now: () => Date.now(),
    newAttempt: newAttemptId,
    outstanding: mean => jobsOut(settings.slots, mean, AHEAD),
    containers,
    refuse: ({placement}) => {
      const large = tooLarge(placement, room());
      return large && {reason: 'start', message: large.message, remedy: large.remedy};
    },
    backOff: failures => Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (failures - 1)),
    changedContents: (contents, ended) => stores.changedContents(contents, ended),
    planOnly,
    changed: entry => late.futures?.entryChanged(entry),
  });
  late.scheduler = scheduler;
  const user = userPort(process_);
  const futures = new Futures(scheduler, node => user.expanded(node.ref()));
  late.futures = futures;
  handlers.futures = futures;
  const forecast = new Forecast({
    durations: (name, recipe) => stores.current.store.durations(name, recipe),
    entry: fingerprint => scheduler.entry(fingerprint),
    slots: () => settings.slots,
    now: () => Date.now(),
  });
  const {earlier, labels, comparisons} = pastOf(futures, scheduler, () => stores.current.store);
  const displays = new Displays(futures, forecast, comparisons);
  const report = (text: string): void => handlers.session?.printed('', 'stderr', text);
  const extensions = new Extensions({registry: magics, comms, directory, report, hooks: hooksOf(bundles)});
  const {registry} = extensions;
  const control = notebookControl({
    futures,
    scheduler,
    registry,
    extensions,
    earlier,
    labels,
    adoption: new Adoption({scheduler, stores, verify: () => settings.verify, planOnly}),
    stores,
    moved: tidyContainers,
    displays,
    stuck: {
      room,
      ownerOf: task => stores.current.checkpoints.ownerOf(task),
      laneOwnerOf: task => stores.current.checkpoints.lanes.ownerOf(task),
      now: () => Date.now(),
    },
    plan: {
      forecast,
      live: !planOnly,
      look: async manifest => {
        const looked = await lookAtResult(manifest, settings.verify);
        return looked.ok ? undefined : looked.error;
      },
    },
    resize: count => executor.resize(count),
    reached: () => user.reached(),
    interrupted: () => handlers.session?.interrupted() ?? new Promise(() => undefined),
  });
  const contexts = new Contexts({
    directory,
    settings,
    environment,
    futures,
    registry,
    containers: {
      pin: (text, options) => images.pin(text, options),
      auto: signal => images.auto(signal),
      pins: () => images.pins(),
      runText: (container, mounts, place) => text => containers.runText(container, mounts, place, text),
    },
    print: (cell, text) => handlers.session?.printed(cell, 'stdout', text),
    digest,
    keepSetup: (identity, contents) => (planOnly ? undefined : writeSetup(settings.store, identity, contents)),
    workDirectory: (name, fingerprint) => stores.current.store.workDirectory(name, fingerprint),
  });
  const language = types
    ? new LanguageThread({
        path: join(bundles, 'language.js'),
        directory,
        declarations: DECLARATIONS + registry.declarations,
        log,
      })
    : undefined;
  const session = new NotebookSession({
    user,
    futures,
    displays,
    contexts,
    registry,
    control,
    settings,
    python: new IPython(
      log,
      (inside, place, argv) => containers.open({...inside, directory: place, argv, input: true}),
      comms,
    ),
    language,
    close: async () => {
      extensions.close();
      await scheduler.close();
      await executor.close();
      await stores.close();
    },
  });
  handlers.session = session;
  const written = (): Promise<unknown> => stores.current.store.flush();
  return ok({session, futures, scheduler, displays, settings, forecast, written});
}

/** The programs of the notebooks come last on the PATH: they hide nothing. */
function withPrograms(environment: NotebookOptions['environment'], programs: string): NotebookOptions['environment'] {
  if (!existsSync(programs)) return environment;
  const path = environment['PATH'] ?? '/usr/local/bin:/usr/bin:/bin';
  return {...environment, PATH: `${path}:${resolve(programs)}`, WEFT_NODE: process.execPath};
}
