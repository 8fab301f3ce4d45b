#!/bin/sh
# Starts the kernel in a container, with the image's Node, or with that of the host where the image has none that is new enough.
# `install.js --kernel-in` writes it into kernel.json. WEFT_DIRECTORY is where the notebook lies, from container-outside.sh.
# usage: container-inside.sh NODE-OF-THE-HOST CONNECTION-FILE
NEEDED=20.19

fail() {
  printf 'weft: %s\n' "$1" >&2
  exit 1
}

# Whether version $1, such as v20.19.1, is NEEDED or newer.
is_enough() {
  set -- "${1#v}"
  set -- "${1%%.*}" "${1#*.}"
  set -- "$1" "${2%%.*}"
  case $1$2 in *[!0-9]* | '') return 1 ;; esac
  [ "$1" -gt "${NEEDED%.*}" ] || { [ "$1" -eq "${NEEDED%.*}" ] && [ "$2" -ge "${NEEDED#*.}" ]; }
}

if [ -n "${WEFT_DIRECTORY-}" ]; then
  cd -- "$WEFT_DIRECTORY" 2>/dev/null ||
    fail "$WEFT_DIRECTORY, where the notebook lies, is not visible in the container; install the kernel again with --mount"
fi
unset WEFT_DIRECTORY
[ -r "$2" ] || fail "the connection file $2 is not visible in the container; install the kernel again with --mount ${2%/*}"

seen=
for node in node "$1"; do
  version=$("$node" --version 2>/dev/null) || version='does not run'
  if is_enough "$version"; then exec "$node" --v8-pool-size=1 --enable-source-maps "${0%/*}/kernel.js" "$2"; fi
  seen="$seen; $node: $version"
done
fail "no Node $NEEDED or newer in the container${seen}. Take an image with a newer one, or a Node of the host that the image can run"
