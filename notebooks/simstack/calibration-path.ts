/** The path of a calibration below CALIB. Source: the files of `lsst/testdata_ci_hsc`. */
export function calibrationPath(kind: string, date: string, filter: string, ccd: number): string {
  const name = kind.toUpperCase();
  const band = filter === 'NONE' ? '' : `${filter}-`;
  return `${name}/${date}/${filter}/${name}-${date}-${band}${String(ccd).padStart(3, '0')}.fits`;
}
