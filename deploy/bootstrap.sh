#!/bin/sh
# Installs Debian's Python, so that the rest of the set-up can be written in it.
set -eu
echo "setup: installing python3" >&2
run() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
export DEBIAN_FRONTEND=noninteractive
run apt-get -q -y -o DPkg::Lock::Timeout=300 update >/dev/null
run apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends python3 >/dev/null
