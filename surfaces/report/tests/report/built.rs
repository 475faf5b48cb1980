//! Reports made by hand.

use pullmedic_model::finding::{
    FindingState, ManagedBy, Observation, Patch, Remedy, Rival, Serving, Standing, Vantage, Witness,
};
use pullmedic_model::object::ContainerKind;
use pullmedic_model::report::{ApiVersion, Cluster, Kind, Read, Skipped};
use pullmedic_model::sighting::{Injected, Owner, Place};
use pullmedic_model::verdict::{Ladder, Rung};
use pullmedic_model::{Actor, Captured, Cause, Certainty, Clears, Endpoint, Finding, Grade, Report, Stage};

/// When the built reports were made.
pub(crate) const NOW: &str = "2026-11-22T16:20:41Z";

/// Words that a hostile registry, or whoever names an object, could choose.
pub(crate) const HOSTILE: &str = "\u{1b}]8;;https://evil.test\u{1b}\\ok\u{1b}[2J\u{9b}31m\u{202e}gpj\u{2066}\u{200b}\u{feff}\u{e0041}\r\n\
     ```\n# <img src=x onerror=alert(1)> [a](javascript:b) | @oncall #1 ~~~ \u{85}\u{2028}";

pub(crate) fn owner(kind: &str, name: &str) -> Owner {
    Owner { api_version: "apps/v1".to_owned(), kind: kind.to_owned(), name: name.to_owned() }
}

pub(crate) fn place(namespace: &str, owner: Option<Owner>, pod: &str, node: &str) -> Place {
    Place {
        namespace: namespace.to_owned(),
        owner,
        pod: Some(pod.to_owned()),
        container: "app".to_owned(),
        kind: ContainerKind::Main,
        node: Some(node.to_owned()),
    }
}

pub(crate) fn said(text: &str, source: &str, node: &str) -> Observation {
    Observation {
        text: Captured::new(text),
        by: Witness::Kubelet,
        source: source.to_owned(),
        vantage: Some(format!("node/{node}")),
        at: Some("2026-11-22T16:18:10Z".parse().unwrap()),
    }
}

pub(crate) fn rival(code: Cause, standing: Standing, because: &str) -> Rival {
    Rival { code, standing, because: because.to_owned() }
}

pub(crate) fn remedy(title: &str, command: Option<&str>, yaml: Option<&str>) -> Remedy {
    Remedy {
        tried_how: None,
        changes: None,
        undo: None,
        patch: None,
        grade: Grade::Review,
        title: title.to_owned(),
        actor: Actor::Application,
        tried: false,
        command: command.map(str::to_owned),
        yaml: yaml.map(str::to_owned),
        note: None,
    }
}

pub(crate) fn finding(cause: Cause, certainty: Certainty, summary: &str, sightings: Vec<Place>) -> Finding {
    Finding {
        ladder: None,
        not_looked_at: Vec::new(),
        requests: 0,
        id: format!("f-{}", cause.code()),
        cause,
        inner: None,
        also: Vec::new(),
        certainty,
        summary: summary.to_owned(),
        rivals: Vec::new(),
        missing: None,
        state: FindingState::Active,
        since: Some("2026-11-22T16:02:11Z".parse().unwrap()),
        observed_at: Some(NOW.parse().unwrap()),
        next_attempt: None,
        scope: None,
        stage: Some(cause.usual_stage()),
        endpoint: None,
        vantage: Vantage::Workstation,
        image: None,
        images: Vec::new(),
        clears: cause.clears(),
        actor: cause.actor(),
        serving: Vec::new(),
        managed_by: Vec::new(),
        injected_by: Vec::new(),
        sightings,
        observations: Vec::new(),
        proof: Vec::new(),
        remedies: Vec::new(),
        docs: cause.docs_path(),
    }
}

pub(crate) fn report(findings: Vec<Finding>, namespaces: usize) -> Report {
    Report {
        api_version: ApiVersion::V1Alpha1,
        kind: Kind::Report,
        cluster: Some(Cluster {
            context: Some("prod".to_owned()),
            server: "https://10.0.0.1:6443".to_owned(),
        }),
        vantage: Vantage::Workstation,
        observed_at: Some(NOW.parse().unwrap()),
        findings,
        skipped: Vec::new(),
        read: Read { pods: 120, events: 34, owners: 40, namespaces },
    }
}

pub(crate) fn skipped(what: &str, reason: &str, needs: Option<&str>, next: Option<&str>) -> Skipped {
    Skipped {
        what: what.to_owned(),
        reason: reason.to_owned(),
        needs: needs.map(str::to_owned),
        next: next.map(str::to_owned),
    }
}

/// One cause that words make likely, one that they leave open, and events that could not be read.
pub(crate) fn several() -> Report {
    let cart = || Some(owner("Deployment", "cart"));
    let mut login = finding(
        Cause::NoCredentials,
        Certainty::Likely,
        "registry.acme.test wants a login for shop/cart:4.1, and none reached it.",
        (1..=3).map(|n| place("shop", cart(), &format!("cart-5d7f-{n}"), &format!("worker-{n}"))).collect(),
    );
    login.image = Some("registry.acme.test/shop/cart:4.1".to_owned());
    login.endpoint = Endpoint::parse("registry.acme.test").ok();
    login.stage = Some(Stage::Token);
    login.next_attempt = Some("2026-11-22T16:22:30Z".parse().unwrap());
    let words = r#"Failed to pull image "registry.acme.test/shop/cart:4.1": failed to pull and unpack image "registry.acme.test/shop/cart:4.1": failed to resolve reference "registry.acme.test/shop/cart:4.1": pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials"#;
    login.proof =
        vec![said(words, "Pod shop/cart-5d7f-1 status.containerStatuses[app].state.waiting", "worker-1")];
    login.observations = login.proof.clone();
    login.observations.push(Observation {
        text: Captured::new("the pod names no pull secret"),
        by: Witness::Object,
        source: "Pod shop/cart-5d7f-1 spec.imagePullSecrets".to_owned(),
        vantage: None,
        at: None,
    });
    login.rivals = vec![
        rival(
            Cause::RepositoryNotFound,
            Standing::Open,
            "a registry may answer so for a repository that it does not have",
        ),
        rival(Cause::BadCredentials, Standing::Excluded, "the pod names no pull secret"),
    ];
    login.missing = Some("a login that may see shop/cart on registry.acme.test".to_owned());
    login.serving = vec![Serving {
        namespace: "shop".to_owned(),
        owner: owner("Deployment", "cart"),
        by: Some(owner("ReplicaSet", "cart-7c9f8")),
        ready: 3,
        desired: 3,
    }];
    let patch = r#"kubectl -n shop patch deployment cart --type=json -p='[{"op":"add","path":"/spec/template/spec/imagePullSecrets","value":[{"name":"SECRET"}]}]'"#;
    login.remedies = vec![
        remedy("name a pull secret in the Deployment's template", Some(patch), None),
        remedy(
            "or in the manifest that you apply",
            None,
            Some("spec:\n  template:\n    spec:\n      imagePullSecrets:\n      - name: SECRET\n"),
        ),
    ];

    let mut hidden = finding(
        Cause::NotFoundOrDenied,
        Certainty::Undecided,
        "quay.io/acme/report:7 is either absent or hidden from us: Quay answers both alike.",
        vec![place("shop", Some(owner("CronJob", "report")), "report-28712-x", "worker-2")],
    );
    hidden.missing = Some("a login that may see quay.io/acme; ask who owns acme on quay.io".to_owned());
    hidden.rivals = vec![
        rival(Cause::TagNotFound, Standing::Open, "the words fit an absent tag"),
        rival(Cause::NoCredentials, Standing::Open, "the words fit a login that is missing"),
    ];
    hidden.state = FindingState::Unknown;

    let mut report = report(vec![login, hidden], 1);
    report.skipped = vec![skipped(
        "events in namespace \"shop\"",
        "forbidden for user \"dev\"",
        Some("list on events (the role \"view\" has it)"),
        Some("kubectl auth can-i list events -n shop"),
    )];
    report
}

/// Forty pods of four owners that wait for the pause image.
pub(crate) fn sandbox() -> Report {
    let sightings = (0..40)
        .map(|n| Place {
            container: String::new(),
            kind: ContainerKind::Sandbox,
            ..place(
                if n % 2 == 0 { "shop" } else { "billing" },
                Some(owner("DaemonSet", &format!("agent-{}", n % 4))),
                &format!("agent-{n}"),
                &format!("worker-{}", n % 2),
            )
        })
        .collect();
    let mut pause = finding(
        Cause::SandboxImage,
        Certainty::Likely,
        "The pause image registry.acme.test/pause:3.9 cannot be pulled, so no pod starts on these nodes.",
        sightings,
    );
    pause.inner = Some(Cause::TlsUnknownAuthority);
    pause.clears = None;
    pause.since = Some("2026-11-20T07:00:00Z".parse().unwrap());
    pause.proof = vec![said(
        "failed to get sandbox image \"registry.acme.test/pause:3.9\": x509: certificate signed by unknown authority",
        "Event shop/agent-0.17f",
        "worker-0",
    )];
    report(vec![pause], 12)
}

/// An image that a webhook put into the pods of an application that Argo CD keeps.
pub(crate) fn argo() -> Report {
    let web = owner("Deployment", "web");
    let mut tag = finding(
        Cause::TagNotFound,
        Certainty::Proven,
        "ghcr.io/acme/sidecar:9 does not exist: the repository has no such tag.",
        vec![Place {
            container: "sidecar".to_owned(),
            kind: ContainerKind::Init,
            ..place("web", Some(web.clone()), "web-1", "worker-1")
        }],
    );
    tag.also = vec![Cause::Dns];
    tag.images = ["ghcr.io/acme/sidecar:9", "ghcr.io/acme/sidecar:10"].map(str::to_owned).to_vec();
    tag.managed_by = vec![ManagedBy {
        tool: "Argo CD".to_owned(),
        name: Some("web".to_owned()),
        owner: web.clone(),
        namespace: "web".to_owned(),
        change: "the Git source of Argo CD application web, then let it sync".to_owned(),
    }];
    tag.injected_by = vec![Injected {
        owner: web,
        container: "sidecar".to_owned(),
        replaced: false,
        injector: Some("istio".to_owned()),
        evidence: Some("annotation sidecar.istio.io/status".to_owned()),
    }];
    tag.next_attempt = Some("2026-11-22T16:19:00Z".parse().unwrap());
    report(vec![tag], 1)
}

/// An owner that gets no pod at all.
pub(crate) fn template() -> Report {
    let mut name = finding(
        Cause::InvalidReference,
        Certainty::Proven,
        "The image name \"Shop/Cart:4.1\" does not parse.",
        vec![Place {
            pod: None,
            node: None,
            kind: ContainerKind::Template,
            ..place("shop", Some(owner("StatefulSet", "cart")), "", "")
        }],
    );
    name.since = None;
    report(vec![name], 1)
}

pub(crate) fn clean() -> Report {
    report(Vec::new(), 4)
}

/// A recording in which nothing was found, and half of it could not be read.
pub(crate) fn unread() -> Report {
    let mut report = report(Vec::new(), 0);
    report.cluster = None;
    report.vantage = Vantage::Recording;
    report.read = Read { pods: 2, events: 0, owners: 0, namespaces: 1 };
    report.skipped = (1..=7)
        .map(|n| skipped(&format!("dump/pods-{n}.yaml"), "not YAML: a tab where a space must be", None, None))
        .collect();
    report.skipped.push(skipped("dump/secret.bin", "not UTF-8", None, Some("save it again as text")));
    report
}

pub(crate) fn rung(stage: Stage, took_us: Option<u64>, failed: Option<&str>) -> Rung {
    Rung { stage, took_us, failed: failed.map(str::to_owned) }
}

fn asked(text: &str) -> Observation {
    Observation {
        text: Captured::new(text),
        by: Witness::Probe,
        source: "HEAD /v2/shop/cart/manifests/4.1 at registry.acme.test".to_owned(),
        vantage: None,
        at: Some("2026-11-22T16:20:40Z".parse().unwrap()),
    }
}

/// A cause that a replay proved, with the fix that was tried; and one that it left open.
pub(crate) fn proven() -> Report {
    let mut report = several();
    report.skipped.clear();
    let [login, hidden] = report.findings.as_mut_slice() else { panic!("two findings") };
    login.certainty = Certainty::Proven;
    login.missing = None;
    login.ladder = Some(Ladder {
        at: NOW.parse().unwrap(),
        endpoint: Endpoint::parse("registry.acme.test").unwrap(),
        rungs: vec![
            rung(Stage::Name, Some(2_100), None),
            rung(Stage::Connect, Some(3_000), None),
            rung(Stage::Tls, Some(9_400), None),
            rung(Stage::Ping, None, None),
            rung(Stage::Token, Some(4_000), Some("401")),
        ],
    });
    login.proof.push(asked(
        "asked again with secret regcred, which Deployment/web uses: 200, manifest and all 5 layers there",
    ));
    login.observations.push(asked("anonymously: 401, a login is wanted (basic)"));
    login.rivals = vec![
        rival(Cause::BadCredentials, Standing::Excluded, "the pod names no pull secret, so none was sent"),
        rival(
            Cause::RepositoryNotFound,
            Standing::Excluded,
            "with regcred the same request got 200, so the repository is there",
        ),
    ];
    login.not_looked_at = vec!["node configuration (needs the node agent)".to_owned()];
    login.requests = 6;
    let command = r#"kubectl -n shop patch deployment cart --type=json -p='[{"op":"add","path":"/spec/template/spec/imagePullSecrets","value":[{"name":"regcred"}]}]'"#;
    login.remedies = vec![Remedy {
        grade: Grade::Safe,
        tried: true,
        tried_how: Some("the replay passed with regcred, from here".to_owned()),
        changes: Some("the Deployment rolls out once".to_owned()),
        undo: Some(
            r#"kubectl -n shop patch deployment cart --type=json -p='[{"op":"remove","path":"/spec/template/spec/imagePullSecrets"}]'"#
                .to_owned(),
        ),
        patch: Some(Patch {
            api_version: "apps/v1".to_owned(),
            kind: "Deployment".to_owned(),
            namespace: "shop".to_owned(),
            name: "cart".to_owned(),
            operations: serde_json::json!([
                {"op": "add", "path": "/spec/template/spec/imagePullSecrets", "value": [{"name": "regcred"}]}
            ]),
        }),
        ..remedy("name regcred in the Deployment's template", Some(command), None)
    }];
    hidden.ladder = Some(Ladder {
        at: NOW.parse().unwrap(),
        endpoint: Endpoint::parse("quay.io").unwrap(),
        rungs: vec![
            rung(Stage::Name, Some(400), None),
            rung(Stage::Connect, Some(11_000), None),
            rung(Stage::Tls, Some(1_240_000), None),
            rung(Stage::Token, Some(210_000), None),
            rung(Stage::Manifest, Some(12_000_000), Some("401")),
        ],
    });
    hidden.requests = 1;
    report
}

/// Every text that comes from outside says `text`.
pub(crate) fn saying(text: &str) -> Report {
    let named = || Owner { api_version: text.to_owned(), kind: text.to_owned(), name: text.to_owned() };
    let somewhere = Place { container: text.to_owned(), ..place(text, Some(named()), text, text) };
    let bare = Place { owner: None, namespace: format!("{text}2"), ..somewhere.clone() };
    let mut all = finding(Cause::Unknown, Certainty::Undecided, text, vec![somewhere, bare]);
    all.missing = Some(text.to_owned());
    all.scope = Some(text.to_owned());
    all.image = Some(text.to_owned());
    all.images = vec![text.to_owned(), format!("{text}2")];
    all.rivals = vec![rival(Cause::Dns, Standing::Open, text), rival(Cause::Proxy, Standing::Excluded, text)];
    all.proof = vec![said(text, text, text)];
    all.observations = vec![said(&format!("{text}2"), text, text)];
    all.serving =
        vec![Serving { namespace: text.to_owned(), owner: named(), by: Some(named()), ready: 1, desired: 2 }];
    all.managed_by = vec![ManagedBy {
        tool: text.to_owned(),
        name: Some(text.to_owned()),
        owner: named(),
        namespace: text.to_owned(),
        change: text.to_owned(),
    }];
    all.injected_by = vec![Injected {
        owner: named(),
        container: text.to_owned(),
        replaced: true,
        injector: Some(text.to_owned()),
        evidence: Some(text.to_owned()),
    }];
    let patch = Patch {
        api_version: text.to_owned(),
        kind: text.to_owned(),
        namespace: text.to_owned(),
        name: text.to_owned(),
        operations: serde_json::json!([{"op": "add", "path": text, "value": text}]),
    };
    all.remedies = vec![
        Remedy {
            note: Some(text.to_owned()),
            tried_how: Some(text.to_owned()),
            changes: Some(text.to_owned()),
            undo: Some(text.to_owned()),
            patch: Some(patch.clone()),
            ..remedy(text, Some(text), Some(text))
        },
        Remedy { patch: Some(patch), ..remedy(text, None, None) },
    ];
    all.ladder = Some(Ladder {
        at: NOW.parse().unwrap(),
        endpoint: Endpoint::parse("registry.acme.test").unwrap(),
        rungs: vec![
            rung(Stage::Name, Some(1), None),
            rung(Stage::Connect, Some(1), Some(text)),
            rung(Stage::Tls, None, Some(text)),
        ],
    });
    all.not_looked_at = vec![text.to_owned(); 6];
    all.requests = 7;
    all.proof.push(Observation { by: Witness::Probe, ..said(&format!("{text}3"), text, text) });
    all.clears = Some(Clears::Transient);
    let mut likely = all.clone();
    likely.certainty = Certainty::Likely;
    likely.remedies.clear();
    let mut report = report(vec![all, likely], 3);
    report.cluster = Some(Cluster { context: Some(text.to_owned()), server: text.to_owned() });
    report.skipped = vec![
        skipped(text, text, Some(text), Some(text)),
        skipped(text, "so", None, Some(&format!("kubectl get {text}"))),
    ];
    report
}

/// Every built report.
pub(crate) fn all() -> Vec<Report> {
    let mut nothing_left = saying(HOSTILE);
    nothing_left.findings.clear();
    vec![
        several(),
        proven(),
        sandbox(),
        argo(),
        template(),
        clean(),
        unread(),
        saying(HOSTILE),
        saying("画像がない"),
        saying(""),
        nothing_left,
    ]
}
