//! Names, routes, connections, proxies: what Go's `net` and `net/http` say, and the systems below them.

use pullmedic_model::Cause::{
    ConnectTimeout, ConnectionRefused, ConnectionReset, Dns, Forbidden, HttpOnHttps, MirrorMisconfigured,
    NoCredentials, Proxy, PullCancelled, RegistryUnavailable, TlsHandshakeTimeout, Unreachable,
};
use pullmedic_model::Stage;

use crate::rule::{Request, Rule};

pub(super) const ROWS: &[Rule] = &[
    // The name. Whatever befalls the question to a resolver is a fault of name resolution, also where it
    // reads like one of the registry.
    Rule::any("net/no-such-host", &["no such host"])
        .certain(Dns)
        .or(&[RegistryUnavailable, Proxy])
        .at(Stage::Name)
        .from("golang/go@go1.22.0:src/net/net.go"),
    Rule::says("net/server-misbehaving", &["lookup ", "server misbehaving"])
        .certain(Dns)
        .at(Stage::Name)
        .from("golang/go@go1.22.0:src/net/dnsclient_unix.go"),
    Rule::says(
        "net/resolver-refuses",
        &["lookup ", "read udp|read tcp|dial udp|write udp|dial tcp", "connection refused", ":53"],
    )
    .certain(Dns)
    .at(Stage::Name)
    .from("golang/go@go1.22.0:src/net/dnsclient_unix.go"),
    Rule::says("net/resolver-timeout", &["lookup ", "read udp|dial udp|write udp", "i/o timeout"])
        .certain(Dns)
        .at(Stage::Name)
        .from("golang/go@go1.22.0:src/net/dnsclient_unix.go"),
    Rule::says(
        "net/resolver-unreachable",
        &["lookup ", "read udp|dial udp|write udp", "unreachable|no route to host"],
    )
    .certain(Dns)
    .at(Stage::Name)
    .from("golang/go@go1.22.0:src/net/dnsclient_unix.go"),
    Rule::says(
        "net/resolver-refused-locally",
        &["lookup ", "read udp|dial udp|write udp", "not permitted|cannot assign"],
    )
    .certain(Dns)
    .at(Stage::Name)
    .from("golang/go@go1.22.0:src/net/dnsclient_unix.go"),
    Rule::says("net/lookup-timeout", &["dial tcp: lookup ", "i/o timeout"])
        .certain(Dns)
        .at(Stage::Name)
        .from("golang/go@go1.22.0:src/net/lookup.go"),
    Rule::says(
        "net/lookup-given-up",
        &["dial tcp: lookup ", "deadline exceeded|operation was canceled|context canceled"],
    )
    .strong(Dns)
    .or(&[PullCancelled])
    .at(Stage::Name)
    .from("golang/go@go1.22.0:src/net/lookup.go"),
    // A message that lost its beginning: port 53 is the resolver's.
    Rule::says("net/resolver-port", &["read udp|dial udp|write udp", ":53"])
        .verdict()
        .certain(Dns)
        .at(Stage::Name)
        .from("golang/go@go1.22.0:src/net/dnsclient_unix.go"),
    Rule::any("net/lookup-failed", &["dial tcp: lookup "])
        .said()
        .certain(Dns)
        .at(Stage::Name)
        .from("golang/go@go1.22.0:src/net/dial.go"),
    Rule::any(
        "net/bad-answer",
        &[
            "cannot unmarshal dns message",
            "dns response contained records which contain invalid names",
            "no answer from dns server",
            "lame referral",
            "invalid dns response",
        ],
    )
    .certain(Dns)
    .at(Stage::Name)
    .from("golang/go@go1.22.0:src/net/dnsclient_unix.go"),
    Rule::any(
        "libc/name-resolution",
        &["temporary failure in name resolution", "name or service not known", "no address associated with"],
    )
    .certain(Dns)
    .at(Stage::Name)
    .from("https://sourceware.org/git/?p=glibc.git;f=sysdeps/posix/gai_strerror-strs.h"),
    Rule::any("curl/name-resolution", &["could not resolve host", "name does not resolve"])
        .certain(Dns)
        .at(Stage::Name)
        .from("curl/curl@curl-8_6_0:lib/hostip.c"),
    Rule::any("windows/name-resolution", &["getaddrinfow", "no such host is known"])
        .certain(Dns)
        .at(Stage::Name)
        .from("golang/go@go1.22.0:src/net/lookup_windows.go"),
    // The address.
    Rule::any("net/refused", &["connection refused"])
        .certain(ConnectionRefused)
        .or(&[Proxy, RegistryUnavailable, MirrorMisconfigured])
        .at(Stage::Connect)
        .from("golang/go@go1.22.0:src/syscall/zerrors_linux_amd64.go"),
    Rule::any("windows/refused", &["actively refused it"])
        .certain(ConnectionRefused)
        .or(&[Proxy, RegistryUnavailable])
        .at(Stage::Connect)
        .from("https://learn.microsoft.com/windows/win32/winsock/windows-sockets-error-codes-2"),
    Rule::any("net/dial-timeout", &["i/o timeout"])
        .certain(ConnectTimeout)
        .or(&[Proxy, Unreachable])
        .at(Stage::Connect)
        .from("golang/go@go1.22.0:src/net/net.go"),
    Rule::says("net/read-timeout", &["read tcp|write tcp", "i/o timeout"])
        .certain(ConnectTimeout)
        .or(&[ConnectionReset, Proxy])
        .from("golang/go@go1.22.0:src/net/net.go"),
    Rule::any("os/connection-timed-out", &["connection timed out", "operation timed out"])
        .certain(ConnectTimeout)
        .or(&[Proxy, Unreachable])
        .at(Stage::Connect)
        .from("golang/go@go1.22.0:src/syscall/zerrors_linux_amd64.go"),
    Rule::any(
        "windows/connect-timeout",
        &["connected party did not properly respond", "connected host has failed to respond"],
    )
    .certain(ConnectTimeout)
    .or(&[Proxy, Unreachable])
    .at(Stage::Connect)
    .from("https://learn.microsoft.com/windows/win32/winsock/windows-sockets-error-codes-2"),
    Rule::any("http/waiting-for-connection", &["request canceled while waiting for connection"])
        .certain(ConnectTimeout)
        .or(&[Proxy, Dns])
        .at(Stage::Connect)
        .from("golang/go@go1.22.0:src/net/http/transport.go"),
    Rule::any("http/awaiting-headers", &["awaiting headers", "timeout awaiting response headers"])
        .certain(ConnectTimeout)
        .or(&[Proxy, RegistryUnavailable])
        .from("golang/go@go1.22.0:src/net/http/client.go"),
    Rule::any("http/reading-body", &["client.timeout or context cancellation while reading body"])
        .strong(ConnectTimeout)
        .or(&[PullCancelled, Proxy])
        .from("golang/go@go1.22.0:src/net/http/client.go"),
    Rule::any("http/deadline-with-request", &["context deadline exceeded"])
        .on(&[Request::Ping, Request::Token, Request::Manifest, Request::Blob, Request::Other])
        .strong(ConnectTimeout)
        .or(&[PullCancelled, Proxy])
        .from("golang/go@go1.22.0:src/net/http/client.go"),
    Rule::any("docker/v1-timeout", &["network timed out while trying to connect to"])
        .certain(ConnectTimeout)
        .or(&[Proxy])
        .at(Stage::Connect)
        .from("moby/moby@v1.9.1:registry/session.go"),
    Rule::any(
        "net/unreachable",
        &["no route to host", "network is unreachable", "host is unreachable", "host is down"],
    )
    .certain(Unreachable)
    .or(&[Proxy, ConnectTimeout])
    .at(Stage::Connect)
    .from("golang/go@go1.22.0:src/syscall/zerrors_linux_amd64.go"),
    Rule::any("windows/unreachable", &["to an unreachable host", "to an unreachable network"])
        .certain(Unreachable)
        .or(&[Proxy])
        .at(Stage::Connect)
        .from("https://learn.microsoft.com/windows/win32/winsock/windows-sockets-error-codes-2"),
    Rule::any(
        "net/dial-not-permitted",
        &[
            "connect: operation not permitted",
            "connect: permission denied",
            "connect: cannot assign requested address",
        ],
    )
    .strong(Unreachable)
    .or(&[Proxy])
    .at(Stage::Connect)
    .from("golang/go@go1.22.0:src/syscall/zerrors_linux_amd64.go"),
    Rule::any("net/connect-invalid", &["connect: invalid argument", "connect: no buffer space available"])
        .strong(Unreachable)
        .or(&[Proxy])
        .at(Stage::Connect)
        .from("golang/go@go1.22.0:src/syscall/zerrors_linux_amd64.go"),
    // The connection.
    Rule::any("net/reset", &["connection reset by peer"])
        .certain(ConnectionReset)
        .or(&[Proxy, ConnectTimeout])
        .from("golang/go@go1.22.0:src/syscall/zerrors_linux_amd64.go"),
    Rule::any("windows/reset", &["forcibly closed by the remote host", "connection was aborted"])
        .certain(ConnectionReset)
        .or(&[Proxy])
        .from("https://learn.microsoft.com/windows/win32/winsock/windows-sockets-error-codes-2"),
    Rule::any(
        "net/aborted",
        &["broken pipe", "software caused connection abort", "use of closed network connection"],
    )
    .strong(ConnectionReset)
    .or(&[Proxy, PullCancelled])
    .from("golang/go@go1.22.0:src/syscall/zerrors_linux_amd64.go"),
    Rule::any(
        "http2/broken",
        &[
            "stream error: stream id",
            "http2: server sent goaway",
            "http2: client connection lost",
            "http2: client connection force closed",
            "connection error: protocol_error",
            "http2: timeout awaiting response headers",
        ],
    )
    .strong(ConnectionReset)
    .or(&[Proxy, RegistryUnavailable])
    .from("golang/go@go1.22.0:src/net/http/h2_bundle.go"),
    Rule::any("io/unexpected-eof", &["unexpected eof"])
        .said()
        .strong(ConnectionReset)
        .or(&[Proxy, PullCancelled])
        .from("golang/go@go1.22.0:src/io/io.go"),
    Rule::any("containerd/short-read", &["short read: expected", "failed to read expected number of bytes"])
        .strong(ConnectionReset)
        .or(&[pullmedic_model::Cause::ContentCorrupt, Proxy])
        .at(Stage::Blob)
        .from("containerd/containerd@v2.1.0:core/content/helpers.go"),
    Rule::any("http/eof", &[": eof"])
        .said()
        .strong(ConnectionReset)
        .or(&[HttpOnHttps, Proxy])
        .from("golang/go@go1.22.0:src/net/http/transport.go"),
    Rule::any(
        "http/server-closed",
        &["server closed idle connection", "server closed connection", "transport connection broken"],
    )
    .said()
    .strong(ConnectionReset)
    .or(&[Proxy])
    .from("golang/go@go1.22.0:src/net/http/transport.go"),
    // Two languages on one port.
    Rule::any("http/plain-answer", &["server gave http response to https client"])
        .certain(HttpOnHttps)
        .or(&[MirrorMisconfigured, Proxy])
        .at(Stage::Tls)
        .from("golang/go@go1.22.0:src/net/http/client.go"),
    Rule::any(
        "tls/first-record",
        &["first record does not look like a tls handshake", "oversized record received"],
    )
    .certain(HttpOnHttps)
    .or(&[Proxy, MirrorMisconfigured])
    .at(Stage::Tls)
    .from("golang/go@go1.22.0:src/crypto/tls/conn.go"),
    Rule::any("nginx/plain-to-tls", &["plain http request was sent to https port"])
        .verdict()
        .certain(HttpOnHttps)
        .or(&[MirrorMisconfigured])
        .at(Stage::Tls)
        .from("nginx/nginx@release-1.25.4:src/http/ngx_http_special_response.c"),
    Rule::any("go/plain-to-tls", &["client sent an http request to an https server"])
        .verdict()
        .certain(HttpOnHttps)
        .or(&[MirrorMisconfigured])
        .at(Stage::Tls)
        .from("golang/go@go1.22.0:src/net/http/server.go"),
    Rule::any(
        "http/malformed-answer",
        &["malformed http response", "malformed http status code", "malformed http version"],
    )
    .strong(HttpOnHttps)
    .or(&[Proxy, RegistryUnavailable])
    .from("golang/go@go1.22.0:src/net/http/response.go"),
    // The proxy. The status text of its answer to CONNECT stands bare after the URL.
    Rule::any("http/proxyconnect", &["proxyconnect tcp", "proxyconnect: "])
        .verdict()
        .certain(Proxy)
        .at(Stage::Connect)
        .from("golang/go@go1.22.0:src/net/http/transport.go"),
    Rule::any(
        "http/proxy-authentication",
        &["proxy authentication required", "authenticationrequired", "proxyauthenticationrequired"],
    )
    .strong(Proxy)
    .or(&[NoCredentials])
    .at(Stage::Connect)
    .from("golang/go@go1.22.0:src/net/http/transport.go"),
    Rule::any("http/bare-status", &[])
        .bare_status()
        .strong(Proxy)
        .or(&[RegistryUnavailable, Forbidden])
        .at(Stage::Connect)
        .from("golang/go@go1.22.0:src/net/http/transport.go"),
    Rule::any("http/proxy-url", &["invalid proxy url", "proxy: unknown scheme", "invalid proxy address"])
        .certain(Proxy)
        .at(Stage::Connect)
        .from("golang/go@go1.22.0:src/net/http/transport.go"),
    Rule::any("socks/failure", &["socks connect tcp"])
        .verdict()
        .certain(Proxy)
        .at(Stage::Connect)
        .from("golang/go@go1.22.0:src/net/http/socks_bundle.go"),
    // Time in TLS.
    Rule::any("tls/handshake-timeout", &["tls handshake timeout"])
        .certain(TlsHandshakeTimeout)
        .or(&[Proxy, ConnectTimeout])
        .at(Stage::Tls)
        .from("golang/go@go1.22.0:src/net/http/transport.go"),
];
