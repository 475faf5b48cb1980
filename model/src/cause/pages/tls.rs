//! Certificates and handshakes.

use super::source::{CD16_AUTHORIZER, GO_ALERT, GO_X509, OUR_CLUSTER};
use super::{Cause, Page, Shown};

pub(super) static TLS_UNKNOWN_AUTHORITY: Page = Page {
    meaning: "The registry's certificate is signed by an authority that the node does not trust. The \
        authority is private and missing on the node, the server does not send its intermediate \
        certificate, or something on the way signs in its place.",
    shows: &[
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                reference \"registry.example.com/team/app:1.2\": failed to do request: Head \
                \"https://registry.example.com/v2/team/app/manifests/1.2\": x509: certificate signed by \
                unknown authority",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: failed to do request: Head \
                \"https://registry.example.com/v2/team/app/manifests/1.2\": tls: failed to verify \
                certificate: x509: certificate signed by unknown authority",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "CRI-O",
            text: "initializing source docker://registry.example.com/team/app:1.2: pinging container \
                registry registry.example.com: Get \"https://registry.example.com/v2/\": tls: failed to \
                verify certificate: x509: certificate signed by unknown authority",
            source: GO_X509,
        },
    ],
    proof: "The node's text and the same refusal, reproduced at the same address, with the chain that the \
        server sends and the authority at its end. A machine that trusts other authorities than the node \
        sees only its own view, so without the node's words, or its files, it proves nothing.",
    lookalikes: &[
        (Cause::TlsHostnameMismatch, "the chain is trusted, and the names are others."),
        (Cause::TlsExpired, "the chain is trusted, and its time is wrong."),
        (Cause::Proxy, "a proxy that inspects TLS signs with its own authority: the issuer's name shows it."),
        (Cause::MirrorMisconfigured, "the authority is in a file that the runtime does not read."),
    ],
    mend: &[
        "Platform: see who signed: `openssl s_client -connect registry.example.com:443 -servername \
            registry.example.com -showcerts </dev/null`",
        "Platform: put the right authority, and only that one, on each node: \
            /etc/containerd/certs.d/HOST/ca.crt for containerd with config_path set, \
            /etc/containers/certs.d/HOST/ca.crt for CRI-O, the port written as in the image. Neither needs \
            a restart.",
        "Registry: if the authority is a public one, send the intermediate certificate with the server's \
            own.",
        "Platform: do not switch verification off: pull secrets would go to whoever answers.",
    ],
    prevent: "Put the authority into the node image, and renew it there well before registries change \
        theirs.",
};

pub(super) static TLS_HOSTNAME_MISMATCH: Page = Page {
    meaning: "The registry's certificate is trusted, and it is for other names than the one that was asked \
        for. The image uses an alias or an address that the certificate does not list, or another server \
        answered.",
    shows: &[
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                reference \"registry.example.com/team/app:1.2\": failed to do request: Head \
                \"https://registry.example.com/v2/team/app/manifests/1.2\": x509: certificate is valid for \
                other.example.com, not registry.example.com",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: failed to do request: Head \
                \"https://registry.example.com/v2/team/app/manifests/1.2\": tls: failed to verify \
                certificate: x509: certificate is valid for other.example.com, not registry.example.com",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: failed to do request: Head \
                \"https://registry.example.com/v2/team/app/manifests/1.2\": tls: failed to verify \
                certificate: x509: cannot validate certificate for 192.0.2.10 because it doesn't contain \
                any IP SANs",
            source: GO_X509,
        },
    ],
    proof: "The names in the certificate, read at the same address with the same name asked for, do not \
        hold the image's host.",
    lookalikes: &[
        (Cause::TlsUnknownAuthority, "the issuer is not trusted; the names may be right."),
        (Cause::TlsProtocol, "the certificate has only the old common name and no list of names."),
        (Cause::Dns, "the name resolves to another server, whose certificate is right for itself."),
    ],
    mend: &[
        "Platform: list the names: `openssl s_client -connect registry.example.com:443 -servername \
            registry.example.com </dev/null | openssl x509 -noout -ext subjectAltName`",
        "Application: if one of those names is the registry's real one, use it in the image. Pull secrets \
            are keyed by that name too.",
        "Registry: otherwise issue a certificate that lists the name or address that clients use.",
    ],
    prevent: "Give a registry one name, put every alias into its certificate, and do not address it by \
        number.",
};

pub(super) static TLS_EXPIRED: Page = Page {
    meaning: "The registry's certificate is past its end or before its beginning, by the node's clock. If \
        the clock is right, the certificate must be renewed; if not, the clock is the cause.",
    shows: &[
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                reference \"registry.example.com/team/app:1.2\": failed to do request: Head \
                \"https://registry.example.com/v2/team/app/manifests/1.2\": x509: certificate has expired \
                or is not yet valid: current time 2026-03-02T09:15:04Z is after 2026-03-01T23:59:59Z",
            source: OUR_CLUSTER,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: failed to do request: Head \
                \"https://registry.example.com/v2/team/app/manifests/1.2\": tls: failed to verify \
                certificate: x509: certificate has expired or is not yet valid: current time \
                2026-03-02T09:15:04Z is after 2026-03-01T23:59:59Z",
            source: OUR_CLUSTER,
        },
    ],
    proof: "The dates of the certificate, read at the same address, and a clock that is known to be right. \
        The time that the node gives in its text is compared with the time at which the text was written, \
        so that a wrong clock is not mistaken for an old certificate.",
    lookalikes: &[
        (Cause::ClockSkew, "the certificate is valid now, and the node's clock is wrong."),
        (Cause::TlsUnknownAuthority, "the dates are right, and the issuer is not trusted."),
        (Cause::CredentialsExpired, "a login is too old, and not the certificate."),
    ],
    mend: &[
        "Platform: check the node's clock before anything is renewed: `timedatectl`",
        "Registry: renew the certificate and load it: many servers need a reload. Check every replica and \
            the intermediate certificate too.",
        "Platform: read the dates: `openssl s_client -connect registry.example.com:443 -servername \
            registry.example.com </dev/null | openssl x509 -noout -dates`",
    ],
    prevent: "Renew certificates automatically and alert two weeks before the end of each one that is \
        served, as seen from outside.",
};

pub(super) static TLS_PROTOCOL: Page = Page {
    meaning: "The two sides cannot agree on a TLS handshake: version, cipher, or a certificate form that is \
        refused. Usually an old server meets a runtime that no longer accepts what it offers.",
    shows: &[
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                reference \"registry.example.com/team/app:1.2\": failed to do request: Head \
                \"https://registry.example.com/v2/team/app/manifests/1.2\": remote error: tls: handshake \
                failure",
            source: GO_ALERT,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: failed to do request: Head \
                \"https://registry.example.com/v2/team/app/manifests/1.2\": remote error: tls: protocol \
                version not supported",
            source: GO_ALERT,
        },
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: failed to do request: Head \
                \"https://registry.example.com/v2/team/app/manifests/1.2\": tls: failed to verify \
                certificate: x509: certificate relies on legacy Common Name field, use SANs instead",
            source: GO_X509,
        },
    ],
    proof: "The same alert or refusal at the same address, and the versions and ciphers that the server \
        accepts. A refusal by a client other than the node's, which the node's text does not name, is a \
        limit of that client and no proof.",
    lookalikes: &[
        (Cause::HttpOnHttps, "the other side does not speak TLS at all."),
        (Cause::ClientCertificateRequired, "the alert asks for a certificate of the client."),
        (Cause::TlsHostnameMismatch, "the handshake succeeds, and the names differ."),
        (Cause::TlsHandshakeTimeout, "there is no answer in place of a refusal."),
    ],
    mend: &[
        "Platform: see what the server accepts: `openssl s_client -connect registry.example.com:443 \
            -servername registry.example.com -tls1_2 </dev/null`",
        "Registry: allow TLS 1.2 or 1.3 with current ciphers, and issue certificates that list their names \
            as subject alternative names.",
        "Network: look for a device that inspects or rewrites the handshake, or answers for another name.",
    ],
    prevent: "Keep the TLS settings of registries and of the devices before them current, and test them \
        before runtimes are upgraded.",
};

pub(super) static CLIENT_CERTIFICATE_REQUIRED: Page = Page {
    meaning: "The registry wants a certificate from its clients, and the node sends none or a wrong one. A \
        login does not help here, since the connection ends before any request.",
    shows: &[
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: failed to do request: Head \
                \"https://registry.example.com/v2/team/app/manifests/1.2\": remote error: tls: certificate \
                required",
            source: GO_ALERT,
        },
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                reference \"registry.example.com/team/app:1.2\": failed to do request: Head \
                \"https://registry.example.com/v2/team/app/manifests/1.2\": remote error: tls: bad \
                certificate",
            source: GO_ALERT,
        },
    ],
    proof: "The server's handshake asks for a client certificate, and the connection is refused without one \
        from the same place. Which certificate the node sends, if any, is read in its files.",
    lookalikes: &[
        (Cause::TlsProtocol, "the handshake fails for another reason: the server asks for no certificate."),
        (
            Cause::TlsUnknownAuthority,
            "the node refuses the server's certificate, and not the other way round.",
        ),
        (Cause::Forbidden, "the connection stands, and the registry refuses the request."),
    ],
    mend: &[
        "Platform: see whether the server asks: `openssl s_client -connect registry.example.com:443 \
            -servername registry.example.com </dev/null | grep -A3 'client certificate'`",
        "Platform: put the node's certificate and key in place: `client = [[\"/PATH/client.cert\", \
            \"/PATH/client.key\"]]` in hosts.toml for containerd, or client.cert and client.key in \
            /etc/containers/certs.d/HOST/ for CRI-O.",
        "Registry: tell which authority the client certificates must come from, and issue one for the nodes.",
    ],
    prevent: "Put the renewal of client certificates on the nodes under the same care as that of server \
        certificates.",
};

pub(super) static CLOCK_SKEW: Page = Page {
    meaning: "The node's clock is wrong, so certificates and tokens that are valid look expired or not yet \
        valid. No pull text says so: it names the certificate or the token.",
    shows: &[
        Shown {
            by: "containerd 2.x",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                image: failed to do request: Head \
                \"https://registry.example.com/v2/team/app/manifests/1.2\": tls: failed to verify \
                certificate: x509: certificate has expired or is not yet valid: current time \
                2021-01-01T00:03:11Z is before 2025-11-04T00:00:00Z",
            source: GO_X509,
        },
        Shown {
            by: "containerd 1.6",
            text: "failed to pull and unpack image \"registry.example.com/team/app:1.2\": failed to resolve \
                reference \"registry.example.com/team/app:1.2\": pull access denied, repository does not \
                exist or may require authorization: server message: invalid_token: authorization failed",
            source: CD16_AUTHORIZER,
        },
    ],
    proof: "The node's time compared with a clock that is right, at the same moment. The text gives a hint \
        where it prints the current time as the node sees it and the time of the event is known from \
        elsewhere.",
    lookalikes: &[
        (Cause::TlsExpired, "the clock is right, and the certificate is not."),
        (Cause::CredentialsExpired, "the clock is right, and the token is too old."),
        (Cause::BadCredentials, "the token is refused for another reason than its time."),
    ],
    mend: &[
        "Platform: look at the clock on the node: `timedatectl; chronyc tracking`",
        "Platform: start time synchronisation and let it step the clock. Virtual machines that were \
            suspended or restored often need it.",
        "Network: let the node reach its time servers, UDP port 123.",
    ],
    prevent: "Synchronise the time of every node before the kubelet starts, and alert on the offset.",
};
