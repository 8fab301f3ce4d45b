import {bashQuote} from './bash-variables.js';

/** Parts the output of the probe. What comes before the first one is not ours. */
export const MARK = '\u0001weft-probe\u0001';

/**
 * Variables that a runtime or its client puts into a container, and no image: bash patterns. Sources: the tables "environment" and
 * "added" of each runtime's manual, and what they were seen to add.
 */
const NOISE = [
  'HOSTNAME',
  'container',
  'APPTAINER_*',
  'APPTAINERENV_*',
  'SINGULARITY_*',
  'SINGULARITYENV_*',
  'SHIFTER_*',
  'CH_RUNNING',
  'CH_*',
  'PODMANHPC_*',
  'SLURM_*',
  'DOCKER_*',
  'CONTAINER_*',
  'CONTAINERS_*',
  'STORAGE_*',
  'BUILDAH_*',
  'XDG_*',
  'DBUS_SESSION_BUS_ADDRESS',
  'PS1',
  'PROMPT_COMMAND',
  'USER_PATH',
  'TERM',
  'WEFT_*',
].join(' | ');

/**
 * Bash text that runs the set-up text in a container and prints what it makes, with builtins only, as an image may lack the rest:
 * what the text printed, the products that eups has set up, the environment, and the executables of Python's form on the PATH.
 * Its status is that of the text's last command, as it would be for a person who types the lines.
 * @param clean variables that are the kernel's, whatever the runtime makes of them
 */
export function probeScript(text: string, clean: Readonly<Record<string, string>>): string {
  const mark = `printf '%s' '${MARK}'`;
  return [
    mark,
    `for __weft in $(compgen -e); do case $__weft in ${NOISE}) unset -v "$__weft" ;; esac; done`,
    'case ${LD_LIBRARY_PATH-} in',
    '  /.singularity.d/libs) unset LD_LIBRARY_PATH ;;',
    '  *:/.singularity.d/libs) LD_LIBRARY_PATH=${LD_LIBRARY_PATH%:/.singularity.d/libs} ;;',
    'esac',
    ...Object.entries(clean).map(([name, value]) => `export ${name}=${bashQuote(value)}`),
    'unset __weft',
    text,
    '__weft=$?',
    '{ set +aefuxv +o pipefail; shopt -u failglob nocaseglob; unset GLOBIGNORE; trap - ERR EXIT DEBUG RETURN; } 2>/dev/null',
    "IFS=$' \\t\\n'",
    mark,
    'if type eups >/dev/null 2>&1; then eups list -s 2>/dev/null; fi',
    mark,
    'export PATH',
    'for __weft_name in $(compgen -e); do',
    '  case $__weft_name in __weft*) continue ;; esac',
    '  if [ -n "${!__weft_name+x}" ]; then printf \'%s=%s\\0\' "$__weft_name" "${!__weft_name}"; fi',
    'done',
    mark,
    'IFS=:',
    'for __weft_place in $PATH; do',
    '  case $__weft_place in /*) ;; *) continue ;; esac',
    '  for __weft_file in "$__weft_place"/*.py; do',
    '    if [ -f "$__weft_file" ] && [ -x "$__weft_file" ]; then printf \'%s\\0\' "$__weft_file"; fi',
    '  done',
    'done',
    'exit "$__weft"',
    '',
  ].join('\n');
}
