import {behind, percentile} from './kernels-behind.js';
import type {Behaviour, FullHeap, Interrupted, KernelResults, Speed} from './kernel-results.js';
import {median} from './pair.js';

/** What Weft may take of what another kernel takes, at most. */
const GOALS = [
  {what: 'start', of: (speed: Speed) => median(speed.startMs), limits: {python3: 0.6, deno: 1.3}},
  {what: 'a cell', of: (speed: Speed) => median(speed.cellMs), limits: {python3: 0.4, deno: 1.2}},
  {what: 'many lines', of: (speed: Speed) => median(speed.linesMs), limits: {python3: 1.5}},
] as const;

const TITLES: Readonly<Record<string, string>> = {weft: 'Weft', python3: 'ipykernel', deno: 'Deno', tslab: 'tslab'};

const titleOf = (name: string): string =>
  TITLES[name] ?? name.replace(/^weft\b/, 'Weft').replace(/(\d)(?=(\d{3})+\b)/g, '$1 ');

const grouped = (count: number): string => String(count).replace(/(\d)(?=(\d{3})+$)/g, '$1 ');

/** Milliseconds for a person: two digits at least. */
const milliseconds = (value: number): string =>
  Number.isNaN(value) ? '–' : value >= 20 ? value.toFixed(0) : value.toFixed(2);

function interrupted(what: Interrupted): string {
  switch (what.is) {
    case 'died':
      return 'the kernel dies';
    case 'no reply':
      return 'no reply in 6 s';
    case 'interrupted':
      return `${median(what.ms).toFixed(0)} ms, names ${what.kept ? 'kept' : 'lost'}`;
  }
}

function fullHeap({is, error, kept}: FullHeap): string {
  switch (is) {
    case 'died':
      return 'the kernel dies';
    case 'no reply':
      return 'no reply in 2 min';
    case 'no next cell':
      return 'the next cell has no reply';
    case 'lives': {
      const [name = ''] = (error ?? '').split(':');
      return `${name === '' ? 'no error' : `\`${name}\` in the cell`}, the next one runs, names ${kept === true ? 'kept' : 'lost'}`;
    }
  }
}

const table = (rows: readonly (readonly string[])[]): string[] => {
  const [head = [], ...rest] = rows;
  return [head, head.map(() => '---'), ...rest].map(row => `| ${row.join(' | ')} |`);
};

function speedRows({speed, lines}: KernelResults): (readonly string[])[] {
  const all = Object.entries(speed);
  const row = (what: string, of: (one: Speed) => string): readonly string[] => [what, ...all.map(([, one]) => of(one))];
  return [
    ['', ...all.map(([name]) => titleOf(name))],
    row('start, ms', one => milliseconds(median(one.startMs))),
    row('… CPU', one => milliseconds(median(one.startCpuMs))),
    row('a cell, p50 ms', one => milliseconds(median(one.cellMs))),
    row('… p95', one => milliseconds(percentile(one.cellMs, 95))),
    row('… CPU', one => milliseconds(median(one.cellCpuMs))),
    row(`${grouped(lines)} lines until idle, ms`, one => milliseconds(median(one.linesMs))),
    row('… whole before idle', one => `${one.linesWhole.filter(Boolean).length} of ${one.linesWhole.length}`),
    row('starts, cells and prints without an answer', one => `${grouped(one.lost)} of ${grouped(one.requests)}`),
    row('memory, MB', one => median(one.rssMb).toFixed(0)),
  ];
}

function behaviourRows({behaviour}: KernelResults): (readonly string[])[] {
  const all = Object.entries(behaviour);
  const row = (what: string, of: (one: Behaviour) => string): readonly string[] => [
    what,
    ...all.map(([, one]) => of(one)),
  ];
  const counts = [...new Set(all.flatMap(([, {lines}]) => Object.keys(lines)))];
  return [
    ['', ...all.map(([name]) => titleOf(name))],
    row("Jupyter's own tests passed", ({conformance: {tests, failed}}) => `${tests - failed.length} of ${tests}`),
    row('interrupt: a loop without end', one => interrupted(one.interrupts.spin)),
    row('… that began after an `await`', one => interrupted(one.interrupts['spin after await'])),
    row('… an `await` that never ends', one => interrupted(one.interrupts.await)),
    ...counts.map(count =>
      row(`of ${grouped(Number(count))} lines, before idle; in all`, ({lines}) => {
        const {before = 0, all: whole = 0} = lines[count] ?? {};
        return `${grouped(before)}; ${grouped(whole)}`;
      }),
    ),
    row('a full heap', one => fullHeap(one.heap)),
  ];
}

/** How Weft stands against its goals, a row each: also that on a big store. */
export function goalRows({speed}: KernelResults): (readonly string[])[] {
  const ours = Object.entries(speed).filter(([name]) => name.startsWith('weft'));
  return GOALS.flatMap(({what, of, limits}) =>
    Object.entries(limits).flatMap(([peer, limit]) => {
      const theirs = speed[peer];
      if (theirs === undefined) return [];
      return ours.map(([name, one]) => {
        const ratio = of(one) / of(theirs);
        return [what, titleOf(name), titleOf(peer), ratio.toFixed(2), `≤ ${limit}`, ratio <= limit ? 'yes' : 'no'];
      });
    }),
  );
}

function behindLines(results: KernelResults): readonly string[] {
  const rows = behind(results).map(({row, kernel, ratio, ahead, of}) => [
    row,
    titleOf(kernel),
    ratio.toFixed(2),
    `${ahead} of ${of}`,
  ]);
  if (rows.length === 0) return ['Weft is first in every row of time.'];
  return [
    'Another kernel takes less time here. Where Weft was first in some rounds all the same, the difference is within the noise:',
    '',
    ...table([['', 'than', 'Weft takes, of its time', 'rounds in which Weft was first'], ...rows]),
  ];
}

function failures({behaviour}: KernelResults): string[] {
  return Object.entries(behaviour).flatMap(([name, {conformance}]) =>
    conformance.failed.length === 0
      ? []
      : [`- ${titleOf(name)}: ${conformance.failed.map(test => `\`${test}\``).join(', ')}`],
  );
}

/** The page of the documentation that compares kernels, as Markdown, from what was measured. */
export function kernelsPage(results: KernelResults): string {
  const failed = failures(results);
  const versions = Object.entries(results.speed).flatMap(([name, {version}]) =>
    version === undefined || name.includes(',') ? [] : [`- ${titleOf(name)}: ${version}`],
  );
  return [
    '# Weft beside other kernels',
    '',
    'Written by `npm run bench -- --only kernels --peers python3,deno,tslab --results FILE --page docs/kernels.md`. Measured with',
    `a client of Jupyter's own, all kernels in turns, medians of ${results.rounds} rounds. On another machine only the ratios say something.`,
    '',
    '## Speed',
    '',
    ...table(speedRows(results)),
    '',
    'Start is from the start of the process to its `kernel_info_reply`; a cell is `1`, from request to reply; CPU is of all processes of',
    'the kernel. Memory is of them all after the cells, and counts shared pages in each. A request without an answer is waited for 10 s, a',
    'start 40 s; a kernel that has left ten without one is asked nothing more.',
    '',
    '| | of | against | ratio | goal | met |',
    '| --- | --- | --- | --- | --- | --- |',
    ...goalRows(results).map(row => `| ${row.join(' | ')} |`),
    '',
    '## What they do',
    '',
    ...table(behaviourRows(results)),
    '',
    ...behindLines(results),
    '',
    "Jupyter's own tests are those of `jupyter_kernel_test`, run twice where one does not pass: a busy machine is",
    'slower than some of them wait. An interrupt is the median of three in one kernel. What a kernel has no way to do, such as a pager, is a',
    'test that it does not pass:',
    '',
    ...(failed.length === 0 ? ['- none'] : failed),
    '',
    'The heap of Weft, Deno and tslab was limited to 300 MB. Python has no heap of its own: there the cell limits the memory of its process,',
    'and without that the machine decides.',
    '',
    '## Measured on',
    '',
    ...results.setting.map(line => `- ${line}`),
    ...versions,
    '',
  ].join('\n');
}
