import {existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {watch} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import type {Fingerprint} from '../../kernel/fingerprint/fingerprint.js';
import type {Holder} from '../../kernel/graph/holder.js';
import {scratch, type Scratch} from '../rig/scratch.js';
import {startKernel, type Kernel, type KernelOptions} from '../rig/kernel.js';

/** Where results lie in a notebook's directory, as the rules of faults write it, too. */
export const WORK = '.weft/work';

/** What a line of a journal says of a task, as far as these tests look at it. */
export interface Line {
  readonly is: string;
  readonly fingerprint?: Fingerprint;
  readonly manifest?: {readonly label: string; readonly directory?: string; readonly edition: number};
  readonly failure?: {readonly reason: string};
}

/**
 * A notebook's directory that kernels come and go on. Its tasks write a line to a counter each time they really run, and wait
 * for a file before they end, so that a test decides what runs when.
 */
export class CrashRig implements Disposable {
  readonly #scratch: Scratch = scratch();
  readonly directory: string;
  readonly counter: string;

  constructor() {
    this.directory = this.#scratch.at('notebook');
    this.counter = this.#scratch.at('counter');
    writeFileSync(this.counter, '');
    mkdirSync(this.directory);
  }

  at(...names: readonly string[]): string {
    return this.#scratch.at(...names);
  }

  start(options: KernelOptions = {}): Promise<Kernel> {
    return startKernel({directory: this.directory, ...options, env: {WEFT_SLOTS: '2', ...options.env}});
  }

  /** Bash that counts a run of `name`, and waits until {@link open} lets it go on. */
  body(name: string, rest = `echo "result of ${name}" > out.txt`): string {
    return [
      `echo ${name} >> ${this.counter}`,
      `until [ -e ${this.at(`open-${name}`)} ] || [ -e ${this.at('open-all')} ]; do sleep 0.02; done`,
      rest,
    ].join('\n');
  }

  /** Lets tasks of this name end, now and later; all of them without one. */
  open(name = 'all'): void {
    writeFileSync(this.at(`open-${name}`), '');
  }

  /** The names of the tasks that really ran, in the order they began. */
  get ran(): readonly string[] {
    return readFileSync(this.counter, 'utf8').split('\n').filter(Boolean);
  }

  /** Waits until a task of this name has begun. */
  async begun(name: string, times = 1): Promise<void> {
    await this.until(this.counter, () => this.ran.filter(line => line === name).length >= times);
  }

  /** Waits until something holds of a file; looks when the file changes, and now and then as watching may be late. */
  async until(path: string, holds: () => boolean): Promise<void> {
    const end = AbortSignal.timeout(20_000);
    while (!holds()) {
      end.throwIfAborted();
      const changed = new AbortController();
      const timer = setTimeout(() => changed.abort(), 50);
      try {
        await watch(existsSync(path) ? path : dirname(path), {signal: changed.signal})
          [Symbol.asyncIterator]()
          .next();
      } catch {
        // It is time to look.
      } finally {
        clearTimeout(timer);
      }
    }
  }

  /** All lines of all journals of the store. */
  get journal(): readonly Line[] {
    const runs = join(this.directory, '.weft/runs');
    if (!existsSync(runs)) return [];
    return readdirSync(runs).flatMap(name =>
      readFileSync(join(runs, name), 'utf8')
        .split('\n')
        .slice(0, -1)
        .map(line => JSON.parse(line) as Line),
    );
  }

  /** The fingerprint of the last task of this label that is known to have ended. */
  fingerprint(label: string): Fingerprint {
    const line = this.journal.findLast(({manifest}) => manifest?.label === label);
    if (line?.fingerprint === undefined) throw new Error(`nothing is known of ${label}`);
    return line.fingerprint;
  }

  /** Where the result of the last task of this label lies; waits for its line in a journal, which comes after its display. */
  async result(label: string): Promise<string> {
    const find = (): Line | undefined => this.journal.findLast(({manifest}) => manifest?.label === label);
    await this.until(join(this.directory, '.weft/runs'), () => find() !== undefined);
    return join(this.directory, '.weft', find()?.manifest?.directory ?? '');
  }

  /** The results in the store under their final names. */
  get published(): readonly string[] {
    return this.#below('work').filter(name => /^[0-9a-f]{2}\/[^./][^/]*$/.test(name));
  }

  /** The runners of the attempts that are under way. */
  get runners(): readonly Holder[] {
    return this.#below('work')
      .filter(name => name.endsWith('.weft.runner'))
      .map(name => {
        const path = join(this.directory, WORK, name);
        return {...(JSON.parse(readFileSync(path, 'utf8')) as Holder), directory: dirname(path)};
      });
  }

  /** What claims and attempts are left. A claim that was being written when its kernel died leaves a file that means nothing. */
  get leftovers(): readonly string[] {
    const attempts = [...this.#below('work'), ...this.#below('scratch')].filter(name =>
      /(^|\/)\.bash-[^/]*$/.test(name),
    );
    return [...this.#below('claims').filter(name => !name.startsWith('.')), ...attempts];
  }

  #below(name: string): readonly string[] {
    const path = join(this.directory, '.weft', name);
    return existsSync(path) ? (readdirSync(path, {recursive: true}) as string[]) : [];
  }

  [Symbol.dispose](): void {
    this.#scratch[Symbol.dispose]();
  }
}

/** Runs cells and waits until all their tasks have ended. Gives the display of each cell, as text. */
export async function runCells(kernel: Kernel, cells: readonly string[]): Promise<readonly string[]> {
  const ran = [];
  for (const cell of cells) ran.push(await kernel.client.execute(cell));
  await kernel.client.execute('%wait', {timeout: 60_000});
  return Promise.all(
    ran.map(async ({outputs}) => {
      if (outputs.error !== undefined) return outputs.error.evalue;
      const [display] = outputs.displays;
      const text = (): string => JSON.stringify(display?.data['text/plain'] ?? '');
      // The last update of a display may come after the end of what it waited for.
      if (/running|queued|waiting/.test(text())) {
        await kernel.client.waitFor(
          ({header, content}) =>
            header.msg_type === 'update_display_data' &&
            (content['transient'] as {display_id?: string}).display_id === display?.displayId &&
            !/running|queued|waiting/.test(JSON.stringify((content['data'] as Record<string, unknown>)['text/plain'])),
        );
      }
      return text();
    }),
  );
}
