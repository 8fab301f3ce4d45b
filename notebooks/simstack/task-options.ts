import type {OptionSpec} from './command-line.js';

/** Options that all command-line tasks have. Source: `lsst/pipe_base@18.1.0:.../argumentParser.py`. */
export const TASK_OPTIONS: readonly OptionSpec[] = [
  {name: 'calib', kind: 'value', metavar: 'RAWCALIB', help: 'path to input calibration repository'},
  {name: 'output', kind: 'value', metavar: 'RAWOUTPUT', help: 'path to output data repository (need not exist)'},
  {
    name: 'rerun',
    kind: 'value',
    metavar: '[INPUT:]OUTPUT',
    help: 'rerun name: sets OUTPUT to ROOT/rerun/OUTPUT; optionally sets ROOT to ROOT/rerun/INPUT',
  },
  {
    name: 'config',
    short: 'c',
    kind: 'list',
    metavar: 'NAME=VALUE',
    help: 'config override(s), e.g. -c foo=newfoo bar.baz=3',
  },
  {name: 'configfile', short: 'C', kind: 'list', metavar: 'FILE', help: 'config override file(s)'},
  {
    name: 'loglevel',
    short: 'L',
    kind: 'list',
    metavar: 'LEVEL|COMPONENT=LEVEL',
    help: 'logging level; supported levels are [trace|debug|info|warn|error|fatal]',
  },
  {name: 'longlog', kind: 'flag', help: 'use a more verbose format for the logging'},
  {name: 'debug', kind: 'flag', help: 'enable debugging output?'},
  {name: 'doraise', kind: 'flag', help: 'raise an exception on error (else log a message and continue)?'},
  {name: 'noExit', kind: 'flag', help: 'Do not exit even upon failure (i.e. return a struct to the calling script)'},
  {name: 'profile', kind: 'value', metavar: 'FILE', help: 'Dump cProfile statistics to filename'},
  {
    name: 'show',
    kind: 'list',
    metavar: 'SHOW',
    help: 'display the specified information to stdout and quit (unless run is specified)',
  },
  {name: 'processes', short: 'j', kind: 'value', help: 'Number of processes to use (the simulation uses one)'},
  {name: 'timeout', short: 't', kind: 'value', help: 'Timeout for multiprocessing; maximum wall time (sec)'},
  {name: 'clobber-output', kind: 'flag', help: 'remove and re-create the output directory if it already exists'},
  {
    name: 'clobber-config',
    kind: 'flag',
    help: 'backup and then overwrite existing config files instead of checking them',
  },
  {name: 'no-backup-config', kind: 'flag', help: "Don't copy config to file~N backup."},
  {
    name: 'clobber-versions',
    kind: 'flag',
    help: 'backup and then overwrite existing package versions instead of checking them',
  },
  {name: 'no-versions', kind: 'flag', help: "don't check package versions; useful for development"},
];
