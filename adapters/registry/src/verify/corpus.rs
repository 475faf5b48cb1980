//! Chains judged here and by Go's `crypto/x509`, side by side: the classes must be the same, but for what is listed.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints,
    SanType, date_time_ymd,
};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, UnixTime};
use serde_json::{Value, json};

use super::judge;
use crate::trust::Trusted;

/// Where our class is not Go's: name, ours, Go's, why. All of ours are `our-tls-limit`, which is never a cause.
const KNOWN: [(&str, &str, &str, &str); 5] = [
    ("ca-as-leaf", "our-tls-limit", "ok", "webpki takes no CA for a leaf; Go does not look"),
    ("for-anything", "our-tls-limit", "ok", "webpki does not know the extended key usage `any`"),
    ("critical-policies", "our-tls-limit", "ok", "webpki handles no critical certificate policies"),
    ("trailing-bytes", "our-tls-limit", "unreadable", "neither reads it; we do not say whose fault that is"),
    ("leaf-is-garbage", "our-tls-limit", "unreadable", "likewise"),
];

struct Authority {
    der: Vec<u8>,
    issuer: Issuer<'static, KeyPair>,
}

fn authority(name: &str, by: Option<&Authority>, change: impl FnOnce(&mut CertificateParams)) -> Authority {
    let mut params = CertificateParams::default();
    params.distinguished_name = common_name(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2090, 1, 1);
    change(&mut params);
    let key = KeyPair::generate().expect("a key");
    let certificate = match by {
        Some(by) => params.signed_by(&key, &by.issuer),
        None => params.self_signed(&key),
    };
    let der = certificate.expect("a certificate").der().to_vec();
    Authority { der, issuer: Issuer::new(params, key) }
}

fn common_name(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::CommonName, name);
    names
}

fn leaf(by: Option<&Authority>, change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
    leaf_of(by, &KeyPair::generate().expect("a key"), change)
}

fn leaf_of(by: Option<&Authority>, key: &KeyPair, change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
    let mut params = CertificateParams::new(vec!["r.test".to_owned()]).expect("a name");
    params.distinguished_name = common_name("leaf");
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2090, 1, 1);
    change(&mut params);
    let certificate = match by {
        Some(by) => params.signed_by(key, &by.issuer),
        None => params.self_signed(key),
    };
    certificate.expect("a certificate").der().to_vec()
}

struct Case {
    name: &'static str,
    host: &'static str,
    chain: Vec<Vec<u8>>,
    roots: Vec<Vec<u8>>,
}

fn past(params: &mut CertificateParams) {
    params.not_after = date_time_ymd(2021, 1, 1);
}

fn future(params: &mut CertificateParams) {
    params.not_before = date_time_ymd(2080, 1, 1);
}

fn dns(name: &str) -> SanType {
    SanType::DnsName(name.try_into().expect("a name"))
}

fn corpus() -> Vec<Case> {
    let root = authority("root", None, |_| {});
    let other = authority("other root", None, |_| {});
    let between = authority("between", Some(&root), |_| {});
    let mut cases = Vec::new();
    let mut add = |name, host, chain: Vec<&[u8]>, roots: Vec<&[u8]>| {
        let owned = |list: Vec<&[u8]>| list.into_iter().map(<[u8]>::to_vec).collect();
        cases.push(Case { name, host, chain: owned(chain), roots: owned(roots) });
    };
    let good = leaf(Some(&root), |_| {});
    let below = leaf(Some(&between), |_| {});
    add("good", "r.test", vec![&good], vec![&root.der]);
    add("good-upper-case-host", "R.TEST", vec![&good], vec![&root.der]);
    add("with-intermediate", "r.test", vec![&below, &between.der], vec![&root.der]);
    add("missing-intermediate", "r.test", vec![&below], vec![&root.der]);
    add("intermediate-is-root", "r.test", vec![&below], vec![&between.der]);
    add("root-sent-along", "r.test", vec![&good, &root.der], vec![&root.der]);
    add("unknown-authority", "r.test", vec![&good], vec![&other.der]);
    add("unknown-authority-sent-along", "r.test", vec![&good, &root.der], vec![&other.der]);
    add("no-roots", "r.test", vec![&good], vec![]);
    add("other-name", "s.test", vec![&good], vec![&root.der]);
    add("other-name-and-unknown", "s.test", vec![&good], vec![&other.der]);
    add("address-not-named", "127.0.0.1", vec![&good], vec![&root.der]);

    let twin = authority("root", None, |_| {});
    add("authority-of-the-same-name", "r.test", vec![&good], vec![&twin.der]);

    let expired = leaf(Some(&root), past);
    add("expired", "r.test", vec![&expired], vec![&root.der]);
    add("expired-and-unknown", "r.test", vec![&expired], vec![&other.der]);
    add("expired-and-other-name", "s.test", vec![&expired], vec![&root.der]);
    add("not-yet-valid", "r.test", vec![&leaf(Some(&root), future)], vec![&root.der]);

    let old_between = authority("old between", Some(&root), past);
    add(
        "intermediate-expired",
        "r.test",
        vec![&leaf(Some(&old_between), |_| {}), &old_between.der],
        vec![&root.der],
    );
    let new_between = authority("new between", Some(&root), future);
    add(
        "intermediate-not-yet-valid",
        "r.test",
        vec![&leaf(Some(&new_between), |_| {}), &new_between.der],
        vec![&root.der],
    );
    let old_root = authority("old root", None, past);
    add("root-expired", "r.test", vec![&leaf(Some(&old_root), |_| {})], vec![&old_root.der]);
    let new_root = authority("new root", None, future);
    add("root-not-yet-valid", "r.test", vec![&leaf(Some(&new_root), |_| {})], vec![&new_root.der]);

    let named = |names: Vec<SanType>| leaf(Some(&root), move |params| params.subject_alt_names = names);
    let star = named(vec![dns("*.r.test")]);
    add("wildcard", "a.r.test", vec![&star], vec![&root.der]);
    add("wildcard-two-labels", "a.b.r.test", vec![&star], vec![&root.der]);
    add("wildcard-itself", "r.test", vec![&star], vec![&root.der]);
    let address = named(vec![SanType::IpAddress("127.0.0.1".parse().expect("an address"))]);
    add("address", "127.0.0.1", vec![&address], vec![&root.der]);
    add("address-other", "127.0.0.2", vec![&address], vec![&root.der]);
    let underscore = named(vec![dns("my_registry.test")]);
    add("underscore", "my_registry.test", vec![&underscore], vec![&root.der]);
    let nameless = |name: &'static str| {
        leaf(Some(&root), move |params| {
            params.subject_alt_names = Vec::new();
            params.distinguished_name = common_name(name);
        })
    };
    add("common-name-only", "r.test", vec![&nameless("r.test")], vec![&root.der]);
    add("no-name-at-all", "r.test", vec![&nameless("Acme Registry")], vec![&root.der]);

    let own = leaf(None, |_| {});
    add("self-signed", "r.test", vec![&own], vec![&root.der]);
    add("self-signed-trusted", "r.test", vec![&own], vec![&own]);
    let own_ca = leaf(None, |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    add("self-signed-ca-trusted", "r.test", vec![&own_ca], vec![&own_ca]);
    add("self-signed-ca-trusted-other-name", "s.test", vec![&own_ca], vec![&own_ca]);
    add("leaf-itself-trusted", "r.test", vec![&good], vec![&good]);
    let ca_leaf = leaf(Some(&root), |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    add("ca-as-leaf", "r.test", vec![&ca_leaf], vec![&root.der]);

    let purpose = |purpose: ExtendedKeyUsagePurpose| {
        leaf(Some(&root), move |params| params.extended_key_usages = vec![purpose])
    };
    add("for-servers", "r.test", vec![&purpose(ExtendedKeyUsagePurpose::ServerAuth)], vec![&root.der]);
    add("for-clients", "r.test", vec![&purpose(ExtendedKeyUsagePurpose::ClientAuth)], vec![&root.der]);
    add("for-anything", "r.test", vec![&purpose(ExtendedKeyUsagePurpose::Any)], vec![&root.der]);
    let clients_only =
        leaf(None, |params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]);
    add("trusted-itself-for-clients", "r.test", vec![&clients_only], vec![&clients_only]);
    let for_clients = authority("for clients", Some(&root), |p| {
        p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]
    });
    add(
        "intermediate-for-clients",
        "r.test",
        vec![&leaf(Some(&for_clients), |_| {}), &for_clients.der],
        vec![&root.der],
    );

    let no_ca = authority("no ca", Some(&root), |params| params.is_ca = IsCa::ExplicitNoCa);
    add("intermediate-no-ca", "r.test", vec![&leaf(Some(&no_ca), |_| {}), &no_ca.der], vec![&root.der]);
    let no_sign =
        authority("no sign", Some(&root), |p| p.key_usages = vec![KeyUsagePurpose::DigitalSignature]);
    add(
        "intermediate-may-not-sign",
        "r.test",
        vec![&leaf(Some(&no_sign), |_| {}), &no_sign.der],
        vec![&root.der],
    );
    let root_no_sign =
        authority("root no sign", None, |p| p.key_usages = vec![KeyUsagePurpose::DigitalSignature]);
    add("root-may-not-sign", "r.test", vec![&leaf(Some(&root_no_sign), |_| {})], vec![&root_no_sign.der]);
    let root_no_ca = authority("root no ca", None, |p| p.is_ca = IsCa::NoCa);
    add("root-no-ca", "r.test", vec![&leaf(Some(&root_no_ca), |_| {})], vec![&root_no_ca.der]);
    let narrow = authority("narrow", Some(&root), |p| p.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)));
    let under = authority("under", Some(&narrow), |_| {});
    add(
        "path-too-long",
        "r.test",
        vec![&leaf(Some(&under), |_| {}), &under.der, &narrow.der],
        vec![&root.der],
    );

    let constrained = |permitted: Vec<GeneralSubtree>, excluded: Vec<GeneralSubtree>| {
        authority("constrained", Some(&root), move |params| {
            params.name_constraints =
                Some(NameConstraints { permitted_subtrees: permitted, excluded_subtrees: excluded });
        })
    };
    let tree = |name: &str| GeneralSubtree::DnsName(name.to_owned());
    for (name, by) in [
        ("name-permitted", constrained(vec![tree("test")], vec![])),
        ("name-not-permitted", constrained(vec![tree("corp")], vec![])),
        ("name-excluded", constrained(vec![], vec![tree("r.test")])),
        (
            "addresses-only-permitted",
            constrained(
                vec![GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([10, 0, 0, 0], 8))],
                vec![],
            ),
        ),
    ] {
        add(name, "r.test", vec![&leaf(Some(&by), |_| {}), &by.der], vec![&root.der]);
    }

    let odd = |critical: bool| {
        let mut extension = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99999, 1], vec![5, 0]);
        extension.set_criticality(critical);
        extension
    };
    add(
        "unknown-extension",
        "r.test",
        vec![&leaf(Some(&root), |p| p.custom_extensions = vec![odd(false)])],
        vec![&root.der],
    );
    add(
        "critical-unknown",
        "r.test",
        vec![&leaf(Some(&root), |p| p.custom_extensions = vec![odd(true)])],
        vec![&root.der],
    );
    let strange = authority("strange", Some(&root), |p| p.custom_extensions = vec![odd(true)]);
    add(
        "critical-unknown-intermediate",
        "r.test",
        vec![&leaf(Some(&strange), |_| {}), &strange.der],
        vec![&root.der],
    );

    let mut policies = CustomExtension::from_oid_content(
        &[2, 5, 29, 32],
        vec![0x30, 0x06, 0x30, 0x04, 0x06, 0x02, 0x2a, 0x03],
    );
    policies.set_criticality(true);
    add(
        "critical-policies",
        "r.test",
        vec![&leaf(Some(&root), |p| p.custom_extensions = vec![policies])],
        vec![&root.der],
    );

    for (name, algorithm) in [
        ("p384", &rcgen::PKCS_ECDSA_P384_SHA384),
        ("p521", &rcgen::PKCS_ECDSA_P521_SHA512),
        ("ed25519", &rcgen::PKCS_ED25519),
    ] {
        let key = KeyPair::generate_for(algorithm).expect("a key");
        add(name, "r.test", vec![&leaf_of(Some(&root), &key, |_| {})], vec![&root.der]);
    }

    let mut tampered = good.clone();
    if let Some(last) = tampered.last_mut() {
        *last ^= 1;
    }
    add("tampered", "r.test", vec![&tampered], vec![&root.der]);
    let trailing = [good.as_slice(), b"garbage"].concat();
    add("trailing-bytes", "r.test", vec![&trailing], vec![&root.der]);
    add("leaf-is-garbage", "r.test", vec![b"garbage"], vec![&root.der]);
    add("stray-certificate-sent-along", "r.test", vec![&good, &other.der], vec![&root.der]);
    add("leaf-sent-twice", "r.test", vec![&below, &below, &between.der], vec![&root.der]);
    cases
}

fn ours(case: &Case) -> String {
    let certificates =
        |list: &[Vec<u8>]| list.iter().map(|der| CertificateDer::from(der.clone())).collect::<Vec<_>>();
    let trusted = Trusted::of(certificates(&case.roots), None, Vec::new());
    let algorithms = default_provider().signature_verification_algorithms;
    match judge(&certificates(&case.chain), case.host, &trusted, &algorithms, UnixTime::now()) {
        Ok(()) => "ok".to_owned(),
        Err((class, _, _)) => serde_json::to_value(class)
            .ok()
            .and_then(|value| value.as_str().map(str::to_owned))
            .expect("a class without a number is a word"),
    }
}

/// Go's verdicts by name; `None` when no Go is installed.
fn of_go(cases: &[Case]) -> Option<BTreeMap<String, Value>> {
    Command::new("go").arg("version").output().ok()?;
    let folder = tempfile::tempdir().expect("a folder");
    for case in cases {
        let encoded = |list: &[Vec<u8>]| list.iter().map(|der| STANDARD.encode(der)).collect::<Vec<_>>();
        let text = json!({"host": case.host, "chain": encoded(&case.chain), "roots": encoded(&case.roots)});
        std::fs::write(folder.path().join(format!("{}.json", case.name)), text.to_string()).expect("written");
    }
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testkit/cluster");
    let output = Command::new("go")
        .args(["run", "./x509"])
        .arg(folder.path())
        .current_dir(module)
        .output()
        .expect("go runs: it told its version");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).expect("the program prints JSON"))
}

#[test]
fn chains_are_judged_as_go_judges_them() {
    let cases = corpus();
    let Some(of_go) = of_go(&cases) else {
        println!("not compared: no go on PATH");
        return;
    };
    assert_eq!(of_go.len(), cases.len(), "every case has a name of its own");
    let mut wrong = Vec::new();
    for case in &cases {
        let answer = &of_go[case.name];
        let (ours, theirs) = (ours(case), answer["verdict"].as_str().unwrap_or_default());
        let expected = KNOWN.iter().find(|(name, ..)| *name == case.name);
        let is_right = match expected {
            Some((_, known_ours, known_theirs, _)) => ours == *known_ours && theirs == *known_theirs,
            None => ours == theirs,
        };
        if !is_right {
            wrong.push(format!("{}: ours {ours}, Go's {theirs} ({})", case.name, answer["words"]));
        }
    }
    assert!(wrong.is_empty(), "of {} chains:\n{}", cases.len(), wrong.join("\n"));
}
