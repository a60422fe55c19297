#!/usr/bin/env bash
# Unpacks Debian 13's Wine beside the system, once: get_wine.sh FOLDER
#
# FOLDER/wine64 then runs programs. Its packages and all that they need lie under FOLDER/root, and find each
# other by paths written into them; nothing is installed. From where this machine itself installs.
set -euo pipefail
folder=$1
root=$folder/root
[ ! -x "$folder/wine64" ] || exit 0

rm -rf "$folder"
mkdir -p "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial" "$root"
folder=$(cd "$folder" && pwd)
root=$folder/root
mirror=$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' |
  sed -n 's/^Debian //p' | head -n 1)
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" \
  >"$folder/apt/sources.list"
options=(-qq -o Dir::Etc::SourceList="$folder/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
  -o Dir::State::Lists="$folder/apt/lists" -o Dir::State::status=/dev/null
  -o Dir::Cache="$folder/apt/cache" -o APT::Install-Recommends=false -o APT::Sandbox::User=root)
apt-get "${options[@]}" update
apt-get "${options[@]}" install --yes --download-only wine64 libgnutls30t64
for package in "$folder"/apt/cache/archives/*.deb; do
  dpkg-deb --fsys-tarfile "$package" | tar -xf - -C "$root" --keep-directory-symlink \
    --exclude='./usr/share/doc*' --exclude='./usr/share/man*' --exclude='./usr/share/locale*'
done
rm -rf "$folder/apt"

# Programs and libraries find theirs under the folder, and nowhere else.
lib=$root/usr/lib/x86_64-linux-gnu
find "$root/usr/lib" -type f | while read -r file; do
  head -c 4 "$file" | grep -qa ELF || continue
  case ${file##*/} in ld-linux* | libc.so*) continue ;; esac
  patchelf --force-rpath --set-rpath "$lib:$lib/wine/x86_64-unix" "$file" 2>/dev/null || continue
  if patchelf --print-interpreter "$file" >/dev/null 2>&1; then
    patchelf --set-interpreter "$root/usr/lib64/ld-linux-x86-64.so.2" "$file"
  fi
done
# What the packages do when they are installed: this DLL is marked as one of Wine's own.
zlib=$lib/wine/x86_64-windows/zlib1.dll
cp "$root/usr/x86_64-w64-mingw32/lib/zlib1.dll" "$zlib"
printf 'Wine builtin DLL\0' | dd of="$zlib" bs=1 seek=64 conv=notrunc status=none
ln -sf wineserver64 "$root/usr/lib/wine/wineserver" # it was a script that names the system's
ln -s root/usr/lib/wine/wine64 "$folder/wine64"
