import {existsSync, lutimesSync} from 'node:fs';
import {join} from 'node:path';
import {Faults, type Point, type Role, type Rule} from '../rig/faults/faults.js';
import type {Random} from '../rig/random.js';
import {CrashNotebook, type Ended, type Tasks} from './crash-notebook.js';
import {leftovers, LOOKED, lookAtStore} from './look-at-store.js';

/** Who is killed. */
const VICTIMS: readonly (readonly Role[])[] = [['kernel'], ['runner'], ['kernel', 'runner']];

/** Sets after which the store is a new one. */
const CHAIN = 6;

/** A run that takes so many milliseconds hangs. */
const LIMIT = 90_000;

/** Crashes at random instants, and runs beside a second kernel: one of so many rounds. */
const INSTANT = 6;
const PAIR = 9;

/** What is asked of the rounds. */
export interface RoundsOptions {
  readonly random: Random;
  /** Scripts unless given. */
  readonly tasks?: Tasks;
  /** Bundles other than those of the product. */
  readonly dist?: string;
  /** Crash at points whose path matches, only. */
  readonly paths?: RegExp;
  /** Who is killed there; each in turn unless given. */
  readonly victims?: readonly (readonly Role[])[];
}

const keyOf = ({role, operation, path}: Point): string => `${role} ${operation} ${path}`;

/** Crashes kernels and runners again and again, and looks after each at what is left. Lanes may share one. */
export class CrashRounds {
  readonly #options: RoundsOptions;
  /** Points that are known, and how often they came in one run at most. */
  readonly #known = new Map<string, number>();
  /** How often a point was aimed at, by who is to be killed there. */
  readonly #tried = new Map<string, number>();
  /** Points that were hit, by who was killed there. */
  readonly #hit = new Map<string, number>();
  /** Crashes that happened. */
  crashes = 0;
  /** Crashes that happened at an instant, not at a point. */
  instants = 0;
  /** What was seen that must not be, each with the crashes that led to it. */
  readonly wrong: string[] = [];

  constructor(options: RoundsOptions) {
    this.#options = options;
  }

  /** Points at which somebody was killed: process, operation and kind of path. */
  get points(): readonly string[] {
    return [...new Set([...this.#hit.keys()].map(key => key.split(' | ')[0]!))].sort();
  }

  /** Points, each with who was killed there. */
  get combinations(): number {
    return this.#hit.size;
  }

  /** Crashes until there were so many, or something is wrong. */
  async until(crashes: number): Promise<void> {
    while (this.crashes < crashes && this.wrong.length === 0) await this.#chain(crashes);
  }

  /** One store: a crash while the first set runs, another one while the next does, and so on. At the end nothing is left. */
  async #chain(crashes: number): Promise<void> {
    using notebook = new CrashNotebook(this.#options.tasks);
    const story: string[] = [];
    const finished = new Map<string, {readonly begun: number; readonly where: string}>();
    const look = (ended: readonly string[] = []): void => {
      const seen = lookAtStore(notebook);
      const wrong = [...seen.wrong, ...notebook.twice.map(task => `${task} ran twice at once`)];
      for (const [task, {begun, where}] of finished) {
        if (notebook.begun(task) > begun) wrong.push(`${task} ran again, though it had finished (${where})`);
      }
      for (const [task, where] of seen.finished) {
        if (!finished.has(task)) finished.set(task, {begun: notebook.begun(task), where});
      }
      for (const task of ended) {
        if (!finished.has(task))
          finished.set(task, {begun: notebook.begun(task), where: 'it has ended, and its runner lived'});
      }
      if (wrong.length > 0) this.wrong.push([...new Set(wrong), ...story.map(line => `  after ${line}`)].join('\n'));
    };
    const sets: number[] = [];
    const all: Faults[] = [];
    try {
      while (sets.length < CHAIN && this.crashes < crashes && this.wrong.length === 0) {
        sets.push(sets.length + 1);
        const faults = new Faults(notebook.directory);
        all.push(faults);
        const before = notebook.attempts;
        const victims = await this.#crash(notebook, sets.slice(-2), faults, story);
        look(victims.includes('runner') ? [] : notebook.endedBeside(before));
      }
      if (this.wrong.length > 0) return;
      const last = new Faults(notebook.directory);
      all.push(last);
      const ended = await this.#ended(notebook.run(sets, last.environment, {dist: this.#options.dist}).ended, story);
      look();
      if (ended.code !== 0) this.#say(`the last run failed: ${ended.err}`, story);
      else if (notebook.printed(sets) !== notebook.expected(sets))
        this.#say(`the last run printed ${notebook.printed(sets)}, not ${notebook.expected(sets)}`, story);
      await this.#tidy(notebook, last, story);
    } finally {
      for (const faults of all) faults[Symbol.dispose]();
    }
  }

  /** What crashes left is taken away when it is old. */
  async #tidy(notebook: CrashNotebook, faults: Faults, story: readonly string[]): Promise<void> {
    const {dist, tasks} = this.#options;
    // What lies in a root is tidied when a task is claimed there.
    const tidy = async (set: number): Promise<void> => {
      await this.#ended(
        notebook.run((tasks ?? 'scripts') === 'scripts' ? [] : [set], faults.environment, {dist}).ended,
        story,
      );
    };
    if ((tasks ?? 'scripts') !== 'scripts') await tidy(CHAIN + 1);
    const busy = leftovers(notebook).filter(name => /claims\/[0-9a-f]|\/\.[a-zA-Z]+-[0-9a-f]{12}\./.test(name));
    if (busy.length > 0) this.#say(`claims and attempts are left: ${busy.join(', ')}`, story);
    const old = Date.now() / 1000 - 3 * 3600;
    const mark = join('.weft', 'claims', LOOKED);
    for (const name of [...leftovers(notebook), ...(existsSync(notebook.at(mark)) ? [mark] : [])])
      lutimesSync(notebook.at(name), old, old);
    await tidy(CHAIN + 2);
    // That the lane of a root was taken over stays known: who looks has a task in it.
    const left = leftovers(notebook).filter(name => tasks !== 'roots' || !/^DATA\/\.weft\/claims\/\.taken-/.test(name));
    if (left.length > 0) this.#say(`what was left is never taken away: ${left.join(', ')}`, story);
  }

  async #crash(
    notebook: CrashNotebook,
    sets: readonly number[],
    faults: Faults,
    story: string[],
  ): Promise<readonly Role[]> {
    const {random, dist} = this.#options;
    const target = this.#known.size === 0 ? undefined : this.#target();
    const instant = this.#options.paths === undefined && target !== undefined && random.below(INSTANT) === 0;
    const pair = target !== undefined && random.below(PAIR) === 0;
    if (target !== undefined && !instant) faults.set([target.rule]);
    const running = notebook.run(sets, faults.environment, {dist});
    using second = pair ? new Faults(notebook.directory) : undefined;
    const beside = second === undefined ? undefined : notebook.run(sets, second.environment, {dist});
    if (instant) {
      const timer = setTimeout(() => faults.kill(...target.victims), 150 + random.below(1000));
      void running.ended.then(() => clearTimeout(timer));
    }
    await this.#ended(running.ended, story);
    const other = beside === undefined ? undefined : await this.#ended(beside.ended, story);
    const [hit] = faults.hits;
    const by = target?.victims.join('+') ?? '';
    if (instant || hit !== undefined) this.crashes++;
    if (instant) this.instants++;
    if (hit !== undefined) this.#count(this.#hit, `${keyOf(hit)} | ${by}`);
    story.push(
      `${instant ? 'an instant' : hit === undefined ? 'no crash' : keyOf(hit)}, killed: ${by}, sets ${sets.join()}${pair ? ', two kernels' : ''}`,
    );
    if (other !== undefined && other.code !== 0 && !by.includes('runner'))
      this.#say(`the second kernel failed: ${other.err}`, story);
    const seen = new Map<string, number>();
    for (const point of faults.log) this.#count(seen, keyOf(point));
    for (const [key, times] of seen) {
      if (this.#options.paths?.test(key) !== false) this.#known.set(key, Math.max(times, this.#known.get(key) ?? 0));
    }
    return target?.victims ?? [];
  }

  /** A point that was aimed at least, and who is killed there least. */
  #target(): {readonly rule: Rule; readonly victims: readonly Role[]} {
    const {random, victims: among = VICTIMS} = this.#options;
    const tried = (key: string, victims: readonly Role[]): number =>
      this.#tried.get(`${key} | ${victims.join('+')}`) ?? 0;
    const least = <T>(all: readonly T[], times: (one: T) => number): T => {
      const fewest = Math.min(...all.map(times));
      return random.of(all.filter(one => times(one) === fewest));
    };
    const key = least([...this.#known.keys()], one => among.reduce((sum, victims) => sum + tried(one, victims), 0));
    const victims = least(among, one => tried(key, one));
    this.#count(this.#tried, `${key} | ${victims.join('+')}`);
    const [role, operation, ...path] = key.split(' ');
    // The first ones come in any run, the last ones in some.
    const first = 1 + Math.floor(random.next() ** 2 * this.#known.get(key)!);
    return {
      rule: {action: {kill: victims}, role: role!, operation: operation!, path: path.join(' '), first, count: 1},
      victims,
    };
  }

  #count(map: Map<string, number>, key: string): void {
    map.set(key, (map.get(key) ?? 0) + 1);
  }

  #say(what: string, story: readonly string[]): void {
    this.wrong.push([what, ...story.map(line => `  after ${line}`)].join('\n'));
  }

  async #ended(ended: Promise<Ended>, story: readonly string[]): Promise<Ended> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Ended>(done => {
      timer = setTimeout(() => {
        this.#say('a kernel hangs', story);
        done({code: null, out: '', err: 'it hangs'});
      }, LIMIT);
    });
    const first = await Promise.race([ended, late]);
    clearTimeout(timer);
    return first;
  }
}
