import type {Comms, CommTarget} from '../wire/comms.js';
import type {ExtensionKernel, LoadedExtension} from './extension.js';
import {guardedLine, guardedTarget, guardedTask, magicFault, type Guard} from './guarded-magic.js';
import type {LineMagic, Problem, TaskMagic} from './magic.js';
import {FOREACH, type Registry} from './registry.js';

/** What an extension adds. It is collected while its `register` runs, and put to use by `commit`. */
export class Additions {
  /** As it was typed. */
  readonly name: string;
  readonly kernel: ExtensionKernel;
  readonly lines: LineMagic[] = [];
  readonly tasks: TaskMagic<unknown>[] = [];
  readonly targets = new Map<string, CommTarget>();
  readonly #comms: Comms;
  readonly #unload: (() => void)[] = [];
  #problem: Problem | undefined;
  #open = true;

  /** @param others all that are loaded, by their key; the one of this `key` will be replaced */
  constructor(
    name: string,
    {registry, comms, directory}: {readonly registry: Registry; readonly comms: Comms; readonly directory: string},
    guard: Guard,
    key: string,
    others: ReadonlyMap<string, {readonly additions: Additions}>,
  ) {
    this.name = name;
    this.#comms = comms;
    const around = [...others].filter(([other]) => other !== key).map(([, {additions}]) => additions);
    const own = [FOREACH, ...[...registry.tasks, ...registry.cells, ...registry.lines].map(({shape}) => shape)].map(
      shape => shape.name,
    );
    const taken = (magic: string): string | undefined =>
      own.includes(magic)
        ? 'Weft itself'
        : [...around, this as Additions].find(other => other.#names().includes(magic))?.name;
    const add = <M extends LineMagic | TaskMagic<unknown>>(
      of: 'line' | 'task',
      magic: M,
      to: M[],
      made: () => M,
    ): void => {
      this.#checkOpen();
      const wrong = magicFault(magic, of);
      const other = wrong === undefined ? taken(magic.shape.name) : undefined;
      if (wrong !== undefined) this.#refuse('W9101', `a ${of} magic of \`${name}\` cannot be used: ${wrong}`);
      else if (other === undefined) to.push(made());
      else this.#refuse('W9102', `the name \`${magic.shape.name}\` of a magic of \`${name}\` is one of ${other}`);
    };
    this.kernel = {
      version: 1,
      directory,
      lineMagic: magic => add('line', magic, this.lines, () => guardedLine(magic, name, guard)),
      taskMagic: magic => add('task', magic, this.tasks, () => guardedTask(magic, name, guard)),
      commTarget: (target, take) => {
        this.#checkOpen();
        const other = [...around, this as Additions].find(each => each.targets.has(target));
        if (typeof take !== 'function') this.#refuse('W9101', `the comm target \`${target}\` is no function`);
        else if (other === undefined) this.targets.set(target, guardedTarget(take, guard));
        else this.#refuse('W9102', `the comm target \`${target}\` of \`${name}\` is one of ${other.name}`);
      },
      openComm: (target, data, end) => comms.open(target, data, end),
      task: wanted =>
        [...registry.tasks, ...around.flatMap(each => each.tasks)].find(({shape}) => shape.name === wanted),
      onUnload: ended => void this.#unload.push(ended),
    };
  }

  /** The first thing that it added and could not. */
  get problem(): Problem | undefined {
    return this.#problem;
  }

  get summary(): Omit<LoadedExtension, 'fresh'> {
    const magics = [
      ...this.tasks.map(({shape}) => `%%${shape.name}`),
      ...this.lines.map(({shape}) => `%${shape.name}`),
    ];
    return {magics, targets: [...this.targets.keys()]};
  }

  /** Lets front ends open its comms. */
  commit(): void {
    this.#open = false;
    for (const [name, target] of this.targets) this.#unload.push(this.#comms.register(name, target));
  }

  /** Takes back what `commit` did, and tells the extension. What it throws then harms nothing. */
  remove(): void {
    for (const ended of this.#unload.splice(0)) {
      try {
        ended();
      } catch {
        // It is gone all the same.
      }
    }
  }

  /** Ends what `register` has begun, where it failed. */
  discard(): void {
    this.#open = false;
    this.remove();
  }

  #checkOpen(): void {
    if (!this.#open) throw new Error('an extension adds what it has while its `register` runs');
  }

  #names(): readonly string[] {
    return [...this.lines, ...this.tasks].map(({shape}) => shape.name);
  }

  #refuse(code: 'W9101' | 'W9102', message: string): void {
    this.#problem ??= {code, severity: 'error', message, hint: 'nothing of the extension was loaded'};
  }
}
