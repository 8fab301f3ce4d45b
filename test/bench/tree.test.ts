import {expect, test} from 'vitest';
import {makefile} from '../../bench/checkpoints.js';
import {cheapest, cpuATask, memoryATask, type Cost} from '../../bench/tree.js';

const cost = (cpu: number, memory = 0): Cost => ({wall: 1, cpu, memory});

test('what a task costs is the slope between two numbers of tasks, so that the start is left out', () => {
  const slope = {few: 100, many: 1100};
  expect(cpuATask(cost(0.5), cost(0.52), slope)).toBeCloseTo(20);
  expect(memoryATask(cost(1, 50_000_000), cost(1, 51_000_000), slope)).toBe(1000);
});

test('of several runs the one counts that others disturbed least', () => {
  expect(cheapest([cost(3), cost(1, 7), cost(2)])).toEqual(cost(1, 7));
  expect(() => cheapest([])).toThrow('no run');
});

test('a makefile has a target for each task, which makes a file or prints a value', () => {
  expect(makefile(2, 'files')).toContain('all: out/1 out/2\nout/1:\n\t@echo 1 > $@\nout/2:');
  expect(makefile(2, 'values')).toContain('all: v1 v2\nv1:\n\t@echo 1 > /dev/null\nv2:');
});
