import type {Filter} from './camera.js';
import {Random} from './random.js';
import type {Sky} from './wcs.js';

/** A star or a galaxy of the simulated sky. */
export interface SkyObject extends Sky {
  readonly id: number;
  readonly mag: Readonly<Record<Filter, number>>;
  /** Deviation of a round Gaussian galaxy, in arcseconds; 0 for a star. */
  readonly size: number;
}

const STARS = 430;
const GALAXIES = 150;

/** The field of the tract with some margin, in degrees. */
const FIELD = {ra: [320.57, 321.19], dec: [-0.63, -0.02]} as const;

/** A magnitude between two bounds whose counts grow tenfold every 1/slope magnitudes. */
function magnitude(random: Random, bright: number, faint: number, slope: number): number {
  const [low, high] = [10 ** (slope * bright), 10 ** (slope * faint)];
  return Math.log10(random.between(low, high)) / slope;
}

/**
 * The objects of the sky. It is computed from a seed wherever raw data are made, and nothing writes it down:
 * no task can read the truth.
 */
export function simulateSky(seed: string): readonly SkyObject[] {
  const random = new Random('sky', seed);
  const objects: SkyObject[] = [];
  for (let id = 1; id <= STARS + GALAXIES; id++) {
    const star = id <= STARS;
    const ra = random.between(...FIELD.ra);
    const dec = random.between(...FIELD.dec);
    const r = star ? magnitude(random, 15.2, 23.6, 0.16) : magnitude(random, 18.6, 23.4, 0.3);
    // Stars follow a blue turn-off and a red dwarf branch that the faint ones prefer.
    const red = random.uniform() < (r > 19 ? 0.6 : 0.3);
    const locus = red ? 0.55 + 1.35 * random.uniform() ** 1.3 : 0.12 + 0.1 * Math.abs(random.normal());
    const colour = star ? locus : 0.35 + 0.15 * random.normal();
    const size = star ? 0 : random.between(5, 9);
    objects.push({id, ra, dec, mag: {'HSC-R': r, 'HSC-I': r - colour}, size});
  }
  return objects;
}
