#!/usr/bin/env bash
# The cases of tests/conformance/cases.yaml against the real API server of the standing cluster (`cargo xtask cluster
# up`), in a namespace of the run's own that it deletes.
#
# usage: testkit/apiserver/conformance.sh [KUBECONFIG]
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH="$HOME/.cargo/bin:$PATH"

kubeconfig=${1:-${KUBECONFIG:-/var/lib/pullmedic-cluster/kubeconfig}}
[ -r "$kubeconfig" ] || { echo "no cluster: $kubeconfig cannot be read" >&2; exit 1; }
PULLMEDIC_CONFORMANCE_KUBECONFIG=$(realpath "$kubeconfig") \
    cargo test --quiet -p testkit-apiserver --test conformance -- --include-ignored
