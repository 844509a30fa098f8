#!/bin/sh
# make-keys.sh FOLDER: makes the tokens of the roles and Redis's password at the first start, and gives every service those that it needs.
set -eu
umask 077
keys="$1"
services=1654 # the user of Rapid's images

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

# give SERVICE FILE VALUE
give() {
  printf '%s\n' "$3" >"$keys/$1/$2.new"
  mv "$keys/$1/$2.new" "$keys/$1/$2"
}

# The last thing that is made: who was stopped in the middle begins again.
if [ ! -e "$keys/redis/password" ]; then
  password="$(random)"
  for role in actor evaluator learner operator viewer; do
    token="$(random)"
    case $role in
      actor) holders="replay learner actor" ;;
      evaluator) holders="learner evaluator" ;;
      learner) holders="replay learner" ;;
      operator) holders="replay learner evaluator cli" ;;
      viewer) holders="replay learner actor evaluator prometheus" ;;
    esac
    for holder in $holders; do give "$holder" "token-$role" "$token"; done
  done
  give replay redis "redis:6379,password=$password"
  give redis password "$password"
fi
for holder in replay learner actor evaluator cli; do chown -R "$services:$services" "$keys/$holder"; done
chown -R redis "$keys/redis"
chown -R 65534:65534 "$keys/prometheus" # "nobody", the user of Prometheus's image
