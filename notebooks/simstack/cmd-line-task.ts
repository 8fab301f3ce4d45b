import {existsSync, readFileSync, renameSync} from 'node:fs';
import {join} from 'node:path';
import type {Surroundings} from './command-line.js';
import type {CastDataId} from './dataset.js';
import {applyFaults} from './fault.js';
import {writeFileAtomic} from './file.js';
import {readPickle, writePickle} from './pickle.js';
import {PythonError, repr, SystemExit, traceback, textOf} from './python.js';
import type {PythonValue} from './python.js';
import type {Task, TaskContext} from './task.js';
import {packages} from './version.js';

/** Options of a run that have nothing to do with what is computed. */
export interface RunOptions {
  readonly doRaise: boolean;
  readonly noExit: boolean;
  readonly clobberConfig: boolean;
  readonly clobberVersions: boolean;
  readonly noVersions: boolean;
  readonly noBackup: boolean;
}

/** An error of a task that is expected: no traceback is printed for it. */
class TaskError extends PythonError {
  constructor(message: string) {
    super('lsst.pipe.base.task.TaskError', message);
  }
}

/** Renames a file to the first free `NAME~N`, as the butler backs up what it replaces. */
function backUp(file: string): void {
  let n = 1;
  while (existsSync(`${file}~${n}`)) n++;
  if (existsSync(file)) renameSync(file, `${file}~${n}`);
}

/** Runs a task over its data ids. Source: `lsst/pipe_base@18.1.0:python/lsst/pipe/base/cmdLineTask.py`. */
export class TaskRunner {
  readonly #task: Task;
  readonly #context: TaskContext;
  readonly #options: RunOptions;
  readonly #surroundings: Surroundings;

  constructor(task: Task, context: TaskContext, options: RunOptions, surroundings: Surroundings) {
    this.#task = task;
    this.#context = context;
    this.#options = options;
    this.#surroundings = surroundings;
  }

  /** Writes what describes the run, then works on each data id. Ends by `SystemExit` where some failed. */
  run(dataIds: readonly CastDataId[]): void {
    if (!this.#prepare()) return;
    const targets = this.#task.allAtOnce ? (dataIds.length > 0 ? [dataIds] : []) : dataIds.map(id => [id]);
    if (targets.length === 0) {
      const text = 'Not running the task because there is no data to process; you may preview data using "--show data"';
      this.#context.log.warn('root', text);
      return;
    }
    let failed = 0;
    for (const target of targets) failed += this.#runOne(target) ? 0 : 1;
    if (failed === 0) return;
    if (this.#options.noExit) {
      this.#context.log.error('root', `${failed} dataRefs failed; not exiting as --noExit was set`);
    } else {
      throw new SystemExit(failed & 0xff);
    }
  }

  #runOne(target: readonly CastDataId[]): boolean {
    const {name, metadata} = this.#task;
    const {log} = this.#context;
    try {
      for (const dataId of target) applyFaults(this.#surroundings.env, name, dataId);
      this.#task.run(target, this.#context);
    } catch (error) {
      if (this.#options.doRaise || !(error instanceof PythonError)) throw error;
      const where = this.#task.allAtOnce
        ? `dataIds=[${target.map(id => repr(id)).join(', ')}]`
        : `dataId=${repr(target[0] ?? {})}`;
      log.fatal(name, `Failed on ${where}: ${error.type.split('.').at(-1) ?? ''}: ${error.message}`);
      if (!(error instanceof TaskError)) this.#surroundings.stderr(traceback(error, `${name}.py`));
      this.#writeMetadata(metadata, target);
      return false;
    }
    this.#writeMetadata(metadata, target);
    return true;
  }

  #writeMetadata(dataset: Task['metadata'], target: readonly CastDataId[]): void {
    if (dataset === null || target[0] === undefined) return;
    const text = `!<lsst::daf::base::PropertySet>\n${this.#task.name}: {version: simulation}\n`;
    this.#context.butler.put(dataset, target[0], text);
  }

  /** Writes versions, configuration and schemas, or checks them against those in the output. False if that failed. */
  #prepare(): boolean {
    const {name} = this.#task;
    try {
      if (!this.#options.noVersions) this.#writeVersions();
      this.#writeConfig();
      this.#writeSchemas();
      return true;
    } catch (error) {
      if (this.#options.doRaise || !(error instanceof PythonError)) throw error;
      this.#context.log.fatal(name, `Failed in task initialization: ${error.message}`);
      if (!(error instanceof TaskError)) this.#surroundings.stderr(traceback(error, `${name}.py`));
      return false;
    }
  }

  #writeVersions(): void {
    const file = join(this.#context.butler.output, 'config', 'packages.pickle');
    const now = packages(this.#surroundings.env);
    if (!existsSync(file) || this.#options.clobberVersions) {
      if (!this.#options.noBackup) backUp(file);
      writeFileAtomic(file, writePickle(now));
      return;
    }
    const text = readFileSync(file, 'latin1');
    let old: Readonly<Record<string, PythonValue>>;
    try {
      old = readPickle(text) as Readonly<Record<string, PythonValue>>;
    } catch (error) {
      throw new PythonError(
        error instanceof PythonError ? error.type : 'RuntimeError',
        `Unable to read stored version dataset packages (${String(error)}); consider using --clobber-versions or --no-versions`,
      );
    }
    const different = Object.entries(now).filter(([key, version]) => old[key] !== undefined && old[key] !== version);
    if (different.length > 0) {
      const list = different.map(([key, version]) => `${key}: ${version} vs ${textOf(old[key])}`).join('; ');
      throw new TaskError(`Version mismatch (${list}); consider using --clobber-versions or --no-versions`);
    }
  }

  #writeConfig(): void {
    const {configPath, name} = this.#task;
    if (configPath === null) return;
    const {butler, config, log} = this.#context;
    const file = join(butler.output, configPath);
    if (existsSync(file) && !this.#options.clobberConfig) {
      const differences = config.differences(readFileSync(file, 'utf8'));
      for (const each of differences) log.fatal(name, `Comparing configuration: ${each}`);
      if (differences.length > 0)
        throw new TaskError(
          mismatch('Config does not match existing task config', configName(configPath), 'tasks configurations'),
        );
      return;
    }
    if (!this.#options.noBackup) backUp(file);
    writeFileAtomic(file, config.fileText());
  }

  #writeSchemas(): void {
    for (const [path, content] of this.#task.schemas) {
      const file = join(this.#context.butler.output, path);
      if (existsSync(file) && !this.#options.clobberConfig) {
        if (!readFileSync(file).equals(content)) {
          const dataset = `${path.replace(/^schema\/|\.fits$/g, '')}_schema`;
          throw new TaskError(mismatch('New schema does not match schema', dataset, 'schemas'));
        }
      } else {
        if (!this.#options.noBackup) backUp(file);
        writeFileAtomic(file, content);
      }
    }
  }
}

/** The dataset that a configuration file is: `config/processCcd.py` is `processCcd_config`. */
function configName(path: string): string {
  return `${path.replace(/^config\/|\.py$/g, '')}_config`;
}

function mismatch(start: string, dataset: string, what: string): string {
  return `${start} '${dataset}' on disk; ${what} must be consistent within the same output repo (override with --clobber-config)`;
}
