#!/usr/bin/env bash
# What a proof costs on loopback: registry requests, and milliseconds from the first request to the last answer.
#
#   benches/proof.sh [RUNS]
#
# First one proof at a time: `pullmedic diagnose` as a process, against the test registry and a scripted API server. The
# registry adds no delay of its own, so all of the time is the product's and the kernel's; "in all" is the whole process,
# from its start to its end, the cluster read in it. Then the playground's workloads, all proven at once in one process
# (needs jq). PROFILE=dev takes the debug build; say which it was.
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:-20} profile=${PROFILE:-release}
RUNS=$runs cargo test --quiet --profile "$profile" -p pullmedic-app --test proof figures -- --nocapture 2>&1 |
  grep -E 'one proof|requests|FAILED'
command -v jq >/dev/null || { echo "the playground's figures need jq" >&2; exit 0; }
cargo build --quiet --profile "$profile" -p playground
binary=target/$([ "$profile" = dev ] && echo debug || echo "$profile")/playground
for _ in $(seq "$runs"); do "$binary" -o json; done |
  jq -rs --arg profile "$profile" '
    def middle: sort | .[length / 2 | floor];
    [.[].comparison[]] as $rows |
    "playground, \(length) runs of \($rows | length / length) proofs, \($profile) build",
    "requests: median \([$rows[].requests] | middle), most \([$rows[].requests] | max); " +
    "ms asking: median \([$rows[].ms] | middle | . * 10 | round / 10), most \([$rows[].ms] | max | . * 10 | round / 10); " +
    "ms of a run: median \([.[].tookMs] | middle | round)"' | sed "s/runs of [0-9.]* proofs/runs/"
