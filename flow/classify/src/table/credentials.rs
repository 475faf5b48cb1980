//! Logins: what registries, token services and runtimes say when one is missing, refused, expired or not enough.

use pullmedic_model::Cause::{
    BadCredentials, ClockSkew, CredentialProviderFailed, CredentialsExpired, Forbidden, NoCredentials,
    NotFoundOrDenied, PolicyBlocked, Proxy, PullSecretMalformed, RegistryUnavailable, RepositoryNotFound,
    UpstreamOfCacheFailed,
};
use pullmedic_model::Stage;

use crate::rule::{Request, Rule};

pub(super) const ROWS: &[Rule] = &[
    // The runtime's own words, before a registry said why.
    Rule::says("docker/pull-access-denied", &["pull access denied"])
        .frame()
        .strong(NotFoundOrDenied)
        .or(&[RepositoryNotFound, NoCredentials, Forbidden])
        .at(Stage::Manifest)
        .from("moby/moby@v24.0.0:distribution/errors.go"),
    Rule::says("containerd/insufficient-scope", &["insufficient_scope"])
        .certain(NotFoundOrDenied)
        .or(&[RepositoryNotFound, NoCredentials, Forbidden])
        .at(Stage::Manifest)
        .from("containerd/containerd@v1.7.0:remotes/docker/authorizer.go"),
    Rule::says("distribution/access-denied", &["requested access to the resource is denied"])
        .strong(NotFoundOrDenied)
        .or(&[RepositoryNotFound, Forbidden, NoCredentials])
        .at(Stage::Manifest)
        .from("distribution/distribution@v2.8.0:registry/api/errcode/register.go"),
    Rule::any(
"docker/no-pull-access", &["does not exist or no pull access", "does not exist or no access"])
        .certain(NotFoundOrDenied)
        .or(&[RepositoryNotFound, NoCredentials, Forbidden])
        .at(Stage::Manifest)
        .from("moby/moby@v17.05.0-ce:distribution/errors.go"),
    Rule::says("quay/not-authorized", &["access to the requested resource is not authorized"])
        .strong(NotFoundOrDenied)
        .or(&[NoCredentials, RepositoryNotFound, BadCredentials])
        .at(Stage::Manifest)
        .from("quay/quay@v3.10.0:endpoints/v2/errors.py"),
    Rule::any(
"registry/verify-that-it-exists", &["verify that it exists and you have permission", "may not exist or you may not be authorized", "does not exist or you do not have", "doesn't exist or you don't have", "not found or access denied", "not exist or not authorized", "either does not exist or"])
        .strong(NotFoundOrDenied)
        .or(&[RepositoryNotFound, NoCredentials, Forbidden])
        .at(Stage::Manifest)
        .from("moby/moby#36083"),
    Rule::says("containerd/no-basic-auth", &["no basic auth credentials"])
        .strong(NoCredentials)
        .or(&[CredentialProviderFailed, CredentialsExpired, BadCredentials])
        .from("containerd/containerd@v1.7.0:remotes/docker/authorizer.go"),
    Rule::says("containerd/oauth-401", &["failed to fetch oauth token"])
        .status(401)
        .strong(BadCredentials)
        .or(&[CredentialsExpired, Forbidden, RegistryUnavailable])
        .at(Stage::Token)
        .from("containerd/containerd@v1.7.0:remotes/docker/authorizer.go"),
    Rule::says("containerd/oauth-403", &["failed to fetch oauth token"])
        .status(403)
        .strong(Forbidden)
        .or(&[BadCredentials, CredentialsExpired, RepositoryNotFound])
        .at(Stage::Token)
        .from("containerd/containerd@v1.7.0:remotes/docker/authorizer.go"),
    Rule::says("containerd/oauth-400", &["failed to fetch oauth token"])
        .status(400)
        .strong(BadCredentials)
        .or(&[CredentialsExpired, RegistryUnavailable])
        .at(Stage::Token)
        .from("containerd/containerd@v1.7.0:remotes/docker/authorizer.go"),
    Rule::any(
"containerd/oauth-404", &["failed to fetch oauth token", "failed to fetch anonymous token"])
        .status(404)
        .weak(RegistryUnavailable)
        .or(&[RepositoryNotFound, BadCredentials])
        .at(Stage::Token)
        .from("containerd/containerd@v1.7.0:remotes/docker/auth/fetch.go"),
    Rule::says("containerd/anonymous-401", &["failed to fetch anonymous token"])
        .status(401)
        .strong(NoCredentials)
        .or(&[RepositoryNotFound, CredentialProviderFailed, RegistryUnavailable])
        .at(Stage::Token)
        .from("containerd/containerd@v1.7.0:remotes/docker/authorizer.go"),
    Rule::says("containerd/anonymous-403", &["failed to fetch anonymous token"])
        .status(403)
        .strong(NoCredentials)
        .or(&[Forbidden, RepositoryNotFound, PolicyBlocked])
        .at(Stage::Token)
        .from("containerd/containerd@v1.7.0:remotes/docker/authorizer.go"),
    Rule::says("containerd/anonymous-400", &["failed to fetch anonymous token"])
        .status(400)
        .weak(NoCredentials)
        .or(&[RegistryUnavailable, RepositoryNotFound])
        .at(Stage::Token)
        .from("containerd/containerd@v1.7.0:remotes/docker/authorizer.go"),
    Rule::any(
"containerd/invalid-token", &["invalid_token", "invalid token"])
        .strong(BadCredentials)
        .or(&[ClockSkew, CredentialsExpired, RegistryUnavailable])
        .from("containerd/containerd@v1.7.0:remotes/docker/authorizer.go"),
    Rule::says("containerd/no-auth-scheme", &["failed to find supported auth scheme"])
        .strong(RegistryUnavailable)
        .or(&[NoCredentials, Proxy])
        .from("containerd/containerd@v1.7.0:remotes/docker/authorizer.go"),
    Rule::any(
"containerd/no-token", &["no token in response", "did not include a token", "authorization server did not include a token", "unable to decode token response"])
        .strong(RegistryUnavailable)
        .or(&[BadCredentials, Proxy])
        .at(Stage::Token)
        .from("containerd/containerd@v1.7.0:remotes/docker/auth/fetch.go"),
    // containers/image.
    Rule::says("containers/invalid-login", &["invalid username/password"])
        .strong(BadCredentials)
        .or(&[CredentialsExpired, NoCredentials])
        .at(Stage::Token)
        .from("containers/image@v5.30.0:docker/errors.go"),
    Rule::says("containers/invalid-login-anonymous", &["invalid username/password", "authentication required"])
        .strong(BadCredentials)
        .or(&[NoCredentials, CredentialsExpired])
        .at(Stage::Token)
        .from("containers/image@v5.30.0:docker/errors.go"),
    Rule::any(
"containers/bearer-token-401", &["requesting bearer token", "requesting bear token"])
        .status(401)
        .strong(BadCredentials)
        .or(&[NoCredentials, CredentialsExpired])
        .at(Stage::Token)
        .from("containers/image@v5.30.0:docker/docker_client.go"),
    Rule::any(
"containers/bearer-token-403", &["requesting bearer token", "requesting bear token"])
        .status(403)
        .strong(Forbidden)
        .or(&[NoCredentials, BadCredentials, RepositoryNotFound])
        .at(Stage::Token)
        .from("containers/image@v5.30.0:docker/docker_client.go"),
    // What registries say.
    Rule::says("distribution/authentication-required", &["authentication required"])
        .said()
        .strong(NoCredentials)
        .or(&[BadCredentials, RepositoryNotFound, PullSecretMalformed])
        .from("distribution/distribution@v2.8.0:registry/api/errcode/register.go"),
    Rule::any(
"registry/wrong-login", &["incorrect username or password", "invalid username or password", "wrong username or password", "invalid credentials", "bad credentials", "invalid user name or password", "password is incorrect", "credentials are invalid", "credentials you provided are invalid", "invalid_grant", "authentication failed", "failed authentication", "authentication failure", "could not authenticate", "login credentials are not valid", "unable to authenticate", "invalid access token", "token is invalid", "not authenticated successfully", "password authentication is not", "could not find robot", "could not find username", "bad username", "account is locked", "user is locked", "invalid robot"])
        .strong(BadCredentials)
        .or(&[CredentialsExpired, NoCredentials])
        .from("quay/quay@v3.10.0:auth/validation.py"),
    Rule::says("hub/wrong-login", &["unauthorized: incorrect username or password"])
        .certain(BadCredentials)
        .or(&[CredentialsExpired])
        .from("docker/cli#1534"),
    Rule::says("gitlab/basic-denied", &["http basic: access denied"])
        .strong(BadCredentials)
        .or(&[CredentialsExpired, Forbidden])
        .at(Stage::Token)
        .from("https://gitlab.com/gitlab-org/gitlab/-/blob/v16.0.0-ee/app/controllers/jwt_controller.rb"),
    Rule::any(
"registry/expired", &["token has expired", "token is expired", "token expired", "credentials have expired", "credential has expired", "expired token", "expiredtoken", "password expired", "password has expired", "login has expired", "session expired", "jwt expired", "jwt is expired", "secret has expired", "secret keys for app", "account expired", "expired credentials"])
        .certain(CredentialsExpired)
        .from("https://docs.aws.amazon.com/AmazonECR/latest/userguide/common-errors-docker.html"),
    Rule::any(
"azure/secret-expired", &["aadsts7000222", "client secret keys for app", "keys are expired"])
        .certain(CredentialsExpired)
        .from("https://learn.microsoft.com/entra/identity-platform/reference-error-codes"),
    Rule::says("ghcr/denied", &["denied: denied"])
        .strong(Forbidden)
        .or(&[BadCredentials, CredentialsExpired, RepositoryNotFound])
        .from("groundnuty/k8s-wait-for#70"),
    Rule::says("ghcr/permission", &["permission_denied"])
        .strong(Forbidden)
        .or(&[BadCredentials, NoCredentials])
        .from("kedacore/http-add-on#48"),
    Rule::says("gitlab/access-forbidden", &["access forbidden"])
        .strong(Forbidden)
        .or(&[NoCredentials, BadCredentials, RepositoryNotFound])
        .from("https://gitlab.com/gitlab-org/gitlab/-/blob/v16.0.0-ee/app/services/auth/container_registry_authentication_service.rb"),
    Rule::says("aws/not-authorized", &["is not authorized to perform"])
        .certain(Forbidden)
        .from("https://docs.aws.amazon.com/AmazonECR/latest/userguide/security_iam_troubleshoot.html"),
    Rule::says("gcp/permission-denied", &["permission ", "denied on resource"])
        .strong(Forbidden)
        .or(&[RepositoryNotFound, NoCredentials])
        .from("crossplane/crossplane#3023"),
    Rule::says("gcp/unauthenticated", &["unauthenticated request"])
        .strong(NoCredentials)
        .or(&[RepositoryNotFound, CredentialProviderFailed])
        .from("google/fuzzbench#1981"),
    Rule::any(
"gcp/needed-permissions", &["have the needed permissions", "don't have permission", "do not have permission", "does not have permission", "not have sufficient permission", "insufficient permission", "caller does not have", "no permission to", "lacks permission", "permission denied for user", "user lacks", "insufficient privileges", "not have the required", "not have pull permission", "missing permission"])
        .strong(Forbidden)
        .or(&[NoCredentials, BadCredentials, RepositoryNotFound])
        .from("https://cloud.google.com/artifact-registry/docs/troubleshooting"),
    Rule::any(
"registry/anonymous-not-enough", &["anonymous users are only allowed", "anonymous access", "anonymous users are not", "please login", "please log in", "login required", "not logged in", "no credentials provided", "credentials are required", "requires authentication", "must be authenticated", "you need to be authenticated", "need to login", "unauthenticated"])
        .strong(NoCredentials)
        .or(&[CredentialProviderFailed, BadCredentials, RepositoryNotFound])
        .from("https://docs.oracle.com/en-us/iaas/Content/Registry/Tasks/registrypullingimagesusingthedockercli.htm"),
    Rule::any(
"registry/unauthorized", &["unauthorized: ", ": unauthorized", "\"unauthorized\""])
        .frame()
        .strong(NoCredentials)
        .or(&[BadCredentials, RepositoryNotFound, Forbidden])
        .from("distribution/distribution@v2.8.0:registry/api/errcode/register.go"),
    Rule::any(
"registry/denied", &["denied: ", "\"denied\""])
        .frame()
        .strong(Forbidden)
        .or(&[NoCredentials, BadCredentials, RepositoryNotFound])
        .from("distribution/distribution@v2.8.0:registry/api/errcode/register.go"),
    Rule::says("registry/access-is-denied", &["access denied"])
        .frame()
        .unless(&["pull access denied"])
        .strong(Forbidden)
        .or(&[NoCredentials, BadCredentials])
        .from("goharbor/harbor@v2.10.0:src/lib/errors/const.go"),
    Rule::any(
"distribution/token-mismatch", &["does not match bearer token resource", "bearer token resource"])
        .strong(Forbidden)
        .or(&[RegistryUnavailable, UpstreamOfCacheFailed])
        .from("https://jfrog.com/help/r/artifactory-docker-registry"),
    // The kubelet's credential plugins.
    Rule::any(
"kubelet/provider-exec", &["credential provider plugin", "external registry credential provider", "credentialproviderrequest", "credentialproviderresponse"])
        .verdict()
        .certain(CredentialProviderFailed)
        .at(Stage::Secret)
        .from("kubernetes/kubernetes@v1.30.0:pkg/credentialprovider/plugin/plugin.go"),
    Rule::any(
"ecr/provider", &["error getting credentials", "failed to get credentials", "ecr-credential-provider", "getauthorizationtoken", "unable to get credentials", "not get credentials"])
        .said()
        .strong(CredentialProviderFailed)
        .or(&[NoCredentials, BadCredentials])
        .at(Stage::Secret)
        .from("kubernetes/cloud-provider-aws@v1.28.0:cmd/ecr-credential-provider/main.go"),
    Rule::says("containerd/refused-forbidden", &["failed to authorize"])
        .status(403)
        .on(&[Request::Token, Request::Other])
        .said()
        .strong(Forbidden)
        .or(&[BadCredentials, NoCredentials, RepositoryNotFound])
        .at(Stage::Token)
        .from("containerd/containerd@v1.7.0:remotes/docker/authorizer.go"),
];
