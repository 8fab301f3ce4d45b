import {describe, expect, test} from 'vitest';
import {statusBundle} from '../../kernel/show/status.js';
import {tableBundle} from '../../kernel/show/table.js';
import {timingsBundle, timingsOf} from '../../kernel/show/timings.js';
import {textOf, untrusted} from './sanitizer.js';
import {UTC, cell, done, failed, fatal, many, running, waiting} from './tasks.js';

describe('a table', () => {
  const table = {
    caption: 'catalog',
    columns: [{title: 'id', align: 'right' as const}, {title: 'name'}, {title: 'flux', align: 'right' as const}],
    rows: [
      [1, 'a<b', 1.23456789],
      [200, 'c', 34],
    ],
    total: 9,
  };

  test('is aligned as text', () => {
    expect(tableBundle(table)['text/plain']).toMatchInlineSnapshot(`
      "catalog
       id  name      flux
      ───  ────  ────────
        1  a<b   1.234568
      200  c           34
      and 7 more"
    `);
  });

  test('is HTML that survives the sanitizer', () => {
    const html = tableBundle(table)['text/html'] as string;
    expect(textOf(untrusted(html))).toBe('catalog id name flux 1 a<b 1.234568 200 c 34 and 7 more');
    expect(untrusted(html)).toContain('<td style="text-align:right;padding:1px 8px">200</td>');
  });

  test('is bounded', () => {
    const rows = Array.from({length: 100_000}, (_, at) => [at, '<'.repeat(500), 1]);
    const bundle = tableBundle({columns: table.columns, rows});
    expect(Buffer.byteLength(JSON.stringify(bundle))).toBeLessThan(120_000);
    expect(bundle['text/html']).toMatch(/and \d+ more/);
  });
});

describe('%status', () => {
  const views = [
    cell('calexps', [...many(5, key => done('processCcd', key, 'ran')), running('processCcd', 'ccd=9', 1000)]),
    cell('warps', [failed('makeCoaddTempExp', 'a', fatal('x')), done('makeCoaddTempExp', 'b', 'cached')]),
    cell(
      'coadds',
      many(2, key => waiting('assembleCoadd', key)),
      {stale: '`warps` was bound again'},
    ),
    cell('later', [], {pending: 'waiting for the list `patches`'}),
  ];

  test('is a row for each name', () => {
    expect(statusBundle(views, UTC)['text/plain']).toMatchInlineSnapshot(`
      "name     state    done    tasks     remark
      ───────  ───────  ──────  ────────  ──────────────────────────────────────
      calexps  running  5 of 6  ███████▒  about 10 s left
      warps    failed   1 of 2  ▓▓▓▓✗✗✗✗  exit 1: FATAL: no astrometric solution
      coadds   waiting  0 of 2  ░░░░░░░░  stale: \`warps\` was bound again
      later    waiting  0 of 0  ░░░░░░░░  waiting for the list \`patches\`"
    `);
  });

  test('keeps its text and bars in a notebook that is not trusted', () => {
    const html = statusBundle(views, UTC)['text/html'] as string;
    expect(textOf(untrusted(html))).toBe(textOf(html));
    expect(untrusted(html)).toContain('float:left;height:8px;width:83.3%;background-color:#388e3c');
  });

  test('of one name is its display, and of none says so', () => {
    expect(statusBundle(views.slice(1, 2), UTC)['text/plain']).toContain('✗ 1 failed');
    expect(statusBundle([], UTC)['text/plain']).toContain('no tasks yet');
  });

  test('is bounded', () => {
    const bundle = statusBundle(Array.from({length: 3000}, (_, at) => cell(`name${at}<&`.repeat(50), views[1]!.tasks)));
    expect(Buffer.byteLength(JSON.stringify(bundle))).toBeLessThan(16_000);
  });
});

describe('%timings', () => {
  const tasks = [
    done('processCcd', 'ccd=1', 'ran', 1000),
    done('processCcd', 'ccd=2', 'ran', 3000),
    done('processCcd', 'ccd=3', 'cached', 5000),
    done('skyCorrection', '', 'cached', 60_000),
    waiting('skyCorrection', 'x'),
  ];

  test('counts what ran and what the cache saved', () => {
    expect(timingsOf(tasks)[0]).toEqual({
      name: 'processCcd',
      tasks: 3,
      ran: 2,
      cached: 1,
      median: 3000,
      max: 5000,
      slowest: 'ccd=3',
      spent: 4000,
      saved: 5000,
    });
  });

  test('is a table with a sum', () => {
    expect(timingsBundle(tasks)['text/plain']).toMatchInlineSnapshot(`
      "task           tasks  ran  cached  median  longest  which    sum  saved by the cache
      ─────────────  ─────  ───  ──────  ──────  ───────  ─────  ─────  ──────────────────
      processCcd         3    2       1   3.0 s    5.0 s  ccd=3  4.0 s               5.0 s
      skyCorrection      2    0       1   1 min    1 min             –               1 min
      all                5    2       2                          4.0 s           1 min 5 s"
    `);
  });
});
