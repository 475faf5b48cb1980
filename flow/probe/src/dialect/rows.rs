//! The rows. Sources stand in `pull-facts` §4.3: what each registry was seen or read to answer.

use super::Dialect;

const PLAIN: Dialect = Dialect {
    name: "",
    hosts: &[],
    headers: &[],
    realms: &[],
    hides: false,
    never_hides_by_404: false,
    judges_by_token_alone: false,
    node_credentials: false,
    metered: false,
    token_judges_rights: false,
    caches: false,
};

pub(super) const DIALECTS: &[Dialect] = &[
    // A token without a right, then 401 insufficient_scope, for private and absent alike; a missing tag of a visible
    // repository is 404 (docker/hub-feedback#2215).
    Dialect {
        name: "Docker Hub",
        hosts: &["docker.io", "index.docker.io", "registry-1.docker.io"],
        realms: &["auth.docker.io", "registry.docker.io"],
        hides: true,
        never_hides_by_404: true,
        metered: true,
        ..PLAIN
    },
    // 403 of the token service for private and absent alike.
    Dialect {
        name: "GitHub Container Registry",
        hosts: &["ghcr.io"],
        realms: &["ghcr.io"],
        hides: true,
        never_hides_by_404: true,
        ..PLAIN
    },
    // 401 for private and absent alike (quay/quay endpoints/v2/__init__.py).
    Dialect {
        name: "Quay",
        hosts: &["quay.io"],
        realms: &["/v2/auth", "quay.io"],
        hides: true,
        never_hides_by_404: true,
        ..PLAIN
    },
    // Whoever may read gets 404 for what is absent; others 403.
    Dialect {
        name: "Amazon ECR",
        hosts: &[".amazonaws.com", ".amazonaws.com.cn"],
        realms: &["amazonaws.com"],
        never_hides_by_404: true,
        node_credentials: true,
        ..PLAIN
    },
    Dialect { name: "Amazon ECR Public", hosts: &["public.ecr.aws"], ..PLAIN },
    // 403 "or it may not exist".
    Dialect {
        name: "Google Artifact Registry",
        hosts: &["gcr.io", ".gcr.io", ".pkg.dev"],
        realms: &["pkg.dev", "gcr.io"],
        hides: true,
        node_credentials: true,
        ..PLAIN
    },
    // 401 of the token service for nobody, a bad login and one without a right alike (Azure/AKS#4593).
    Dialect {
        name: "Azure Container Registry",
        hosts: &[".azurecr.io", ".azurecr.cn", ".azurecr.us"],
        realms: &[".azurecr."],
        hides: true,
        never_hides_by_404: true,
        node_credentials: true,
        token_judges_rights: true,
        ..PLAIN
    },
    // 401 for a project that is absent or private (goharbor/harbor src/server/middleware/v2auth).
    Dialect {
        name: "Harbor",
        realms: &["harbor-registry", "/service/token"],
        hides: true,
        never_hides_by_404: true,
        ..PLAIN
    },
    // The Rails application judges and signs the token, and the registry, which keeps no rights of its own, takes its word
    // (<https://docs.gitlab.com/administration/packages/container_registry/>).
    Dialect {
        name: "GitLab",
        hosts: &["registry.gitlab.com"],
        realms: &["/jwt/auth"],
        hides: true,
        judges_by_token_alone: true,
        ..PLAIN
    },
    Dialect {
        name: "Artifactory",
        hosts: &[".jfrog.io"],
        headers: &[("server", "artifactory"), ("x-jfrog-version", ""), ("x-artifactory-id", "")],
        realms: &["artifactory"],
        hides: true,
        caches: true,
        ..PLAIN
    },
    Dialect {
        name: "Nexus",
        headers: &[("server", "nexus")],
        realms: &["sonatype nexus", "/service/rest/"],
        hides: true,
        caches: true,
        ..PLAIN
    },
];

/// Paths of virtual repositories that a product gives by default.
pub(super) const CACHE_PATHS: &[(&str, &str)] = &[
    ("docker-remote/", "the path of an Artifactory remote repository"),
    ("docker-virtual/", "the path of an Artifactory virtual repository"),
    ("docker-hub-cache/", "the path of a proxy cache"),
    ("dockerhub-proxy/", "the path of a proxy cache"),
    ("proxy-cache/", "the path of a proxy cache"),
    ("docker-proxy/", "the path of a proxy cache"),
    ("docker-group/", "the path of a Nexus group"),
    ("docker-hub/", "the path of an ECR pull-through cache"),
];

/// Headers of caches. An empty list: any value.
pub(super) const CACHE_HEADERS: &[(&str, &[&str])] = &[
    ("via", &[]),
    ("x-cache", &[]),
    ("x-cache-status", &[]),
    ("x-proxy-cache", &[]),
    ("x-artifactory-id", &[]),
    ("x-artifactory-node-id", &[]),
    ("x-jfrog-version", &[]),
    ("age", &[]),
    ("server", &["artifactory", "nexus", "squid", "varnish"]),
];

/// Words of caches in an error body.
pub(super) const CACHE_WORDS: &[&str] = &[
    "remote registry",
    "upstream registry",
    "proxy project",
    "proxy cache",
    "remote repository",
    "pull through cache",
    "pull-through cache",
];
