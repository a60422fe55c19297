#!/usr/bin/env bash
# The part windows under Debian 13's Wine, unpacked beside the system: servers, too.
# 6 minutes; by hand

# shellcheck source=tests/support/parts.sh
. "$(dirname "$0")/../support/parts.sh"
# shellcheck source=tests/support/wine.sh
. tests/support/wine.sh

install_missing patchelf debian-archive-keyring
say "wine10: Debian 13's Wine, unpacked"
tests/windows/get_wine.sh build/wine10
export RFCTLS_WINE=$PWD/build/wine10/wine64
export RFCTLS_WINEPREFIX=${XDG_CACHE_HOME:-$HOME/.cache}/rfctls/wine10
under_wine wine10
