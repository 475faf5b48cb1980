//! What answers in place of the registry, or before it.

use crate::cause::pages::source::{
    CD2_HOSTS, CD2_RESOLVER, CD16_HOSTS, CI_SOURCE, CL_DISTERR, GO_CLIENT, GO_TRANSPORT, OUR_CLUSTER,
};
use crate::cause::{Cause, Page, Shown};

pub(in crate::cause::pages) static PROXY: Page = Page {
    meaning: "The proxy between the node and the registry refuses the request, or cannot be reached. The \
        registry itself never saw the pull.",
    shows: &[
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                reference \"registry.example.com/team/app:1.2\": failed to do request: Head \
                \"https://registry.example.com/v2/team/app/manifests/1.2\": proxyconnect tcp: dial tcp \
                192.0.2.20:3128: connect: connection refused",
            source: GO_TRANSPORT,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: failed to do request: Head \
                \"https://registry.example.com/v2/team/app/manifests/1.2\": Proxy Authentication Required",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: failed to do request: Head \
                \"https://registry.example.com/v2/team/app/manifests/1.2\": Forbidden",
            source: OUR_CLUSTER,
        },
    ],
    proof: "The node's own proxy settings, and the same answer of that proxy to the same CONNECT. A status \
        text that stands bare after the request, such as Forbidden, is the proxy's answer: a registry's \
        answer would come with its number.",
    lookalikes: &[
        (Cause::Forbidden, "the answer has a status number and comes from the registry."),
        (Cause::Dns, "the registry's name is asked for by the node: no proxy is in use."),
        (Cause::ConnectionRefused, "the refused address is the registry's."),
        (
            Cause::TlsUnknownAuthority,
            "the proxy lets the connection through and signs it with its own authority.",
        ),
    ],
    mend: &[
        "Platform: read what the runtime was started with: `systemctl show containerd \
            --property=Environment`",
        "Platform: for a registry inside the network, add its host to NO_PROXY of the runtime and restart \
            it. Setting it for pods or for the kubelet changes nothing about pulls.",
        "Network: let the proxy pass CONNECT to the registry, its token service and its blob storage, or \
            give the node a login for the proxy.",
    ],
    prevent: "Configure the proxy of the runtime together with the list of hosts that pulls need, and test \
        a pull on each new node image.",
};

pub(in crate::cause::pages) static HTTP_ON_HTTPS: Page = Page {
    meaning: "One side speaks plain HTTP and the other TLS, so neither understands the other. Most often a \
        registry without TLS is asked over HTTPS, which is what a runtime does for every name that is not \
        loopback.",
    shows: &[
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                reference \"registry.example.com/team/app:1.2\": failed to do request: Head \
                \"https://registry.example.com/v2/team/app/manifests/1.2\": http: server gave HTTP response \
                to HTTPS client",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: failed to do request: Head \
                \"https://registry.example.com/v2/team/app/manifests/1.2\": http: server gave HTTP response \
                to HTTPS client",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "CRI-O",
            text: "initializing source docker://registry.example.com/team/app:1.2: pinging container \
                registry registry.example.com: Get \"https://registry.example.com/v2/\": http: server gave \
                HTTP response to HTTPS client",
            source: GO_CLIENT,
        },
    ],
    proof: "The first bytes that the port sends: an HTTP answer to a TLS handshake proves one direction, a \
        TLS alert or a 400 to a plain request the other. A bare EOF alone does not prove it.",
    lookalikes: &[
        (Cause::TlsProtocol, "both sides speak TLS, and cannot agree."),
        (Cause::TlsHandshakeTimeout, "a plain HTTP server that waits for a request may stay silent."),
        (Cause::ConnectionReset, "plain HTTP sent to a TLS port may show as a bare EOF."),
        (Cause::MirrorMisconfigured, "the wrong scheme stands in the node's mirror configuration."),
    ],
    mend: &[
        "Registry: give the registry a certificate. This is the repair that needs nothing on the nodes.",
        "Platform: where plain HTTP is allowed, name it on each node, in \
            /etc/containerd/certs.d/HOST:PORT/hosts.toml: `server = \"http://HOST:PORT\"` and a table \
            `[host.\"http://HOST:PORT\"]`. The file is read at each pull; its config_path must already be \
            set.",
        "Platform: on CRI-O, set `insecure = true` for the registry in registries.conf. insecure_registries \
            in crio.conf has no effect any more.",
    ],
    prevent: "Run registries with TLS from the first day, also inside the network.",
};

pub(in crate::cause::pages) static REGISTRY_UNAVAILABLE: Page = Page {
    meaning: "The registry, or something standing before it, fails to answer as a registry. Signs are a 5xx \
        status, a page of HTML in place of the API, or a 401 without the challenge that tells how to log \
        in.",
    shows: &[
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                reference \"registry.example.com/team/app:1.2\": pulling from host registry.example.com \
                failed with status code [manifests 1.2]: 503 Service Unavailable",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: unexpected status from HEAD request to \
                https://registry.example.com/v2/team/app/manifests/1.2: 503 Service Unavailable",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "containerd 1.6",
            text: "unexpected media type text/html for \
                sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08: not found",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "CRI-O",
            text: "initializing source docker://registry.example.com/team/app:1.2: reading manifest 1.2 in \
                registry.example.com/team/app: received unexpected HTTP status: 503 Service Unavailable",
            source: CL_DISTERR,
        },
    ],
    proof: "The same class of answer, reproduced at the same endpoint and stage. That it passes now is no \
        proof that it is over: over is said when the container got past the pull, or when the repeated \
        request passed on the node itself.",
    lookalikes: &[
        (Cause::ConnectionRefused, "nothing listens; there is no answer of HTTP at all."),
        (Cause::RateLimited, "429: the registry is well and limits this client."),
        (Cause::UpstreamOfCacheFailed, "the 5xx comes from a cache whose own upstream failed."),
        (Cause::BadCredentials, "the 401 carries a challenge, and other logins are accepted."),
        (Cause::Proxy, "the page or status comes from a proxy."),
    ],
    mend: &[
        "Registry: restore the service. The kubelet tries again by itself, at most five minutes apart.",
        "Platform: if it lasts, add a mirror that holds the same digests to the node's configuration.",
        "Network: if a login page answers, exempt the registry from whatever puts it there.",
        "Application: with policy Always, an image that is already on the node still needs the registry. \
            IfNotPresent with a fixed tag or digest does not: `kubectl -n NAMESPACE patch deployment \
            DEPLOYMENT -p \
            '{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"CONTAINER\",\"imagePullPolicy\":\
            \"IfNotPresent\"}]}}}}'`",
    ],
    prevent: "Keep a mirror or pull-through cache for images that must start during an outage, and pull \
        what is critical ahead of time.",
};

pub(in crate::cause::pages) static MIRROR_MISCONFIGURED: Page = Page {
    meaning: "The node's own configuration of mirrors is wrong: unreadable, ignored, or pointing at a host \
        that is dead or not a mirror of this registry. Other nodes with other files pull the same image \
        well.",
    shows: &[
        Shown { by: "containerd 1.6 log", text: "failed to decode hosts.toml", source: CD16_HOSTS },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: unable to load CA cert \"/etc/containerd/certs.d/registry.example.com/ca.crt\"",
            source: CD2_HOSTS,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: failed to do request: Head \
                \"https://mirror.example.com/v2/team/app/manifests/1.2?ns=registry.example.com\": dial tcp \
                192.0.2.30:443: connect: connection refused",
            source: CD2_RESOLVER,
        },
        Shown {
            by: "CRI-O",
            text: "initializing source docker://registry.example.com/team/app:1.2: (Mirrors also failed: \
                [mirror.example.com/team/app:1.2: reading manifest 1.2 in mirror.example.com/team/app: \
                manifest unknown]): registry.example.com/team/app:1.2: reading manifest 1.2 in \
                registry.example.com/team/app: manifest unknown",
            source: CI_SOURCE,
        },
    ],
    proof: "The defect read in the node's files, config.toml with hosts.toml or registries.conf. Without \
        them the texts only hint: a host other than the image's, or `?ns=` in the address, shows that a \
        mirror was asked.",
    lookalikes: &[
        (Cause::RegistryUnavailable, "the host that failed is the image's own."),
        (Cause::UpstreamOfCacheFailed, "the mirror is configured well, and what stands behind it failed."),
        (
            Cause::NoCredentials,
            "containerd reports a dead mirror's error although the origin refused for want of a login: both \
                can be true.",
        ),
        (Cause::TlsUnknownAuthority, "the certificate is configured for a host, and the file is not read."),
    ],
    mend: &[
        "Platform: read the node's files: `cat /etc/containerd/certs.d/HOST/hosts.toml; grep -n config_path \
            /etc/containerd/config.toml; journalctl -u containerd | grep hosts`",
        "Platform: a hosts.toml that does not parse is only logged and then ignored. On containerd 1.6, one \
            with `server` and `ca` but no `[host]` table is dropped whole.",
        "Platform: on containerd 2.3, a config_path with a colon in it, the default one too, was seen to \
            ignore hosts.toml without a word. Set it to one directory and restart containerd.",
        "Platform: leaving out `server` does not switch the origin off. A mirror with only the capability \
            pull is not asked for tags.",
        "Platform: on CRI-O, reload registries.conf after a change: `systemctl reload crio`",
    ],
    prevent: "Roll mirror files out by one mechanism to all nodes, and after each change pull an image that \
        only the mirror has.",
};

pub(in crate::cause::pages) static UPSTREAM_OF_CACHE_FAILED: Page = Page {
    meaning: "A pull-through cache or virtual repository answers badly because its own upstream failed or \
        is blocked. The image may be well at its origin, and the cache's 404, 403 or 5xx says nothing about \
        that.",
    shows: &[
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"cache.example.com/team/app:1.2\": failed to resolve \
                reference \"cache.example.com/team/app:1.2\": pulling from host cache.example.com failed \
                with status code [manifests 1.2]: 502 Bad Gateway",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"cache.example.com/team/app:1.2\": failed to resolve \
                image: cache.example.com/team/app:1.2: not found",
            source: OUR_CLUSTER,
        },
    ],
    proof: "The host bears the marks of a cache, in its headers, paths or answers, and the cache's own \
        failure is seen: the same image at the origin answers 200 while the cache does not, or the cache's \
        body names its upstream's error.",
    lookalikes: &[
        (Cause::TagNotFound, "the origin does not have it either."),
        (Cause::MirrorMisconfigured, "the node asks the wrong host, or asks it in the wrong way."),
        (Cause::RegistryUnavailable, "the host is no cache: it is the origin that fails."),
        (Cause::RateLimited, "the upstream limits the cache, and the cache passes the 429 on."),
    ],
    mend: &[
        "Registry: whoever runs the cache looks at its upstream: reachability, login, rate limit, blocked \
            names.",
        "Registry: some caches keep a failure for a while. Clear it once the upstream is well again.",
        "Application: if the nodes may reach the origin, name it instead for the time being.",
    ],
    prevent: "Give the cache its own login at the upstream, watch its error rate, and fill it with what \
        must start ahead of time.",
};
