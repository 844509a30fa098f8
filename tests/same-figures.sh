#!/usr/bin/env bash
# Says whether this tree learns exactly as another commit does. It builds both, runs the same experiments in lockstep with both, in one process
# and through services, and compares their metrics.jsonl byte by byte, times aside. A change that only moves code has to pass it.
#
#   tests/same-figures.sh COMMIT [FOLDER]      FOLDER holds the other tree and all runs, and is kept (default: one that is not)
set -euo pipefail

root="$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd)"
commit="${1:?the commit to compare with}"
work="${2:-}"
if [[ -z $work ]]; then
  work="$(mktemp -d)"
  trap 'rm -rf -- "$work"' EXIT
fi
mkdir -p "$work"
before="$work/before"
[[ -e $before/.git ]] || git clone --quiet --no-checkout "$root" "$before"
git -C "$before" checkout --quiet --detach "$commit"

rm -rf -- "$work/runs" "$work/specs" "$work/after"
mkdir -p "$work/specs"
ln -s "$root" "$work/after"

# experiment NAME ENVIRONMENT ALGORITHM ENVIRONMENTS STEPS [MORE]: with two actors of so many environments.
names=()
experiment() {
  names+=("$1")
  printf '%s\n' "environment: { name: $2 }" "algorithm: { name: $3 }" "actors: { count: 2, environments: $4 }" "total_steps: $5" "${6:-}" \
    'lockstep: true' 'seed: 3' 'evaluation: { interval_steps: 0, final_episodes: 2 }' 'replay: { store: memory }' >"$work/specs/$1.yaml"
}
experiment a2c-cartpole CartPole-v1 a2c 8 20480
experiment a2c-halfcheetah HalfCheetah-v4 a2c 8 20480
experiment p3o-cartpole CartPole-v1 'p3o, warm_up_steps: 1024' 4 20480
experiment p3o-halfcheetah HalfCheetah-v4 'p3o, warm_up_steps: 1024' 4 20480
experiment ppo-cartpole CartPole-v1 ppo 2 20480
experiment ppo-duel 'DuelNoFrameskip-v4, options: { screen_size: 44, repeat_action_probability: 0.1 }' 'ppo, rollout_steps: 16, epochs: 2' \
  2 4096 'network: { encoder: ppo1, hidden_sizes: [32] }'
experiment ppo-halfcheetah HalfCheetah-v4 ppo 4 65536
experiment sac-halfcheetah HalfCheetah-v4 'sac, warm_up_steps: 500, metrics_interval: 100' 1 2000
experiment sac-pendulum Pendulum-v1 'sac, warm_up_steps: 500, metrics_interval: 100' 1 2000
# Their figures have to be the same through services, too.
through_services=(ppo-cartpole ppo-duel a2c-cartpole p3o-cartpole sac-pendulum)

# figures RUNS: what a run learned, without what depends on the machine.
figures() { sed -E 's/,"time":\{[^}]*\}//' "$1"/*/metrics.jsonl; }

# train TREE NAME: in one process.
train() {
  "$1/rapid" train "$work/specs/$2.yaml" --runs "$work/runs/$(basename "$1")/$2" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
}

# serve TREE NAME: through services of its own.
serve() {
  local state="$work/runs/$(basename "$1")/$2-services"
  mkdir -p "$state"
  (
    cd "$state"
    export RAPID_STATE="$state/state"
    "$1/rapid" up --actors 2 --no-redis && "$1/rapid" submit "$work/specs/$2.yaml" --watch
    "$1/rapid" down
  ) >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
}

different=0
compare() {
  local a b
  a="$(figures "$work/runs/before/$1" | sha256sum)" b="$(figures "$work/runs/after/$1" | sha256sum)"
  if [[ $a == "$b" ]]; then
    echo "same       $1: $(figures "$work/runs/after/$1" | wc -l) lines"
  else
    echo "DIFFERENT  $1"
    different=1
  fi
}
# Each tree has its own outputs.
unset ArtifactsPath
"$before/rapid" build
"$work/after/rapid" build
for name in "${names[@]}"; do
  train "$before" "$name" && train "$work/after" "$name"
  compare "$name"
done
for name in "${through_services[@]}"; do
  serve "$before" "$name" && serve "$work/after" "$name"
  compare "$name-services/runs"
done
exit "$different"
