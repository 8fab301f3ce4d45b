import {describe, expect, test} from 'vitest';
import type {TaskView} from '../../kernel/graph/task.js';
import {cellBundle} from '../../kernel/show/cell-html.js';
import {statusBundle} from '../../kernel/show/status.js';
import type {CellView} from '../../kernel/show/view.js';
import {textOf, unstyled, untrusted} from './sanitizer.js';
import {NOON, UTC, blocked, cell, done, elsewhere, failed, fatal, many, running, waiting} from './tasks.js';

const htmlOf = (view: CellView): string => cellBundle(view, UTC)['text/html'] as string;
const plainOf = (view: CellView): string => cellBundle(view, UTC)['text/plain'] as string;
const bytes = (view: CellView): number => Buffer.byteLength(JSON.stringify(cellBundle(view, UTC)));

const busy = cell('processCcd', [
  ...many(60, key => done('processCcd', key, 'ran', 200_000)),
  ...many(24, key => done('processCcd', key, 'cached', 200_000)),
  ...many(15, key => running('processCcd', key, 3000)),
  running('processCcd', 'visit=903334 ccd=100', 182_000, {tail: 'INFO: reading\nINFO: measuring 512 sources\n'}),
  failed('processCcd', 'visit=903334 ccd=23', fatal('INFO: matching\nFATAL: no astrometric solution\n')),
  failed('processCcd', 'visit=903334 ccd=24', fatal('FATAL: no astrometric solution\n')),
  ...many(10, key => waiting('processCcd', key)),
]);

describe('the display of a cell', () => {
  test('says in its caption how many tasks are in which state, and how long it will take', () => {
    expect(textOf(htmlOf(busy))).toContain(
      'processCcd — 84 of 112 done: 60 ran, 24 cached · 16 running, 2 failed, 10 waiting · about 6 min left',
    );
  });

  test('says why tasks run again that were cached once', () => {
    const again = ['12 run again: `radius` was 2, is 3', '1 runs again: `a<b>.csv` changed'];
    const view = cell('count', [done('count', 'i=1', 'cached'), running('count', 'i=2', 3000)], {again});
    expect(plainOf(view)).toMatchInlineSnapshot(`
      "count — 1 of 2 done: 1 cached · 1 running · saved 3.1 s
        count  ▓▓▓▓▓▓▓▓▓▓▓▓▒▒▒▒▒▒▒▒▒▒▒▒  ≡ 1 cached · ▶ 1 running · median 3.1 s
      12 run again: \`radius\` was 2, is 3
      1 runs again: \`a<b>.csv\` changed
      ▶ 1 running, slowest first
        i=2 · 3.0 s"
    `);
    expect(htmlOf(view)).toContain(
      '<div>12 run again: <code>radius</code> was 2, is 3</div><div>1 runs again: <code>a&lt;b&gt;.csv</code> changed</div>',
    );
    const alone = cell('count', [running('count', '', 3000)], {again: ['runs again: its script changed (+1 −1)']});
    expect(plainOf(alone)).toBe('count — ▶ running · 3.0 s\nruns again: its script changed (+1 −1)');
    expect(htmlOf(alone)).toContain('<div>runs again: its script changed (+1 −1)</div>');
    for (const html of [htmlOf(view), htmlOf(alone)]) expect(textOf(untrusted(html))).toBe(textOf(html));
  });

  test('says of a loop which tasks failed and are tried again, which try that is, and when', () => {
    const resting = (key: string): TaskView => ({
      name: 'get',
      key,
      state: {
        is: 'queued',
        at: NOON,
        until: NOON + 62_000,
        next: 2,
        tries: 3,
        failure: {reason: 'exit', code: 1, line: 'no <network>', log: 'a.log', tail: ''},
      },
    });
    const view = cell('get', [done('get', 'i=1', 'ran'), ...[2, 3, 4, 5, 6].map(i => resting(`i=${i}`))]);
    const words =
      '5 failed and are tried again: ' +
      [2, 3, 4].map(i => `i=${i} try 2 of 3 in 2.0 s, after exit 1: no <network>`).join(' · ') +
      ' · and 2 more';
    expect(plainOf(view)).toContain(`\n${words}`);
    expect(textOf(untrusted(htmlOf(view)))).toContain(words);
    expect(statusBundle([view, view], UTC)['text/plain']).toContain('5 failed and are tried again: i=2 try 2');
    const one = cell('get', [done('get', 'i=1', 'ran'), resting('i=2')]);
    expect(plainOf(one)).toContain('1 failed and is tried again: i=2 try 2 of 3');
  });

  test('says of a running task which try it is, if it has failed before', () => {
    const {state, ...rest} = running('get', 'i=2', 3000);
    const again: TaskView = {...rest, state: {...state, nth: 2, tries: 3} as TaskView['state']};
    const set = cell('get', [again, running('get', 'i=1', 2000)]);
    expect(plainOf(set)).toContain('\n  i=2 · 3.0 s · try 2 of 3\n  i=1 · 2.0 s');
    expect(textOf(untrusted(htmlOf(set)))).toContain('i=2 · 3.0 s · try 2 of 3 i=1 · 2.0 s');
    expect(plainOf(cell('get', [again]))).toContain('running · 3.0 s · try 2 of 3');
  });

  test('is this text where there is no HTML', () => {
    expect(plainOf(busy)).toMatchInlineSnapshot(`
      "processCcd — 84 of 112 done: 60 ran, 24 cached · 16 running, 2 failed, 10 waiting · about 6 min left · saved 1 h 20 min
        processCcd  █████████████▓▓▓▓▓▒▒▒✗░░  ✓ 60 ran · ≡ 24 cached · ▶ 16 running · ✗ 2 failed · … 10 waiting · median 3 min 20 s
      ✗ 2 failed
        visit=903334 ccd=23: exit 1: FATAL: no astrometric solution
          log weft/logs/processCcd-3f2a9c71b0de.log
        │ INFO: matching
        │ FATAL: no astrometric solution
        visit=903334 ccd=24: exit 1: FATAL: no astrometric solution
          log weft/logs/processCcd-3f2a9c71b0de.log
      ▶ 16 running, slowest first
        visit=903334 ccd=100 · 3 min 2 s
        ccd=0 · 3.0 s
        ccd=1 · 3.0 s
        ccd=2 · 3.0 s
        ccd=3 · 3.0 s
        and 11 more
        log of visit=903334 ccd=100:
        │ INFO: reading
        │ INFO: measuring 512 sources"
    `);
  });

  test('is this HTML for two states', () => {
    expect(
      htmlOf(
        cell('warps', [done('makeCoaddTempExp', 'filter=HSC-R', 'ran'), waiting('makeCoaddTempExp', 'filter=HSC-I')]),
      ),
    ).toMatchInlineSnapshot(
      `"<table style="width:100%;border-collapse:collapse"><caption style="text-align:left"><b>warps</b> — 1 of 2 done: 1 ran · 1 waiting</caption><thead><tr><th scope="col" style="text-align:left">task</th><th scope="col" style="text-align:left">progress</th><th scope="col" style="text-align:left">median</th></tr></thead><tbody><tr><td style="text-align:left">makeCoaddTempExp</td><td style="text-align:left;width:70%"><div style="width:100%;height:8px;overflow:hidden;background-color:rgba(128,128,128,0.25)"><div style="float:left;height:8px;width:50.0%;background-color:#388e3c;background-color:var(--jp-success-color1,#388e3c)"></div></div>✓ 1 ran · … 1 waiting</td><td style="text-align:left">3.1 s</td></tr></tbody></table>"`,
    );
  });

  test('says the plan before anything ran', () => {
    const plan = cell('processCcd', [
      ...many(24, key => done('processCcd', key, 'cached')),
      ...many(3, key => elsewhere('processCcd', key)),
      ...many(85, key => waiting('processCcd', key)),
    ]);
    expect(plainOf(plan)).toContain('processCcd — 112 tasks: 24 cached, 3 running elsewhere, 85 to run');
    expect(textOf(htmlOf(plan))).toContain('112 tasks: 24 cached, 3 running elsewhere, 85 to run');
  });

  test('says in the plan how long it will take, where that is known', () => {
    const tasks = [
      ...many(110, key => done('processCcd', key, 'cached', 60_000)),
      ...many(2, key => waiting('processCcd', key)),
    ];
    expect(plainOf(cell('calexps', tasks, {forecast: () => 41 * 60_000})).split('\n')[0]).toBe(
      'calexps — 112 tasks: 110 cached, 2 to run, about 41 min · saved 1 h 50 min',
    );
    expect(plainOf(cell('calexps', tasks, {forecast: () => undefined})).split('\n')[0]).toBe(
      'calexps — 112 tasks: 110 cached, 2 to run · saved 1 h 50 min',
    );
    const one = cell('sum', [waiting('bash', '')], {forecast: () => 41 * 60_000});
    expect(plainOf(one)).toBe('sum — … to run, about 41 min');
  });

  test('says nothing of a plan before the results were looked for', () => {
    const tasks = [done('bash', 'x=1', 'cached', 60_000), {...waiting('bash', 'x=2'), looking: true as const}];
    expect(plainOf(cell('_', tasks)).split('\n')[0]).toBe('_ — 2 tasks: looking for their results');
    expect(plainOf(cell('_', tasks.slice(1)))).toBe('bash — x=2 — … looking for its result');
  });

  test('counts apart what another kernel is about to make, before it was attached to', () => {
    const tasks = [
      ...many(3, key => ({...waiting('processCcd', key), elsewhere: true as const})),
      waiting('processCcd', 'ccd=9'),
    ];
    expect(plainOf(cell('calexps', tasks))).toContain('4 tasks: 3 running elsewhere, 1 to run');
  });

  test('says how long it took once all is done', () => {
    const view = cell(
      'calexps',
      many(112, key => done('processCcd', key, 'ran', 42_000)),
    );
    expect(plainOf(view).split('\n')[0]).toBe('calexps — 112 of 112 done: 112 ran · took 42 s');
  });

  test('says of a whole set from the cache only that', () => {
    const view = cell(
      'calexps',
      many(112, key => done('processCcd', key, 'cached', 42_000)),
    );
    expect(plainOf(view).split('\n')[0]).toBe('calexps — 112 of 112 done: 112 cached · saved 1 h 18 min');
  });

  test('lists at most 20 running tasks, the slowest first, with the log of the slowest', () => {
    const tasks = Array.from({length: 300}, (_, at) =>
      running('forcedPhotCcd', `ccd=${at}`, 1000 * (at + 1), {tail: `at ${at}`}),
    );
    const text = textOf(htmlOf(cell('forced', tasks)));
    expect(text).toContain('▶ 300 running, slowest first ccd=299 · 5 min ccd=298 · 4 min 59 s');
    expect(text).toContain('ccd=280 ·');
    expect(text).not.toContain('ccd=279 ·');
    expect(text).toContain('and 280 more');
    expect(text).toContain('log of ccd=299: at 299');
  });

  test('shows for a failed task its reason, the end of its log, a button for the log and its path', () => {
    const html = htmlOf(busy);
    expect(html).toContain('<details open><summary>✗ 2 failed</summary>');
    expect(textOf(html)).toContain('visit=903334 ccd=23 exit 1: FATAL: no astrometric solution');
    expect(html).toContain(
      'data-commandlinker-args="{&quot;path&quot;:&quot;weft/logs/processCcd-3f2a9c71b0de.log&quot;}"',
    );
    expect(html).toContain('<code>weft/logs/processCcd-3f2a9c71b0de.log</code>');
    expect(html).toContain('INFO: matching\nFATAL: no astrometric solution');
  });

  test('closes the list of failed tasks when there are many, and shows twenty of them', () => {
    const html = htmlOf(
      cell(
        'processCcd',
        many(50, key => failed('processCcd', key, fatal('x'))),
      ),
    );
    expect(html).toContain('<details><summary>✗ 50 failed</summary>');
    expect(html).toContain('ccd=19<');
    expect(html).not.toContain('ccd=20<');
    expect(html).toContain('and 30 more');
  });

  test('asks the server for the path of a log, and has no button for one that it does not know', () => {
    const view = cell('a', [failed('processCcd', '', {...fatal('x'), log: '/scratch/u/n.log'} as never)]);
    const withPath = cellBundle(view, {serverPath: path => path.slice('/scratch/'.length)})['text/html'];
    expect(withPath).toContain('{&quot;path&quot;:&quot;u/n.log&quot;}');
    expect(htmlOf(view)).not.toContain('<button');
    expect(htmlOf(view)).toContain('/scratch/u/n.log');
  });

  test('says what blocks tasks, why results were refused, what is stale, and the note', () => {
    const tasks = [
      ...many(3, key => blocked('assembleCoadd', key, '`warps` failed')),
      done('assembleCoadd', 'patch=1,1', 'ran', 3100, {missed: 'deepCoadd/HSC-R/0/1,1.fits is missing'}),
    ];
    const view = cell('coadds', tasks, {
      stale: '`warps` was bound again by cell [9]',
      note: 'since you left: coadds 1/4 done',
    });
    const text = textOf(htmlOf(view));
    expect(text).toContain('· stale : warps was bound again by cell [9]');
    expect(text).toContain('– blocked: warps failed (3 tasks)');
    expect(text).toContain('miss: deepCoadd/HSC-R/0/1,1.fits is missing (1 task)');
    expect(text).toContain('since you left: coadds 1/4 done');
    expect(plainOf(view)).toMatchInlineSnapshot(`
      "coadds — 1 of 4 done: 1 ran · 3 blocked · took 5.0 s · stale: \`warps\` was bound again by cell [9]
        assembleCoadd  ██████––––––––––––––––––  ✓ 1 ran · – 3 blocked · median 3.1 s
      – blocked: \`warps\` failed (3 tasks)
      miss: deepCoadd/HSC-R/0/1,1.fits is missing (1 task)
      since you left: coadds 1/4 done"
    `);
  });

  test('says what it waits for while nothing can run', () => {
    const tasks = many(3, key => waiting('assembleCoadd', key, ['warps', 'skymap']));
    expect(plainOf(cell('coadds', tasks))).toContain('… waiting for warps, skymap');
  });

  test('says that its list is not known yet, or is empty', () => {
    expect(plainOf(cell('coadds', [], {pending: 'waiting for the list `patches`'}))).toBe(
      'coadds — waiting for the list `patches`',
    );
    expect(plainOf(cell('coadds', []))).toBe('coadds — no tasks: the list is empty');
  });
});

describe('the display of a single task', () => {
  const single = (task: TaskView): string => plainOf(cell('_', [task]));

  test('is one line and the old output if it was cached', () => {
    const hit = done('bash', '', 'cached', 3100, {tail: 'hello\n'});
    expect(single(hit)).toBe('bash — ≡ cached · ran 12 Oct 14:03 on nid00123 · 3.1 s\n  │ hello');
    expect(textOf(htmlOf(cell('_', [hit])))).toBe('bash — ≡ cached · ran 12 Oct 14:03 on nid00123 · 3.1 s hello');
  });

  test('is a line for each of its states', () => {
    expect(single(done('bash', '', 'ran', 12_000))).toBe('bash — ✓ done · ran on nid00123 · 12 s');
    expect(single(done('bash', '', 'attached', 900))).toBe('bash — ✓ done · ran elsewhere, on nid00123 · 0.9 s');
    expect(single(running('bash', 'x=1', 14_000))).toBe('bash — x=1 — ▶ running · 14 s');
    expect(single(waiting('bash', '', ['warps']))).toBe('bash — … to run · waiting for warps');
    expect(single(blocked('bash', '', '`warps` failed'))).toBe('bash — – blocked: `warps` failed');
    expect(single({name: 'bash', key: '', state: {is: 'cancelled', at: 0}})).toBe('bash — ⊘ cancelled');
    expect(single(failed('bash', '', fatal('a\nb\n')))).toBe(
      'bash — ✗ failed: exit 1: FATAL: no astrometric solution · 5.0 s\n  │ a\n  │ b\nlog weft/logs/processCcd-3f2a9c71b0de.log',
    );
  });
});

describe('a display stays small', () => {
  const hostile = '<img src=x onerror="alert(1)">&\u0000\u001b[31m'.repeat(300);

  test('with 100 000 tasks', () => {
    const view = cell('huge', [
      ...many(40_000, key => done('processCcd', key, 'ran')),
      ...many(30_000, key => failed('processCcd', key, fatal('line\n'.repeat(800)))),
      ...many(29_000, key => running('processCcd', key, 1000, {tail: 'word '.repeat(800)})),
      ...many(1000, key => blocked('processCcd', key, `needs ${key}`)),
    ]);
    const start = performance.now();
    expect(bytes(view)).toBeLessThan(10_000);
    expect(performance.now() - start).toBeLessThan(2000);
    expect(textOf(htmlOf(view))).toContain('40000 of 100000 done');
  });

  test.each([
    ['markup', hostile],
    ['kanji', '観測'.repeat(3000)],
    ['emoji', '🔭'.repeat(3000)],
    ['quotes', `'"&<>`.repeat(2000)],
    ['backticks', '`a`'.repeat(2000)],
  ])('with long names of %s everywhere', (_, text) => {
    const failure = {...fatal(text), line: text, log: text};
    const tasks = Array.from({length: 60}, (_, at) => [
      done(`${text}${at}`, `${text}${at}`, 'ran', 3100, {missed: `${at}${text}`}),
      running(`${text}${at}`, `${text}${at}`, 5000, {tail: `${text}\n`.repeat(10)}),
      failed(`${text}${at}`, `${text}${at}`, failure as never),
      blocked(`${text}${at}`, `${text}${at}`, `${at}${text}`),
      waiting(`${text}${at}`, `${text}${at}`, [text]),
    ]).flat();
    const view = cell(text, tasks, {stale: text, note: text, pending: text});
    expect(bytes(view)).toBeLessThan(12_000);
    expect(Buffer.byteLength(htmlOf(view)) + Buffer.byteLength(plainOf(view))).toBeLessThanOrEqual(10_000);
    for (const task of tasks.slice(0, 5)) {
      const one = cell(text, [task], {stale: text, note: text});
      expect(Buffer.byteLength(htmlOf(one)) + Buffer.byteLength(plainOf(one))).toBeLessThanOrEqual(10_000);
    }
  });

  test('and whatever stands in names, paths and logs is text', () => {
    const evil = '<img src=x onerror=alert(1)>';
    const tasks = [
      failed(evil, evil, {
        ...fatal(`${evil}\u001b[31mred\u001b[0m\n10%\r50%\r100%\n\u202eabc`),
        line: evil,
        log: evil,
      } as never),
      running(evil, evil, 1, {tail: evil}),
      blocked(evil, evil, evil),
    ];
    const html = htmlOf(cell(evil, tasks, {stale: evil, note: evil}));
    expect(html).not.toContain('<img');
    expect(html).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u202e]/);
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;red\n100%\nabc');
    expect(textOf(untrusted(html))).toBe(textOf(html));
  });
});

describe('a display in a notebook that is not trusted', () => {
  const views = [
    busy,
    cell('a', [waiting('bash', '', ['x'])]),
    cell('b', [failed('bash', '', fatal('a\nb'))]),
    cell('c', [...many(3, key => blocked('x', key, 'y')), ...many(2, key => done('z', key, 'attached'))], {
      stale: '`a`',
    }),
  ];

  test.each(views.map(view => [view.title, view] as const))('keeps its text, bars and buttons: %s', (_, view) => {
    const html = htmlOf(view);
    const shown = untrusted(html);
    expect(textOf(shown)).toBe(textOf(html));
    const bars = (text: string): number =>
      text.match(/float:left;height:8px;width:[\d.]+%;background-color:#/g)?.length ?? 0;
    expect(bars(shown)).toBe(bars(html));
    for (const tag of [
      '<table',
      '<caption',
      '<th scope="col"',
      '<details',
      '<pre',
      '<button data-commandlinker-command=',
    ]) {
      expect(shown.split(tag).length).toBe(html.split(tag).length);
    }
    expect(shown).not.toContain('var(');
    expect(textOf(unstyled(html))).toBe(textOf(html));
    expect(unstyled(html)).not.toContain('style');
  });

  test('has bars to keep', () => {
    expect(untrusted(htmlOf(busy)).match(/float:left;height:8px;width:53\.5%;background-color:#388e3c/)).not.toBeNull();
  });
});
