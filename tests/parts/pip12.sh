#!/usr/bin/env bash
# pip install in a fresh minimal Debian 12, as a user does it; needs PyPI.
# 3 minutes; by hand

# shellcheck source=tests/support/parts.sh
. "$(dirname "$0")/../support/parts.sh"
# shellcheck source=tests/support/debian.sh
. tests/support/debian.sh

fresh_debian pip12 bookworm "/src/tests/support/pip_install.sh /src /src/build/result"
