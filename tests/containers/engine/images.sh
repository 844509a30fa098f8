#!/usr/bin/env bash
# Prepares podman/buildah and local stand-in base images on a Debian 12 machine that has root but
# neither a Docker engine nor an image registry. Idempotent: a second run only checks (about 1 s).
#
#   bash images.sh                 # packages + config + all images
#   CTR_FORCE=1 bash images.sh     # rebuild the images
#   . <(bash images.sh --env)      # set CONTAINERS_CONF etc. in this shell, define ctr_net
#
# What it leaves: $CTR_DIR/containers.conf, $CTR_DIR/registries.conf, and in podman's storage the
# local images docker.io/library/debian:bookworm-slim, docker.io/library/redis:7,
# mcr.microsoft.com/dotnet/{aspnet,sdk}:10.0, registry.k8s.io/pause:3.10 and localhost/podman-pause.
# They are STAND-INS made of Debian packages and of this machine's /usr/share/dotnet.
set -euo pipefail
CTR_DIR=${CTR_DIR:-$PWD/.ctr}
CTR_SUITE=${CTR_SUITE:-bookworm}
CTR_MIRROR=${CTR_MIRROR:-$(apt-cache policy 2>/dev/null | grep -oE "http[^ ]*debian" | grep -v security | head -1)}
CTR_SECURITY=${CTR_SECURITY:-$(apt-cache policy 2>/dev/null | grep -oE "http[^ ]*security[^ ]*" | head -1)}
CTR_DOTNET=${CTR_DOTNET:-/usr/share/dotnet}
CTR_NETNS=${CTR_NETNS:-ctr}
CTR_FORCE=${CTR_FORCE:-0}

print_env() {
  cat <<EOF
export CONTAINERS_CONF=$CTR_DIR/containers.conf
export CONTAINERS_REGISTRIES_CONF=$CTR_DIR/registries.conf
export BUILDAH_ISOLATION=oci BUILDAH_RUNTIME=runc
export CTR_NETNS=$CTR_NETNS
# run a command inside the private network namespace (bridges, published ports, service DNS live there)
ctr_net() { nsenter --net=/run/netns/$CTR_NETNS -- "\$@"; }
EOF
}
if [ "${1:-}" = --env ]; then print_env; exit 0; fi

log() { echo "images: $*" >&2; }
[ "$(id -u)" = 0 ] || { log "needs root"; exit 1; }
mkdir -p "$CTR_DIR"

# --- 1. packages ------------------------------------------------------------------------------
pkgs=(podman buildah runc conmon catatonit netavark aardvark-dns iptables nftables uidmap
      debootstrap golang-github-containers-common podman-compose iproute2)
missing=()
for p in "${pkgs[@]}"; do
  dpkg-query -W -f='${db:Status-Status}\n' "$p" 2>/dev/null | grep -qx installed || missing+=("$p")
done
if [ ${#missing[@]} -gt 0 ]; then
  log "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -o DPkg::Lock::Timeout=600 update -qq
  apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends "${missing[@]}" >"$CTR_DIR/apt.log" 2>&1 \
    || { tail -20 "$CTR_DIR/apt.log" >&2; exit 1; }
fi

# --- 2. configuration -------------------------------------------------------------------------
# No CAP_SYS_RESOURCE here: rlimits above the present hard limit fail with "setrlimit RLIMIT_NOFILE:
# Operation not permitted". podman lowers its own NPROC to pid_max, so stay below that too.
nofile=$(ulimit -Hn); [ "$nofile" = unlimited ] && nofile=1048576
nproc_=$(ulimit -Hu); pidmax=$(cat /proc/sys/kernel/pid_max)
[ "$nproc_" = unlimited ] && nproc_=$pidmax
[ "$nproc_" -gt "$pidmax" ] && nproc_=$pidmax
cat >"$CTR_DIR/containers.conf" <<EOF
[containers]
default_ulimits = ["nofile=$nofile:$nofile", "nproc=$nproc_:$nproc_"]
[engine]
# crun refuses a hybrid cgroup tree (v1 controllers + a v2 controller); runc takes it.
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
EOF
# Short names mean docker.io, as with Docker.
cat >"$CTR_DIR/registries.conf" <<'EOF'
unqualified-search-registries = ["docker.io"]
short-name-mode = "permissive"
EOF
eval "$(print_env)"

# --- 3. a private network namespace: bridges and traffic stay inside it ------------------------
if [ ! -e "/run/netns/$CTR_NETNS" ]; then ip netns add "$CTR_NETNS"; fi
ip -n "$CTR_NETNS" link set lo up

# --- 4. images --------------------------------------------------------------------------------
have() { [ "$CTR_FORCE" != 1 ] && podman image exists "$1"; }
mount_of() { buildah mount "$1"; }
# The extra CA files of this machine (a TLS proxy may stand before the registries).
add_ca() {
  local m; m=$(mount_of "$1"); mkdir -p "$m/usr/local/share/ca-certificates"
  cp /usr/local/share/ca-certificates/*.crt "$m/usr/local/share/ca-certificates/" 2>/dev/null || true
  buildah umount "$1" >/dev/null
  buildah run --network host "$1" -- update-ca-certificates >/dev/null 2>&1
}
apt_in() { local c=$1; shift
  buildah run --network host "$c" -- sh -c "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $* >/dev/null 2>&1 && apt-get clean && rm -rf /var/lib/apt/lists/*"
}

IMG_DEB=docker.io/library/debian:$CTR_SUITE-slim
if ! have "$IMG_DEB"; then
  log "debootstrap $CTR_SUITE -> $IMG_DEB"
  root=$CTR_DIR/rootfs.$$; rm -rf "$root"
  debootstrap --variant=minbase "$CTR_SUITE" "$root" "$CTR_MIRROR" >"$CTR_DIR/debootstrap.log" 2>&1 \
    || { tail -20 "$CTR_DIR/debootstrap.log" >&2; exit 1; }
  cat >"$root/etc/apt/sources.list" <<EOF
deb $CTR_MIRROR $CTR_SUITE main
deb $CTR_MIRROR $CTR_SUITE-updates main
deb $CTR_SECURITY $CTR_SUITE-security main
EOF
  : >"$root/etc/resolv.conf"; echo localhost >"$root/etc/hostname"
  printf 'Apt::Periodic::Enable "0";\nDPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb || true"; };\n' \
    >"$root/etc/apt/apt.conf.d/docker-clean"
  rm -rf "$root"/usr/share/{doc,man,info,locale}/* "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/*.log
  mkdir -p "$root/var/lib/apt/lists/partial" "$root/var/cache/apt/archives/partial"
  tar -C "$root" --numeric-owner -cf - . | podman import -q -c 'CMD ["bash"]' -c 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' - "$IMG_DEB" >/dev/null
  rm -rf "$root"
fi

IMG_ASP=mcr.microsoft.com/dotnet/aspnet:10.0
if ! have "$IMG_ASP"; then
  log "stand-in $IMG_ASP (Debian $CTR_SUITE + $CTR_DOTNET; the real tag is Ubuntu 24.04)"
  c=$(buildah from --pull-never "$IMG_DEB")
  icu=$([ "$CTR_SUITE" = bookworm ] && echo libicu72 || echo libicu76)
  apt_in "$c" ca-certificates "$icu" libgcc-s1 libssl3 libstdc++6 tzdata
  m=$(mount_of "$c"); mkdir -p "$m/usr/share/dotnet"
  cp -a "$CTR_DOTNET/dotnet" "$CTR_DOTNET/host" "$CTR_DOTNET/shared" "$m/usr/share/dotnet/"
  ln -sf /usr/share/dotnet/dotnet "$m/usr/bin/dotnet"
  buildah umount "$c" >/dev/null
  buildah run "$c" -- sh -c 'groupadd --gid=1654 app && useradd -l --uid=1654 --gid=1654 --create-home app'
  buildah config --env APP_UID=1654 --env ASPNETCORE_HTTP_PORTS=8080 --env DOTNET_RUNNING_IN_CONTAINER=true \
    --cmd bash --label standin=debian-$CTR_SUITE "$c"
  buildah commit -q --rm "$c" "$IMG_ASP" >/dev/null
fi

IMG_SDK=mcr.microsoft.com/dotnet/sdk:10.0
if ! have "$IMG_SDK"; then
  log "stand-in $IMG_SDK"
  c=$(buildah from --pull-never "$IMG_ASP")
  apt_in "$c" curl git wget tar
  m=$(mount_of "$c"); rm -rf "$m/usr/share/dotnet"; cp -a "$CTR_DOTNET" "$m/usr/share/dotnet"
  buildah umount "$c" >/dev/null
  add_ca "$c"      # the build stage restores from NuGet over https
  buildah config --env APP_UID- --env ASPNETCORE_HTTP_PORTS- --env DOTNET_RUNNING_IN_CONTAINER=true \
    --env DOTNET_USE_POLLING_FILE_WATCHER=true --env NUGET_XMLDOC_MODE=skip \
    --env NUGET_CERT_REVOCATION_MODE=offline --env DOTNET_CLI_TELEMETRY_OPTOUT=1 --env DOTNET_NOLOGO=1 "$c"
  buildah commit -q --rm "$c" "$IMG_SDK" >/dev/null
fi

IMG_REDIS=docker.io/library/redis:7
if ! have "$IMG_REDIS"; then
  log "stand-in $IMG_REDIS (Debian's redis-server)"
  c=$(buildah from --pull-never "$IMG_DEB")
  apt_in "$c" redis-server gosu
  m=$(mount_of "$c"); mkdir -p "$m/data"
  cat >"$m/usr/local/bin/docker-entrypoint.sh" <<'EOF'
#!/bin/sh
set -e
# first arg is an option or a .conf file: run redis-server with it
if [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then set -- redis-server "$@"; fi
if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
  find . \! -user redis -exec chown redis '{}' +
  exec gosu redis "$0" "$@"
fi
[ "$(umask)" = 0022 ] && umask 0077
# the real image is compiled with protected-mode off
if [ "$1" = redis-server ]; then shift; exec redis-server --protected-mode no "$@"; fi
exec "$@"
EOF
  # a .conf file must come first on redis-server's command line
  sed -i 's|shift; exec redis-server --protected-mode no "$@"|shift; case "${1:-}" in *.conf) f=$1; shift; exec redis-server "$f" --protected-mode no "$@";; *) exec redis-server --protected-mode no "$@";; esac|' "$m/usr/local/bin/docker-entrypoint.sh"
  chmod 755 "$m/usr/local/bin/docker-entrypoint.sh"; chroot "$m" chown redis:redis /data
  buildah umount "$c" >/dev/null
  buildah config --workingdir /data --volume /data --port 6379 --entrypoint '["docker-entrypoint.sh"]' --cmd redis-server "$c"
  buildah commit -q --rm "$c" "$IMG_REDIS" >/dev/null
fi

# pause: catatonit -P, for pods (podman would otherwise build one, or pull registry.k8s.io/pause)
IMG_PAUSE=registry.k8s.io/pause:3.10
if ! have "$IMG_PAUSE"; then
  c=$(buildah from scratch); buildah copy -q "$c" "$(command -v catatonit || echo /usr/libexec/podman/catatonit)" /pause >/dev/null
  buildah config --entrypoint '["/pause","-P"]' "$c"
  buildah commit -q --rm "$c" "$IMG_PAUSE" >/dev/null
fi

podman images --format '{{.Repository}}:{{.Tag}}  {{.Size}}' >&2
log "ready. In your shell:  . <(bash $0 --env)"
