import {describe, expect, test} from 'vitest';
import {Place} from '../../bench/scenario.js';
import {SCENARIOS} from '../../bench/scenarios.js';
import {scratch} from '../rig/scratch.js';

describe('What users of notebooks meet', () => {
  test.for(SCENARIOS.map(scenario => [`${scenario.number}: ${scenario.title}`, scenario] as const))(
    '%s.',
    {timeout: 120_000},
    async ([, {wanted, play}]) => {
      using folder = scratch();
      expect(await play(new Place(folder.at('notebook')))).toEqual(wanted);
    },
  );
});
