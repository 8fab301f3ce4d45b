import {PRODUCTS, RELEASE} from './version.js';

/** The directory of a product below the stack, as eups lays it out. */
export const productPath = (product: string): string => `Linux64/${product}/${RELEASE}`;

/**
 * The text of `loadLSST.bash`: the shell functions `setup`, `unsetup` and `eups`. Sourcing it puts nothing on PATH;
 * what is set up is kept in variables SETUP_PRODUCT and PRODUCT_DIR, as eups keeps it.
 */
export const LOAD_SCRIPT = `# Source this file in bash. It loads a simulated stack: these programs are no LSST software.
export SIMSTACK_HOME="$(cd "$(dirname "\${BASH_SOURCE[0]}")" && pwd)"
export EUPS_PATH="$SIMSTACK_HOME"
export SIMSTACK_PRODUCTS="${PRODUCTS.join(' ')}"

_simstack_set() { # name version directory
  local upper="\${1^^}"
  upper="\${upper//-/_}"
  export "SETUP_$upper=$1 $2 -f Linux64 -Z $SIMSTACK_HOME" "\${upper}_DIR=$3"
}

_simstack_path() {
  case ":$PATH:" in *":$1:"*) ;; *) export PATH="$1:$PATH" ;; esac
}

setup() {
  local name="" root="" each
  while [ $# -gt 0 ]; do
    case "$1" in
      -r | -jr | -kr | -jkr | --root) root="$2"; shift ;;
      --root=*) root="\${1#--root=}" ;;
      -t | -T | -f | -Z | -z | --tag | --flavor | --select-db) shift ;;
      -*) ;;
      *) [ -n "$name" ] || name="$1" ;;
    esac
    shift
  done
  if [ -n "$root" ]; then
    if [ ! -d "$root" ]; then
      echo "setup: Failed to setup $root: Product root directory does not exist" >&2
      return 1
    fi
    root="$(cd "$root" && pwd)"
    for each in "$root"/ups/*.table; do
      [ -e "$each" ] && [ -z "$name" ] && name="$(basename "$each" .table)"
    done
    [ -n "$name" ] || name="$(basename "$root")"
    _simstack_set "$name" "LOCAL:$root" "$root"
    case "$name" in
      ci_hsc) export TESTDATA_CI_HSC_DIR="$root" ;;
      testdata_ci_hsc) export CI_HSC_DIR="$root" ;;
    esac
    [ -d "$root/bin" ] && _simstack_path "$root/bin"
    return 0
  fi
  if [ -z "$name" ]; then
    echo "setup: Please specify a product" >&2
    return 1
  fi
  if [ ! -d "$SIMSTACK_HOME/Linux64/$name/${RELEASE}" ]; then
    echo "setup: Failed to setup $name: Product $name not found" >&2
    return 1
  fi
  if [ "$name" = lsst_distrib ]; then
    for each in $SIMSTACK_PRODUCTS; do
      _simstack_set "$each" ${RELEASE} "$SIMSTACK_HOME/Linux64/$each/${RELEASE}"
    done
  else
    _simstack_set "$name" ${RELEASE} "$SIMSTACK_HOME/Linux64/$name/${RELEASE}"
  fi
  case "$name" in lsst_distrib | pipe_tasks | obs_subaru) _simstack_path "$SIMSTACK_HOME/bin" ;; esac
  return 0
}

unsetup() {
  local upper="\${1^^}"
  unset "SETUP_$upper" "\${upper}_DIR"
}

eups() {
  local only="" product="" each upper variable version tags found=""
  [ "$1" = list ] || { echo "eups: the simulated stack has only \\\`eups list [-s] [PRODUCT]'" >&2; return 1; }
  shift
  for each in "$@"; do
    case "$each" in -s | --setup) only=yes ;; -*) ;; *) product="$each" ;; esac
  done
  local names="$SIMSTACK_PRODUCTS"
  for variable in $(compgen -A export SETUP_); do
    each="\${!variable}"
    names="$names \${each%% *}"
  done
  for each in $(printf '%s\\n' $names | LC_ALL=C sort -u); do
    [ -z "$product" ] || [ "$product" = "$each" ] || continue
    upper="\${each^^}"
    variable="SETUP_\${upper//-/_}"
    version=${RELEASE}
    tags=current
    if [ -n "\${!variable:-}" ]; then
      version="\${!variable#* }"
      version="\${version% -f Linux64 -Z *}"
      case "$version" in LOCAL:*) tags=setup ;; *) tags="current setup" ;; esac
    elif [ -n "$only" ]; then
      continue
    fi
    found=yes
    if [ -n "$product" ]; then
      printf '   %-10s\\t%s\\n' "$version" "$tags"
    else
      printf '%-21s %-10s\\t%s\\n' "$each" "$version" "$tags"
    fi
  done
  if [ -z "$found" ] && [ -n "$product" ]; then
    echo "eups list: No products found" >&2
    return 1
  fi
  return 0
}
export -f _simstack_set _simstack_path setup unsetup eups
`;
