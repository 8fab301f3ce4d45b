import {existsSync, readFileSync, rmSync, statSync} from 'node:fs';
import {basename, isAbsolute, join, resolve} from 'node:path';
import {Butler} from './butler.js';
import type {RunOptions} from './cmd-line-task.js';
import {TaskRunner} from './cmd-line-task.js';
import type {OptionSpec, ParsedOption, Surroundings} from './command-line.js';
import {CommandLine} from './command-line.js';
import {Config} from './config.js';
import type {CastDataId} from './dataset.js';
import {castIds, dataRefs, expandIdWords} from './id-container.js';
import type {Level} from './log.js';
import {LEVELS, Log} from './log.js';
import {repr, SystemExit} from './python.js';
import {mapperOf} from './repository.js';
import {obeyShow} from './show-option.js';
import type {Task} from './task.js';
import {TASK_OPTIONS} from './task-options.js';

/** The last value that was given to an option. */
function last(options: readonly ParsedOption[], name: string): string | undefined {
  return options.findLast(option => option.name === name)?.values.at(-1);
}

/** A path from the command line; a relative one lies below a directory that the environment may name. */
function fixPath(path: string, root: string | undefined, cwd: string): string {
  return isAbsolute(path) ? path : resolve(cwd, root ?? '', path);
}

/** Applies `-L`, `-c` and `-C` in their order. */
function applyOptions(
  options: readonly ParsedOption[],
  config: Config,
  log: Log,
  line: CommandLine,
  cwd: string,
): void {
  for (const {name, values} of options) {
    for (const value of values) {
      if (name === 'config') {
        const equals = value.indexOf('=');
        if (equals < 0 || equals === value.length - 1)
          throw line.error(`--config value ${value} must be in form name=value`);
        const problem = config.setText(value.slice(0, equals), value.slice(equals + 1));
        if (problem !== null) throw line.error(problem);
      } else if (name === 'configfile') {
        const file = resolve(cwd, value);
        const problem = existsSync(file)
          ? config.load(readFileSync(file, 'utf8'))
          : `[Errno 2] No such file or directory: '${value}'`;
        if (problem !== null) throw line.error(`cannot load config file ${repr(value)}: ${problem}`);
      } else if (name === 'loglevel') {
        const equals = value.indexOf('=');
        const level = value.slice(equals + 1).toUpperCase() as Level;
        if (!LEVELS.includes(level)) throw line.error(`${repr(value.slice(equals + 1))} is not a valid log level`);
        log.setLevel(equals < 0 ? '' : value.slice(0, equals), level);
      }
    }
  }
}

/** Input and output directories as `--rerun` and `--output` name them. */
function directories(
  input: string,
  options: readonly ParsedOption[],
  line: CommandLine,
  {env, cwd}: Surroundings,
): {readonly input: string; readonly output: string | null} {
  const rawOutput = last(options, 'output');
  const rawRerun = last(options, 'rerun');
  const output = rawOutput === undefined ? null : fixPath(rawOutput, env['PIPE_OUTPUT_ROOT'], cwd);
  if (rawRerun === undefined) return {input, output};
  if (output !== null) throw line.error('Error: cannot specify both --output and --rerun');
  const names = rawRerun.split(':');
  const [first, second] = names.map(name => resolve(join(input, 'rerun'), name));
  if (first === undefined || names.length > 2) {
    throw line.error(`Error: invalid argument for --rerun: ${repr(names)}`);
  }
  const legacy = join(first, '_parent');
  const chosen =
    second !== undefined ? {input: first, output: second} : {input: existsSync(legacy) ? legacy : input, output: first};
  if (chosen.input !== input && mapperOf(chosen.input) !== mapperOf(input)) {
    throw line.error('Error: input directory specified by --rerun must have the same mapper as INPUT');
  }
  return chosen;
}

/** Runs a command-line task: parse, open the butler, show, run. Ends by returning or by `SystemExit`. */
export function runTaskProgram(task: Task, program: string, args: readonly string[], surroundings: Surroundings): void {
  const {stdout, env, cwd} = surroundings;
  const idOptions = task.idArguments.map(({name}): OptionSpec => ({
    name,
    kind: 'id',
    metavar: 'KEY=VALUE1[^VALUE2[^VALUE3...]',
    help: name === 'id' ? 'data ID, e.g. --id visit=12345 ccd=1,2' : 'data ID of exposures to use',
  }));
  const name = basename(program);
  const line = new CommandLine(name, 'input', [...TASK_OPTIONS, ...idOptions], surroundings);
  const first = args[0];
  if (first === undefined || first.startsWith('-') || first.startsWith('@')) {
    stdout(line.help(task.description));
    if (args.length === 1 && (first === '-h' || first === '--help')) return;
    surroundings.stderr(`${name}: error: Must specify input as first argument\n`);
    throw new SystemExit(1);
  }
  if (args.includes('-h') || args.includes('--help')) {
    stdout(line.help(task.description));
    return;
  }
  const input = fixPath(first, env['PIPE_INPUT_ROOT'], cwd);
  if (!existsSync(input) || !statSync(input).isDirectory()) throw line.error(`Error: input=${repr(input)} not found`);
  if (mapperOf(input) === null) throw line.error(`Error: no mapper specified for input repo: ${repr(input)}`);
  const log = new Log(stdout);
  const config = new Config(task.module, task.className, task.fields);
  const {positional, options} = line.parse(args);
  if (positional.length > 1) throw line.error(`unrecognized arguments: ${positional.slice(1).join(' ')}`);
  applyOptions(options, config, log, line, cwd);
  const given = new Set(options.map(option => option.name));
  const uncast = new Map(
    task.idArguments.map(argument => [
      argument.name,
      options.filter(option => option.name === argument.name).flatMap(option => expandIdWords(option.values, line)),
    ]),
  );
  const paths = directories(input, options, line, surroundings);
  if (given.has('clobber-output')) {
    if (paths.output === null) throw line.error('--clobber-output is only valid with --output or --rerun');
    log.info('root', `Removing output repo ${paths.output} for --clobber-output`);
    rmSync(paths.output, {recursive: true, force: true});
  }
  if (paths.output === null) {
    throw line.error(
      'no output directory specified.\nAn output directory must be specified with the --output or --rerun\ncommand-line arguments.\n',
    );
  }
  const shown = options.filter(option => option.name === 'show').flatMap(option => option.values);
  if (given.has('show') && shown.length === 0) throw line.error('argument --show: expected at least one argument');
  const butler = new Butler(paths.input, paths.output, log);
  obeyShow(shown, task, config, surroundings);
  const refs = new Map<string, readonly CastDataId[]>();
  for (const argument of task.idArguments) {
    const ids = castIds(uncast.get(argument.name) ?? [], argument, log, line);
    refs.set(argument.name, dataRefs(ids, argument, butler, log));
  }
  if (shown.includes('data')) {
    for (const [argument, ids] of refs) for (const id of ids) stdout(`${argument} dataRef.dataId = ${repr(id)}\n`);
  }
  if (shown.length > 0 && !shown.includes('run')) return;
  log.info('root', `Running: ${[program, ...args].join(' ')}`);
  const runOptions: RunOptions = {
    doRaise: given.has('doraise'),
    noExit: given.has('noExit'),
    clobberConfig: given.has('clobber-config'),
    clobberVersions: given.has('clobber-versions'),
    noVersions: given.has('no-versions'),
    noBackup: given.has('no-backup-config'),
  };
  const context = {butler, config, log, selected: refs.get('selectId') ?? []};
  new TaskRunner(task, context, runOptions, surroundings).run(refs.get('id') ?? []);
}
