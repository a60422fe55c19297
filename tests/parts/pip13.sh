#!/usr/bin/env bash
# The wheel of the part pip12 in a fresh minimal Debian 13.
# 2 minutes; by hand

# shellcheck source=tests/support/parts.sh
. "$(dirname "$0")/../support/parts.sh"
# shellcheck source=tests/support/debian.sh
. tests/support/debian.sh

fresh_debian pip13 trixie "/src/tests/support/pip_install.sh /src/build/*.whl" \
  build/pip12/result/*.whl
