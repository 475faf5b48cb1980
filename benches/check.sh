#!/usr/bin/env bash
# `pullmedic check` against skopeo, side by side: 500 images of 5 registries on loopback, one answer about the manifest of
# each image.
#
#   benches/check.sh PULLMEDIC TESTKIT_REGISTRY
#
# Both are paths of binaries; build them alike (cargo build --release -p pullmedic-app -p testkit-registry) and say which
# build it was. Needs skopeo and python3.
#
# The work: `pullmedic check --shallow` sends one HEAD for each manifest, as containerd resolves an image. `skopeo inspect
# --raw` pings the registry and GETs the manifest, 0.5 KiB here. So both learn the same of each image, that its manifest is
# there and may be had, and skopeo sends twice the requests in 500 processes, 16 at once. pullmedic keeps its budget for
# each host (100 at once, then 50 a second): the 100 images of a host are just its burst, and with more (IMAGES=300) the
# rule alone takes (300 - 100) / 50 = 4 s, which the last column shows. Requests are counted by the registry.
set -euo pipefail
pullmedic=$(realpath "$1")
registry=$(realpath "$2")
work=$(mktemp -d)
hosts=5 images=${IMAGES:-100} repetitions=${REPETITIONS:-3}

python3 - "$hosts" "$images" >"$work/config.yaml" <<'PY'
import sys
hosts, images = map(int, sys.argv[1:])
print("endpoints:")
for host in range(hosts):
    print(f"- name: r{host}\n  images:")
    for image in range(images):
        print(f"  - {{repository: team/app{image}, tags: ['1'], form: {{image: {{layers: [{{random: {{bytes: 64, seed: {image}}}}}]}}}}}}")
PY
"$registry" serve --config "$work/config.yaml" --ready "$work/ready" --log "$work/log" >/dev/null &
server=$!
trap 'kill "$server"; wait "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
for _ in $(seq 300); do [ -s "$work/ready" ] && break; sleep 0.1; done
[ -s "$work/ready" ] || { echo "error: the registry did not start" >&2; exit 1; }

python3 - "$work" "$images" <<'PY'
import json, sys
work, images = sys.argv[1], int(sys.argv[2])
addresses = [it["address"] for it in json.load(open(f"{work}/ready"))["endpoints"].values()]
with open(f"{work}/images", "w") as out:
    for address in addresses:
        out.writelines(f"{address}/team/app{n}:1\n" for n in range(images))
with open(f"{work}/resolve", "w") as out:
    out.writelines(f"--resolve\n{address}:127.0.0.1\n" for address in addresses)
PY
mapfile -t resolve <"$work/resolve"
mapfile -t all <"$work/images"

now() { date +%s.%N; }
requests() { wc -l <"$work/log"; }
# timed NAME COMMAND…: seconds and requests of one run.
timed() {
    local name=$1 before begun ended
    shift
    before=$(requests)
    begun=$(now)
    "$@" >"$work/$name.out" 2>"$work/$name.err" || { echo "error: $name failed" >&2; tail -n 5 "$work/$name.err" "$work/$name.out" >&2; exit 1; }
    ended=$(now)
    sleep 0.3
    echo "$(python3 -c "print(f'{$ended - $begun:.2f}')") $(($(requests) - before))"
}
ours() { HOME=$work "$pullmedic" check --shallow --notes none -o json "${resolve[@]}" "${all[@]}"; }
theirs() { sed 's,^,docker://,' "$work/images" | xargs -P16 -n1 skopeo inspect --raw --tls-verify=false; }

echo "pullmedic: $("$pullmedic" --version), $(stat -c %s "$pullmedic") bytes; $(skopeo --version)"
echo "$((hosts * images)) images of $hosts registries; seconds (requests)"
for n in $(seq "$repetitions"); do
    read -r a asked_a <<<"$(timed ours ours)"
    read -r b asked_b <<<"$(timed theirs theirs)"
    ratio=$(python3 -c "print(f'{$b / $a:.1f}')")
    floor=$(python3 -c "print(f'{max(0, $images - 100) / 50:.1f}')")
    echo "run $n: pullmedic $a s ($asked_a), skopeo $b s ($asked_b), ratio $ratio; the budget alone takes pullmedic $floor s"
done
