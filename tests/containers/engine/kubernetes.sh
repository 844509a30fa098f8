#!/usr/bin/env bash
# A real single-node Kubernetes on a Debian 12 machine without systemd, registry or internet:
# Debian 12's own `kubernetes` SOURCE package (1.20.2; its binary package has only kubectl) built with
# Debian's Go, plus Debian's etcd, and the Docker engine of docker.sh as the container runtime.
#
#   bash kubernetes.sh get             # build (about 7 min on 2 cores, once; 420 MB kept, 1.5 GB while building)
#   bash kubernetes.sh up              # etcd, apiserver, controller-manager, scheduler: validation, 10 s
#   bash kubernetes.sh up node         # ... and kubelet, kube-proxy, service DNS: pods really run
#   . <(bash kubernetes.sh env)        # KUBECONFIG; kc = kubectl in the cluster's network namespace; k8ship; k120
#   bash kubernetes.sh down [-v]
#
# Needs images.sh (pause image) and `docker.sh get` to have run for `up node`.
set -euo pipefail
CTR_DIR=${CTR_DIR:-$PWD/.ctr}; D=$CTR_DIR/kube; B=$D/bin; R=$CTR_DIR/docker-engine/root
NS=${K8_NETNS:-k8}; MIRROR=${CTR_MIRROR:-$(apt-cache policy 2>/dev/null | grep -oE "http[^ ]*debian" | grep -v security | head -1)}
NODE_IP=10.244.0.1   # docker0 of the node's daemon, inside the namespace
log() { echo "kubernetes: $*" >&2; }
in_ns() { nsenter --net=/run/netns/"$NS" -- "$@"; }
alive() { [ -s "$D/run/$1.pid" ] && kill -0 "$(cat "$D/run/$1.pid")" 2>/dev/null; }
run() { # name command...: start it in the namespace unless it runs
  local n=$1; shift; alive "$n" && return
  ( cd "$D"; exec setsid nsenter --net=/run/netns/"$NS" -- "$@" >"$D/log/$n.log" 2>&1 </dev/null ) & echo $! >"$D/run/$n.pid"
}
wait_for() { local n=$1; shift; for _ in $(seq 60); do "$@" >/dev/null 2>&1 && return; sleep 1; done
  log "$n not ready:"; tail -5 "$D/log/$n.log" >&2; exit 1; }

get() {
  local need=() p
  for p in golang-go rsync jq etcd-server conntrack socat ethtool dnsmasq-base iptables iproute2 make gcc openssl; do
    dpkg-query -W -f='${db:Status-Status}\n' $p 2>/dev/null | grep -qx installed || need+=("$p"); done
  if [ ${#need[@]} -gt 0 ]; then apt-get -o DPkg::Lock::Timeout=600 update -qq
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends "${need[@]}" >/dev/null 2>&1; fi
  local bins="kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy" b miss=0
  for b in $bins; do [ -x "$B/$b" ] || miss=1; done; [ $miss = 1 ] || return 0
  log "building $bins from Debian's source package"
  local s=$D/src; rm -rf "$s"; mkdir -p "$s"/lists/partial "$s"/cache/archives/partial "$s/x/.go/src/k8s.io" "$B"
  echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $MIRROR bookworm main" >"$s/sources.list"
  ( cd "$s"; o=(-o Dir::Etc::sourcelist="$s/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists="$s/lists" -o Dir::Cache="$s/cache" -o APT::Sandbox::User=root)
    apt-get "${o[@]}" update -qq; apt-get "${o[@]}" source -qq --download-only kubernetes
    tar -C x --strip-components=1 -xf kubernetes_*.orig.tar.gz )
  ln -sfn ../../.. "$s/x/.go/src/k8s.io/kubernetes"
  ( cd "$s/x"; w=; for b in $bins; do w="$w cmd/$b"; done
    nice env -i PATH=/usr/lib/go/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME="$s" GOPATH="$s/x/.go" GOCACHE="$s/gocache" CGO_ENABLED=0 \
      make WHAT="${w# }" >"$D/build.log" 2>&1 ) || { tail -20 "$D/build.log" >&2; exit 1; }
  for b in $bins; do cp "$s/x/_output/local/bin/linux/amd64/$b" "$B/"; done
  rm -rf "$s"
}

up() {
  get; mkdir -p "$D"/{log,run,certs,kubelet}; cd "$D"
  ip netns list | grep -qw "$NS" || ip netns add "$NS"; ip -n "$NS" link set lo up
  [ -s sa.key ] || openssl genrsa -out sa.key 2048 2>/dev/null
  [ -s token ] || head -c16 /dev/urandom | od -An -tx1 | tr -d ' \n' >token
  echo "$(cat token),admin,1,system:masters" >tokens.csv
  cat >kubeconfig <<EOF
apiVersion: v1
kind: Config
clusters: [{ name: c, cluster: { server: "https://127.0.0.1:6443", insecure-skip-tls-verify: true } }]
users: [{ name: u, user: { token: "$(cat token)" } }]
contexts: [{ name: x, context: { cluster: c, user: u } }]
current-context: x
EOF
  local adv=127.0.0.1 rec=none
  if [ "${1:-}" = node ]; then
    adv=$NODE_IP rec=master-count
    # kubelet wants oom_score_adj -998 for the pause container; without CAP_SYS_RESOURCE runc cannot set it
    cat >runc-wrap <<'EOF'
#!/bin/bash
b=; for ((i=1;i<=$#;i++)); do if [ "${!i}" = --bundle ]; then j=$((i+1)); b=${!j}; fi; done
if [ -n "$b" ] && [ -f "$b/config.json" ]; then
  n=$(jq -c 'if (.process.oomScoreAdj // 0) < 0 then .process.oomScoreAdj = 0 else . end' "$b/config.json") && printf %s "$n" >"$b/config.json"
fi
exec runc "$@"
EOF
    chmod +x runc-wrap
    if ! alive dockerd; then rm -f run/docker.pid
      run dockerd env PATH="$R/usr/sbin:$R/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin" dockerd --data-root "$D/docker/data" --exec-root "$D/docker/exec" \
        -p "$D/run/docker.pid" -H "unix://$D/docker.sock" --add-runtime "runcx=$D/runc-wrap" --default-runtime runcx --bip $NODE_IP/24; fi
    wait_for dockerd env DOCKER_HOST="unix://$D/docker.sock" docker version
    DOCKER_HOST=unix://$D/docker.sock docker image inspect registry.k8s.io/pause:3.10 >/dev/null 2>&1 ||
      CONTAINERS_CONF=$CTR_DIR/containers.conf podman save -q --format docker-archive registry.k8s.io/pause:3.10 | DOCKER_HOST=unix://$D/docker.sock docker load -q >&2
    ip -n "$NS" route replace 10.96.0.0/16 dev docker0
  fi
  run etcd etcd --data-dir "$D/etcd" --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380 --unsafe-no-fsync
  run apiserver "$B/kube-apiserver" --etcd-servers=http://127.0.0.1:2379 --cert-dir=certs --secure-port=6443 --bind-address=0.0.0.0 --advertise-address=$adv \
    --service-cluster-ip-range=10.96.0.0/16 --token-auth-file=tokens.csv --authorization-mode=Node,RBAC --service-account-issuer=https://kubernetes.default.svc \
    --service-account-key-file=sa.key --service-account-signing-key-file=sa.key --allow-privileged=true --endpoint-reconciler-type=$rec --kubelet-preferred-address-types=InternalIP
  export KUBECONFIG=$D/kubeconfig
  wait_for apiserver in_ns kubectl get --raw /readyz
  run kcm "$B/kube-controller-manager" --kubeconfig=kubeconfig --service-account-private-key-file=sa.key --root-ca-file=certs/apiserver.crt --cert-dir=certs --bind-address=127.0.0.1 \
    --port=0 --leader-elect=false --allocate-node-cidrs=true --cluster-cidr=10.244.0.0/16
  run sched "$B/kube-scheduler" --kubeconfig=kubeconfig --bind-address=127.0.0.1 --port=0 --leader-elect=false --cert-dir=certs
  [ "${1:-}" = node ] || { log "control plane ready (no node). In your shell:  . <(bash $0 env)"; return; }

  echo "nameserver $NODE_IP" >resolv.conf
  cat >kubelet.yaml <<EOF
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
cgroupDriver: cgroupfs
failSwapOn: false
address: $NODE_IP
healthzBindAddress: 127.0.0.1
authentication: { anonymous: { enabled: true }, webhook: { enabled: false } }
authorization: { mode: AlwaysAllow }
clusterDNS: [$NODE_IP]
clusterDomain: cluster.local
resolvConf: $D/resolv.conf
oomScoreAdj: 0
evictionHard: { memory.available: "100Mi", nodefs.available: "1%", imagefs.available: "1%", nodefs.inodesFree: "1%" }
imageGCHighThresholdPercent: 100
EOF
  run kubelet "$B/kubelet" --config=kubelet.yaml --kubeconfig=kubeconfig --root-dir="$D/kubelet" --cert-dir=certs --hostname-override=node1 --node-ip=$NODE_IP \
    --container-runtime=docker --docker-endpoint="unix://$D/docker.sock" --pod-infra-container-image=registry.k8s.io/pause:3.10 --network-plugin= 
  run kproxy "$B/kube-proxy" --kubeconfig=kubeconfig --proxy-mode=iptables --cluster-cidr=10.244.0.0/16 --conntrack-max-per-core=0 --conntrack-tcp-timeout-established=0 \
    --conntrack-tcp-timeout-close-wait=0 --bind-address=127.0.0.1 --healthz-bind-address=127.0.0.1 --metrics-bind-address=127.0.0.1 --hostname-override=node1
  # service DNS: dnsmasq fed from the API (no CoreDNS in Debian); headless services list their endpoints
  cat >dns.sh <<'EOF'
touch hosts; dnsmasq -k --conf-file=/dev/null -u root --no-resolv --no-hosts --addn-hosts="$PWD/hosts" --listen-address=$1 --bind-interfaces --pid-file= --local=/cluster.local/ & p=$!
trap 'kill $p; exit' TERM
while :; do
  { kubectl get svc -A -o json | jq -r '.items[]|select(.spec.clusterIP!="None")|"\(.spec.clusterIP) \(.metadata.name).\(.metadata.namespace).svc.cluster.local"'
    kubectl get endpoints -A -o json | jq -r '.items[]|select(.metadata.labels["service.kubernetes.io/headless"]!=null) as $e|$e.subsets[]?.addresses[]?|"\(.ip) \($e.metadata.name).\($e.metadata.namespace).svc.cluster.local" + (if .hostname then " \(.hostname).\($e.metadata.name).\($e.metadata.namespace).svc.cluster.local" else "" end)'
  } >hosts.n 2>/dev/null; cmp -s hosts.n hosts || { cat hosts.n >hosts; kill -HUP $p; }; sleep 2 & wait $!
done
EOF
  run dns env KUBECONFIG="$D/kubeconfig" bash dns.sh $NODE_IP
  wait_for kubelet bash -c "nsenter --net=/run/netns/$NS kubectl get node node1 | grep -qw Ready"
  log "node ready. In your shell:  . <(bash $0 env)"
}

down() {
  local n p
  alive dockerd && DOCKER_HOST=unix://$D/docker.sock timeout 60 docker ps -q 2>/dev/null >"$D/ids" || true
  for n in kubelet kproxy dns sched kcm apiserver etcd; do alive $n && kill "$(cat "$D/run/$n.pid")" 2>/dev/null || true; done
  for n in kubelet kproxy dns sched kcm apiserver etcd; do for _ in $(seq 20); do alive $n || break; sleep 0.5; done
    alive $n && kill -9 "$(cat "$D/run/$n.pid")" || true; rm -f "$D/run/$n.pid"; done
  if alive dockerd; then
    [ ! -s "$D/ids" ] || DOCKER_HOST=unix://$D/docker.sock timeout 90 xargs -r docker rm -f <"$D/ids" >/dev/null 2>&1 || true
    kill "$(cat "$D/run/dockerd.pid")"; for _ in $(seq 40); do alive dockerd || break; sleep 0.5; done; rm -f "$D/run/dockerd.pid"
  fi
  awk -v d="$D/" 'index($2,d)==1{print $2}' /proc/mounts | sort -r | xargs -r -n1 umount -l
  if [ "${1:-}" = -v ]; then rm -rf "$D"/{etcd,docker,kubelet,certs,log,run,hosts,hosts.n,ids,sa.key,token,tokens.csv,kubeconfig}; fi
  ip netns list | grep -qw "$NS" && ip netns del "$NS" || true
}

case ${1:-} in
get) mkdir -p "$D"; get ;;
up) mkdir -p "$D"; up "${2:-}" ;;
down) down "${2:-}" ;;
env) cat <<EOF
export KUBECONFIG=$D/kubeconfig K8_NETNS=$NS K8_DOCKER=unix://$D/docker.sock
kc() { nsenter --net=/run/netns/$NS -- kubectl "\$@"; }
k8net() { nsenter --net=/run/netns/$NS -- "\$@"; }
k8ship() { DOCKER_HOST=\${DK_BUILD:?} docker save "\$@" | DOCKER_HOST=\$K8_DOCKER docker load -q; }   # from docker.sh's build daemon
# what 1.20 does not know under today's names: same fields, older group version
k120() { sed -E -e 's#^( *apiVersion: *"?)policy/v1("?) *\$#\1policy/v1beta1\2#' -e 's#^( *apiVersion: *"?)autoscaling/v2("?) *\$#\1autoscaling/v2beta2\2#' "\$@" |
  awk 'BEGIN{RS="---\n";ORS=""} {d=\$0; if (d ~ /(^|\n)kind: *"?CronJob/) sub(/apiVersion: *"?batch\/v1"?/,"apiVersion: batch/v1beta1",d); print (NR>1?"---\n":"") d}'; }
EOF
  ;;
*) sed -n '2,14p' "$0"; exit 2 ;;
esac
