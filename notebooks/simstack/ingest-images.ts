import {copyFileSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync} from 'node:fs';
import {basename, dirname, join, resolve} from 'node:path';
import type {FitsHeader} from '../../kernel/show/fits.js';
import {readFits} from '../../kernel/show/fits.js';
import type {OptionSpec, Surroundings} from './command-line.js';
import {CommandLine} from './command-line.js';
import type {CastDataId} from './dataset.js';
import {datasetPath} from './dataset.js';
import {Log} from './log.js';
import {PythonError, repr, SystemExit, traceback} from './python.js';
import type {Row} from './registry.js';
import {changeRegistry, readTables} from './registry.js';
import {mapperOf} from './repository.js';

const NAME = 'ingest';

const OPTIONS: readonly OptionSpec[] = [
  {
    name: 'mode',
    kind: 'value',
    choices: ['move', 'copy', 'link', 'skip'],
    help: 'Mode of delivering the files to their destination',
  },
  {name: 'dry-run', short: 'n', kind: 'flag', help: "Don't perform any action?"},
  {name: 'create', kind: 'flag', help: 'Create new registry (clobber old)?'},
  {name: 'ignore-ingested', kind: 'flag', help: "Don't register files that have already been registered"},
  {name: 'badId', kind: 'list', help: 'Data identifier for bad data'},
  {name: 'badFile', kind: 'list', help: 'Names of bad files (no path; wildcards allowed)'},
  {name: 'config', short: 'c', kind: 'list', metavar: 'NAME=VALUE', help: 'config override(s)'},
  {name: 'configfile', short: 'C', kind: 'list', metavar: 'FILE', help: 'config override file(s)'},
  {name: 'loglevel', short: 'L', kind: 'list', metavar: 'LEVEL', help: 'logging level'},
  {name: 'doraise', kind: 'flag', help: 'raise an exception on error (else log a message and continue)?'},
  {name: 'output', kind: 'value', help: 'path to output data repository'},
];

/** Columns of the table `raw`. Source: `lsst/obs_subaru@18.1.0:config/ingest.py`. */
const COLUMNS: readonly (readonly [name: string, type: 'text' | 'int' | 'double'])[] = [
  ['field', 'text'],
  ['visit', 'int'],
  ['ccd', 'int'],
  ['pointing', 'int'],
  ['filter', 'text'],
  ['proposal', 'text'],
  ['dateObs', 'text'],
  ['taiObs', 'text'],
  ['expTime', 'double'],
  ['pa', 'double'],
  ['autoguider', 'text'],
  ['ccdTemp', 'double'],
  ['config', 'text'],
  ['frameId', 'text'],
  ['expId', 'text'],
  ['dataType', 'text'],
];

/** The row of a raw file, from its header. A header that lacks what names the exposure is an error. */
function rowOf(header: FitsHeader): Row {
  const visit = /^HSC[A-Z](\d{8})$/.exec(header.text('EXP-ID', ''));
  if (visit === null) throw new PythonError('RuntimeError', `Unable to interpret EXP-ID: ${header.text('EXP-ID', '')}`);
  return {
    field: header.text('OBJECT', 'UNKNOWN'),
    visit: Number(visit[1]),
    ccd: header.number('DET-ID', 0),
    pointing: Math.floor(header.number('MJD', 55927)) - 55927,
    filter: header.text('FILTER01', 'UNRECOGNISED'),
    proposal: header.text('PROP-ID', 'unknown'),
    dateObs: header.text('DATE-OBS', ''),
    taiObs: header.text('DATE-OBS', ''),
    expTime: header.number('EXPTIME', 0),
    pa: header.number('INST-PA', 0),
    autoguider: header.get('T_AG') === true ? 'YES' : 'NO',
    ccdTemp: header.number('T_CCDTV', 0),
    config: header.text('T_CFGFIL', ''),
    frameId: header.text('FRAMEID', ''),
    expId: header.text('EXP-ID', ''),
    dataType: header.text('DATA-TYP', ''),
  };
}

/** Brings one file to its place in the root; false if that failed. */
function deliver(file: string, destination: string, mode: string, log: Log): boolean {
  if (mode === 'skip') return true;
  try {
    mkdirSync(dirname(destination), {recursive: true});
    if (resolve(file) === destination) return true;
    if (lstatSync(destination, {throwIfNoEntry: false}) !== undefined) rmSync(destination);
    if (mode === 'link') symlinkSync(resolve(file), destination);
    else if (mode === 'copy') copyFileSync(file, destination);
    else renameSync(file, destination);
    log.info(NAME, `${file} --<${mode}>--> ${destination}`);
    return true;
  } catch (error) {
    log.warn(NAME, `Failed to ${mode} ${file} to ${destination}: ${String(error)}`);
    return false;
  }
}

/** Adds rows to the registry of a root; a row of the same visit and ccd is replaced. */
function register(root: string, rows: readonly Row[], create: boolean): void {
  const registry = join(root, 'registry.sqlite3');
  if (create) rmSync(registry, {force: true});
  const names = COLUMNS.map(([name]) => name);
  changeRegistry(registry, database => {
    const columns = COLUMNS.map(([name, type]) => `${name} ${type}`).join(', ');
    database.exec(
      `CREATE TABLE IF NOT EXISTS raw (id INTEGER PRIMARY KEY AUTOINCREMENT, ${columns}, UNIQUE (visit, ccd))`,
    );
    database.exec(
      'CREATE TABLE IF NOT EXISTS raw_visit (visit int, field text, filter text, dateObs text, taiObs text, UNIQUE (visit))',
    );
    database.exec('BEGIN');
    for (const row of rows) {
      const marks = names.map(() => '?').join(', ');
      const values = names.map(name => row[name] ?? null);
      database.run(`INSERT OR REPLACE INTO raw (${names.join(', ')}) VALUES (${marks})`, values);
    }
    database.exec('INSERT OR IGNORE INTO raw_visit SELECT DISTINCT visit, field, filter, dateObs, taiObs FROM raw');
    database.exec('COMMIT');
  });
}

/** Visits and ccds that the registry of a root has. */
function ingested(root: string): ReadonlySet<string> {
  const found = new Set<string>();
  if (!existsSync(join(root, 'registry.sqlite3'))) return found;
  for (const row of readTables(join(root, 'registry.sqlite3'), ['raw']).flat())
    found.add(`${row['visit'] ?? ''}-${row['ccd'] ?? ''}`);
  return found;
}

/** `ingestImages.py`: registers raw files in a root and puts them, or links to them, in their places. */
export function ingestImages(program: string, args: readonly string[], surroundings: Surroundings): void {
  const {stdout, stderr, cwd} = surroundings;
  const line = new CommandLine(basename(program), 'input files [files ...]', OPTIONS, surroundings);
  if (args.length === 0 || args.includes('-h') || args.includes('--help')) {
    {
      stdout(line.help('Ingest raw images into a data repository.'));
      return;
    }
  }
  const {positional, options} = line.parse(args);
  const [given, ...files] = positional;
  if (given === undefined || files.length === 0) throw line.error('the following arguments are required: input, files');
  const root = resolve(cwd, given);
  if (!existsSync(root)) throw line.error(`Error: input=${repr(root)} not found`);
  if (mapperOf(root) === null) throw line.error(`Error: no mapper specified for input repo: ${repr(root)}`);
  const has = (name: string): boolean => options.some(option => option.name === name);
  const mode = options.findLast(option => option.name === 'mode')?.values[0] ?? 'link';
  const badFiles = options.filter(option => option.name === 'badFile').flatMap(option => option.values);
  const log = new Log(stdout);
  const known = has('create') ? new Set<string>() : ingested(root);
  const rows: Row[] = [];
  for (const file of files.map(each => resolve(cwd, each))) {
    if (badFiles.includes(basename(file))) {
      log.info(NAME, `Skipping declared bad file ${file}`);
      continue;
    }
    try {
      const hdus = existsSync(file)
        ? readFits(readFileSync(file))
        : {ok: false as const, error: 'could not open the named file'};
      if (!hdus.ok || hdus.value[0] === undefined) {
        const why = hdus.ok ? 'empty file' : hdus.error;
        throw new PythonError(
          'lsst.afw.fits.FitsError',
          `cfitsio error (${file}): ${why} : Opening file '${file}' with mode 'r'`,
        );
      }
      const row = rowOf(hdus.value[0].header);
      const dataId = row as CastDataId;
      if (known.has(`${row['visit'] ?? ''}-${row['ccd'] ?? ''}`)) {
        log.warn(
          NAME,
          `${file}: already ingested: ${repr({ccd: dataId['ccd'] ?? null, visit: dataId['visit'] ?? null})}`,
        );
        if (has('ignore-ingested')) continue;
      }
      if (has('dry-run')) {
        log.info(NAME, `Would ingest ${file}`);
      } else if (deliver(file, join(root, datasetPath('raw', dataId)), mode, log)) rows.push(row);
    } catch (error) {
      if (!(error instanceof PythonError)) throw error;
      log.warn(NAME, `Failed to ingest file ${file}: ${error.message}`);
      if (has('doraise')) {
        stderr(traceback(error, basename(program)));
        throw new SystemExit(1);
      }
    }
  }
  if (rows.length > 0) register(root, rows, has('create'));
}
