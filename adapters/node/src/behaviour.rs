//! What differs between containerd's releases.

use pullmedic_model::probe::route::Runtime;

/// A release of containerd, asked what it does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Behaviour {
    version: (u32, u32, u32),
    /// Whether the version is our guess, so that nothing that hangs on it may be held against a file.
    pub(crate) guessed: bool,
}

impl Behaviour {
    pub(crate) const fn new(runtime: &Runtime, guessed: bool) -> Behaviour {
        Behaviour { version: runtime.version, guessed }
    }

    /// Whether a change is in this release, given the first release of each line that has it. A line that is not named
    /// has it if it is younger than a named one.
    fn since(self, firsts: &[(u32, u32, u32)]) -> bool {
        let (major, minor, patch) = self.version;
        match firsts.iter().find(|first| (first.0, first.1) == (major, minor)) {
            Some(first) => patch >= first.2,
            None => firsts.iter().any(|first| (first.0, first.1) < (major, minor)),
        }
    }

    /// A loopback name on another port than 443 is plain HTTP, on 443 or without a port TLS; before, all are plain
    /// HTTP. <https://github.com/containerd/containerd/blob/v1.7.8/remotes/docker/config/hosts.go#L102-L119>
    pub(crate) fn loopback_by_port(self) -> bool {
        self.since(&[(1, 6, 25), (1, 7, 8)])
    }

    /// A host of `http://` with TLS settings is tried by TLS first.
    /// <https://github.com/containerd/containerd/blob/v2.3.4/core/remotes/docker/config/hosts.go#L215-L228>
    pub(crate) fn tries_tls_first(self) -> bool {
        self.since(&[(1, 6, 32), (1, 7, 16)])
    }

    /// That also holds for a host without a port; 1.6 and 1.7 up to 1.7.23 leave those plain.
    pub(crate) fn tries_tls_first_without_port(self) -> bool {
        self.since(&[(1, 7, 24)])
    }

    /// A hosts.toml without a `[host]` table is dropped whole (`invalid host tree`).
    /// <https://github.com/containerd/containerd/blob/v1.7.31/remotes/docker/config/hosts.go#L530-L534>
    pub(crate) fn needs_host_table(self) -> bool {
        !self.since(&[(1, 7, 32)])
    }

    /// Hosts are listed by table headers alone, a header at a time; before, by the keys of the tree.
    /// <https://github.com/containerd/containerd/blob/v2.0.0/core/remotes/docker/config/hosts.go#L518-L553>
    pub(crate) fn lists_hosts_by_header(self) -> bool {
        self.since(&[(2, 0, 0)])
    }

    /// `dial_timeout` is read.
    pub(crate) fn reads_dial_timeout(self) -> bool {
        self.since(&[(2, 0, 7)])
    }

    /// A `dial_timeout` counts as a TLS setting.
    /// <https://github.com/containerd/containerd/blob/v2.0.11/core/remotes/docker/config/hosts.go#L184>
    pub(crate) fn dial_timeout_is_tls(self) -> bool {
        self.reads_dial_timeout() && !self.since(&[(2, 1, 0)])
    }

    /// `referrers` is a known capability. A guessed release is given the benefit of the doubt.
    pub(crate) fn knows_referrers(self) -> bool {
        self.guessed || self.since(&[(2, 2, 0)])
    }

    /// How long the first byte of an answer may take, in milliseconds; `None`: without limit.
    /// <https://github.com/containerd/containerd/blob/v2.3.4/core/remotes/docker/registry.go>, `DefaultHTTPTransport`
    pub(crate) fn answer_timeout_ms(self) -> Option<u64> {
        self.since(&[(2, 3, 0)]).then_some(30_000)
    }

    /// The `config_path` of a file that sets neither it nor `mirrors`.
    /// <https://github.com/containerd/containerd/blob/v2.2.0/plugins/cri/images/plugin.go>
    pub(crate) fn default_config_path(self) -> &'static str {
        if self.since(&[(2, 2, 0)]) { "/etc/containerd/certs.d:/etc/docker/certs.d" } else { "" }
    }

    /// Images are pulled by the transfer service, which takes `config_path` for one folder.
    /// <https://github.com/containerd/containerd/blob/v2.3.4/core/transfer/registry/registry.go#L116-L118>
    pub(crate) fn has_transfer_service(self) -> bool {
        self.since(&[(2, 1, 0)])
    }

    /// `configs.HOST.tls` is read; 2.0 took the field away and ignores it as an unknown key.
    /// <https://github.com/containerd/containerd/blob/v2.0.0/internal/cri/config/config.go#L238-L241>
    pub(crate) fn reads_configs_tls(self) -> bool {
        !self.since(&[(2, 0, 0)])
    }

    /// The settings of images stand in a plugin of their own.
    pub(crate) fn has_images_plugin(self) -> bool {
        self.since(&[(2, 0, 0)])
    }

    /// The highest version of config.toml that is understood; a file below it is migrated.
    pub(crate) fn config_version(self) -> i64 {
        if self.since(&[(2, 3, 0)]) {
            4
        } else if self.since(&[(2, 0, 0)]) {
            3
        } else {
            2
        }
    }

    /// Imported files are merged key by key; before, a plugin's section replaces the one before.
    /// <https://github.com/containerd/containerd/blob/v1.7.34/services/server/config/config.go>, `mergeConfig`
    pub(crate) fn merges_plugins(self) -> bool {
        self.since(&[(2, 0, 0)])
    }

    /// The sandbox image of a config that names none.
    pub(crate) fn default_sandbox_image(self) -> Option<&'static str> {
        let (major, minor, patch) = self.version;
        match (major, minor) {
            (1, 6) if patch < 9 => Some("k8s.gcr.io/pause:3.6"),
            (1, 6) => Some("registry.k8s.io/pause:3.6"),
            (1, 7) => Some("registry.k8s.io/pause:3.8"),
            (2, 0 | 1) => Some("registry.k8s.io/pause:3.10"),
            (2, 2) => Some("registry.k8s.io/pause:3.10.1"),
            (2, 3) => Some("registry.k8s.io/pause:3.10.2"),
            (_, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Behaviour {
        let runtime = Runtime::parse(&format!("containerd@{text}")).expect("a version");
        Behaviour::new(&runtime, false)
    }

    #[test]
    fn a_change_is_in_the_release_that_brought_it_and_all_later_ones() {
        type Asked = fn(Behaviour) -> bool;
        let rows: [(&str, Asked, &str, &str); 10] = [
            ("loopback by port", Behaviour::loopback_by_port, "1.6.24 1.7.0 1.7.7", "1.6.25 1.7.8 2.0.0"),
            ("tls first", Behaviour::tries_tls_first, "1.6.20 1.6.31 1.7.15", "1.6.32 1.7.16 2.3.7"),
            ("without port", Behaviour::tries_tls_first_without_port, "1.6.39 1.7.23", "1.7.24 2.0.0"),
            ("host table", |b| !b.needs_host_table(), "1.6.20 1.6.39 1.7.31", "1.7.32 2.0.0 2.3.7"),
            ("dial timeout", Behaviour::reads_dial_timeout, "1.7.34 2.0.6", "2.0.7 2.1.0"),
            ("dial timeout as tls", Behaviour::dial_timeout_is_tls, "2.0.6 2.1.0 2.3.4", "2.0.7 2.0.11"),
            ("referrers", Behaviour::knows_referrers, "1.7.34 2.1.9", "2.2.0 2.3.7 2.4.0"),
            ("answer timeout", |b| b.answer_timeout_ms().is_some(), "1.7.34 2.2.7", "2.3.0 2.3.7"),
            ("default path", |b| !b.default_config_path().is_empty(), "1.6.20 2.1.9", "2.2.0 3.0.0"),
            ("transfer service", Behaviour::has_transfer_service, "1.7.34 2.0.11", "2.1.0 2.3.7"),
        ];
        for (what, asked, no, yes) in rows {
            for version in no.split(' ') {
                assert!(!asked(of(version)), "{what}: {version}");
            }
            for version in yes.split(' ') {
                assert!(asked(of(version)), "{what}: {version}");
            }
        }
    }
}
