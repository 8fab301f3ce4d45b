import type {JsonValue} from '../kernel/fingerprint/json.js';
import type {Scenario} from './scenario.js';

/** What came of a scenario. */
export interface Played {
  readonly number: number;
  readonly wanted: JsonValue;
  readonly got: JsonValue;
}

/** What a program of a peer printed: its results, and its version. Lines that are neither are left out. */
export function readPlayed(text: string): {readonly played: readonly Played[]; readonly version: string | undefined} {
  const records = text
    .split('\n')
    .filter(line => line.startsWith('{'))
    .map(line => JSON.parse(line) as Played | {readonly version: string});
  return {
    played: records.filter(record => 'number' in record),
    version: records.find(record => 'version' in record)?.version,
  };
}

/** Whether it came to what was wanted. */
export const passes = ({wanted, got}: Played): boolean => JSON.stringify(wanted) === JSON.stringify(got);

/** A table in Markdown with the results of Weft and of others side by side; what was wanted and came is a tick. */
export function scenarioTable(
  scenarios: readonly Pick<Scenario, 'number' | 'title' | 'wanted'>[],
  columns: readonly {readonly name: string; readonly played: readonly Played[]}[],
): string {
  const cell = (played: Played | undefined): string =>
    played === undefined ? 'not played' : passes(played) ? '✓' : text(played.got);
  const sum = (played: readonly Played[]): string => `**${played.filter(passes).length} of ${scenarios.length}**`;
  const rows = scenarios.map(({number, title, wanted}) => [
    `${number}`,
    title,
    text(wanted),
    ...columns.map(({played}) => cell(played.find(one => one.number === number))),
  ]);
  const table = [
    ['', 'what happens', 'wanted', ...columns.map(({name}) => name)],
    ['--:', '---', '---', ...columns.map(() => '---')],
    ...rows,
    ['', '', '', ...columns.map(({played}) => sum(played))],
  ];
  return table.map(line => `| ${line.join(' | ')} |`).join('\n');
}

function text(value: JsonValue): string {
  const words: string = Array.isArray(value)
    ? value.map(text).join(', ')
    : typeof value === 'string'
      ? value
      : JSON.stringify(value);
  const short = words.length > 80 ? `${words.slice(0, 79)}…` : words;
  return short === '' ? 'nothing' : short.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
