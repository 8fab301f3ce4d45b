/** A checkpoint that was left out of an export or an import. */
export interface LeftOut {
  readonly fingerprint: string;
  readonly label: string;
  readonly why: string;
}

/** Checkpoints of which so many are listed by name. */
const LISTED = 200;

const count = (n: number): string => `${n} ${n === 1 ? 'result' : 'results'}`;

const leftLines = (left: readonly LeftOut[]): readonly string[] => [
  ...left
    .slice(0, LISTED)
    .map(({fingerprint, label, why}) => `  left out: ${fingerprint.slice(0, 12)}  ${label}: ${why}`),
  ...(left.length > LISTED ? [`  … and ${left.length - LISTED} more`] : []),
];

/** What an export came to, in lines. */
export function exportText(
  file: string,
  {results, left}: {readonly results: number; readonly left: readonly LeftOut[]},
): string {
  return `${[`${count(results)} written to ${file}, with what they were made from`, ...leftLines(left)].join('\n')}\n`;
}

/** What an import came to, or would come to, in lines. */
export function importText(
  {
    labels,
    there,
    left,
  }: {readonly labels: readonly string[]; readonly there: number; readonly left: readonly LeftOut[]},
  dry: boolean,
): string {
  const parts = [
    `${count(labels.length)} ${dry ? 'would be imported' : 'imported'}`,
    ...(there === 0 ? [] : [`${there} here already`]),
    ...(left.length === 0 ? [] : [`${left.length} can't be used here`]),
  ];
  return `${[parts.join(', '), ...leftLines(left)].join('\n')}\n`;
}
