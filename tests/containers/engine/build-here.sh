#!/usr/bin/env bash
# build-here.sh: prints what is laid over docker-compose.yml where builds have the host's network and revocation lists cannot be fetched.
set -euo pipefail
echo services:
for service in replay learner actor evaluator experiment cli; do
  echo "  $service: { build: { network: host, args: { NUGET_CERT_REVOCATION_MODE: offline } } }"
done
