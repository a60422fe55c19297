#!/usr/bin/env bash
# Runs a program for Windows under Wine: wine.sh PROGRAM [ARGUMENT...]
#
# RFCTLS_WINE is the wine64 to use, Debian 12's by default. Each has a prefix of its own, RFCTLS_WINEPREFIX,
# made when it is first needed; not under build/, for it holds a link to /, and what walks through a
# checkout may follow it (pip does). Paths may be given as Unix has them.
set -euo pipefail
wine=${RFCTLS_WINE:-/usr/lib/wine/wine64}
export WINEPREFIX=${RFCTLS_WINEPREFIX:-${XDG_CACHE_HOME:-$HOME/.cache}/rfctls/wine}
WINESERVER=$(dirname "$(readlink -f "$wine")")/wineserver64 # not that of another version
export WINESERVER WINEARCH=win64 WINEDEBUG=${WINEDEBUG:--all}
export WINEDLLOVERRIDES='winemenubuilder.exe=d;mscoree=d;mshtml=d;winedbg.exe=d'
unset DISPLAY WAYLAND_DISPLAY

if [ ! -e "$WINEPREFIX/made" ]; then
  mkdir -p "$WINEPREFIX"
  exec 9>"$WINEPREFIX.lock"
  flock 9
  if [ ! -e "$WINEPREFIX/made" ]; then
    "$wine" wineboot -i >&2 9>&-
    touch "$WINEPREFIX/made"
  fi
  exec 9>&-
fi

arguments=()
for argument in "$@"; do
  arguments+=("${argument/xml:\//xml:Z:/}") # GoogleTest takes what begins with a slash for relative
done
exec "$wine" "${arguments[@]}"
