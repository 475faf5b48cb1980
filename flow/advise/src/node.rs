//! Remedies for those who own nodes, networks and registries: explained, never applied by us.

use pullmedic_model::finding::{FindingState, Remedy};
use pullmedic_model::shell::word as quoted;
use pullmedic_model::verdict::Evidence;
use pullmedic_model::{Actor, Captured, Cause, Certainty, Endpoint, Grade, Subject};

use pullmedic_model::endpoint::without_port;

use crate::target::joined;
use crate::write::{blank, tried};

/// Faults of the registry's side.
pub(crate) fn registry(cause: Cause, subject: &Subject, evidence: &Evidence) -> Vec<Remedy> {
    let endpoint = subject.endpoint();
    let repository = subject.repository();
    let (title, note): (String, &str) = match cause {
        Cause::Forbidden if subject.pull_secrets.is_empty() && evidence.refused.is_empty() => (
            format!(
                "have whoever owns {repository} open it to everybody, or give out a login that may pull it"
            ),
            "the pod names no pull secret",
        ),
        Cause::Forbidden => (
            format!("have whoever owns {repository} grant pull on it to the login that the pod uses"),
            "or name a pull secret whose login has that right",
        ),
        Cause::BlobMissing if subject.certainty != Certainty::Proven && other_host(subject).is_some() => (
            format!("have the image made whole at {endpoint}"),
            "where that is a mirror, the node's files may leave it out instead",
        ),
        Cause::BlobMissing => (
            format!("have the image pushed again to {repository}, whole"),
            "until then use another tag, or a mirror that is whole",
        ),
        // The registry serves it well: what the words miss is a program to start.
        Cause::UnsupportedManifest if subject.state != FindingState::Active => (
            "give the container a command, or name an image that has one".to_owned(),
            "a chart or another artifact is no image: name the one that it deploys",
        ),
        Cause::UnsupportedManifest => (
            "have the image rebuilt as an OCI or Docker schema 2 image".to_owned(),
            "a chart or another artifact is no image, and an image without a program of its own needs a command in the pod",
        ),
        Cause::ContentCorrupt => (
            format!("have {endpoint} checked: a cache, a proxy or a broken copy alters the bytes"),
            "the same image from another source tells which of them it is",
        ),
        Cause::QuotaExceeded => {
            (format!("have the account's quota at {endpoint} raised, or space freed"), "")
        }
        Cause::PolicyBlocked => (
            format!("ask whoever owns {endpoint} which policy blocks it, and mend what the policy is about"),
            "a scan, a signature, an address list or a project setting are the usual ones",
        ),
        Cause::UpstreamOfCacheFailed => {
            (format!("have whoever owns the cache {endpoint} look at its own upstream"), "")
        }
        _ => (
            format!("wait, or tell whoever owns {endpoint}"),
            "the kubelet goes on trying by itself, at least every five minutes",
        ),
    };
    vec![explained(cause, title, None, Some(note).filter(|note| !note.is_empty()))]
}

/// Faults of the node's side and of the network between.
pub(crate) fn on_node(cause: Cause, subject: &Subject) -> Vec<Remedy> {
    let endpoint = subject.endpoint();
    let node = subject.node();
    let address = subject.address();
    let host = without_port(&address);
    let certs = |file: &str| quoted(&format!("/etc/containerd/certs.d/{address}{file}"));
    let (title, command, note): (String, Option<String>, &str) = match cause {
        Cause::Dns => (
            format!("make {host} resolve on {node}, or correct the name"),
            Some(format!("getent hosts {}", quoted(host))),
            "on the node: its own resolver answers pulls, not the cluster's DNS",
        ),
        Cause::ConnectionRefused => (
            format!("start the registry at {endpoint}, or correct the port"),
            Some(curl(&address, "")),
            "on the node",
        ),
        Cause::ConnectTimeout | Cause::Unreachable | Cause::TlsHandshakeTimeout | Cause::ConnectionReset => (
            format!("open the way from {node} to {endpoint}"),
            Some(curl(&address, "-m 35 ")),
            "on the node; a firewall that drops, a route, or a packet size that does not fit are the usual reasons",
        ),
        Cause::Proxy => (
            format!(
                "correct the proxy of the container runtime on {node}, or except {host} from it (NO_PROXY)"
            ),
            Some("systemctl show containerd --property=Environment".to_owned()),
            "on the node; the runtime reads it once, at its start",
        ),
        Cause::HttpOnHttps => (
            format!("give {endpoint} a certificate, or tell the runtime that it speaks plain HTTP"),
            Some(format!(
                "test -e {0} || {{ mkdir -p {1} && printf '%s\\n' {2} 'capabilities = [\"pull\", \"resolve\"]' > {0}; }}",
                certs("/hosts.toml"),
                certs(""),
                // A table, because containerd 1.6 drops a file that has only `server`.
                quoted(&format!("[host.\"http://{address}\"]")),
            )),
            "on every node, where containerd's config_path is /etc/containerd/certs.d; plain HTTP lets anyone on the way \
             change the image",
        ),
        Cause::TlsUnknownAuthority => (
            format!("have {node} trust the authority of {endpoint}"),
            Some(format!("install -D -m 0644 CA.crt {}", certs("/ca.crt"))),
            "on every node, where containerd's config_path is /etc/containerd/certs.d; no restart is needed. Take the \
             authority's certificate from whoever owns it, not from the connection",
        ),
        Cause::TlsExpired | Cause::ClockSkew => (
            format!(
                "check the clock of {node} first; if it is right, have the certificate of {endpoint} renewed"
            ),
            Some(certificate(&address, "-dates")),
            "date -u on the node tells its clock",
        ),
        Cause::TlsHostnameMismatch => (
            format!("have the certificate of {endpoint} made out to that name, or use a name that is in it"),
            Some(certificate(&address, "-ext subjectAltName")),
            "",
        ),
        Cause::TlsProtocol => (
            format!(
                "have {endpoint} offer TLS 1.2 or later with a certificate that has subject alternative names"
            ),
            Some(certificate(&address, "-text")),
            "",
        ),
        Cause::ClientCertificateRequired => (
            format!("give {node} the client certificate that {endpoint} wants"),
            None,
            "`client = [[\"CERT\", \"KEY\"]]` in the hosts.toml of that registry",
        ),
        Cause::CredentialProviderFailed => (
            format!("look at the credential provider plugin on {node}"),
            Some("journalctl -u kubelet | grep -i credential".to_owned()),
            "its failures are only in the kubelet's log; the pull goes on without a login",
        ),
        Cause::LocalQpsLimited => (
            "nothing: the kubelet tries again by itself".to_owned(),
            None,
            "registryPullQPS and registryBurst of the kubelet's configuration set the limit",
        ),
        Cause::PullQueued => (
            format!("look for the pull that {node} is busy with"),
            None,
            "serializeImagePulls: false in the kubelet's configuration lets pulls run side by side",
        ),
        Cause::DiskFull | Cause::InodesExhausted => (
            format!("free room on {node}"),
            Some("df -h; df -i; crictl images".to_owned()),
            "on the node; crictl rmi --prune removes every image that no container uses, those pulled ahead of time among \
             them",
        ),
        Cause::SignatureRejected => (
            "have the image signed as the node's policy wants".to_owned(),
            None,
            "the policy is the platform team's to change, and nobody else's to go around",
        ),
        Cause::MirrorMisconfigured => (
            match other_host(subject) {
                Some(mirror) => {
                    format!("correct the mirror configuration of {node}, or leave {mirror} out of it")
                }
                None => format!("correct the mirror configuration of {node}"),
            },
            None,
            "containerd: hosts.toml under config_path; CRI-O: registries.conf. A hosts.toml that does not parse is \
             ignored, and only the runtime's log says so",
        ),
        Cause::NodeStoreDamaged => (
            format!("remove the image on {node} and let it be pulled again"),
            Some(format!("crictl rmi {}", subject.image_word())),
            "on the node",
        ),
        Cause::UnpackFailed => (
            format!("look at the layer and the error that the words name, on {node}"),
            None,
            "the same image on another node tells whether the image or the node is at fault",
        ),
        Cause::RuntimeUnavailable => (
            format!("have the container runtime of {node} looked at"),
            Some("journalctl -u containerd --since -1h".to_owned()),
            "pulls go on once it answers",
        ),
        Cause::PullStalled => (
            format!("see whether bytes still arrive on {node}"),
            Some("journalctl -u containerd --since -1h | grep -i pull".to_owned()),
            "where pulls run one after another (the kubelet's default), look for the one in front",
        ),
        Cause::PullCancelled => (
            format!(
                "wait for the next attempt; if it is given up again, look at the container runtime of {node}"
            ),
            Some("journalctl -u containerd --since -1h".to_owned()),
            "",
        ),
        _ => (
            format!("look at the log of the container runtime on {node}, at the time of an attempt"),
            Some("journalctl -u containerd --since -1h".to_owned()),
            "",
        ),
    };
    vec![explained(cause, title, command, Some(note).filter(|note| !note.is_empty()))]
}

/// A static pod may name no secret (from Kubernetes 1.34 on the kubelet refuses one that does); its login is the node's.
pub(crate) fn static_login(subject: &Subject) -> Remedy {
    explained(
        Cause::CredentialProviderFailed,
        format!("give the kubelet of {} a login for {}", subject.node(), subject.repository()),
        None,
        Some(
            "a static pod may name no pull secret: use the kubelet's own config.json or a credential provider plugin",
        ),
    )
}

/// The pause image is the platform's, and pulled with none of a pod's logins.
pub(crate) fn sandbox(subject: &Subject) -> Vec<Remedy> {
    let mut remedy = explained(
        Cause::SandboxImage,
        format!(
            "make the pause image available on {}, or name another one in its runtime's configuration",
            subject.node()
        ),
        Some(format!("crictl pull {}", subject.image_word())),
        Some(
            "on the node; containerd names it in sandbox_image (1.x) or pinned_images.sandbox (2.x), CRI-O in pause_image",
        ),
    );
    remedy.actor = Actor::Platform;
    vec![remedy]
}

/// The host that the fault is of, where it is another than the image's own.
fn other_host(subject: &Subject) -> Option<&Endpoint> {
    let own = &subject.reference.as_ref()?.host;
    let is_hub = |host: &str| matches!(host, "docker.io" | "index.docker.io" | "registry-1.docker.io");
    subject.endpoint.as_ref().filter(|endpoint| {
        let host = endpoint.as_str();
        host != own && !(is_hub(host) && is_hub(own))
    })
}

fn curl(endpoint: &str, options: &str) -> String {
    format!("curl -sv {options}{} -o /dev/null", quoted(&format!("https://{endpoint}/v2/")))
}

fn certificate(endpoint: &str, what: &str) -> String {
    let host = without_port(endpoint);
    let address = if host == endpoint { format!("{endpoint}:443") } else { endpoint.to_owned() };
    format!(
        "openssl s_client -connect {} -servername {} </dev/null 2>/dev/null | openssl x509 -noout {what}",
        quoted(&address),
        quoted(host)
    )
}

/// A remedy that only explains.
fn explained(cause: Cause, title: String, command: Option<String>, note: Option<&str>) -> Remedy {
    Remedy { command, note: note.map(str::to_owned), ..blank(Grade::Manual, &title, cause.actor()) }
}

/// Where containerd looks for the settings of a host.
const CERTS: &str = "/etc/containerd/certs.d";

/// The folder of the image's host under `certs.d`; `None` where the host is no plain name.
fn folder(subject: &Subject) -> Option<String> {
    let host = subject.reference.as_ref().map(|reference| reference.host.as_str())?;
    Endpoint::parse(host).ok().filter(|_| !host.contains("..") && !host.starts_with(['-', '.']))?;
    Some(format!("{CERTS}/{host}"))
}

/// The authority that the node does not trust, by its name; none but whoever owns it can give its certificate.
pub(crate) fn authority(subject: &Subject, evidence: &Evidence) -> Vec<Remedy> {
    let mut remedies = on_node(Cause::TlsUnknownAuthority, subject);
    if let (Some(authority), Some(first)) = (&evidence.authority, remedies.first_mut()) {
        let file = folder(subject).map_or_else(String::new, |folder| format!(", as {folder}/ca.crt"));
        first.grade = Grade::Review;
        first.title = format!(
            "have {} trust the authority of {}: {authority}{file}",
            subject.node(),
            subject.endpoint()
        );
        let content = "CA.crt is the certificate of that authority in PEM";
        first.note = first.note.take().map(|note| format!("{content}; {note}"));
        if let Some(folder) = folder(subject) {
            let path = format!("{folder}/ca.crt");
            first.command = Some(format!("install -D -m 0644 -b -S .before CA.crt {}", quoted(&path)));
            first.undo = Some(put_back(&path));
        }
        if !evidence.authority_of_node {
            let from_here = "the authority is as seen from here; compare it with what the node sees";
            first.note = joined([Some(from_here.to_owned()), first.note.take()]);
        }
        first.changes = Some("the node trusts everything that this authority signs for that host".to_owned());
    }
    remedies
}

/// The host's entry for plain HTTP, where that was allowed and the replay passed so.
pub(crate) fn plain_http(subject: &Subject, evidence: &Evidence) -> Vec<Remedy> {
    let file = folder(subject).filter(|_| evidence.plain_http_passes);
    let Some((folder, reference)) = file.zip(subject.reference.as_ref()) else {
        return on_node(Cause::HttpOnHttps, subject);
    };
    // A table, because containerd 1.6 drops a file that has only `server`.
    let host = &reference.host;
    let text = format!(
        "server = \"http://{host}\"\n\n[host.\"http://{host}\"]\n  capabilities = [\"pull\", \"resolve\"]\n"
    );
    let title = format!("tell the runtime that {host} speaks plain HTTP: {folder}/hosts.toml");
    let note = "on every node, where containerd's config_path is /etc/containerd/certs.d; no restart is needed. Plain HTTP \
                lets anyone on the way change the image";
    vec![tried(
        file_of_node(&title, &format!("{folder}/hosts.toml"), text, note),
        format!("asked {host} over plain HTTP: 200"),
    )]
}

/// The node's own entry for a mirror that has the same digest.
pub(crate) fn mirror(subject: &Subject, evidence: &Evidence) -> Option<Remedy> {
    let mirror = evidence.mirror_with_same_digest.as_ref()?;
    let (folder, reference) = folder(subject).zip(subject.reference.as_ref())?;
    let origin = match reference.host.as_str() {
        "docker.io" => "registry-1.docker.io",
        host => host,
    };
    let text = format!(
        "server = \"https://{origin}\"\n\n[host.\"https://{mirror}\"]\n  capabilities = [\"pull\", \"resolve\"]\n"
    );
    let title = format!("have the nodes ask {mirror} first: {folder}/hosts.toml");
    let note = "on every node, where containerd's config_path is /etc/containerd/certs.d; a file that is there already \
                gets the [host] table only";
    let remedy = file_of_node(&title, &format!("{folder}/hosts.toml"), text, note);
    Some(tried(remedy, format!("asked {mirror} for it: the same digest")))
}

/// The node's file as it should be.
pub(crate) fn corrected_file(subject: &Subject, evidence: &Evidence) -> Vec<Remedy> {
    let Some((path, text)) = &evidence.corrected_file else {
        return on_node(Cause::MirrorMisconfigured, subject);
    };
    let title = format!("correct {path} on {}", subject.node());
    let note = if path.ends_with(".toml") && !path.ends_with("hosts.toml") {
        "containerd reads it at its start: systemctl restart containerd; running containers go on"
    } else {
        "it is read for each pull; no restart is needed"
    };
    // A configuration may hold logins, which no report shows.
    if Captured::new(text).as_str() != text {
        let title = format!("{title}; it holds logins and is not shown here");
        return vec![Remedy { note: Some(note.to_owned()), ..blank(Grade::Review, &title, Actor::Platform) }];
    }
    vec![file_of_node(&title, path, text.clone(), note)]
}

/// A file of the node, shown whole. What stood there before is kept beside it.
fn file_of_node(title: &str, path: &str, text: String, note: &str) -> Remedy {
    Remedy {
        undo: Some(put_back(path)),
        yaml: Some(text),
        note: Some(format!("the text is the whole file; keep the old one as {path}.before; {note}")),
        changes: Some("every pull of that host on the node".to_owned()),
        ..blank(Grade::Review, title, Actor::Platform)
    }
}

/// The file as it was: the one that was kept, or none.
fn put_back(path: &str) -> String {
    let (file, before) = (quoted(path), quoted(&format!("{path}.before")));
    format!("if test -e {before}; then mv {before} {file}; else rm {file}; fi")
}
