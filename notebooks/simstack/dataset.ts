import type {PythonValue} from './python.js';
import {PythonFloat, textOf} from './python.js';

/** A data id after its values were cast: whole numbers, floats, text. */
export type CastDataId = Readonly<Record<string, PythonValue>>;

/** A dataset type: where its file lies in a repository, and the keys that name it. */
export interface DatasetType {
  readonly template: string;
  /** Keys of the template, and those that the registry adds to it. */
  readonly level: 'ccd' | 'patch' | 'repository';
}

/** Source: `lsst/obs_subaru@18.1.0:policy/HscMapper.yaml` over `lsst/obs_base@18.1.0:policy/`. */
export const DATASETS = {
  raw: {
    template: '%(field)s/%(dateObs)s/%(pointing)05d/%(filter)s/HSC-%(visit)07d-%(ccd)03d.fits',
    level: 'ccd',
  },
  calexp: {template: '%(pointing)05d/%(filter)s/corr/CORR-%(visit)07d-%(ccd)03d.fits', level: 'ccd'},
  calexpBackground: {template: '%(pointing)05d/%(filter)s/corr/BKGD-%(visit)07d-%(ccd)03d.fits', level: 'ccd'},
  icSrc: {template: '%(pointing)05d/%(filter)s/output/ICSRC-%(visit)07d-%(ccd)03d.fits', level: 'ccd'},
  src: {template: '%(pointing)05d/%(filter)s/output/SRC-%(visit)07d-%(ccd)03d.fits', level: 'ccd'},
  srcMatch: {template: '%(pointing)05d/%(filter)s/output/SRCMATCH-%(visit)07d-%(ccd)03d.fits', level: 'ccd'},
  srcMatchFull: {template: '%(pointing)05d/%(filter)s/output/SRCMATCHFULL-%(visit)07d-%(ccd)03d.fits', level: 'ccd'},
  processCcd_metadata: {
    template: '%(pointing)05d/%(filter)s/processCcd_metadata/%(visit)07d-%(ccd)03d.yaml',
    level: 'ccd',
  },
  deepCoadd_skyMap: {template: 'deepCoadd/skyMap.pickle', level: 'repository'},
  deepCoadd_directWarp: {
    template: 'deepCoadd/%(filter)s/%(tract)d/%(patch)s/warp-%(filter)s-%(tract)d-%(patch)s-%(visit)d.fits',
    level: 'patch',
  },
  deepCoadd_psfMatchedWarp: {
    template: 'deepCoadd/%(filter)s/%(tract)d/%(patch)s/psfMatchedWarp-%(filter)s-%(tract)d-%(patch)s-%(visit)d.fits',
    level: 'patch',
  },
  deep_makeCoaddTempExp_metadata: {
    template: 'deep_makeCoaddTempExp_metadata/%(filter)s/%(tract)d/%(patch)s_metadata.yaml',
    level: 'patch',
  },
  deepCoadd: {template: 'deepCoadd/%(filter)s/%(tract)d/%(patch)s.fits', level: 'patch'},
  deepCoadd_nImage: {template: 'deepCoadd/%(filter)s/%(tract)d/%(patch)s_nImage.fits', level: 'patch'},
  deep_assembleCoadd_metadata: {
    template: 'deep_assembleCoadd_metadata/%(filter)s/%(tract)d/%(patch)s.yaml',
    level: 'patch',
  },
} as const satisfies Readonly<Record<string, DatasetType>>;

/** A dataset type that the stack knows. */
export type DatasetName = keyof typeof DATASETS;

/** The types of the keys, as the butler's `getKeys` gives them. */
export const KEY_TYPES: Readonly<Record<DatasetType['level'], Readonly<Record<string, 'int' | 'str' | 'float'>>>> = {
  ccd: {
    taiObs: 'str',
    pointing: 'int',
    visit: 'int',
    dateObs: 'str',
    filter: 'str',
    field: 'str',
    ccd: 'int',
    expTime: 'float',
  },
  patch: {filter: 'str', tract: 'int', patch: 'str'},
  repository: {},
};

/** The path of a dataset below its repository; a key that the data id lacks is an internal error. */
export function datasetPath(name: DatasetName, dataId: CastDataId): string {
  return DATASETS[name].template.replace(/%\((\w+)\)(0?)(\d*)([ds])/g, (_, key: string, __, width: string) => {
    const value = dataId[key];
    if (value === undefined) throw new Error(`Internal error: ${name} needs ${key}`);
    const text = value instanceof PythonFloat ? String(value.value) : textOf(value);
    return width === '' ? text : text.padStart(Number(width), '0');
  });
}
