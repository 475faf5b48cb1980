#!/usr/bin/env bash
# The controller at the scale of large clusters: 1,500, 15,000 and 150,000 pods of at least 6 KiB each, 1 % of them
# failing for 20 causes, 200 pod changes a second.
#
#   benches/controller.sh PULLMEDIC TESTKIT_APISERVER [PODS…]
#
# Both are paths of binaries; build them alike (cargo build --release -p pullmedic-app -p testkit-apiserver). The API
# server is a process of its own: its memory and time are not counted. It serves one streaming list of pods to nobody
# first, and that time is taken off the time to be ready ("beyond"). No registry can be reached: a proof ends at the name.
# Memory is the controller's: steady 30 s after it was ready, and the peak since its start. CPU is of one core, over the
# minute that follows, while pods change.
set -euo pipefail
pullmedic=$(realpath "$1")
apiserver=$(realpath "$2")
shift 2
[ $# -gt 0 ] || set -- 1500 15000 150000
cd "$(dirname "$0")/.."
work=$(mktemp -d)
started=()
trap 'for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done; rm -rf "$work"' EXIT

seconds() { date +%s.%N; }
minus() { awk -v a="$1" -v b="$2" 'BEGIN {printf "%.1f", a - b}'; }
status() { awk -v what="$2:" '$1 == what {printf "%.0f", $2 / 1024}' "/proc/$1/status"; }
ticks() { awk '{print $14 + $15}' "/proc/$1/stat"; }
metric() { curl -s "http://127.0.0.1:18081/metrics" | awk -v what="^$1" '$1 ~ what {sum += $2} END {print sum + 0}'; }

# The definitions as JSON. Needs python3 with yaml.
python3 - >"$work/crds.json" <<'PY'
import glob, json, yaml
files = glob.glob("deploy/crds/*.pullmedic.dev.yaml")
print(json.dumps({"kind": "List", "items": [one for file in files for one in yaml.safe_load_all(open(file))]}, default=str))
PY
# A name server that is not there: every name fails at once.
echo "nameserver 127.0.0.2" >"$work/resolv.conf"
printf '%9s %8s %9s %9s %9s %9s %9s %8s %7s %7s %9s\n' \
    pods failing server_s ready_s beyond_s steady_M peak_M cpu_% lists writes incidents
for pods in "$@"; do
    rm -rf "$work/state" && mkdir "$work/state"
    "$apiserver" --pods "$pods" --nodes $((pods / 30)) --changes 200 --measure --kubeconfig "$work/kubeconfig" \
        --objects "$work/crds.json" >"$work/api" 2>"$work/api.err" &
    api=$!
    started+=("$api")
    until [ -s "$work/api" ]; do kill -0 "$api" 2>/dev/null || { cat "$work/api.err"; exit 1; }; sleep 0.1; done
    server=$(python3 -c 'import json,sys; print(json.load(sys.stdin)["measured"]["seconds"])' <"$work/api")
    failing=$(python3 -c 'import json,sys; print(json.load(sys.stdin)["failing"])' <"$work/api")
    begun=$(seconds)
    "$pullmedic" controller --kubeconfig "$work/kubeconfig" --state-dir "$work/state" --listen 127.0.0.1:18081 \
        --resolv-conf "$work/resolv.conf" >"$work/log" 2>&1 &
    controller=$!
    started+=("$controller")
    until curl -sf --max-time 2 -o /dev/null http://127.0.0.1:18081/readyz; do
        kill -0 "$controller" 2>/dev/null || { tail -n 20 "$work/log"; exit 1; }
        sleep 0.1
    done
    ready=$(minus "$(seconds)" "$begun")
    sleep 30
    steady=$(status "$controller" VmRSS)
    before=$(ticks "$controller")
    sleep 60
    after=$(ticks "$controller")
    peak=$(status "$controller" VmHWM)
    cpu=$(awk -v t=$((after - before)) -v hz="$(getconf CLK_TCK)" 'BEGIN {printf "%.1f", t / hz / 60 * 100}')
    incidents=$(metric 'pullmedic_incidents[{]')
    kill -TERM "$controller" && wait "$controller" || true
    kill -TERM "$api" && wait "$api" || true
    end=$(tail -n 1 "$work/api")
    lists=$(python3 -c 'import json,sys; print(json.load(sys.stdin)["lists"])' <<<"$end")
    writes=$(python3 -c 'import json,sys; print(json.load(sys.stdin)["writes"])' <<<"$end")
    printf '%9s %8s %9s %9s %9s %9s %9s %8s %7s %7s %9s\n' "$pods" "$failing" "$(minus "$server" 0)" "$ready" \
        "$(minus "$ready" "$server")" "$steady" "$peak" "$cpu" "$lists" "$writes" "$incidents"
done
