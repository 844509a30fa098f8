#!/usr/bin/env bash
# k8s.sh: k8s/ in a cluster, for real. Applies it, submits a run through a port-forward, then updates the actors, drains the node of them, deletes
# learner, replay and Redis in the middle of the run, and asks for its end.
#
#   tests/containers/k8s.sh                 the cluster that kubectl talks to, which has the images (README: rapid-actor:0.3.0 and so on)
#   KUBECTL="..." MANIFESTS="..." RAPID=... tests/containers/k8s.sh
#
# KUBECTL is the command, MANIFESTS prints manifest files as the cluster wants them (cat), RAPID is the command line (./rapid).
# engine/ has what starts a cluster on a machine that has none.
set -euo pipefail
cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../.."

kubectl=(${KUBECTL:-kubectl})
manifests=(${MANIFESTS:-print_files})
rapid=(${RAPID:-./rapid})
steps="${STEPS:-15000000}"

print_files() { local file; for file in "$@"; do cat "$file"; echo; echo ---; done; }
k() { "${kubectl[@]}" -n rapid "$@"; }
say() { printf '\n# %s\n' "$*"; }
# Shows a command as a reader would type it, and runs it.
exec 3>&1
show() { printf '$ %s\n' "$*" | sed "s|${rapid[*]}|rapid|; s|^\$ k |$ kubectl -n rapid |; s|${kubectl[*]}|kubectl|" >&3; "$@"; }

fail() { echo "FAILED: $*" >&2; exit 1; }

# An operator's view from outside: the port-forward is made again when the pod behind it goes.
forward() {
  while :; do "${kubectl[@]}" -n rapid port-forward service/learner 15102:5102 >/dev/null 2>&1 || true; sleep 0.5; done
}

cleanup() { [[ -z ${node:-} ]] || "${kubectl[@]}" uncordon "$node" >/dev/null 2>&1 || true; [[ -z ${forwarder:-} ]] || kill -- "-$forwarder" 2>/dev/null || true; }
trap cleanup EXIT

say "the overlays"
for overlay in kustomize/*/; do
  show "${kubectl[@]}" kustomize "$overlay" >/tmp/rapid-overlay.$$.yaml
  "${manifests[@]}" /tmp/rapid-overlay.$$.yaml | "${kubectl[@]}" apply --dry-run=client --validate=false -f - | wc -l
done
rm -f /tmp/rapid-overlay.$$.yaml

say "every manifest of the folder, in the order of its names"
echo '$ kubectl apply -f k8s/'
"${manifests[@]}" k8s/*.yaml | "${kubectl[@]}" apply -f -
for what in statefulset/redis statefulset/replay deployment/learner deployment/actor deployment/evaluator; do
  show k rollout status "$what" --timeout=180s
done
show k get pods

say "a run of $steps steps, submitted through a port-forward"
set -m; forward & forwarder=$!; set +m
export RAPID_LEARNER=http://127.0.0.1:15102
RAPID_TOKEN_OPERATOR="$(k get secret rapid-keys -o jsonpath='{.data.token-operator}' | base64 -d)"
export RAPID_TOKEN_OPERATOR
for _ in $(seq 60); do "${rapid[@]}" list >/dev/null 2>&1 && break; sleep 0.5; done
id="$(show "${rapid[@]}" submit examples/cartpole-ppo.yaml --set replay.store=redis --set "total_steps=$steps" --set actors.count=2)"
echo "$id"

step_of() { "${rapid[@]}" list 2>/dev/null | awk -v id="$id" '$1 == id { print $3 }' || true; }
state_of() { "${rapid[@]}" list 2>/dev/null | awk -v id="$id" '$1 == id { print $2 }' || true; }

# Waits until the run learns beyond a step; says how long it took.
learns_on() {
  local before now begin=$SECONDS
  before="$(step_of)"
  for _ in $(seq 240); do
    now="$(step_of)"
    if [[ -n $now && -n $before && $now -gt $before ]]; then echo "learning again at step $now after $((SECONDS - begin)) s"; return; fi
    [[ -n $before ]] || before="$now"
    [[ "$(state_of)" != finished ]] || { echo "finished meanwhile"; return; }
    sleep 0.5
  done
  "${rapid[@]}" list || true
  k get pods
  fail "the run did not go on"
}
learns_on

say "more actors, and a rolling update of them"
show k scale deployment actor --replicas=3
show k rollout status deployment/actor --timeout=180s
show k rollout restart deployment actor
show k rollout status deployment/actor --timeout=180s
learns_on

say "the actors' node is drained (the budget lets them go one by one) and comes back"
node="$(k get pods -l app.kubernetes.io/name=actor -o jsonpath='{.items[0].spec.nodeName}')"
if ! show "${kubectl[@]}" drain "$node" --ignore-daemonsets --delete-emptydir-data --pod-selector=app.kubernetes.io/name=actor --timeout=20s 2>&1; then
  (( $("${kubectl[@]}" get nodes -o name | wc -l) == 1 )) || fail "the drain did not end"
  echo "(this cluster has no other node: the budget keeps the last actors until others run elsewhere)"
fi
show "${kubectl[@]}" uncordon "$node"
show k rollout status deployment/actor --timeout=180s
learns_on

for victim in learner replay redis evaluator; do
  say "the pod of $victim is deleted without grace"
  show k delete pod -l "app.kubernetes.io/name=$victim" --grace-period=0 --force
  sleep 1
  learns_on
done

say "the run's end"
show "${rapid[@]}" watch "$id" | tail -n 3
show "${rapid[@]}" list
[[ "$(state_of)" == finished ]] || fail "the run ended as $(state_of)"
(( $(step_of) >= steps )) || fail "the run ended at step $(step_of) of $steps"

say "an experiment as a Job"
"${manifests[@]}" k8s/jobs/experiment.yaml | show k apply -f -
show k wait --for=condition=complete job/cartpole --timeout=300s
show k logs job/cartpole --tail=1
echo
echo "all of it held"
