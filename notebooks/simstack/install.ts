import {chmodSync, realpathSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {parseArgs} from 'node:util';
import type {Surroundings} from './command-line.js';
import {writeFileIfChanged} from './file.js';
import {LOAD_SCRIPT, productPath} from './load-script.js';
import {writeTestData} from './testdata.js';
import {PRODUCTS} from './version.js';

const USAGE = `usage: simstack install DIR [--program FILE] [--node FILE]
       simstack testdata DIR [--seed TEXT]
       simstack TASK.py ARGUMENTS...

install   makes DIR a simulated stack: DIR/loadLSST.bash and DIR/bin
testdata  makes DIR a simulated ci_hsc: raw files, calibrations, reference catalogue
`;

/** A word for sh, quoted. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Where the program is in the simulated stack's image; image-tree.js puts it there. */
const PROGRAM_IN_IMAGE = '/opt/lsst/software/simstack/dist/simstack.js';

/** A stack that was made outside is mounted in the image at its own path, but its Node and its program are not: the image has both. */
const shimText = (name: string, node: string, program: string): string => `#!/bin/sh
node=\${WEFT_NODE:-${quoted(node)}} program=${quoted(program)}
if [ -e ${PROGRAM_IN_IMAGE} ]; then
  [ -x "$node" ] || node=node
  [ -e "$program" ] || program=${PROGRAM_IN_IMAGE}
fi
exec "$node" "$program" ${name} "$@"
`;

/** eups is a program too, on the PATH of what is set up. */
const EUPS_PROGRAM = `#!/usr/bin/env bash
. "\${BASH_SOURCE[0]%/*}/../loadLSST.bash" && eups "$@"
`;

/** Makes a directory a stack: the script to source, and one executable for each program. */
function install(directory: string, executables: readonly string[], node: string, program: string): void {
  for (const name of executables) {
    const shim = join(directory, 'bin', name);
    writeFileIfChanged(shim, shimText(name, node, program));
    chmodSync(shim, 0o755);
  }
  for (const product of PRODUCTS) {
    writeFileIfChanged(join(directory, productPath(product), 'ups', `${product}.table`), '# simulated\n');
  }
  writeFileIfChanged(join(directory, 'loadLSST.bash'), LOAD_SCRIPT);
  writeFileIfChanged(join(directory, 'bin', 'eups'), EUPS_PROGRAM);
  chmodSync(join(directory, 'bin', 'eups'), 0o755);
}

/** The command that is no task: `simstack install` and `simstack testdata`. Gives the exit code. */
export function runStackCommand(argv: readonly string[], executables: readonly string[], around: Surroundings): number {
  const [command, ...args] = argv[0] === 'simstack' ? argv.slice(1) : argv;
  if (command === '--help' || command === '-h') {
    around.stdout(USAGE);
    return 0;
  }
  let parsed;
  try {
    const options = {program: {type: 'string'}, node: {type: 'string'}, seed: {type: 'string'}} as const;
    parsed = parseArgs({args, options, allowPositionals: true});
  } catch (error) {
    around.stderr(`simstack: ${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    return 2;
  }
  const [directory, ...rest] = parsed.positionals;
  if (directory === undefined || rest.length > 0 || (command !== 'install' && command !== 'testdata')) {
    around.stderr(`simstack: ${command === undefined ? 'a command is missing' : `cannot do \`${command}\``}\n${USAGE}`);
    return 2;
  }
  const target = resolve(around.cwd, directory);
  if (command === 'testdata') {
    writeTestData(target, parsed.values.seed);
    around.stdout(`Simulated ci_hsc is in ${target}\n`);
    return 0;
  }
  const program = parsed.values.program ?? realpathSync(process.argv[1] ?? '');
  install(target, executables, parsed.values.node ?? process.execPath, resolve(around.cwd, program));
  around.stdout(`Simulated stack is in ${target}; source ${join(target, 'loadLSST.bash')}\n`);
  return 0;
}
