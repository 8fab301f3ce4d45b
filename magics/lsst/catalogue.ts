/** What Weft knows of a command-line task before it runs. */
export interface CatalogueEntry {
  /** The executable without `.py`. */
  readonly name: string;
  /** Without `--id` it does nothing and exits 0. */
  readonly id: boolean;
  /** It changes the root repository and has no rerun. */
  readonly root: boolean;
  /** It has no output repository: it prints. */
  readonly prints: boolean;
  /** What it reads of the root itself, besides the mapper. */
  readonly reads: readonly RootPart[];
  /** It has the options of all command-line tasks, `--doraise` among them. */
  readonly common: boolean;
  /** It writes datasets, so that none at all means failure. */
  readonly writes: boolean;
}

/** A part of a root repository that a task may read. `raw` are the exposures of its data ids. */
export type RootPart = 'raw' | 'calib' | 'refcat' | 'transmission' | 'skymap';

const RAW: readonly RootPart[] = ['raw', 'calib', 'refcat', 'transmission'];

const entries = new Map<string, CatalogueEntry>();

function add(names: string, given: Partial<Omit<CatalogueEntry, 'name'>>): void {
  for (const name of names.split(/\s+/)) {
    entries.set(name, {name, id: false, root: false, prints: false, reads: [], common: true, writes: true, ...given});
  }
}

// The executables of 17.0 to 22.0 (`bin.src` of each package). `id: true` where `TaskRunner` works on data ids.
add('processCcd characterizeImage calibrate runIsr processCcdWithFakes', {id: true, reads: RAW});
add('hscIsr', {id: true, reads: RAW});
add('makeSkyMap', {});
add('makeDiscreteSkyMap makeCoaddTempExp assembleCoadd dcrAssembleCoadd detectCoaddSources mergeCoaddDetections', {
  id: true,
});
add('deblendCoaddSources mergeCoaddMeasurements forcedPhotCoadd forcedPhotCcd matchBackgrounds insertFakes', {
  id: true,
});
add('measureCoaddSources', {id: true, reads: ['refcat']});
add('detectDcrCoaddSources mergeDcrCoaddDetections deblendDcrCoaddSources mergeDcrCoaddMeasurements', {id: true});
add('measureDcrCoaddSources', {id: true, reads: ['refcat']});
add(
  'imageDifference imageDifferenceWinter2013 transformSrcMeasurement transformForcedSrcMeasurement transformCoaddMeasurement',
  {id: true},
);
add('writeObjectTable transformObjectCatalog consolidateObjectTable writeSourceTable transformSourceTable', {id: true});
add('consolidateSourceTable consolidateVisitSummary processBrightStars', {id: true});
add('jointcal', {id: true, reads: ['refcat']});
add('singleFrameDriver', {id: true, reads: RAW});
add('coaddDriver multiBandDriver skyCorrection processCcdWithFakesDriver visualizeVisit', {
  id: true,
  reads: ['refcat'],
});
add(
  'fgcmMakeLut fgcmBuildStars fgcmBuildStarsTable fgcmFitCycle fgcmOutputProducts fgcmGatherStars fgcmCalibrateTract fgcmCalibrateTractTable',
  {reads: ['refcat']},
);
add('constructBias constructDark constructFlat constructFringe constructSky', {reads: RAW});
add(
  'measureCrosstalk makeBrighterFatterKernel findDefects measurePhotonTransferCurve measureLinearity plotPhotonTransferCurve',
  {reads: RAW},
);
add('reportImagesInPatch reportImagesToCoadd reportTaskTiming dumpTaskMetadata', {
  id: true,
  prints: true,
  writes: false,
});
add('reportPatches registryInfo', {prints: true, writes: false, common: false});
add(
  'ingestImages ingestCalibs ingestCuratedCalibs ingestDefects ingestReferenceCatalog ingestImagesPgsql ingestDriver hscIngestImages installTransmissionCurves',
  {root: true, common: false},
);
add('convert_refcat_to_nJy', {root: true, common: false});

/** The tasks of the pipelines, by name. Others are allowed: the packages of an observatory add their own. */
export const CATALOGUE: ReadonlyMap<string, CatalogueEntry> = entries;

/** What is taken to be true of a task that the catalogue does not have. */
export const unknownTask = (name: string, mutates: boolean): CatalogueEntry => ({
  name,
  id: false,
  root: mutates,
  prints: false,
  reads: [...RAW, 'skymap'],
  common: false,
  writes: false,
});
