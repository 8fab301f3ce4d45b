import {ok} from '../../graph/result.js';
import {ociRuntime} from './oci-engine.js';
import {PODMAN_VARIABLES, podmanEngine} from './podman.js';

/**
 * podman as NERSC wraps it (NERSC/podman-hpc). All goes through its own program, since it keeps images and containers in a place of its own.
 * It takes its own options out of the whole line, the task's included, up to the first `--`: that one stands before the image. Inside, the
 * user is root, and files come out as the user's.
 */
export const podmanHpc = ociRuntime({
  ...podmanEngine,
  name: 'podman-hpc',
  program: 'podman-hpc',
  variables: [...PODMAN_VARIABLES, 'PODMANHPC_*', 'SCRATCH', 'SQUASH_DIR'],
  user: () => [],
  readInfo(ran) {
    const read = podmanEngine.readInfo(ran);
    return read.ok ? ok({version: `podman-hpc with ${read.value.version}`}) : read;
  },
});
