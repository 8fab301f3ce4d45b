import {fail, ok, type Result} from '../graph/result.js';
import type {ParameterWord} from './parameters.js';

/** What follows a word of the command line: how many words, and what they mean. */
const TAKES: Readonly<Record<string, ParameterWord['is']>> = {
  '-p': 'value',
  '--parameter': 'value',
  '-r': 'text',
  '--raw': 'text',
  '--parameters': 'file',
};

/** What `weft run --help` says of them. */
export const PARAMETERS_HELP = `
Parameters (the cell tagged \`parameters\` has their defaults):
  -p, --parameter <name> <value>  a value: JSON, else text; may be given often
  -r, --raw <name> <text>         the same, always text
  --parameters <file>             a JSON file of parameters
`;

/**
 * Takes the parameters out of a command line, because options of two words are none that commander knows. `rest` is what is left.
 * Behind `--` nothing is an option. The error is a line for a person.
 */
export function parameterWords(
  argv: readonly string[],
): Result<{readonly words: readonly ParameterWord[]; readonly rest: readonly string[]}, string> {
  const words: ParameterWord[] = [];
  const rest: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const option = argv[at] ?? '';
    const is = Object.hasOwn(TAKES, option) ? TAKES[option] : undefined;
    if (option === '--') {
      rest.push(...argv.slice(at));
      break;
    }
    if (is === undefined) {
      rest.push(option);
      continue;
    }
    const [first, second] = argv.slice(at + 1);
    if (is === 'file') {
      if (first === undefined) return fail(`${option} takes a file: ${option} parameters.json`);
      words.push({is, path: first});
      at += 1;
    } else {
      if (first === undefined || second === undefined)
        return fail(`${option} takes a name and a value: ${option} ${first?.split('=')[0] ?? 'tract'} 0`);
      words.push({is, name: first, text: second});
      at += 2;
    }
  }
  return ok({words, rest});
}
