//! What containerd 2.3.7 says of the test registry with a token service of its own, as `app/tests/dialects/containerd.rs`
//! walks it.

/// Which failure.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Said {
    /// The tag is not there.
    NotFound,
    /// The token service refuses the login.
    LoginRefused,
    /// The pull had no login, and the token that anybody gets is worth nothing here.
    Denied,
}

/// The words about `team/app` of this host.
pub(crate) fn words(said: Said, host: &str, reference: &str) -> String {
    let image = format!("{host}/team/app{reference}");
    let resolving = format!("failed to pull and unpack image \"{image}\": failed to resolve image");
    match said {
        Said::NotFound => format!("rpc error: code = NotFound desc = {resolving}: {image}: not found"),
        Said::LoginRefused => format!(
            "{resolving}: failed to authorize: failed to fetch oauth token: unexpected status from GET request to \
             https://{host}/token?scope=repository%3Ateam%2Fapp%3Apull&service={host}: 401 Unauthorized"
        ),
        Said::Denied => format!(
            "{resolving}: pull access denied, repository does not exist or may require authorization: server message: \
             insufficient_scope: authorization failed"
        ),
    }
}
