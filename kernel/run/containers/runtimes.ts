import {docker} from './docker.js';
import {podmanHpc} from './podman-hpc.js';
import {podman} from './podman.js';
import type {Runtime} from './runtime.js';

/** All container runtimes, in the order in which `auto` tries them. A new one is a file, and a line here. */
export const runtimes: readonly Runtime[] = [podmanHpc, podman, docker];
