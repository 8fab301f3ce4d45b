import {basename} from 'node:path';
import {assembleCoadd} from './assemble-coadd.js';
import type {Surroundings} from './command-line.js';
import {ingestImages} from './ingest-images.js';
import {installTransmissionCurves} from './install-transmission-curves.js';
import {runStackCommand} from './install.js';
import {makeCoaddTempExp} from './make-coadd-temp-exp.js';
import {makeDiscreteSkyMap} from './make-discrete-sky-map.js';
import {processCcd} from './process-ccd.js';
import {SystemExit, traceback} from './python.js';
import {runTaskProgram} from './task-program.js';

type Program = (program: string, args: readonly string[], surroundings: Surroundings) => void;

/** The programs of the stack, by the name of their executable. */
export const PROGRAMS: ReadonlyMap<string, Program> = new Map<string, Program>([
  ['ingestImages.py', ingestImages],
  ['installTransmissionCurves.py', installTransmissionCurves],
  ['processCcd.py', (program, args, around) => runTaskProgram(processCcd, program, args, around)],
  ['makeDiscreteSkyMap.py', (program, args, around) => runTaskProgram(makeDiscreteSkyMap, program, args, around)],
  ['makeCoaddTempExp.py', (program, args, around) => runTaskProgram(makeCoaddTempExp, program, args, around)],
  ['assembleCoadd.py', (program, args, around) => runTaskProgram(assembleCoadd, program, args, around)],
]);

/**
 * Runs the program that `argv[0]` names, a path or a bare name, and gives its exit code. Output goes through
 * `surroundings`; nothing else of the process is touched.
 */
export function run(argv: readonly string[], surroundings: Surroundings): number {
  const [program = '', ...args] = argv;
  const name = basename(program);
  const start = PROGRAMS.get(name);
  try {
    if (start !== undefined) start(program, args, surroundings);
    else return runStackCommand(argv, [...PROGRAMS.keys()], surroundings);
    return 0;
  } catch (error) {
    if (error instanceof SystemExit) return error.code;
    surroundings.stderr(traceback(error, program));
    return 1;
  }
}
