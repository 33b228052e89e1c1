#!/usr/bin/env bash
# make deps: installs what is missing of packages.txt; `deps.sh check` also what only make check needs. Says what before it
# does; makes no PostgreSQL cluster; as root, or through sudo.
set -euo pipefail
cd "$(dirname "$0")"

wanted=$(sed 's/#.*//' packages.txt | awk -v all="${1:-}" 'NF && (all == "check" || !/make check/) {print $1}')
missing=()
for package in $wanted; do
  # npm may come from elsewhere than Debian: the program counts.
  [ "$package" = npm ] && command -v npm >/dev/null && continue
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || { echo "deps: all packages are there"; exit 0; }

echo "deps: will install with apt-get: ${missing[*]}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "deps: run as root: apt-get install ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi

# Debian's package makes and starts a cluster of its own unless it is told not to; a machine that has one keeps it.
no_cluster=/etc/postgresql-common/createcluster.d/cpi-deps.conf
"${as_root[@]}" mkdir -p "$(dirname "$no_cluster")"
echo 'create_main_cluster = false' | "${as_root[@]}" tee "$no_cluster" >/dev/null
trap '"${as_root[@]}" rm -f "$no_cluster"' EXIT

# The tests start an sshd of their own; the machine gets no SSH service by them that it did not have (sshd's unit obeys
# this file).
if [[ " ${missing[*]} " == *" openssh-server "* ]]; then
  echo "deps: the SSH service stays off; to run it, remove /etc/ssh/sshd_not_to_be_run"
  "${as_root[@]}" mkdir -p /etc/ssh
  "${as_root[@]}" touch /etc/ssh/sshd_not_to_be_run
fi

"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
echo "deps: installed"
