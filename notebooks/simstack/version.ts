/** The release whose behaviour is simulated. */
export const RELEASE = '18.1.0';

/** The products of the simulated stack, sorted by name. */
export const PRODUCTS: readonly string[] = [
  'afw',
  'base',
  'daf_base',
  'daf_persistence',
  'ip_isr',
  'log',
  'lsst_distrib',
  'meas_algorithms',
  'meas_base',
  'obs_base',
  'obs_subaru',
  'pex_config',
  'pipe_base',
  'pipe_tasks',
];

/** Versions for packages.pickle; `SIMSTACK_VERSION` pretends to be another release. */
export function packages(env: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  const version = env['SIMSTACK_VERSION'] ?? `${RELEASE}+simulation`;
  return Object.fromEntries(PRODUCTS.map(product => [product, version]));
}
