import {apptainerLike} from './apptainer.js';

/** singularity, as machines have it that know apptainer by its old name. */
export const singularity = apptainerLike('singularity');
