#!/usr/bin/env bash
# The registry against clients we did not write: the OCI conformance suite (pull and content discovery), skopeo, and
# every containerd that is here (Debian's, and what the cluster built). Needs go; as root on Debian it installs skopeo
# and jq. Ends with `N passed, M failed`.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH="$HOME/.cargo/bin:/usr/local/go/bin:$PATH"

# A version, not `latest`: the suite gains tests, and a red run shall be ours.
suite=github.com/opencontainers/distribution-spec/conformance@v0.0.0-20260831232431-97274622c111

for tool in skopeo jq; do
    command -v "$tool" >/dev/null || { apt-get update -qq && apt-get install -y -qq "$tool"; } >/dev/null
done

work=$(mktemp -d)
registry=
runtime=
finish() {
    [ -z "$runtime" ] || { kill "$runtime" && wait "$runtime"; } 2>/dev/null || true
    [ -z "$registry" ] || kill "$registry" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT

passed=0
failed=0
# says NAME EXPECTED COMMAND…: the command's output holds the expected text (an extended regular expression).
says() {
    local name=$1 expected=$2
    shift 2
    "$@" >"$work/out" 2>&1 </dev/null || true
    if grep -qE -- "$expected" "$work/out"; then
        passed=$((passed + 1))
        echo "ok    $name"
    else
        failed=$((failed + 1))
        echo "FAIL  $name: no /$expected/ in:"
        tail -n 30 "$work/out" | sed 's/^/      /'
    fi
}

cargo build --quiet -p testkit-registry
target=${CARGO_TARGET_DIR:-target}
"$target/debug/testkit-registry" serve --config testkit/registry/conformance.yaml \
    --ready "$work/ready.json" --ca "$work/ca.crt" --log "$work/requests" >/dev/null &
registry=$!
for _ in $(seq 100); do
    [ -e "$work/ready.json" ] && break
    kill -0 "$registry"
    sleep 0.1
done
ready() { jq -r "$1" "$work/ready.json"; }
address() { ready ".endpoints.$1.address"; }

# The suite itself.
mkdir "$work/suite"
(
    cd "$work/suite"
    printf 'module conformance\n\ngo 1.24\n' >go.mod
    go get "$suite" 2>/dev/null
    go build -o run "${suite%@*}"
)
images=.endpoints.registry.images
# No results folder: with read-only data this version panics when it writes results.yaml (run.go, ReportResultsYAML),
# after it has printed all there is. Nor OCI_API_MANIFESTS_DIGEST_HEADER: the suite looks for that header only in answers
# about what it pushed itself (api.go, ManifestHeadExists); tests/serving.rs looks for it here.
env OCI_REGISTRY="$(address registry)" OCI_TLS=disabled OCI_REPO1=conformance/repo1 OCI_RESULTS_DIR=/dev/null/none \
    OCI_API_PUSH=false OCI_API_BLOBS_DELETE=false OCI_API_MANIFESTS_DELETE=false OCI_API_TAGS_DELETE=false \
    OCI_API_BLOBS_DIGEST_HEADER=true \
    OCI_RO_DATA_TAGS="$(ready "[$images[].tags[]] | join(\" \")")" \
    OCI_RO_DATA_MANIFESTS="$(ready "[$images[] | .digest, .entries[]] | join(\" \")")" \
    OCI_RO_DATA_BLOBS="$(ready "[$images[] | .configs[], .layers[]] | join(\" \")")" \
    OCI_RO_DATA_REFERRERS="$(ready "$images[0].digest")" \
    "$work/suite/run" >"$work/suite/out" 2>"$work/suite/err" || true
count() { sed -nE "s/^  $1\\.+: +([0-9]+)$/\\1/p" "$work/suite/out"; }
suite_passed=$(count Pass)
suite_failed=$(($(count FAIL) + $(count Error)))
echo "OCI conformance: ${suite_passed:-0} passed, $suite_failed failed"
passed=$((passed + ${suite_passed:-0}))
failed=$((failed + suite_failed))
[ "$suite_failed" = 0 ] || grep -E ': (FAIL|Error)' "$work/suite/out"
for part in 'Tag listing' 'Blob get' 'Blob head' 'Manifest get by digest' 'Manifest get by tag' 'Manifest head by tag' 'Referrers' 'Ping'; do
    says "the suite passes: $part" "^  $part\.+: +Pass$" cat "$work/suite/out"
done

# skopeo, as people use it.
plain=(skopeo --override-arch amd64 --override-os linux)
copy() { "${plain[@]}" --insecure-policy copy "$@"; }
# An absent file: nobody's logins from elsewhere.
export REGISTRY_AUTH_FILE="$work/no-auth.json"

inspect() { "${plain[@]}" inspect --tls-verify=false "$@"; }
says "an index is read raw" 'image.index.v1' inspect --raw "docker://$(address registry)/conformance/repo1:many"
says "an image is copied, digests checked" 'Storing signatures' \
    copy --src-tls-verify=false "docker://$(address registry)/conformance/repo1:1.0" "dir:$work/oci"
says "one platform of an index is copied" 'Storing signatures' \
    copy --src-tls-verify=false "docker://$(address registry)/conformance/repo1:many" "dir:$work/many"
says "Docker's media types are copied" 'Storing signatures' \
    copy --src-tls-verify=false "docker://$(address docker)/team/app:1" "dir:$work/docker"
says "tags are listed" '"latest"' skopeo list-tags --tls-verify=false "docker://$(address registry)/conformance/repo1"
says "a public repository needs an anonymous token" '"Digest"' inspect "docker://$(address token)/library/app:1"
says "a private one wants a login" 'denied|unauthorized' inspect "docker://$(address token)/team/app:1"
says "a login gets a token" '"Digest"' inspect --creds ann:secret "docker://$(address token)/team/app:1"
says "a wrong login gets none" 'incorrect username or password' \
    inspect --creds ann:wrong "docker://$(address token)/team/app:1"
says "Basic over TLS by the run's authority" '"Digest"' \
    skopeo inspect --cert-dir "$work" --creds ann:secret "docker://$(address tls)/team/app:1"
says "an unknown authority is refused" 'unknown authority' \
    skopeo inspect --creds ann:secret "docker://$(address tls)/team/app:1"
says "an expired certificate is refused" 'expired' \
    skopeo inspect --cert-dir "$work" "docker://$(address expired)/team/app:1"
says "a tag that is missing" 'manifest unknown' inspect "docker://$(address registry)/conformance/repo1:no"
says "a corrupt layer is found out" '[Dd]igest' \
    copy --src-tls-verify=false "docker://$(address broken)/team/app:1" "dir:$work/corrupt"
says "and is well the second time" 'Storing signatures' \
    copy --src-tls-verify=false "docker://$(address broken)/team/app:1" "dir:$work/well"
says "a platform that is missing" 'no image found in' inspect "docker://$(address broken)/team/arm:1"
# containerd: one of its own, which shares nothing with what runs here.
pull() { timeout 60 ctr -a "$work/c.sock" images pull --plain-http --snapshotter native "$@"; }
for containerd in /usr/bin/containerd "$HOME"/.cache/pullmedic/containerd-v*/containerd; do
    [ "$(id -u)" = 0 ] && [ -x "$containerd" ] && command -v ctr >/dev/null || { echo "no $containerd here"; continue; }
    version=$("$containerd" --version | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1)
    cat >"$work/containerd.toml" <<END
version = 2
root = "$work/root-$version"
state = "$work/state-$version"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "$work/c.sock"
[ttrpc]
  address = "$work/t.sock"
END
    "$containerd" --config "$work/containerd.toml" >"$work/containerd.log" 2>&1 &
    runtime=$!
    for _ in $(seq 100); do
        timeout 5 ctr -a "$work/c.sock" version >/dev/null 2>&1 && break
        sleep 0.1
    done
    says "containerd $version pulls and unpacks an image" '^done' pull "$(address registry)/conformance/repo1:1.0"
    says "containerd $version pulls its platform of an index" '^done' pull "$(address registry)/conformance/repo1:many"
    says "containerd $version pulls Docker's media types" '^done' pull "$(address docker)/team/app:1"
    says "containerd $version logs in" '^done' pull --user ann:secret "$(address token)/team/app:1"
    says "containerd $version tells a wrong login" 'failed to fetch oauth token: unexpected status.*401' \
        pull --user ann:wrong "$(address token)/team/app:1"
    says "containerd $version tells a private repository" 'insufficient_scope: authorization failed' \
        pull "$(address token)/team/app:1"
    says "containerd $version tells a missing platform" 'no match for platform in manifest' \
        pull "$(address broken)/team/arm:1"
    says "containerd $version tells a 429" '429 Too Many Requests' pull "$(address broken)/team/limited:1"
    says "containerd $version tells a corrupt layer" 'unexpected commit digest' pull "$(address broken)/team/corrupt:1"
    kill "$runtime" && wait "$runtime" || true
    runtime=
done

says "every request was written down" '"user":"ann"' cat "$work/requests"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
