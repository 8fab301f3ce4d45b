import type {ColumnToWrite} from './fits-file.js';
import {FitsFile} from './fits-file.js';
import type {Match} from './matching.js';
import type {Source} from './measurement.js';
import {extendedness} from './measurement.js';
import {ORIGIN} from './raw-image.js';
import type {TanWcs} from './wcs.js';

/** Sources of one exposure with what the catalogue says beyond their measurement. */
export interface Catalog {
  readonly sources: readonly Source[];
  readonly wcs: TanWcs;
  /** The first id; the ids of an exposure begin with its visit and ccd. */
  readonly firstId: number;
  readonly psfCandidates: ReadonlySet<Source>;
  readonly photometryUsed: ReadonlySet<Source>;
}

function columns({sources, wcs, firstId, psfCandidates, photometryUsed}: Catalog): readonly ColumnToWrite[] {
  const radians = (degrees: number): number => (degrees * Math.PI) / 180;
  const sky = sources.map(source => wcs.toSky(source));
  const number = (name: string, unit: string, value: (source: Source) => number): ColumnToWrite => ({
    name,
    form: 'D',
    unit,
    values: sources.map(value),
  });
  const flag = (name: string, value: (source: Source) => boolean): ColumnToWrite => ({
    name,
    form: 'L',
    values: sources.map(value),
  });
  return [
    {name: 'id', form: 'K', values: sources.map((_, i) => firstId + i)},
    {name: 'coord_ra', form: 'D', unit: 'rad', values: sky.map(({ra}) => radians(ra))},
    {name: 'coord_dec', form: 'D', unit: 'rad', values: sky.map(({dec}) => radians(dec))},
    {name: 'parent', form: 'K', values: sources.map(() => 0)},
    {name: 'deblend_nChild', form: 'J', values: sources.map(() => 0)},
    number('base_SdssCentroid_x', 'pixel', ({x}) => x),
    number('base_SdssCentroid_y', 'pixel', ({y}) => y),
    number('base_PsfFlux_instFlux', 'count', ({psfFlux}) => psfFlux),
    number('base_PsfFlux_instFluxErr', 'count', ({psfFluxErr}) => psfFluxErr),
    number('base_CircularApertureFlux_3_0_instFlux', 'count', ({apFlux}) => apFlux),
    number('base_CircularApertureFlux_3_0_instFluxErr', 'count', ({apFluxErr}) => apFluxErr),
    number('base_ClassificationExtendedness_value', '', extendedness),
    flag('base_PsfFlux_flag', ({psfFlux, edge}) => !Number.isFinite(psfFlux) || edge),
    flag('base_PixelFlags_flag_saturated', ({saturated}) => saturated),
    flag('base_PixelFlags_flag_interpolated', ({interpolated}) => interpolated),
    flag('base_PixelFlags_flag_edge', ({edge}) => edge),
    flag('calib_psf_candidate', source => psfCandidates.has(source)),
    flag('calib_psf_used', source => psfCandidates.has(source) && !source.interpolated),
    flag('calib_photometry_used', source => photometryUsed.has(source)),
  ];
}

/** The file of a source catalogue. */
export function catalogBytes(catalog: Catalog): Uint8Array {
  return new FitsFile()
    .primary([['ORIGIN', ORIGIN]])
    .table('SourceCatalog', catalog.sources.length, columns(catalog))
    .bytes();
}

/** The schema file of such a catalogue: the same table without rows. */
export function catalogSchema(wcs: TanWcs): Uint8Array {
  return catalogBytes({sources: [], wcs, firstId: 0, psfCandidates: new Set(), photometryUsed: new Set()});
}

/** The file of matches; the full one repeats magnitude and flux, so that it can be read alone. */
export function matchBytes(matches: readonly Match[], catalog: Catalog, full: boolean): Uint8Array {
  const values: ColumnToWrite[] = [
    {name: 'first', form: 'K', values: matches.map(({star}) => star.id)},
    {name: 'second', form: 'K', values: matches.map(({source}) => catalog.firstId + catalog.sources.indexOf(source))},
    {name: 'distance', form: 'D', unit: 'pixel', values: matches.map(({dx, dy}) => Math.hypot(dx, dy))},
  ];
  const more: ColumnToWrite[] = [
    {name: 'ref_mag', form: 'D', unit: 'mag', values: matches.map(({star}) => star.mag)},
    {name: 'src_base_PsfFlux_instFlux', form: 'D', unit: 'count', values: matches.map(({source}) => source.psfFlux)},
  ];
  return new FitsFile()
    .primary([['ORIGIN', ORIGIN]])
    .table('MatchCatalog', matches.length, full ? [...values, ...more] : values)
    .bytes();
}
