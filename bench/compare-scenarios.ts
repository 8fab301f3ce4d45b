import {spawnSync} from 'node:child_process';
import {join} from 'node:path';
import {root} from './notebook.js';
import {readPlayed, scenarioTable, type Played} from './scenario-table.js';
import {Place} from './scenario.js';
import {SCENARIOS} from './scenarios.js';

/**
 * Plays the fourteen scenarios with Weft and, where a Python has it, with Parsl, and gives a table in Markdown.
 * @param folder an empty directory for what they write
 */
export async function compareScenarios(folder: string): Promise<string> {
  const ours: Played[] = [];
  for (const {number, wanted, play} of SCENARIOS) {
    const got = await play(new Place(join(folder, `scenario-${number}`)));
    ours.push({number, wanted, got});
  }
  const columns = [{name: 'Weft', played: ours}];
  const python = process.env['WEFT_PARSL_PYTHON'] ?? 'python3';
  if (spawnSync(python, ['-c', 'import parsl']).status === 0) {
    const {status, stdout, stderr} = spawnSync(python, [join(root, 'bench', 'parsl_scenarios.py')], {encoding: 'utf8'});
    if (status !== 0) throw new Error(stderr);
    const {played, version} = readPlayed(stdout);
    columns.push({name: `Parsl ${version ?? ''}`.trim(), played: [...played]});
  } else console.error(`parsl: left out, ${python} has none; set WEFT_PARSL_PYTHON`);
  return scenarioTable(SCENARIOS, columns);
}
