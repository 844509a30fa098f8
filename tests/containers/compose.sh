#!/usr/bin/env bash
# compose.sh: docker-compose.yml for real. Builds the images, trains CartPole to its mark, adds actors, kills every service in the middle of a
# second run, takes everything down and up again in the middle of a third, and asks for their ends.
#
#   tests/containers/compose.sh              with the Docker engine of this machine
#   BUILD="..." UP="..." tests/containers/compose.sh
#
# BUILD is the command that builds the images (docker compose build). It uses a project of its own and removes it at the end.
set -euo pipefail
cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../.."

export COMPOSE_PROJECT_NAME=rapid-check RAPID_PORT="${RAPID_PORT:-0}"
build=(${BUILD:-docker compose build})
steps="${STEPS:-8000000}"

say() { printf '\n# %s\n' "$*"; }
exec 3>&1
# Shows a command as a reader would type it, and runs it.
show() { printf '$ %s\n' "$*" | sed 's|^\$ cli |$ docker compose run --rm cli |' >&3; "$@"; }
fail() { echo "FAILED: $*" >&2; docker compose ps -a; docker compose logs --tail=20; exit 1; }
cli() { docker compose run --rm -T cli "$@" 2>/dev/null; }
field() { cli list | awk -v id="$1" -v column="$2" '$1 == id { print $column }'; }

cleanup() { docker compose --profile cli down -v --remove-orphans >/dev/null 2>&1 || true; }
trap cleanup EXIT
cleanup

# Waits until a run learns beyond the step it is at; says how long it took.
learns_on() {
  local before now begin=$SECONDS
  before="$(field "$1" 3)"
  for _ in $(seq 120); do
    now="$(field "$1" 3)"
    if [[ -n $now && -n $before && $now -gt $before ]]; then echo "learning again at step $now after $((SECONDS - begin)) s"; return; fi
    [[ -n $before ]] || before="$now"
    [[ "$(field "$1" 2)" != finished ]] || { echo "finished meanwhile"; return; }
  done
  fail "the run did not go on"
}

say "images"
show "${build[@]}" >/dev/null 2>&1 || fail "the images do not build"
docker image ls --format '{{.Repository}}:{{.Tag}} {{.Size}}' | grep '^rapid-' | sort

say "CartPole to its mark"
export RAPID_SPEC=examples/cartpole-ppo.yaml
echo '$ RAPID_SPEC=examples/cartpole-ppo.yaml docker compose up -d --wait'
docker compose up -d --wait learner actor evaluator 2>/dev/null || fail "the services do not get healthy"
docker compose up -d 2>/dev/null
show docker compose ps --format 'table {{.Service}}\t{{.Status}}'
[[ "$(docker wait "$(docker compose ps -aq experiment)")" == 0 ]] || fail "the run failed"
show docker compose logs --no-log-prefix --tail=2 experiment

say "more actors; every service is killed in the middle of a run"
show docker compose up -d --no-recreate --scale actor=4 actor 2>/dev/null
run="$(show cli submit examples/cartpole-ppo.yaml --set replay.store=redis --set name=killed --set "total_steps=$steps" --set actors.count=4)"
echo "$run"
learns_on "$run"
for service in actor replay learner redis evaluator; do
  # The process dies and is started again by its restart policy; `docker kill` would be taken for the operator's wish.
  container="$(docker compose ps -q "$service" | head -n 1)"
  echo "\$ kill -9 \$(docker inspect -f '{{.State.Pid}}' $(docker inspect -f '{{slice .Name 1}}' "$container"))"
  kill -9 "$(docker inspect -f '{{.State.Pid}}' "$container")"
  sleep 1
  learns_on "$run"
done
for service in actor replay learner redis evaluator; do
  show docker kill "$(docker inspect -f '{{slice .Name 1}}' "$(docker compose ps -q "$service" | head -n 1)")"
  docker compose up -d --no-recreate --scale actor=4 actor replay learner redis evaluator >/dev/null 2>&1
  learns_on "$run"
done
show cli watch "$run" | tail -n 2
[[ "$(field "$run" 2)" == finished ]] || fail "the run ended as $(field "$run" 2)"
(( $(field "$run" 3) >= steps )) || fail "the run ended at step $(field "$run" 3)"

say "down and up in the middle of a run"
run="$(show cli submit examples/cartpole-ppo.yaml --set replay.store=redis --set name=paused --set total_steps=3000000)"
echo "$run"
learns_on "$run"
show docker compose down 2>/dev/null
echo '$ docker compose up -d --wait'
docker compose up -d --wait learner actor evaluator 2>/dev/null || fail "the services do not get healthy"
learns_on "$run"
show cli watch "$run" | tail -n 2
show cli list
[[ "$(field "$run" 2)" == finished ]] || fail "the run ended as $(field "$run" 2)"
echo
echo "all of it held"
