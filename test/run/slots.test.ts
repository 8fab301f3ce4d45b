import fc from 'fast-check';
import {expect, test} from 'vitest';
import {
  defaultSlots,
  isLoginNode,
  jobsAhead,
  jobsOut,
  shortJob,
  slotsOf,
  type SlotFacts,
} from '../../kernel/run/slots.js';

const gigabyte = 2 ** 30;
const parameters = {seed: 7, numRuns: process.env['WEFT_SOAK'] === undefined ? 200 : 20_000};
const facts = (change: Partial<SlotFacts> = {}): SlotFacts => ({
  cores: 8,
  memory: 64 * gigabyte,
  hostname: 'nid001234',
  environment: {},
  ...change,
});

const anyFacts: fc.Arbitrary<SlotFacts> = fc.record({
  cores: fc.integer({min: 1, max: 512}),
  memory: fc.integer({min: 1, max: 4096}).map(units => (units * gigabyte) / 4),
  hostname: fc.constantFrom('nid001234', 'login07', 'cori-login3', 'laptop', 'blogin.example.org'),
  environment: fc.record(
    {
      NERSC_HOST: fc.constant('perlmutter'),
      SLURM_JOB_ID: fc.constant('42'),
      SLURM_CPUS_ON_NODE: fc.constantFrom('1', '4', '64', '', '0', 'many'),
    },
    {requiredKeys: []},
  ),
});

test('a compute node has a slot per core, as far as memory goes', () => {
  expect(defaultSlots(facts())).toBe(8);
  expect(defaultSlots(facts({memory: 6 * gigabyte}))).toBe(3);
  expect(defaultSlots(facts({memory: gigabyte}))).toBe(1);
});

test('a login node has two slots, unless it is in a job', () => {
  expect(defaultSlots(facts({hostname: 'login07'}))).toBe(2);
  expect(defaultSlots(facts({environment: {NERSC_HOST: 'perlmutter'}}))).toBe(2);
  expect(defaultSlots(facts({environment: {NERSC_HOST: 'perlmutter', SLURM_JOB_ID: '1'}}))).toBe(8);
  expect(defaultSlots(facts({hostname: 'login07', cores: 1}))).toBe(1);
  expect(isLoginNode(facts({hostname: 'blogin'}))).toBe(false);
});

test('a Slurm job has no more slots than it was granted', () => {
  expect(defaultSlots(facts({environment: {SLURM_JOB_ID: '1', SLURM_CPUS_ON_NODE: '3'}}))).toBe(3);
});

test('the number of slots is whole, at least one, never above the cores, and grows with cores and memory', () => {
  fc.assert(
    fc.property(anyFacts, given => {
      const slots = defaultSlots(given);
      expect(Number.isInteger(slots)).toBe(true);
      expect(slots).toBeGreaterThanOrEqual(1);
      expect(slots).toBeLessThanOrEqual(given.cores);
      if (isLoginNode(given)) expect(slots).toBeLessThanOrEqual(2);
      expect(defaultSlots({...given, cores: given.cores + 1})).toBeGreaterThanOrEqual(slots);
      expect(defaultSlots({...given, memory: given.memory + gigabyte})).toBeGreaterThanOrEqual(slots);
    }),
    parameters,
  );
});

test('what fits into the slots fits into the memory too, and who says nothing of it takes what the cpus are', () => {
  const all = 64 * gigabyte;
  const wants = fc.record({cpus: fc.integer({min: 1, max: 8}), memory: fc.integer({min: 1, max: all})});
  fc.assert(
    fc.property(fc.array(wants, {maxLength: 20}), fc.integer({min: 1, max: 64}), (jobs, slots) => {
      let taken = 0;
      const running = jobs.filter(job => {
        const width = slotsOf(job, {slots, memory: all});
        if (taken + width > slots) return false;
        taken += width;
        return true;
      });
      expect(running.reduce((sum, {memory}) => sum + memory, 0)).toBeLessThanOrEqual(all);
      for (const {cpus} of jobs) expect(slotsOf({cpus}, {slots, memory: all})).toBe(slotsOf({cpus}, {slots}));
    }),
    parameters,
  );
  expect(slotsOf({cpus: 1, memory: 16 * gigabyte}, {slots: 4, memory: all})).toBe(1);
  expect(slotsOf({cpus: 1, memory: 17 * gigabyte}, {slots: 4, memory: all})).toBe(2);
  expect(slotsOf({cpus: 1, memory: 17 * gigabyte}, {slots: 4})).toBe(1);
});

test('a job takes at least one slot and never more than there are', () => {
  fc.assert(
    fc.property(fc.double({min: 0, max: 1000, noNaN: true}), fc.integer({min: 1, max: 256}), (cpus, slots) => {
      const taken = slotsOf({cpus}, {slots});
      expect(taken).toBeGreaterThanOrEqual(1);
      expect(taken).toBeLessThanOrEqual(slots);
      expect(taken).toBeGreaterThanOrEqual(Math.min(cpus, slots));
    }),
    parameters,
  );
});

test('only short jobs are handed ahead', () => {
  expect(jobsAhead(undefined, 4)).toBe(0);
  expect(jobsAhead(2, 4)).toBe(4);
  expect(jobsAhead(shortJob / 2, 4)).toBe(1);
  expect(jobsAhead(shortJob + 1, 4)).toBe(0);
  expect(jobsAhead(2, 0)).toBe(0);
});

test('while jobs are short of a second, one more is ready than run; of long ones none is claimed before its time', () => {
  expect(jobsOut(2, undefined, 4)).toBe(2);
  expect(jobsOut(2, 2, 4)).toBe(10);
  expect(jobsOut(2, shortJob / 2, 4)).toBe(4);
  expect(jobsOut(2, shortJob + 1, 4)).toBe(3);
  expect(jobsOut(16, 1000, 4)).toBe(20);
  expect(jobsOut(2, 1001, 4)).toBe(2);
  expect(jobsOut(2, 300, 0)).toBe(2);
});
