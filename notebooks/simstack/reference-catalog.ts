import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {FitsCell} from '../../kernel/show/fits-table.js';
import {readTable} from '../../kernel/show/fits-table.js';
import type {Butler} from './butler.js';
import {CCD_HEIGHT, CCD_WIDTH} from './camera.js';
import {htmIndex} from './htm.js';
import {openFits} from './masked-image.js';
import {PythonError} from './python.js';
import type {Sky, TanWcs} from './wcs.js';

/** A star of the reference catalogue. */
export interface ReferenceStar extends Sky {
  readonly id: number;
  /** Magnitude in the filter that was asked for. */
  readonly mag: number;
}

/** The depth of the mesh that the catalogue's configuration states. */
function meshDepth(directory: string): number {
  const depth = /depth\s*=\s*(\d+)/.exec(readFileSync(join(directory, 'config.py'), 'utf8'));
  return Number(depth?.[1] ?? 7);
}

/** The stars of the reference catalogue in the files that an exposure touches. */
export function loadReference(butler: Butler, name: string, wcs: TanWcs, filter: string): readonly ReferenceStar[] {
  const directory = butler.referenceCatalog(name);
  const depth = meshDepth(directory);
  const shards = new Set<number>();
  for (let i = 0; i <= 4; i++) {
    for (let j = 0; j <= 4; j++) {
      shards.add(htmIndex(wcs.toSky({x: (i * CCD_WIDTH) / 4, y: (j * CCD_HEIGHT) / 4}), depth));
    }
  }
  return [...shards].sort((a, b) => a - b).flatMap(shard => readShard(join(directory, `${shard}.fits`), filter));
}

function readShard(path: string, filter: string): readonly ReferenceStar[] {
  if (!existsSync(path)) return [];
  const hdu = openFits(readFileSync(path), path).find(each => each.kind === 'table');
  const table = hdu === undefined ? undefined : readTable(hdu);
  const column = (name: string): readonly FitsCell[] => {
    const cells = table?.ok === true ? table.value.column(name) : undefined;
    if (cells?.ok !== true) throw new PythonError('RuntimeError', `Could not find flux field(s) ${name} in ${path}`);
    return cells.value;
  };
  const [ids, ras, decs] = [column('id'), column('coord_ra'), column('coord_dec')];
  const fluxes = column(filter === 'HSC-I' ? 'i_flux' : 'r_flux');
  const degrees = (cell: FitsCell | undefined): number => (Number(cell) * 180) / Math.PI;
  return ids.map((id, row) => ({
    id: Number(id),
    ra: degrees(ras[row]),
    dec: degrees(decs[row]),
    mag: -2.5 * Math.log10(Number(fluxes[row]) / 3631),
  }));
}
