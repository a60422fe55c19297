# What the parts share that run in a fresh minimal Debian: a debootstrap folder. To be sourced after
# tests/support/parts.sh.

# tests_in PART SUITE COMMAND RESULTS: what it wrote into RESULTS is told as this run's own.
tests_in() {
  local status=0
  rm -rf "build/$1/junit"
  fresh_debian "$1" "$2" "status=0; cd /src; $3 || status=\$?
    cd build; cp -r $4 result/; exit \$status" || status=$?
  cp -r "build/$1/result/." "build/$1/"
  return "$status"
}

both_commands_in() { # PART SUITE
  tests_in "$1" "$2" "examples/quickstart.sh && tests/run.sh" "dev/ctest.xml dev/tests/junit"
}

# From where this machine itself installs.
debian_mirror() {
  apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' |
    sed -n 's/^Debian //p' | head -n 1
}

# debootstrapped PART SUITE: a minimal system in build/PART/pristine, made once.
debootstrapped() {
  local pristine=build/$1/pristine
  [ ! -e "$pristine" ] || return 0
  say "$1: making a minimal $2"
  as_root rm -rf "$pristine.new"
  # Every suite of Debian is made alike, also one that this debootstrap has not heard of.
  as_root debootstrap --variant=minbase "$2" "$pristine.new" "$(debian_mirror)" \
    /usr/share/debootstrap/scripts/sid >"build/$1/debootstrap.log"
  as_root mv "$pristine.new" "$pristine"
}

# fresh_debian PART SUITE COMMAND [FILE]: runs it in a copy of a minimal system, with the sources in /src,
# and FILE in /src/build. It has mounts and processes of its own, so that nothing of it is left, however it
# ends; what it puts into /src/build/result is kept in build/PART.
fresh_debian() {
  local part=$1 work
  install_missing debootstrap debian-archive-keyring util-linux
  mkdir -p "build/$part"
  rm -rf "build/$part/"*.xml "build/$part/run.log" "build/$part/result"
  debootstrapped "$part" "$2"
  say "$part: copying it, and the sources"
  work=$(mktemp -d "${TMPDIR:-/var/tmp}/rfctls-$part.XXXXXX")
  # shellcheck disable=SC2064  # the folder of now
  trap "as_root rm -rf --one-file-system '$work'" EXIT
  as_root cp -a "build/$part/pristine/." "$work"
  as_root chmod 755 "$work"
  as_root mkdir "$work/src"
  sources | as_root tar -xf - --no-same-owner -C "$work/src"
  as_root mkdir -p "$work/src/build/result"
  apt-config dump Acquire | as_root tee "$work/etc/apt/apt.conf.d/90host" >/dev/null
  as_root cp /etc/resolv.conf /etc/hosts "$work/etc/"
  [ -z "${PIP_CERT-}" ] || as_root cp "$PIP_CERT" "$work/etc/pip.crt"
  [ -z "${4-}" ] || as_root cp "$4" "$work/src/build/"
  local status=0
  logged "build/$part/run.log" as_root unshare --mount --pid --fork --kill-child sh -euc '
    mount -t proc proc "$0/proc"
    mount --rbind /dev "$0/dev"
    exec chroot "$0" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
      ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
      ${PIP_CERT:+PIP_CERT=/etc/pip.crt} ${PIP_INDEX_URL:+PIP_INDEX_URL="$PIP_INDEX_URL"} \
      sh -euc "$1"' "$work" "$3" || status=$?
  as_root cp -r "$work/src/build/result" "build/$part/"
  return "$status"
}
