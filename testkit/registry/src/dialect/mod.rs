//! What each vendor's registry says: one [`Row`] a vendor, each refusal with its status, challenge and words.
//!
//! Read out of `domain/pull-facts.md` §4.3 (with its sources) and from the servers' sources where they are open. What
//! is only inferred says so in [`Row::source`].

mod rows;

use serde::{Deserialize, Serialize};

use crate::configuration::LimitStyle;

/// A vendor's manner.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// CNCF distribution with a token server by its specification.
    #[default]
    Distribution,
    /// Docker Hub.
    DockerHub,
    /// GitHub's ghcr.io.
    Ghcr,
    /// Quay.
    Quay,
    /// Amazon's private registries.
    Ecr,
    /// Harbor.
    Harbor,
    /// Google Artifact Registry.
    Gar,
    /// Azure's registries.
    Acr,
    /// GitLab's registry.
    Gitlab,
    /// JFrog Artifactory.
    Artifactory,
    /// Sonatype Nexus.
    Nexus,
}

impl Dialect {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Distribution,
        Self::DockerHub,
        Self::Ghcr,
        Self::Quay,
        Self::Ecr,
        Self::Harbor,
        Self::Gar,
        Self::Acr,
        Self::Gitlab,
        Self::Artifactory,
        Self::Nexus,
    ];

    /// Its row of the table.
    #[must_use]
    pub fn row(self) -> &'static Row {
        match self {
            Self::Distribution => &rows::DISTRIBUTION,
            Self::DockerHub => &rows::DOCKER_HUB,
            Self::Ghcr => &rows::GHCR,
            Self::Quay => &rows::QUAY,
            Self::Ecr => &rows::ECR,
            Self::Harbor => &rows::HARBOR,
            Self::Gar => &rows::GAR,
            Self::Acr => &rows::ACR,
            Self::Gitlab => &rows::GITLAB,
            Self::Artifactory => &rows::ARTIFACTORY,
            Self::Nexus => &rows::NEXUS,
        }
    }
}

/// Why a pull is refused: the columns of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Case {
    /// The repository is not there, asked with a login whose globs cover it.
    MissingRepository,
    /// The repository is not there, asked without a login.
    MissingRepositoryAnonymous,
    /// The repository may be read, the tag or digest is not there.
    MissingTag,
    /// The repository is private, asked without a login.
    PrivateAnonymous,
    /// The login is unknown or its password wrong.
    WrongPassword,
    /// The login was right once.
    ExpiredLogin,
    /// The login is right but may not pull here, whether there is such a repository or not.
    NotAllowed,
    /// Too many pulls.
    Limited,
}

impl Case {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::MissingRepository,
        Self::MissingRepositoryAnonymous,
        Self::MissingTag,
        Self::PrivateAnonymous,
        Self::WrongPassword,
        Self::ExpiredLogin,
        Self::NotAllowed,
        Self::Limited,
    ];
}

/// A vendor's row.
#[derive(Debug)]
pub struct Row {
    /// Where it is known from.
    pub source: &'static str,
    /// The `Server` header of every answer; `None`: none that tells anything.
    pub server: Option<&'static str>,
    /// How one logs in.
    pub scheme: Scheme,
    /// The status for `POST` at the token service; `None` means that it is served.
    pub token_post: Option<u16>,
    /// A login, but no repository.
    pub missing_repository: Refusal,
    /// No login and no repository.
    pub missing_repository_anonymous: Refusal,
    /// No such tag.
    pub missing_tag: Refusal,
    /// No login for a private repository.
    pub private_anonymous: Refusal,
    /// A wrong login.
    pub wrong_password: Refusal,
    /// A login of yesterday.
    pub expired_login: Refusal,
    /// A login without the right.
    pub not_allowed: Refusal,
    /// The manner of its 429.
    pub limited: LimitStyle,
}

impl Row {
    /// What is said in this case; `None` for [`Case::Limited`], which has a style instead.
    #[must_use]
    pub fn refusal(&self, case: Case) -> Option<&Refusal> {
        Some(match case {
            Case::MissingRepository => &self.missing_repository,
            Case::MissingRepositoryAnonymous => &self.missing_repository_anonymous,
            Case::MissingTag => &self.missing_tag,
            Case::PrivateAnonymous => &self.private_anonymous,
            Case::WrongPassword => &self.wrong_password,
            Case::ExpiredLogin => &self.expired_login,
            Case::NotAllowed => &self.not_allowed,
            Case::Limited => return None,
        })
    }
}

/// How one logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// With a token of the service at this path.
    Bearer {
        /// The path of the realm.
        path: &'static str,
        /// The service of the challenge.
        service: &'static str,
    },
    /// With name and password at each request.
    Basic {
        /// What follows `Basic ` in the challenge.
        parameters: &'static str,
    },
}

/// One cell of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// Who says it.
    pub at: At,
    /// With which status.
    pub status: u16,
    /// With which `WWW-Authenticate`.
    pub challenge: Challenge,
    /// In which words.
    pub words: Words,
}

/// Who refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// The token service.
    Token,
    /// The registry itself.
    Registry,
}

/// The `WWW-Authenticate` of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Challenge {
    /// None at all.
    None,
    /// How to log in here, with the scope.
    Login,
    /// The same with `error="insufficient_scope"`.
    InsufficientScope,
    /// Exactly this.
    Literal(&'static str),
}

/// The body of a refusal; `{repository}` and `{reference}` are replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// An OCI error.
    Oci {
        /// Its code.
        code: &'static str,
        /// Its message.
        message: &'static str,
    },
    /// JSON as it stands.
    Json(&'static str),
    /// Text as it stands.
    Text(&'static str),
}
