#!/usr/bin/env bash
# as-1.20.sh FILE...: prints manifests as Kubernetes 1.20 takes them, which is the newest that Debian 12 has the source of: three groups under their
# older names, and gRPC probes, which came with 1.24, as the services' own health checks.
set -euo pipefail

for file in "$@"; do
  sed -E \
    -e 's#^(apiVersion: )policy/v1$#\1policy/v1beta1#' \
    -e 's#^(apiVersion: )autoscaling/v2$#\1autoscaling/v2beta2#' \
    -e 's#grpc: \{ port: 5101[^}]*\}#exec: { command: [/app/Rapid.Replay, health] }#' \
    -e 's#grpc: \{ port: 5102[^}]*\}#exec: { command: [/app/Rapid.Learner, health] }#' \
    -e 's#grpc: \{ port: 5103[^}]*\}#exec: { command: [/app/Rapid.Actor, health] }#' \
    -e 's#grpc: \{ port: 5104[^}]*\}#exec: { command: [/app/Rapid.Evaluator, health] }#' \
    "$file"
  printf '\n---\n'
done
