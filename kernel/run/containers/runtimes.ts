import {apptainer} from './apptainer.js';
import {charliecloud} from './charliecloud.js';
import {docker} from './docker.js';
import {podmanHpc} from './podman-hpc.js';
import {podman} from './podman.js';
import type {Runtime} from './runtime.js';
import {shifter} from './shifter.js';
import {singularity} from './singularity.js';

/**
 * All container runtimes, in the order in which `auto` tries them: those that a computing centre has made for itself come before those that
 * anybody may have installed, and what needs no root before what does. A new one is a file, and a line here.
 */
export const runtimes: readonly Runtime[] = [shifter, podmanHpc, apptainer, singularity, podman, docker, charliecloud];
