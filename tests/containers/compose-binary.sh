#!/usr/bin/env bash
# compose-binary.sh FOLDER: prints the command of a Compose v2: this machine's, or one that it fetches into FOLDER. Debian 12 has no package of it; that
# of Debian 13 is one program that needs nothing of the system but its C library, and is unpacked, not installed.
set -euo pipefail
folder="$1"

if docker compose version >/dev/null 2>&1; then echo "docker compose"; exit; fi
if docker-compose version 2>/dev/null | grep -q ' v\?2\.'; then echo docker-compose; exit; fi
program="$folder/usr/libexec/docker/cli-plugins/docker-compose"
if [[ ! -x $program ]]; then
  apt="$folder/apt"
  mkdir -p "$apt"/lists/partial "$apt"/cache/archives/partial
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian trixie main" >"$apt/sources.list"
  options=(-o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists="$apt/lists"
    -o Dir::Cache="$apt/cache" -o APT::Sandbox::User=root -o Acquire::Languages=none)
  apt-get "${options[@]}" update -qq >&2
  (cd "$folder" && apt-get "${options[@]}" download -qq docker-compose >&2 && dpkg -x docker-compose_*.deb .)
  rm -rf "$apt" "$folder"/docker-compose_*.deb
fi
echo "$program"
