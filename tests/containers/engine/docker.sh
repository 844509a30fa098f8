#!/usr/bin/env bash
# A real Docker engine (with BuildKit) and Compose v2 on a Debian 12 machine without systemd and
# without an image registry: Debian 13's packages, unpacked into a folder, nothing installed from them.
#
#   bash docker.sh get          # fetch the packages (about 10 s the first time)
#   bash docker.sh up           # start two daemons and load the stand-in images of images.sh
#   . <(bash docker.sh env)     # DOCKER_HOST=run daemon; dbuild, ship, dnet
#   bash docker.sh down [-v]    # stop them (-v: remove their data too)
#
# Two daemons, so that nothing but builds leaves the machine:
#   build  in the host's network, no bridge, no iptables: only `--network host` builds (apt, NuGet)
#   run    in its own network namespace: bridges, service DNS, published ports, no way out
set -euo pipefail
CTR_DIR=${CTR_DIR:-$PWD/.ctr}; D=$CTR_DIR/docker-engine; R=$D/root
DK_NETNS=${DK_NETNS:-dk}; DK_SUITE=${DK_SUITE:-trixie}
CTR_MIRROR=${CTR_MIRROR:-$(apt-cache policy 2>/dev/null | grep -oE "http[^ ]*debian" | grep -v security | head -1)}
IMAGES=${DK_IMAGES:-"docker.io/library/debian:bookworm-slim docker.io/library/redis:7 mcr.microsoft.com/dotnet/sdk:10.0 mcr.microsoft.com/dotnet/aspnet:10.0"}
log() { echo "docker: $*" >&2; }

start() { # name, netns or '', dockerd options
  local n=$1 ns=$2; shift 2
  mkdir -p "$D/$n"
  if [ -s "$D/$n/pid" ] && kill -0 "$(cat "$D/$n/pid")" 2>/dev/null; then return; fi
  rm -f "$D/$n/pid"
  local pre=(); [ -n "$ns" ] && pre=(nsenter --net=/run/netns/"$ns" --)
  PATH=$R/usr/sbin:$R/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin setsid "${pre[@]}" dockerd \
    --data-root "$D/$n/data" --exec-root "$D/$n/exec" -p "$D/$n/pid" -H "unix://$D/$n/sock" "$@" \
    >"$D/$n/log" 2>&1 </dev/null &
  for _ in $(seq 60); do DOCKER_HOST=unix://$D/$n/sock docker version >/dev/null 2>&1 && return; sleep 0.5; done
  log "daemon $n did not start:"; tail -5 "$D/$n/log" >&2; exit 1
}
stop() {
  local f=$D/$1/pid p; [ -s "$f" ] || return 0; p=$(cat "$f")
  DOCKER_HOST=unix://$D/$1/sock timeout 60 docker ps -q 2>/dev/null | DOCKER_HOST=unix://$D/$1/sock xargs -r docker kill >/dev/null 2>&1 || true
  kill "$p" 2>/dev/null || true
  for _ in $(seq 40); do kill -0 "$p" 2>/dev/null || return 0; sleep 0.5; done
}
export PATH=$PATH:$R/usr/bin DOCKER_CONFIG=$D/config

case ${1:-} in
get)
  need=(); for p in runc iptables iproute2 jq; do dpkg-query -W -f='${db:Status-Status}\n' $p 2>/dev/null | grep -qx installed || need+=($p); done
  [ ${#need[@]} -eq 0 ] || { apt-get -o DPkg::Lock::Timeout=600 update -qq; DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends "${need[@]}" >/dev/null 2>&1; }
  if [ ! -x "$R/usr/sbin/dockerd" ]; then
    mkdir -p "$D"/apt/{lists,cache/archives}/partial "$D/deb"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $CTR_MIRROR $DK_SUITE main" >"$D/apt/sources.list"
    o=(-o Dir::Etc::sourcelist="$D/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists="$D/apt/lists"
       -o Dir::Cache="$D/apt/cache" -o APT::Sandbox::User=root -o Acquire::Languages=none)
    apt-get "${o[@]}" update -qq
    (cd "$D/deb" && apt-get "${o[@]}" download -qq docker.io docker-cli containerd tini docker-compose docker-buildx)
    for f in "$D"/deb/*.deb; do dpkg -x "$f" "$R"; done
    ln -sf tini-static "$R/usr/bin/docker-init"
    rm -rf "$D/apt" "$D/deb"
  fi
  mkdir -p "$D/config/cli-plugins"
  ln -sf "$R"/usr/libexec/docker/cli-plugins/* "$D/config/cli-plugins/"
  "$R/usr/sbin/dockerd" --version >&2; docker compose version >&2 ;;
up)
  bash "$0" get
  ip netns list | grep -qw "$DK_NETNS" || ip netns add "$DK_NETNS"; ip -n "$DK_NETNS" link set lo up
  start build '' --bridge=none --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false
  start run "$DK_NETNS"
  for h in build run; do
    miss=(); for i in $IMAGES; do
      [ $h = run ] && case $i in mcr.microsoft.com/*|*/debian:*) continue;; esac
      DOCKER_HOST=unix://$D/$h/sock docker image inspect "$i" >/dev/null 2>&1 || miss+=("$i"); done
    [ ${#miss[@]} -eq 0 ] || CONTAINERS_CONF=$CTR_DIR/containers.conf podman save -q -m --format docker-archive "${miss[@]}" \
      | DOCKER_HOST=unix://$D/$h/sock docker load -q >&2
  done
  log "ready. In your shell:  . <(bash $0 env)" ;;
env)
  cat <<EOF
export DOCKER_CONFIG=$D/config DK_BUILD=unix://$D/build/sock DK_RUN=unix://$D/run/sock DK_NETNS=$DK_NETNS
export DOCKER_HOST=unix://$D/run/sock PATH=\$PATH:$R/usr/bin
dbuild() { DOCKER_HOST=\$DK_BUILD docker build --network host "\$@"; }          # build with apt and NuGet
ship() { DOCKER_HOST=\$DK_BUILD docker save "\$@" | DOCKER_HOST=\$DK_RUN docker load -q; }   # build daemon -> run daemon
dnet() { nsenter --net=/run/netns/$DK_NETNS -- "\$@"; }                          # published ports are on 127.0.0.1 in there
EOF
  ;;
down)
  stop run; stop build
  if [ "${2:-}" = -v ]; then rm -rf "$D/run" "$D/build"; fi
  ip netns list | grep -qw "$DK_NETNS" && ip netns del "$DK_NETNS" || true ;;
*) sed -n '2,12p' "$0"; exit 2 ;;
esac
