#!/bin/sh
# make-keys.sh: prints the Secret of 10-keys.yaml with random keys, for `kubectl apply -f -`.
set -eu

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

cat <<SECRET
apiVersion: v1
kind: Secret
metadata:
  name: rapid-keys
  namespace: rapid
  labels: { app.kubernetes.io/part-of: rapid }
type: Opaque
stringData:
SECRET
for key in token-actor token-evaluator token-learner token-operator token-viewer redis-password; do
  printf '  %s: "%s"\n' "$key" "$(random)"
done
