#!/bin/sh
# Starts a container runtime for a kernel, and tells what runs inside where the notebook lies: neither podman nor docker passes the
# working directory on. `install.js --kernel-in` writes it into kernel.json.
# usage: container-outside.sh RUNTIME WORDS...
WEFT_DIRECTORY=$PWD
export WEFT_DIRECTORY
exec "$@"
