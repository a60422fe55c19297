#!/usr/bin/env bash
# All tests in a fresh minimal Debian testing with OpenSSL 4.0, which is experimental's.
# 12 minutes; by hand

# shellcheck source=tests/support/parts.sh
. "$(dirname "$0")/../support/parts.sh"
# shellcheck source=tests/support/debian.sh
. tests/support/debian.sh

tests_in openssl4 testing '
  sed s/testing/experimental/ /etc/apt/sources.list >/etc/apt/sources.list.d/experimental.list
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -t experimental libssl-dev openssl >/dev/null
  tests/run.sh' "dev/ctest.xml dev/tests/junit"
