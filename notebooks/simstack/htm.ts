import type {Sky} from './wcs.js';

type Vector = readonly [number, number, number];

const [UP, X, Y, MINUS_X, MINUS_Y, DOWN]: readonly [Vector, Vector, Vector, Vector, Vector, Vector] = [
  [0, 0, 1],
  [1, 0, 0],
  [0, 1, 0],
  [-1, 0, 0],
  [0, -1, 0],
  [0, 0, -1],
];

/** The eight root triangles, S0 to S3 and N0 to N3; the number of the first is 8. */
const ROOTS: readonly (readonly [Vector, Vector, Vector])[] = [
  [X, DOWN, Y],
  [Y, DOWN, MINUS_X],
  [MINUS_X, DOWN, MINUS_Y],
  [MINUS_Y, DOWN, X],
  [X, UP, MINUS_Y],
  [MINUS_Y, UP, MINUS_X],
  [MINUS_X, UP, Y],
  [Y, UP, X],
];

/** The determinant: positive where c lies left of the great circle from a to b. */
function side(a: Vector, b: Vector, c: Vector): number {
  return (a[1] * b[2] - a[2] * b[1]) * c[0] + (a[2] * b[0] - a[0] * b[2]) * c[1] + (a[0] * b[1] - a[1] * b[0]) * c[2];
}

function midpoint(a: Vector, b: Vector): Vector {
  const sum: Vector = [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
  const length = Math.hypot(...sum);
  return [sum[0] / length, sum[1] / length, sum[2] / length];
}

/**
 * The number of the triangle of the Hierarchical Triangular Mesh that holds a place on the sky.
 * Reference catalogues are cut into files by these numbers at depth 7. Source: Szalay et al., MSR-TR-2005-123.
 */
export function htmIndex({ra, dec}: Sky, depth: number): number {
  const [a, d] = [(ra * Math.PI) / 180, (dec * Math.PI) / 180];
  const point: Vector = [Math.cos(d) * Math.cos(a), Math.cos(d) * Math.sin(a), Math.sin(d)];
  const holds = (t: readonly [Vector, Vector, Vector]): boolean =>
    side(t[0], t[1], point) >= 0 && side(t[1], t[2], point) >= 0 && side(t[2], t[0], point) >= 0;
  const root = Math.max(0, ROOTS.findIndex(holds));
  let triangle = ROOTS[root] ?? [X, DOWN, Y];
  let index = 8 + root;
  for (let level = 0; level < depth; level++) {
    const [v0, v1, v2] = triangle;
    const [w0, w1, w2] = [midpoint(v1, v2), midpoint(v0, v2), midpoint(v0, v1)];
    const children: readonly (readonly [Vector, Vector, Vector])[] = [
      [v0, w2, w1],
      [v1, w0, w2],
      [v2, w1, w0],
      [w0, w1, w2],
    ];
    const child = children.findIndex(holds);
    triangle = children[child < 0 ? 3 : child] ?? triangle;
    index = index * 4 + (child < 0 ? 3 : child);
  }
  return index;
}
