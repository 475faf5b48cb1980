//! S10, S11, S13, S14: connections and TLS.

use pullmedic_model::Cause::{
    self, ClockSkew, ConnectTimeout, HttpOnHttps, PullQueued, PullStalled, TlsExpired, TlsHandshakeTimeout,
    TlsHostnameMismatch,
};
use pullmedic_model::Certainty::{Likely, Proven, Undecided};
use pullmedic_model::probe::record::Certificate;
use pullmedic_model::probe::{Class, Got};
use pullmedic_model::{Captured, Confidence, Stage};
use pullmedic_probe::Limits;

use super::{CART, certain, held};
use crate::support::{at, case, got, refused, run, run_with};

#[test]
fn s11_silence_is_proven_when_we_waited_as_long_as_the_runtime() {
    for (cause, stage, class) in [
        (ConnectTimeout, Stage::Connect, Class::ConnectTimeout),
        (TlsHandshakeTimeout, Stage::Tls, Class::TlsTimeout),
        (ConnectTimeout, Stage::Manifest, Class::AnswerTimeout),
    ] {
        let words = certain(cause, stage, "i/o timeout");
        held(&run(&words.0, |ask| refused(ask, stage, class)), cause, Proven);
        // Rule 12: a shorter wait only allows.
        let hasty = run(&words.0, |ask| {
            let mut record = refused(ask, stage, class);
            record.steps.last_mut().unwrap().took_us = 3_000_000;
            record
        });
        held(&hasty, cause, Likely);
        assert!(hasty.verdict.missing.as_ref().unwrap().contains("we waited 3.0 s"), "{hasty:#?}");
    }
}

#[test]
fn s11c_on_containerd_1_6_nobody_can_tell_a_stall_from_a_queue() {
    let words = case(CART).said((PullStalled, Confidence::Weak, &[PullQueued]), None, "", None, "");
    let run = run(&words.0, |_| panic!("nothing that is asked from here would tell"));
    held(&run, PullStalled, Undecided);
    assert!(run.is_open(PullQueued));
    // The bare event, without a hypothesis.
    let event = case(CART).said((Cause::Unknown, Confidence::Weak, &[]), None, "", None, "");
    let event = event.with(|case| case.words.as_mut().unwrap().reason = Captured::new("Pulling"));
    held(&super::super::support::run(&event.0, |_| panic!("nothing would tell")), PullStalled, Undecided);
}

fn shown() -> Certificate {
    Certificate {
        subject: Captured::new("CN=registry.acme.test"),
        issuer: Captured::new("CN=Acme CA"),
        names: vec!["other.acme.test".into()],
        not_before: Some(at(-1_000_000)),
        not_after: Some(at(-1_000)),
        chain_ends_at: Captured::new("CN=Acme Root"),
    }
}

#[test]
fn s12_s13_the_certificate_is_read() {
    for (cause, class, leaf) in [
        (TlsExpired, Class::CertificateExpired, "current time 2026-11-22 is after 2026-11-01"),
        (TlsHostnameMismatch, Class::HostnameMismatch, "certificate is valid for other.acme.test"),
        (Cause::TlsUnknownAuthority, Class::UnknownAuthority, "signed by unknown authority"),
    ] {
        let run = run(&certain(cause, Stage::Tls, leaf).0, |ask| {
            let mut record = refused(ask, Stage::Tls, class);
            record.steps.last_mut().unwrap().certificate = Some(shown());
            record
        });
        held(&run, cause, Proven);
        let evidence = &run.verdict.evidence;
        assert_eq!(evidence.certificate_names, ["other.acme.test"]);
        assert_eq!(evidence.certificate_dates, Some((at(-1_000_000), at(-1_000))));
        let authority = (cause == Cause::TlsUnknownAuthority).then_some("CN=Acme Root");
        assert_eq!(evidence.authority.as_deref(), authority);
        assert!(!evidence.authority_of_node, "seen from elsewhere");
    }
}

#[test]
fn s13_a_certificate_that_is_good_here_leaves_the_nodes_clock_open() {
    let said = (TlsExpired, Confidence::Certain, &[ClockSkew][..]);
    let words = case(CART).said(said, Stage::Tls, "registry.acme.test", None, "is after 2026-11-01");
    let run = run(&words.0, |ask| got(ask, Got::Ping));
    assert_eq!(run.verdict.certainty, Undecided);
    assert!(run.is_open(ClockSkew), "{run:#?}");
}

#[test]
fn s14_plain_http_is_proven_and_tried_only_where_it_may() {
    let words = certain(HttpOnHttps, Stage::Tls, "server gave HTTP response to HTTPS client");
    let world = |ask: &pullmedic_model::probe::Ask| match ask.host.scheme {
        pullmedic_model::probe::route::Scheme::Http => got(ask, Got::Ping),
        _ => refused(ask, Stage::Tls, Class::PlainHttpOnTlsPort),
    };
    let never = run(&words.0, world);
    held(&never, HttpOnHttps, Proven);
    assert_eq!((never.transcript.len(), never.verdict.evidence.plain_http_passes), (1, false));
    let may = run_with(&words.0, &Limits { allow_plain_http: true, ..Limits::default() }, world);
    held(&may, HttpOnHttps, Proven);
    assert!(may.verdict.evidence.plain_http_passes);
}
