//! Reaching the host: its name, its port, the first bytes.

use crate::cause::pages::source::{
    CD2_CONTENT, CD2_RESOLVER, CD16_RESOLVER, CI_CLIENT, GO_TRANSPORT, KUBELET_IMAGES, OUR_CLUSTER,
};
use crate::cause::{Cause, Page, Shown};

pub(in crate::cause::pages) static DNS: Page = Page {
    meaning: "The registry's name does not resolve where the pull runs. Either the name service says that \
        there is no such name, or it fails, or no name server answers; these are three different faults.",
    shows: &[
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                reference \"registry.example.com/team/app:1.2\": failed to do request: Head \
                \"https://registry.example.com/v2/team/app/manifests/1.2\": dial tcp: lookup \
                registry.example.com on 192.0.2.53:53: no such host",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: failed to do request: Head \
                \"https://registry.example.com/v2/team/app/manifests/1.2\": dial tcp: lookup \
                registry.example.com on 192.0.2.53:53: server misbehaving",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: failed to do request: Head \
                \"https://registry.example.com/v2/team/app/manifests/1.2\": dial tcp: lookup \
                registry.example.com on 192.0.2.53:53: read udp 192.0.2.7:40321->192.0.2.53:53: i/o timeout",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "CRI-O",
            text: "initializing source docker://registry.example.com/team/app:1.2: pinging container \
                registry registry.example.com: Get \"https://registry.example.com/v2/\": dial tcp: lookup \
                registry.example.com: no such host",
            source: CI_CLIENT,
        },
    ],
    proof: "The same failure of the same name, seen from the node or from a resolver that agrees with it, \
        with the kind named: no such name, a failing server, or no server. That the name itself is wrong \
        also needs a public start-of-authority answer or a near name that resolves.",
    lookalikes: &[
        (Cause::InvalidReference, "the string is no reference at all."),
        (Cause::ConnectTimeout, "the name resolves, and the address does not answer."),
        (
            Cause::Proxy,
            "the name that does not resolve is the proxy's, or only the proxy can resolve the registry's.",
        ),
        (
            Cause::MirrorMisconfigured,
            "the name comes from the node's mirror configuration and not from the image.",
        ),
    ],
    mend: &[
        "Application: compare the host in the image with the registry's real name.",
        "Platform: ask on the node: `getent hosts registry.example.com; cat /etc/resolv.conf`. Images are \
            pulled by the node, so the cluster's own DNS and the pod's dnsPolicy play no part.",
        "Network: repair the record, the forwarder or the path to the name server, UDP and TCP port 53.",
    ],
    prevent: "Watch resolution of the registry's name, and of its token service, from the nodes themselves.",
};

pub(in crate::cause::pages) static CONNECTION_REFUSED: Page = Page {
    meaning: "The registry's address answered that nothing listens on that port. The service is down, the \
        port is wrong, or something on the way refuses on its behalf.",
    shows: &[
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                reference \"registry.example.com/team/app:1.2\": failed to do request: Head \
                \"https://registry.example.com/v2/team/app/manifests/1.2\": dial tcp 192.0.2.10:443: \
                connect: connection refused",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: failed to do request: Head \
                \"https://registry.example.com/v2/team/app/manifests/1.2\": dial tcp 192.0.2.10:443: \
                connect: connection refused",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "kubelet",
            text: "image pull failed for registry.example.com/team/app:1.2 because the registry is \
                unavailable: initializing source docker://registry.example.com/team/app:1.2: pinging \
                container registry registry.example.com: Get \"https://registry.example.com/v2/\": dial tcp \
                192.0.2.10:443: connect: connection refused",
            source: KUBELET_IMAGES,
        },
    ],
    proof: "A refusal at the address and port that the runtime's text names, reproduced. For a name or \
        address of loopback only the node itself can reproduce it, because it means another machine \
        everywhere else.",
    lookalikes: &[
        (Cause::ConnectTimeout, "nothing answered at all: packets are dropped."),
        (Cause::RegistryUnavailable, "the port is open, and the answer is an error of HTTP."),
        (Cause::Proxy, "the refused address is the proxy's: the text says `proxyconnect`."),
        (Cause::MirrorMisconfigured, "the refused address is a mirror's and not the image's."),
        (Cause::RuntimeUnavailable, "the refused address is a socket file of the node."),
    ],
    mend: &[
        "Registry: start the service, and check that it listens at the address and port that clients use.",
        "Application: check the port in the image. Without one, 443 is used.",
        "Platform: reproduce it on the node: `curl -sv https://registry.example.com/v2/`",
    ],
    prevent: "Run the registry with more than one replica behind a health check, and alert when its port \
        closes.",
};

pub(in crate::cause::pages) static CONNECT_TIMEOUT: Page = Page {
    meaning: "The registry does not answer in time. If the connection does not open, packets are dropped on \
        the way; if it opens and a request gets no answer, the server is slow or stuck.",
    shows: &[
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                reference \"registry.example.com/team/app:1.2\": failed to do request: Head \
                \"https://registry.example.com/v2/team/app/manifests/1.2\": dial tcp 192.0.2.10:443: i/o \
                timeout",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: failed to do request: Head \
                \"https://registry.example.com/v2/team/app/manifests/1.2\": net/http: timeout awaiting \
                response headers",
            source: GO_TRANSPORT,
        },
        Shown {
            by: "CRI-O",
            text: "initializing source docker://registry.example.com/team/app:1.2: pinging container \
                registry registry.example.com: Get \"https://registry.example.com/v2/\": dial tcp \
                192.0.2.10:443: i/o timeout",
            source: CI_CLIENT,
        },
    ],
    proof: "The same silence at the same address and stage, reproduced with a wait at least as long as the \
        runtime's: 30 seconds for a connection in containerd. A shorter wait only allows it. Each address \
        of the name is its own observation.",
    lookalikes: &[
        (Cause::ConnectionRefused, "the address answered, with a refusal."),
        (Cause::Unreachable, "a router answered that there is no way."),
        (Cause::TlsHandshakeTimeout, "the connection opens, and the handshake gets no answer."),
        (Cause::PullStalled, "the answer began, and its bytes stopped."),
        (Cause::PullCancelled, "a deadline that names no request."),
    ],
    mend: &[
        "Network: open the way from the nodes to the host and port that the text names; the token service \
            is often another host.",
        "Platform: reproduce it on the node, and once for each address: `curl -sv --connect-timeout 30 \
            https://registry.example.com/v2/`",
        "Registry: if the connection opens and the request waits, look at the load and the storage behind \
            the registry.",
    ],
    prevent: "Keep a list of the hosts that pulls need, registry, token service and blob storage, and test \
        it from the nodes after each change of a firewall.",
};

pub(in crate::cause::pages) static UNREACHABLE: Page = Page {
    meaning: "There is no route from the node to the registry's address. A router, or the node itself, says \
        so, and the registry never saw the pull.",
    shows: &[
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                reference \"registry.example.com/team/app:1.2\": failed to do request: Head \
                \"https://registry.example.com/v2/team/app/manifests/1.2\": dial tcp 192.0.2.10:443: \
                connect: no route to host",
            source: CD16_RESOLVER,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: failed to do request: Head \
                \"https://registry.example.com/v2/team/app/manifests/1.2\": dial tcp [2001:db8::10]:443: \
                connect: network is unreachable",
            source: CD2_RESOLVER,
        },
    ],
    proof: "The same error for the same address, seen from the node. From elsewhere the routes are others, \
        so it cannot be reproduced there. If the name has several addresses, each one counts for itself.",
    lookalikes: &[
        (Cause::ConnectTimeout, "nobody says anything: packets are dropped."),
        (Cause::ConnectionRefused, "the address was reached."),
        (
            Cause::Dns,
            "the name resolved to the wrong address, for instance an internal one seen from outside.",
        ),
    ],
    mend: &[
        "Platform: look at the node's routes: `ip route get 192.0.2.10`",
        "Network: repair the route, the gateway or the peering. `no route to host` is also what some \
            firewalls send as a refusal.",
        "Platform: if the address is IPv6 and the node has no IPv6 route, the node still gets AAAA records: \
            give it a route or keep those records from it.",
    ],
    prevent: "Test the way to the registry on every new subnet or node pool before workloads are placed \
        there.",
};

pub(in crate::cause::pages) static TLS_HANDSHAKE_TIMEOUT: Page = Page {
    meaning: "The connection to the registry opens, and the TLS handshake then gets no answer. Something on \
        the way lets small packets through and loses large ones, or holds the handshake back, or the server \
        is overloaded.",
    shows: &[
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                reference \"registry.example.com/team/app:1.2\": failed to do request: Head \
                \"https://registry.example.com/v2/team/app/manifests/1.2\": net/http: TLS handshake timeout",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: failed to do request: Head \
                \"https://registry.example.com/v2/team/app/manifests/1.2\": net/http: TLS handshake timeout",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "docker",
            text: "Error response from daemon: Get \"https://registry.example.com/v2/\": net/http: TLS \
                handshake timeout",
            source: GO_TRANSPORT,
        },
    ],
    proof: "From the same place, the connection opens and the handshake gets no answer within the runtime's \
        ten seconds. A handshake that passes elsewhere, or from another node, moves the fault to the way in \
        between.",
    lookalikes: &[
        (Cause::ConnectTimeout, "the connection itself does not open."),
        (Cause::TlsProtocol, "the server answers the handshake, with a refusal."),
        (Cause::HttpOnHttps, "a plain HTTP server may wait for a request that never comes."),
        (Cause::ConnectionReset, "the connection is cut in the middle of the handshake."),
    ],
    mend: &[
        "Platform: reproduce it on the node, then compare large and small packets: `ping -M do -s 1472 \
            registry.example.com`",
        "Network: where packets of full size are lost, lower the MTU of the interface or tunnel, or let the \
            ICMP messages that report it pass.",
        "Network: look at proxies and firewalls that inspect TLS, and at the load of the registry.",
    ],
    prevent: "Set the MTU of overlay networks and tunnels on purpose, and include a TLS handshake in the \
        checks of a new node pool.",
};

pub(in crate::cause::pages) static CONNECTION_RESET: Page = Page {
    meaning: "The connection to the registry broke off in the middle of an exchange. Once is chance; again \
        and again at the same point is a device on the way, or a server that gives up.",
    shows: &[
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                reference \"registry.example.com/team/app:1.2\": failed to do request: Head \
                \"https://registry.example.com/v2/team/app/manifests/1.2\": read tcp \
                192.0.2.7:53124->192.0.2.10:443: read: connection reset by peer",
            source: CD16_RESOLVER,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: failed to do request: Head \
                \"https://registry.example.com/v2/team/app/manifests/1.2\": EOF",
            source: CD2_RESOLVER,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to copy: \
                read tcp 192.0.2.7:53124->192.0.2.10:443: read: connection reset by peer",
            source: CD2_CONTENT,
        },
    ],
    proof: "The same break at the same stage, reproduced from the same place. One that does not come back \
        leaves only the testimony, and then the verdict stays likely.",
    lookalikes: &[
        (Cause::ContentCorrupt, "the transfer ended in good order, and the bytes are too few or wrong."),
        (Cause::HttpOnHttps, "plain HTTP sent to a TLS port may show as a bare EOF."),
        (Cause::RegistryUnavailable, "the connection ends after a 5xx answer."),
        (
            Cause::RuntimeUnavailable,
            "`error reading from server: EOF` speaks of the node's runtime and not of the registry.",
        ),
    ],
    mend: &[
        "Application: nothing has to be changed for a single one: the kubelet tries again within five \
            minutes.",
        "Network: if it persists, look for idle timeouts, connection limits and TLS inspection between the \
            nodes and the registry.",
        "Registry: look at restarts and timeouts of the load balancer, most of all for large layers.",
    ],
    prevent: "Keep layers small enough to arrive well within the shortest timeout on the way, and keep a \
        mirror near the nodes.",
};
