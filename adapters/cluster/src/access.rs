//! What a caller chooses: which cluster, as whom, and what of it.

use std::path::PathBuf;
use std::time::Duration;

use pullmedic_model::shell;

/// How long one request may take, its retries included, unless the caller says otherwise.
///
/// kubectl waits for ever by default; a person on call is better served by an error. The API server itself gives up on
/// a list after 60 s, and answers a page of 500 in far less.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Which cluster to read, and as whom. The default is what `kubectl` without flags would use.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// `--kubeconfig`: this file only. `None`: `KUBECONFIG`, else `~/.kube/config`, else the pod's own account.
    pub kubeconfig: Option<PathBuf>,
    /// `--context`. `None`: the kubeconfig's current context.
    pub context: Option<String>,
    /// `--cluster`. `None`: the context's.
    pub cluster: Option<String>,
    /// `--user`. `None`: the context's.
    pub user: Option<String>,
    /// `--as`. `None`: the kubeconfig's, mostly nobody.
    pub impersonate: Option<String>,
    /// `--as-group`.
    pub impersonate_groups: Vec<String>,
    /// `--request-timeout`, for one request with its retries. `None`: 30 s. Zero: no limit, as in kubectl.
    pub request_timeout: Option<Duration>,
}

impl Access {
    /// The limit of one request; `None` when there is none.
    pub(crate) fn limit(&self) -> Option<Duration> {
        let limit = self.request_timeout.unwrap_or(REQUEST_TIMEOUT);
        (!limit.is_zero()).then_some(limit)
    }

    /// These choices as flags of `kubectl`, each with a leading space, so that a suggested command asks the same cluster.
    pub(crate) fn kubectl_flags(&self) -> String {
        let kubeconfig = self.kubeconfig.as_ref().map(|path| path.display().to_string());
        let named = [
            ("--kubeconfig", kubeconfig.as_ref()),
            ("--context", self.context.as_ref()),
            ("--cluster", self.cluster.as_ref()),
            ("--user", self.user.as_ref()),
            ("--as", self.impersonate.as_ref()),
        ];
        let groups = self.impersonate_groups.iter().map(|group| ("--as-group", group));
        named
            .into_iter()
            .filter_map(|(flag, value)| Some((flag, value?)))
            .chain(groups)
            .map(|(flag, value)| format!(" {flag} {}", shell::word(value)))
            .collect()
    }
}

/// What of the cluster to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// One namespace. `None`: all.
    pub namespace: Option<String>,
    /// A label selector for pods. `None`: all. Events have no labels to select by and are read whole.
    pub selector: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_timeout_given_is_thirty_seconds_and_zero_is_none() {
        let with = |request_timeout| Access { request_timeout, ..Access::default() }.limit();
        assert_eq!(with(None), Some(Duration::from_secs(30)));
        assert_eq!(with(Some(Duration::ZERO)), None);
        assert_eq!(with(Some(Duration::from_secs(5))), Some(Duration::from_secs(5)));
    }

    #[test]
    fn suggested_commands_carry_the_callers_choices_quoted() {
        let access = Access {
            context: Some("prod; rm -rf /".into()),
            impersonate: Some("system:serviceaccount:shop:web".into()),
            impersonate_groups: vec!["it's".into()],
            ..Access::default()
        };
        assert_eq!(
            access.kubectl_flags(),
            r" --context 'prod; rm -rf /' --as system:serviceaccount:shop:web --as-group 'it'\''s'"
        );
        assert_eq!(Access::default().kubectl_flags(), "");
    }
}
