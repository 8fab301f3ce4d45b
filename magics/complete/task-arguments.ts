/** The options that every command-line task has, as `lsst/pipe_base:python/lsst/pipe/base/argumentParser.py` names them. */
export const TASK_ARGUMENTS: Readonly<Record<string, string>> = {
  '--id': 'the data ids to work on: visit=903334 ccd=16^22',
  '--selectId': 'the data ids of the exposures that are selected from',
  '--config': 'fields of the configuration: isr.doBias=False',
  '--configfile': 'a file of configuration',
  '--show': 'shows the configuration, the data ids or the tasks, and runs nothing: config, data, tasks, history, run',
  '--loglevel': 'how much is logged: info, debug, warn',
  '--longlog': 'logs in full',
  '--doraise': 'ends at the first error',
  '--clobber-config': 'replaces a configuration that is not the same',
  '--clobber-versions': 'replaces versions of packages that are not the same',
  '--no-versions': 'does not look at versions of packages',
  '--no-backup-config': 'keeps no copy of an old configuration',
  '--timeout': 'how long a data id may take, in seconds',
  '-j': 'how many processes run side by side in this one task',
};
