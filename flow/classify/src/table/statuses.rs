//! What a bare HTTP status says when no words follow it.

use pullmedic_model::Cause::{
    BadCredentials, CredentialProviderFailed, CredentialsExpired, DigestNotFound, Forbidden,
    MirrorMisconfigured, NoCredentials, PolicyBlocked, Proxy, RegistryUnavailable, RepositoryNotFound,
    TagNotFound, UpstreamOfCacheFailed,
};
use pullmedic_model::Stage;

use crate::rule::{Request, Rule};

pub(super) const ROWS: &[Rule] = &[
    // Four causes share the words (a login that never came, one that was refused, a node's plugin that gave
    // none, a repository that is hidden), and a bare status favours none of them enough to lead.
    Rule::says("http/401", &[])
        .status(401)
        .frame()
        .weak(NoCredentials)
        .or(&[BadCredentials, CredentialProviderFailed, RepositoryNotFound])
        .from("containerd/containerd@v1.6.20:remotes/docker/resolver.go"),
    Rule::says("http/403", &[])
        .status(403)
        .frame()
        .strong(Forbidden)
        .or(&[CredentialsExpired, BadCredentials, Proxy])
        .from("containerd/containerd@v1.6.20:remotes/docker/resolver.go"),
    Rule::says("http/404", &[])
        .status(404)
        .frame()
        .strong(TagNotFound)
        .or(&[RepositoryNotFound, UpstreamOfCacheFailed])
        .at(Stage::Manifest)
        .from("containerd/containerd@v1.6.20:remotes/docker/resolver.go"),
    Rule::says("http/404-by-digest", &[])
        .status(404)
        .by_digest()
        .frame()
        .strong(DigestNotFound)
        .or(&[RepositoryNotFound, UpstreamOfCacheFailed])
        .at(Stage::Manifest)
        .from("containerd/containerd@v1.6.20:remotes/docker/resolver.go"),
    // No manifest was asked for yet: what answered is no registry, or not at this path.
    Rule::says("http/404-at-ping", &[])
        .status(404)
        .within(Stage::Ping)
        .strong(RegistryUnavailable)
        .or(&[MirrorMisconfigured, Proxy])
        .at(Stage::Ping)
        .from("containers/image@v5.36.0:docker/docker_client.go"),
    Rule::says("http/404-at-token", &[])
        .status(404)
        .within(Stage::Token)
        .weak(RegistryUnavailable)
        .or(&[MirrorMisconfigured, Proxy, RepositoryNotFound])
        .at(Stage::Token)
        .from("containers/image@v5.36.0:docker/docker_client.go"),
    Rule::says("http/400-at-mirror", &[])
        .status(400)
        .mirrored()
        .strong(MirrorMisconfigured)
        .or(&[UpstreamOfCacheFailed, RegistryUnavailable])
        .from("containerd/containerd@v1.7.0:remotes/docker/resolver.go"),
    Rule::says("http/400", &[])
        .status(400)
        .frame()
        .weak(RegistryUnavailable)
        .or(&[BadCredentials, Proxy])
        .from("aws/containers-roadmap#2835"),
    Rule::says("http/405", &[])
        .statuses(405, 406)
        .frame()
        .weak(RegistryUnavailable)
        .or(&[MirrorMisconfigured, Forbidden])
        .from("quay/quay@v3.10.0:endpoints/v2/errors.py"),
    Rule::says("http/407", &[])
        .status(407)
        .certain(Proxy)
        .at(Stage::Connect)
        .from("https://httpwg.org/specs/rfc9110.html"),
    Rule::says("http/408", &[])
        .status(408)
        .frame()
        .strong(pullmedic_model::Cause::ConnectTimeout)
        .or(&[RegistryUnavailable])
        .from("https://httpwg.org/specs/rfc9110.html"),
    Rule::says("http/412", &[])
        .status(412)
        .strong(PolicyBlocked)
        .from("goharbor/harbor@v2.10.0:src/lib/http/error.go"),
    Rule::says("http/451", &[])
        .status(451)
        .strong(PolicyBlocked)
        .from("https://httpwg.org/specs/rfc7725.html"),
    Rule::says("http/410", &[])
        .status(410)
        .frame()
        .strong(RepositoryNotFound)
        .or(&[RegistryUnavailable])
        .from("https://httpwg.org/specs/rfc9110.html"),
    Rule::says("http/3xx", &[])
        .statuses(300, 399)
        .frame()
        .weak(RegistryUnavailable)
        .or(&[Proxy, MirrorMisconfigured])
        .from("containerd/containerd@v1.7.0:remotes/docker/resolver.go"),
    Rule::says("http/token-403", &[])
        .status(403)
        .on(&[Request::Token])
        .said()
        .strong(Forbidden)
        .or(&[NoCredentials, BadCredentials, RepositoryNotFound])
        .at(Stage::Token)
        .from("k0sproject/k0sctl#981"),
];
