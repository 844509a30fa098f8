#!/usr/bin/env bash
# volumes.sh: prints volumes in folders of this machine, for a cluster that makes none by itself.
set -euo pipefail
for name in a b c; do
  folder="${CTR_DIR:?}/volumes/$name"
  mkdir -p "$folder"
  chmod 777 "$folder"
  cat <<VOLUME
apiVersion: v1
kind: PersistentVolume
metadata: { name: rapid-$name }
spec:
  capacity: { storage: 50Gi }
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  hostPath: { path: $folder }
---
VOLUME
done
