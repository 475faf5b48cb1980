//! What particular registries add in their own words about a login.

use pullmedic_model::Cause::{
    BadCredentials, CredentialProviderFailed, CredentialsExpired, Forbidden, NoCredentials, NotFoundOrDenied,
    RegistryUnavailable, RepositoryNotFound, UpstreamOfCacheFailed,
};
use pullmedic_model::Stage;

use crate::rule::Rule;

pub(super) const ROWS: &[Rule] = &[
    // Expired, in anybody's words.
    Rule::any(
        "registry/expired",
        &[
            "token has expired",
            "token is expired",
            "token expired",
            "expiredtoken",
            "expired token",
            "credentials have expired",
            "credentials expired",
            "credential has expired",
            "password has expired",
            "password expired",
            "session has expired",
            "jwt expired",
            "jwt is expired",
            "failed verification: expired",
        ],
    )
    .unless(&["x509"])
    .certain(CredentialsExpired)
    .from("https://docs.aws.amazon.com/AmazonECR/latest/userguide/common-errors-docker.html"),
    Rule::any("azure/secret-expired", &["aadsts7000222", "client secret keys for app"])
        .certain(CredentialsExpired)
        .from("https://learn.microsoft.com/entra/identity-platform/reference-error-codes"),
    // Docker Hub.
    Rule::any("hub/wrong-login", &["incorrect username or password"])
        .certain(BadCredentials)
        .or(&[CredentialsExpired])
        .from("docker/cli#1534"),
    Rule::any(
        "hub/account",
        &[
            "email must be verified",
            "must log in with a personal access token",
            "account must log in",
            "account has been deactivated",
        ],
    )
    .strong(BadCredentials)
    .or(&[Forbidden])
    .from("https://docs.docker.com/security/for-developers/access-tokens/"),
    Rule::any(
        "hub/token-scope",
        &[
            "access token has insufficient scopes",
            "do not match expected scopes",
            "does not match expected scopes",
        ],
    )
    .strong(Forbidden)
    .or(&[BadCredentials])
    .from("https://docs.docker.com/security/for-developers/access-tokens/"),
    // GitHub and GitLab.
    Rule::any("github/denied", &["denied: denied"])
        .strong(Forbidden)
        .or(&[BadCredentials, CredentialsExpired, RepositoryNotFound])
        .from("groundnuty/k8s-wait-for#70"),
    Rule::any("github/permission", &["permission_denied"])
        .strong(Forbidden)
        .or(&[BadCredentials, NoCredentials])
        .from("kedacore/http-add-on#48"),
    Rule::any("github/cannot-be-authenticated", &["cannot be authenticated with the token provided"])
        .certain(BadCredentials)
        .or(&[CredentialsExpired])
        .from("https://docs.github.com/packages/working-with-a-github-packages-registry"),
    Rule::any("github/single-sign-on", &["enabled or enforced saml sso", "saml enforcement"])
        .strong(Forbidden)
        .or(&[BadCredentials])
        .from("https://docs.github.com/authentication/authenticating-with-saml-single-sign-on"),
    Rule::any("gitlab/basic-denied", &["http basic: access denied"])
        .strong(BadCredentials)
        .or(&[CredentialsExpired, Forbidden])
        .at(Stage::Token)
        .from("https://gitlab.com/gitlab-org/gitlab/-/blob/v16.0.0-ee/app/controllers/jwt_controller.rb"),
    Rule::any("gitlab/access-forbidden", &["access forbidden"])
        .strong(Forbidden)
        .or(&[NoCredentials, BadCredentials, RepositoryNotFound])
        .from("https://docs.gitlab.com/ee/user/packages/container_registry/"),
    // Amazon.
    Rule::any("aws/not-authorized", &["is not authorized to perform"])
        .verdict()
        .certain(Forbidden)
        .from("https://docs.aws.amazon.com/AmazonECR/latest/userguide/security_iam_troubleshoot.html"),
    Rule::any("aws/not-authorized-short", &["denied: not authorized", "not authorized to access"])
        .strong(Forbidden)
        .or(&[NoCredentials, BadCredentials, CredentialsExpired])
        .from("https://docs.aws.amazon.com/AmazonECR/latest/userguide/common-errors-docker.html"),
    // Google.
    Rule::says("gcp/permission-denied", &["permission ", "denied on resource"])
        .strong(Forbidden)
        .or(&[RepositoryNotFound, NoCredentials])
        .from("crossplane/crossplane#3023"),
    Rule::any("gcp/unauthenticated", &["unauthenticated request"])
        .strong(NoCredentials)
        .or(&[RepositoryNotFound, CredentialProviderFailed])
        .from("google/fuzzbench#1981"),
    Rule::any(
        "gcp/needed-permissions",
        &["have the needed permissions", "permission denied for \"", "does not have storage.objects"],
    )
    .strong(Forbidden)
    .or(&[NoCredentials, BadCredentials, RepositoryNotFound])
    .from("https://cloud.google.com/artifact-registry/docs/troubleshooting"),
    Rule::any("gcp/caller", &["caller does not have permission"])
        .strong(Forbidden)
        .or(&[NoCredentials, BadCredentials])
        .from("https://cloud.google.com/artifact-registry/docs/troubleshooting"),
    // Microsoft.
    Rule::any(
        "azure/application",
        &["aadsts700016", "aadsts7000215", "invalid client secret", "application not registered with aad"],
    )
    .strong(BadCredentials)
    .or(&[CredentialsExpired])
    .from("https://learn.microsoft.com/entra/identity-platform/reference-error-codes"),
    // Quay.
    Rule::any(
        "quay/wrong-login",
        &[
            "could not find robot with",
            "specified credentials are invalid",
            "invalid username or password",
            "could not find an access token",
            "could not find username",
            "invalid bearer token",
            "user has been disabled",
        ],
    )
    .strong(BadCredentials)
    .or(&[CredentialsExpired, NoCredentials])
    .from("quay/quay@v3.10.0:endpoints/v2/errors.py"),
    // Harbor.
    Rule::any("harbor/unauthorized", &["unauthorized to access repository"])
        .strong(NoCredentials)
        .or(&[Forbidden, NotFoundOrDenied, BadCredentials])
        .at(Stage::Manifest)
        .from("goharbor/harbor@v2.10.0:src/server/middleware/v2auth/auth.go"),
    Rule::any("harbor/header-needed", &["authorize header needed"])
        .certain(NoCredentials)
        .from("goharbor/harbor@v2.10.0:src/server/middleware/v2auth/auth.go"),
    Rule::any(
        "harbor/robot",
        &["robot account is disabled", "robot account is expired", "failed to authenticate robot"],
    )
    .strong(BadCredentials)
    .or(&[CredentialsExpired])
    .from("goharbor/harbor@v2.10.0:src/server/middleware/security/robot.go"),
    // Artifactory, Nexus.
    Rule::any("artifactory/no-permission", &["the client does not have permission"])
        .strong(Forbidden)
        .or(&[NoCredentials, BadCredentials])
        .from("https://jfrog.com/help/r/jfrog-artifactory-documentation/docker-registry"),
    Rule::any("artifactory/wrong-login", &["bad_credential", "wrong username was used", "bad credentials"])
        .strong(BadCredentials)
        .or(&[CredentialsExpired])
        .from("https://jfrog.com/help/r/jfrog-artifactory-documentation/docker-registry"),
    Rule::any("artifactory/token-mixed-up", &["does not match bearer token resource"])
        .strong(Forbidden)
        .or(&[RegistryUnavailable, UpstreamOfCacheFailed])
        .from("https://jfrog.com/help/r/jfrog-artifactory-documentation/docker-registry"),
    // Clouds of other names.
    Rule::any("oracle/anonymous", &["anonymous users are only allowed read access"])
        .certain(NoCredentials)
        .or(&[RepositoryNotFound, CredentialProviderFailed])
        .from("https://docs.oracle.com/en-us/iaas/Content/Registry/Tasks/registrypullingimages.htm"),
    Rule::any(
        "oracle/incorrect",
        &["was not provided or was incorrect", "to complete authentication was not provided"],
    )
    .strong(BadCredentials)
    .or(&[NoCredentials])
    .from("https://docs.oracle.com/en-us/iaas/Content/API/References/apierrors.htm"),
    Rule::any("ibm/wrong-login", &["login credentials are not valid"])
        .certain(BadCredentials)
        .or(&[CredentialsExpired])
        .from("https://cloud.ibm.com/docs/Registry?topic=Registry-troubleshoot-login"),
    Rule::any("redhat/please-login", &["please login to the red hat registry"])
        .strong(NoCredentials)
        .or(&[BadCredentials, CredentialsExpired])
        .from("https://access.redhat.com/RegistryAuthentication"),
    Rule::says(
        "redhat/please-login-after-token",
        &["invalid username/password", "please login to the red hat registry"],
    )
    .strong(BadCredentials)
    .or(&[NoCredentials, CredentialsExpired])
    .at(Stage::Token)
    .from("https://access.redhat.com/RegistryAuthentication"),
    Rule::any(
        "gcp/failed-authentication",
        &["failed authentication", "authentication failed", "authentication failure"],
    )
    .strong(BadCredentials)
    .or(&[CredentialsExpired, NoCredentials])
    .from("https://cloud.google.com/artifact-registry/docs/troubleshooting"),
    // Words that many registries share.
    Rule::any(
        "registry/wrong-login",
        &[
            "wrong username or password",
            "invalid user name or password",
            "invalid credentials",
            "credentials are invalid",
            "credentialinvalid",
            "invalid access token",
            "invalid authentication token",
            "invalid_grant",
            "unable to authenticate",
            "could not authenticate",
            "password is incorrect",
            "revoked",
        ],
    )
    .said()
    .unless(&["x509", "tls:"])
    .strong(BadCredentials)
    .or(&[CredentialsExpired, NoCredentials])
    .from("https://distribution.github.io/distribution/spec/auth/token/"),
    Rule::any(
        "registry/no-permission",
        &[
            "do not have permission",
            "does not have permission",
            "don't have permission",
            "insufficient permission",
            "insufficient privileges",
            "not have pull permission",
            "you are not authorized",
            "user not authorized",
            "no permission",
        ],
    )
    .said()
    .strong(Forbidden)
    .or(&[NoCredentials, BadCredentials, RepositoryNotFound])
    .from("https://cloud.google.com/artifact-registry/docs/troubleshooting"),
    Rule::any(
        "registry/login-wanted",
        &[
            "please login",
            "please log in",
            "login required",
            "not logged in",
            "credentials are required",
            "requires authentication",
            "authentication is required",
            "anonymous access",
            "you may not login",
            "unauthenticated",
        ],
    )
    .said()
    .strong(NoCredentials)
    .or(&[CredentialProviderFailed, BadCredentials, RepositoryNotFound])
    .from("https://distribution.github.io/distribution/spec/auth/token/"),
];
