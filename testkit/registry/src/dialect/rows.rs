use super::{At, Challenge, Refusal, Row, Scheme, Words};
use crate::configuration::LimitStyle;

const fn token(status: u16, words: Words) -> Refusal {
    Refusal { at: At::Token, status, challenge: Challenge::None, words }
}

const fn registry(status: u16, challenge: Challenge, words: Words) -> Refusal {
    Refusal { at: At::Registry, status, challenge, words }
}

const fn oci(code: &'static str, message: &'static str) -> Words {
    Words::Oci { code, message }
}

const AUTHENTICATION_REQUIRED: Words = oci("UNAUTHORIZED", "authentication required");
const MANIFEST_UNKNOWN: Refusal = registry(404, Challenge::None, oci("MANIFEST_UNKNOWN", "manifest unknown"));

/// A repository that has no tag at all and one that is not there are the same to its manifest handler; only
/// `tags/list` says `NAME_UNKNOWN` (registry/handlers/manifests.go, tags.go).
pub(super) static DISTRIBUTION: Row = Row {
    source: "DIST:docs/content/spec/auth/token.md, registry/handlers/app.go, manifests.go; pull-facts 4.1",
    server: None,
    scheme: Scheme::Bearer { path: "/token", service: "registry" },
    token_post: None,
    missing_repository: MANIFEST_UNKNOWN,
    missing_repository_anonymous: registry(401, Challenge::InsufficientScope, AUTHENTICATION_REQUIRED),
    missing_tag: MANIFEST_UNKNOWN,
    private_anonymous: registry(401, Challenge::InsufficientScope, AUTHENTICATION_REQUIRED),
    wrong_password: token(401, AUTHENTICATION_REQUIRED),
    expired_login: token(401, AUTHENTICATION_REQUIRED),
    not_allowed: registry(401, Challenge::InsufficientScope, AUTHENTICATION_REQUIRED),
    limited: LimitStyle::Bare,
};

pub(super) static DOCKER_HUB: Row = Row {
    source: "pull-facts 4.3, 4.4 (docker/hub-feedback#2215, docker/docs#22326); words of the token service inferred",
    server: None,
    scheme: Scheme::Bearer { path: "/token", service: "registry.docker.io" },
    token_post: None,
    missing_repository: registry(401, Challenge::InsufficientScope, AUTHENTICATION_REQUIRED),
    missing_repository_anonymous: registry(401, Challenge::InsufficientScope, AUTHENTICATION_REQUIRED),
    missing_tag: MANIFEST_UNKNOWN,
    private_anonymous: registry(401, Challenge::InsufficientScope, AUTHENTICATION_REQUIRED),
    wrong_password: token(401, Words::Json(r#"{"details":"incorrect username or password"}"#)),
    expired_login: token(401, Words::Json(r#"{"details":"personal access token is expired"}"#)),
    not_allowed: registry(401, Challenge::InsufficientScope, AUTHENTICATION_REQUIRED),
    limited: LimitStyle::DockerHub,
};

pub(super) static GHCR: Row = Row {
    source: "pull-facts 4.3 (groundnuty/k8s-wait-for#70, kedacore/http-add-on#48)",
    server: None,
    scheme: Scheme::Bearer { path: "/token", service: "ghcr.io" },
    token_post: Some(404),
    missing_repository: registry(
        403,
        Challenge::None,
        oci("DENIED", "requested access to the resource is denied"),
    ),
    missing_repository_anonymous: token(403, oci("DENIED", "requested access to the resource is denied")),
    missing_tag: MANIFEST_UNKNOWN,
    private_anonymous: token(403, oci("DENIED", "requested access to the resource is denied")),
    wrong_password: token(403, oci("DENIED", "denied")),
    expired_login: token(403, oci("DENIED", "denied")),
    not_allowed: registry(403, Challenge::None, oci("DENIED", "permission_denied: read_package")),
    limited: LimitStyle::Github,
};

const QUAY_UNAUTHORIZED: Words = oci("UNAUTHORIZED", "access to the requested resource is not authorized");

pub(super) static QUAY: Row = Row {
    source: "quay/quay endpoints/v2/__init__.py, endpoints/v2/errors.py; pull-facts 4.3",
    server: None,
    scheme: Scheme::Bearer { path: "/v2/auth", service: "quay.io" },
    token_post: Some(404),
    missing_repository: registry(401, Challenge::Login, QUAY_UNAUTHORIZED),
    missing_repository_anonymous: registry(401, Challenge::Login, QUAY_UNAUTHORIZED),
    missing_tag: MANIFEST_UNKNOWN,
    private_anonymous: registry(401, Challenge::Login, QUAY_UNAUTHORIZED),
    wrong_password: token(401, oci("UNAUTHORIZED", "Specified credentials are invalid")),
    expired_login: token(401, oci("UNAUTHORIZED", "Specified credentials are invalid")),
    not_allowed: registry(401, Challenge::Login, QUAY_UNAUTHORIZED),
    limited: LimitStyle::Quay,
};

pub(super) static ECR: Row = Row {
    source: "pull-facts 4.3 (awslabs/soci-snapshotter#1196, flipt-io/flipt#3043); words of wrong_password and not_allowed inferred",
    server: None,
    scheme: Scheme::Basic {
        parameters: r#"realm="https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/",service="ecr.amazonaws.com""#,
    },
    token_post: None,
    missing_repository: registry(
        404,
        Challenge::None,
        oci(
            "NAME_UNKNOWN",
            "The repository with name '{repository}' does not exist in the registry with id '123456789012'",
        ),
    ),
    missing_repository_anonymous: registry(401, Challenge::Login, Words::Text("Not Authorized\n")),
    missing_tag: registry(404, Challenge::None, oci("MANIFEST_UNKNOWN", "Requested image not found")),
    private_anonymous: registry(401, Challenge::Login, Words::Text("Not Authorized\n")),
    wrong_password: registry(403, Challenge::None, oci("DENIED", "Your Authorization Token is invalid.")),
    expired_login: registry(
        403,
        Challenge::None,
        oci("DENIED", "Your authorization token has expired. Reauthenticate and try again."),
    ),
    not_allowed: registry(
        403,
        Challenge::None,
        oci(
            "DENIED",
            "User: arn:aws:sts::123456789012:assumed-role/node/i-0 is not authorized to perform: ecr:BatchGetImage on resource: arn:aws:ecr:eu-west-1:123456789012:repository/{repository} because no identity-based policy allows the ecr:BatchGetImage action",
        ),
    ),
    limited: LimitStyle::Ecr,
};

/// A request that has an `Authorization` header, an anonymous token too, is challenged with Basic
/// (`getChallenge`); one without with Bearer.
pub(super) static HARBOR: Row = Row {
    source: "goharbor/harbor src/server/middleware/v2auth, src/lib/http/error.go; pull-facts 4.3",
    server: None,
    scheme: Scheme::Bearer { path: "/service/token", service: "harbor-registry" },
    token_post: Some(404),
    missing_repository: registry(
        401,
        Challenge::Literal(""),
        oci("UNAUTHORIZED", "unauthorized to access repository: {repository}, action: pull"),
    ),
    missing_repository_anonymous: registry(
        401,
        Challenge::Literal(r#"Basic realm="harbor""#),
        oci("UNAUTHORIZED", "unauthorized to access repository: {repository}, action: pull"),
    ),
    missing_tag: registry(
        404,
        Challenge::None,
        oci("NOT_FOUND", "artifact {repository}:{reference} not found"),
    ),
    private_anonymous: registry(
        401,
        Challenge::Literal(r#"Basic realm="harbor""#),
        oci("UNAUTHORIZED", "unauthorized to access repository: {repository}, action: pull"),
    ),
    wrong_password: token(401, oci("UNAUTHORIZED", "unauthorized")),
    expired_login: token(401, oci("UNAUTHORIZED", "unauthorized")),
    not_allowed: registry(
        401,
        Challenge::Literal(r#"Basic realm="harbor""#),
        oci("UNAUTHORIZED", "unauthorized to access repository: {repository}, action: pull"),
    ),
    limited: LimitStyle::Harbor,
};

const GAR_DENIED: Words = oci(
    "DENIED",
    "Permission \"artifactregistry.repositories.downloadArtifacts\" denied on resource \"projects/p/locations/europe/repositories/{repository}\" (or it may not exist)",
);
const GAR_UNAUTHENTICATED: Words = oci(
    "DENIED",
    "Unauthenticated request. Unauthenticated requests do not have permission \"artifactregistry.repositories.downloadArtifacts\" on resource \"projects/p/locations/europe/repositories/{repository}\" (or it may not exist)",
);

pub(super) static GAR: Row = Row {
    source: "pull-facts 4.3 (crossplane/crossplane#3023, google/fuzzbench#1981); wrong_password and missing_tag inferred",
    server: None,
    scheme: Scheme::Bearer { path: "/v2/token", service: "europe-docker.pkg.dev" },
    token_post: Some(404),
    missing_repository: registry(403, Challenge::None, GAR_DENIED),
    missing_repository_anonymous: token(403, GAR_UNAUTHENTICATED),
    missing_tag: registry(404, Challenge::None, oci("MANIFEST_UNKNOWN", "Failed to fetch \"{reference}\"")),
    private_anonymous: token(403, GAR_UNAUTHENTICATED),
    wrong_password: token(401, oci("UNAUTHORIZED", "authentication failed")),
    expired_login: token(401, oci("UNAUTHORIZED", "authentication failed")),
    not_allowed: registry(403, Challenge::None, GAR_DENIED),
    limited: LimitStyle::Bare,
};

const ACR_REQUIRED: Words = oci(
    "UNAUTHORIZED",
    "authentication required, visit https://aka.ms/acr/authorization for more information.",
);

pub(super) static ACR: Row = Row {
    source: "pull-facts 4.3 (Azure/AKS#4593, MicrosoftDocs/azure-docs#35411); words inferred",
    server: None,
    scheme: Scheme::Bearer { path: "/oauth2/token", service: "r.azurecr.io" },
    token_post: Some(400),
    missing_repository: registry(
        404,
        Challenge::None,
        oci("NAME_UNKNOWN", "repository \"{repository}\" is not found"),
    ),
    missing_repository_anonymous: token(401, ACR_REQUIRED),
    missing_tag: registry(
        404,
        Challenge::None,
        oci("MANIFEST_UNKNOWN", "manifest tagged by \"{reference}\" is not found"),
    ),
    private_anonymous: token(401, ACR_REQUIRED),
    wrong_password: token(401, ACR_REQUIRED),
    expired_login: token(401, ACR_REQUIRED),
    not_allowed: token(401, ACR_REQUIRED),
    limited: LimitStyle::RetryAfterSeconds,
};

pub(super) static GITLAB: Row = Row {
    source: "pull-facts 4.3 (canonical/microk8s#4754)",
    server: None,
    scheme: Scheme::Bearer { path: "/jwt/auth", service: "container_registry" },
    token_post: Some(404),
    missing_repository: token(403, oci("DENIED", "access forbidden")),
    missing_repository_anonymous: token(403, oci("DENIED", "access forbidden")),
    missing_tag: MANIFEST_UNKNOWN,
    private_anonymous: token(403, oci("DENIED", "access forbidden")),
    wrong_password: token(403, oci("DENIED", "access forbidden")),
    expired_login: token(403, oci("DENIED", "access forbidden")),
    not_allowed: token(403, oci("DENIED", "access forbidden")),
    limited: LimitStyle::RetryAfterSeconds,
};

const ARTIFACTORY_UNKNOWN: Refusal = registry(
    404,
    Challenge::None,
    oci("MANIFEST_UNKNOWN", "The named manifest is not known to the registry."),
);

pub(super) static ARTIFACTORY: Row = Row {
    source: "pull-facts 4.3 (containerd#6339, jib#4153); words of the token service inferred",
    server: None,
    scheme: Scheme::Bearer { path: "/artifactory/api/docker/docker/v2/token", service: "artifactory.test" },
    token_post: Some(401),
    missing_repository: ARTIFACTORY_UNKNOWN,
    missing_repository_anonymous: token(
        401,
        Words::Json(r#"{"errors":[{"status":401,"message":"Authentication is required"}]}"#),
    ),
    missing_tag: ARTIFACTORY_UNKNOWN,
    private_anonymous: token(
        401,
        Words::Json(r#"{"errors":[{"status":401,"message":"Authentication is required"}]}"#),
    ),
    wrong_password: token(401, Words::Json(r#"{"errors":[{"status":401,"message":"Bad credentials"}]}"#)),
    expired_login: token(
        401,
        Words::Json(r#"{"errors":[{"status":401,"message":"Token failed verification: expired"}]}"#),
    ),
    not_allowed: registry(
        403,
        Challenge::None,
        oci("DENIED", "User is not permitted to perform the requested operation"),
    ),
    limited: LimitStyle::Bare,
};

const NEXUS_UNAUTHORIZED: Words = oci("UNAUTHORIZED", "access to the requested resource is not authorized");

pub(super) static NEXUS: Row = Row {
    source: "pull-facts 4.3 (help.sonatype.com, docker authentication); inferred",
    server: Some("Nexus/3.70.1-02 (OSS)"),
    scheme: Scheme::Basic { parameters: r#"realm="Sonatype Nexus Repository Manager""# },
    token_post: None,
    missing_repository: registry(404, Challenge::None, oci("MANIFEST_UNKNOWN", "manifest unknown")),
    missing_repository_anonymous: registry(401, Challenge::Login, NEXUS_UNAUTHORIZED),
    missing_tag: MANIFEST_UNKNOWN,
    private_anonymous: registry(401, Challenge::Login, NEXUS_UNAUTHORIZED),
    wrong_password: registry(401, Challenge::Login, NEXUS_UNAUTHORIZED),
    expired_login: registry(401, Challenge::Login, NEXUS_UNAUTHORIZED),
    not_allowed: registry(403, Challenge::None, oci("DENIED", "access to the requested resource is denied")),
    limited: LimitStyle::Bare,
};
