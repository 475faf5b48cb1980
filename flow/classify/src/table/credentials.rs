//! Logins: what runtimes and token services say when one is missing, refused, expired or not enough.

use pullmedic_model::Cause::{
    BadCredentials, ClockSkew, CredentialProviderFailed, CredentialsExpired, Forbidden, NoCredentials,
    NotFoundOrDenied, PolicyBlocked, Proxy, PullSecretMalformed, RegistryUnavailable, RepositoryNotFound,
};
use pullmedic_model::Stage;

use crate::rule::{Request, Rule};

pub(super) const ROWS: &[Rule] = &[
    // Words that leave open whether the image is absent or hidden.
    Rule::any("docker/pull-access-denied", &["pull access denied"])
        .frame()
        .strong(NotFoundOrDenied)
        .or(&[RepositoryNotFound, NoCredentials, Forbidden])
        .at(Stage::Manifest)
        .from("moby/moby@v24.0.9:distribution/errors.go"),
    Rule::any("containerd/insufficient-scope", &["insufficient_scope"])
        .certain(NotFoundOrDenied)
        .or(&[RepositoryNotFound, NoCredentials, Forbidden])
        .at(Stage::Manifest)
        .from("distribution/distribution@v2.8.3:registry/auth/token/accesscontroller.go"),
    Rule::any("distribution/access-denied", &["requested access to the resource is denied"])
        .strong(NotFoundOrDenied)
        .or(&[RepositoryNotFound, Forbidden, NoCredentials])
        .at(Stage::Manifest)
        .from("distribution/distribution@v2.8.3:registry/api/errcode/register.go"),
    Rule::any("docker/no-pull-access", &["does not exist or no pull access", "does not exist or no access"])
        .certain(NotFoundOrDenied)
        .or(&[RepositoryNotFound, NoCredentials, Forbidden])
        .at(Stage::Manifest)
        .from("moby/moby@v17.05.0-ce:distribution/errors.go"),
    Rule::any("quay/not-authorized", &["access to the requested resource is not authorized"])
        .strong(NotFoundOrDenied)
        .or(&[NoCredentials, RepositoryNotFound, BadCredentials])
        .at(Stage::Manifest)
        .from("quay/quay@v3.10.0:endpoints/v2/errors.py"),
    Rule::any(
        "registry/verify-that-it-exists",
        &[
            "verify that it exists and you have permission",
            "or you don't have permission",
            "or you do not have permission",
        ],
    )
    .strong(NotFoundOrDenied)
    .or(&[RepositoryNotFound, NoCredentials, Forbidden])
    .at(Stage::Manifest)
    .from("https://cloud.google.com/artifact-registry/docs/troubleshooting"),
    // containerd.
    Rule::any("containerd/no-basic-auth", &["no basic auth credentials"])
        .strong(NoCredentials)
        .or(&[CredentialProviderFailed, CredentialsExpired, BadCredentials])
        .from("containerd/containerd@v1.7.34:remotes/docker/authorizer.go"),
    Rule::any("containerd/oauth-401", &["failed to fetch oauth token"])
        .status(401)
        .strong(BadCredentials)
        .or(&[CredentialsExpired, Forbidden, RegistryUnavailable])
        .at(Stage::Token)
        .from("containerd/containerd@v1.7.34:remotes/docker/authorizer.go"),
    Rule::any("containerd/oauth-403", &["failed to fetch oauth token"])
        .status(403)
        .strong(Forbidden)
        .or(&[BadCredentials, CredentialsExpired, RepositoryNotFound])
        .at(Stage::Token)
        .from("containerd/containerd@v1.7.34:remotes/docker/authorizer.go"),
    Rule::any("containerd/oauth-400", &["failed to fetch oauth token"])
        .status(400)
        .strong(BadCredentials)
        .or(&[CredentialsExpired, RegistryUnavailable])
        .at(Stage::Token)
        .from("containerd/containerd@v1.7.34:remotes/docker/authorizer.go"),
    Rule::any("containerd/token-404", &["failed to fetch oauth token", "failed to fetch anonymous token"])
        .status(404)
        .weak(RegistryUnavailable)
        .or(&[RepositoryNotFound, BadCredentials])
        .at(Stage::Token)
        .from("containerd/containerd@v1.7.34:remotes/docker/authorizer.go"),
    Rule::any("containerd/anonymous-401", &["failed to fetch anonymous token"])
        .status(401)
        .strong(NoCredentials)
        .or(&[RepositoryNotFound, CredentialProviderFailed, RegistryUnavailable])
        .at(Stage::Token)
        .from("containerd/containerd@v1.7.34:remotes/docker/authorizer.go"),
    Rule::any("containerd/anonymous-403", &["failed to fetch anonymous token"])
        .status(403)
        .strong(NoCredentials)
        .or(&[Forbidden, RepositoryNotFound, PolicyBlocked])
        .at(Stage::Token)
        .from("containerd/containerd@v1.7.34:remotes/docker/authorizer.go"),
    Rule::any("containerd/anonymous-400", &["failed to fetch anonymous token"])
        .status(400)
        .weak(NoCredentials)
        .or(&[RegistryUnavailable, RepositoryNotFound])
        .at(Stage::Token)
        .from("containerd/containerd@v1.7.34:remotes/docker/authorizer.go"),
    Rule::any("containerd/invalid-token", &["server message: invalid_token", "invalid_token"])
        .strong(BadCredentials)
        .or(&[ClockSkew, CredentialsExpired, RegistryUnavailable])
        .from("distribution/distribution@v2.8.3:registry/auth/token/accesscontroller.go"),
    Rule::any("containerd/authorization-failed", &["authorization failed"])
        .frame()
        .strong(NotFoundOrDenied)
        .or(&[NoCredentials, BadCredentials, RepositoryNotFound])
        .from("containerd/containerd@v1.7.34:remotes/docker/resolver.go"),
    Rule::any("containerd/no-auth-scheme", &["failed to find supported auth scheme"])
        .strong(RegistryUnavailable)
        .or(&[NoCredentials, Proxy])
        .from("containerd/containerd@v1.7.34:remotes/docker/authorizer.go"),
    Rule::any("containerd/half-a-login", &["missing username or secret", "invalid decoded auth"])
        .strong(PullSecretMalformed)
        .or(&[BadCredentials, NoCredentials])
        .at(Stage::Token)
        .from("containerd/containerd@v1.7.34:remotes/docker/authorizer.go"),
    Rule::any(
        "containerd/token-answer",
        &[
            "authorization server did not include a token",
            "unable to decode token response",
            "no realm specified for token auth",
        ],
    )
    .strong(RegistryUnavailable)
    .or(&[BadCredentials, Proxy])
    .at(Stage::Token)
    .from("containerd/containerd@v1.7.34:remotes/docker/auth/fetch.go"),
    Rule::any("containerd/authorize-403", &["failed to authorize"])
        .status(403)
        .on(&[Request::Token, Request::Other])
        .said()
        .strong(Forbidden)
        .or(&[BadCredentials, NoCredentials, RepositoryNotFound])
        .at(Stage::Token)
        .from("containerd/containerd@v1.7.34:remotes/docker/resolver.go"),
    // containers/image.
    Rule::any("containers/invalid-login", &["unable to retrieve auth token: invalid username/password"])
        .strong(BadCredentials)
        .or(&[CredentialsExpired, NoCredentials])
        .at(Stage::Token)
        .from("containers/image@v5.36.0:docker/errors.go"),
    Rule::any("containers/invalid-login-words", &["invalid username/password"])
        .strong(BadCredentials)
        .or(&[CredentialsExpired, NoCredentials])
        .at(Stage::Token)
        .from("containers/image@v5.36.0:docker/errors.go"),
    Rule::any("containers/bearer-token-401", &["requesting bearer token", "requesting bear token"])
        .status(401)
        .strong(BadCredentials)
        .or(&[NoCredentials, CredentialsExpired])
        .at(Stage::Token)
        .from("containers/image@v5.21.0:docker/docker_client.go"),
    Rule::any("containers/bearer-token-403", &["requesting bearer token", "requesting bear token"])
        .status(403)
        .strong(Forbidden)
        .or(&[NoCredentials, BadCredentials, RepositoryNotFound])
        .at(Stage::Token)
        .from("containers/image@v5.21.0:docker/docker_client.go"),
    Rule::any("containers/decoding-token", &["decoding bearer token"])
        .strong(RegistryUnavailable)
        .or(&[Proxy])
        .at(Stage::Token)
        .from("containers/image@v5.36.0:docker/docker_client.go"),
    // dockerd.
    Rule::says("docker/login-attempt-401", &["login attempt to|token auth attempt|basic auth attempt"])
        .status(401)
        .strong(BadCredentials)
        .or(&[NoCredentials, CredentialsExpired])
        .at(Stage::Token)
        .from("moby/moby@v24.0.9:registry/auth.go"),
    Rule::any("docker/no-auth-challenge", &["no successful auth challenge for"])
        .strong(RegistryUnavailable)
        .or(&[BadCredentials])
        .at(Stage::Token)
        .from("moby/moby@v1.9.1:registry/auth.go"),
    Rule::any("docker/wrong-login", &["wrong login/password", "authentication is required."])
        .strong(BadCredentials)
        .or(&[NoCredentials])
        .from("moby/moby@v1.9.1:registry/auth.go"),
    // Registries that print no more than the code.
    Rule::any("distribution/authentication-required", &["authentication required"])
        .said()
        .strong(NoCredentials)
        .or(&[BadCredentials, RepositoryNotFound, PullSecretMalformed])
        .from("distribution/distribution@v2.8.3:registry/api/errcode/register.go"),
    Rule::any("registry/unauthorized", &["unauthorized: ", ": unauthorized", "\"code\":\"unauthorized\""])
        .frame()
        .unless(&["failed to setup network for sandbox", "connection is unauthorized"])
        .strong(NoCredentials)
        .or(&[BadCredentials, RepositoryNotFound, Forbidden])
        .from("distribution/distribution@v2.8.3:registry/api/errcode/register.go"),
    Rule::any("registry/denied", &["denied: ", "\": denied", ": denied", "\"code\":\"denied\""])
        .frame()
        .unless(&["permission denied:", "pull access denied"])
        .strong(Forbidden)
        .or(&[NoCredentials, BadCredentials, RepositoryNotFound])
        .from("distribution/distribution@v2.8.3:registry/api/errcode/register.go"),
    Rule::any("registry/access-is-denied", &["access denied", "accessdenied", "access is denied"])
        .frame()
        .unless(&["pull access denied"])
        .strong(Forbidden)
        .or(&[NoCredentials, BadCredentials])
        .from("https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"),
    // The kubelet's credential plugins.
    Rule::any(
        "kubelet/provider",
        &[
            "external registry credential provider",
            "credential provider plugin",
            "credentialproviderrequest",
            "credentialproviderresponse",
        ],
    )
    .verdict()
    .certain(CredentialProviderFailed)
    .at(Stage::Secret)
    .from("kubernetes/kubernetes@v1.30.0:pkg/credentialprovider/plugin/plugin.go"),
    Rule::any(
        "docker/credential-helper",
        &["error getting credentials - err:", "docker-credential-", "error getting username and password"],
    )
    .strong(CredentialProviderFailed)
    .or(&[NoCredentials])
    .at(Stage::Secret)
    .from("docker/docker-credential-helpers@v0.8.0:client/client.go"),
    Rule::any(
        "aws/provider",
        &[
            "nocredentialproviders",
            "ecr-credential-provider",
            "getauthorizationtoken",
            "no ec2 imds role found",
        ],
    )
    .said()
    .strong(CredentialProviderFailed)
    .or(&[NoCredentials, Forbidden])
    .at(Stage::Secret)
    .from("kubernetes/cloud-provider-aws@v1.28.0:cmd/ecr-credential-provider/main.go"),
    Rule::any(
        "cloud/provider",
        &[
            "acr-credential-provider",
            "gcp credential provider",
            "auth-provider-gcp",
            "failed to acquire token",
        ],
    )
    .said()
    .strong(CredentialProviderFailed)
    .or(&[NoCredentials, BadCredentials])
    .at(Stage::Secret)
    .from("kubernetes-sigs/cloud-provider-azure@v1.28.0:pkg/credentialprovider/azure_credentials.go"),
];
