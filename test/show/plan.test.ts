import {expect, test} from 'vitest';
import {planBundle, planLine, planSum, planText, type Plan, type PlanCounts} from '../../kernel/show/plan.js';
import {noPlan} from '../../kernel/session/plan-of.js';
import {textOf, untrusted} from './sanitizer.js';

const plan = (counts: Partial<PlanCounts>, more: Partial<Plan> = {}): Plan => ({
  title: 'warps',
  counts: {...noPlan(), ...counts},
  until: [],
  lost: [],
  left: undefined,
  saved: 0,
  ...more,
});

test('a plan is one line', () => {
  expect(planText(plan({total: 112, cached: 110, run: 2}, {left: 41 * 60_000}))).toBe(
    '112 tasks: 110 cached, 2 to run, about 41 min',
  );
  expect(planText(plan({total: 1, run: 1}))).toBe('1 task: 1 to run');
  expect(planText(plan({}))).toBe('0 tasks');
  expect(planText(plan({total: 10, cached: 1, done: 1, attached: 3, running: 1, run: 1, failed: 1, blocked: 2}))).toBe(
    '10 tasks: 1 cached, 1 done, 3 running elsewhere, 1 running, 1 to run, 1 failed, 2 blocked',
  );
  expect(planLine(plan({total: 2, unknown: 2}, {until: ['list', 'n']}))).toBe(
    'warps: 2 tasks: 2 unknown until `list`, `n` have run',
  );
  expect(planSum(plan({total: 2, cached: 2}, {saved: 11_520_000}))).toBe('2 tasks: 2 cached · saves 3 h 12 min');
});

test('`%plan` is a table that survives a notebook which is not trusted', () => {
  const rows = [
    plan({total: 4, cached: 2, run: 2}, {left: 170_000}),
    plan({total: 1, unknown: 1}, {title: '<img onerror=x>', until: ['patches']}),
  ];
  const all = plan(
    {total: 5, cached: 2, run: 2, unknown: 1},
    {left: 170_000, until: ['patches'], lost: ['f is missing']},
  );
  const bundle = planBundle(rows, all);
  expect(bundle['text/plain']).toBe(
    [
      'plan — 5 tasks: 2 cached, 2 to run, about 3 min, 1 unknown until `patches` has run',
      'name             what would run',
      '───────────────  ─────────────────────────────────────────',
      'warps            4 tasks: 2 cached, 2 to run, about 3 min',
      '<img onerror=x>  1 task: 1 unknown until `patches` has run',
      '                 to run again: f is missing',
    ].join('\n'),
  );
  const html = untrusted(bundle['text/html'] as string);
  expect(textOf(html)).toContain('4 tasks: 2 cached, 2 to run, about 3 min');
  expect(html).not.toContain('<img');
  expect(planBundle([], plan({}))['text/plain']).toContain('no tasks yet');
});
