//! Nothing that a library logs holds a secret, at the most talkative level (security rows 10 and 29). A process of its own:
//! the subscriber counts for all of it.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute only, not its helpers")]

mod support;

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use pullmedic_model::probe::What;
use pullmedic_model::probe::route::Scheme;
use pullmedic_registry::Trust;
use support::{CANARY, ask, bench, credential, end, get, head};
use testkit_registry::{Body, Certificate, Endpoint, Image, Login, Route, Rule, Token, User};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber, span};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::{Layer, Registry};

/// Keeps all that is logged.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<String>>);

struct Into<'a>(&'a mut String);

impl Visit for Into<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        writeln!(self.0, "{field}={value:?}").unwrap();
    }
}

impl<S: Subscriber> Layer<S> for Kept {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = self.0.lock().unwrap();
        writeln!(text, "{}", event.metadata().target()).unwrap();
        event.record(&mut Into(&mut text));
    }

    fn on_new_span(&self, attributes: &span::Attributes<'_>, _: &span::Id, _: Context<'_, S>) {
        attributes.record(&mut Into(&mut self.0.lock().unwrap()));
    }
}

#[tokio::test]
async fn no_library_logs_a_secret() {
    let kept = Kept::default();
    tracing::subscriber::set_global_default(Registry::default().with(kept.clone())).unwrap();
    tracing_log::LogTracer::init().unwrap();
    tracing::trace!("seen");

    let tls = |name: &str, login: Login| Endpoint {
        host: Some("r.test".to_owned()),
        ..Endpoint::named(name)
            .image(Image::small("team/app", "1.0"))
            .tls(Certificate::Trusted)
            .login(login)
            .user(User::new("ann", CANARY, "team/*"))
    };
    let echo = format!("{{\"token\": \"not closed {CANARY}");
    let garbled = tls("garbled", Login::Bearer(Token::default()))
        .rule(Rule::on(Route::Token).status(200).body(Body::Text(echo)));
    let endpoints = vec![tls("basic", Login::Basic), tls("bearer", Login::Bearer(Token::default())), garbled];
    let bench = bench(endpoints, |running, settings| {
        let trust = Trust {
            authorities: vec![running.ca_pem().into_bytes()],
            headers: vec![("X-Mirror".to_owned(), format!("{CANARY}header").into())],
            replaces_system: true,
            ..Trust::default()
        };
        settings.trusts.insert(String::new(), trust);
    })
    .await;
    let mut shown = String::new();
    for (endpoint, password, expected) in [
        ("basic", CANARY, "got manifest"),
        ("bearer", CANARY, "got manifest"),
        ("garbled", CANARY, "token NotARegistry"),
        ("basic", "CANARY7fb1c0de-wrong", "manifest 401"),
    ] {
        let host = bench.host(endpoint, "r.test", Scheme::Https);
        let given = credential(&format!("{endpoint}-{password}"), "ann", password, &[host.endpoint.as_str()]);
        // The name of the secret is no secret, but it holds the canary here.
        let mut given = given;
        given.login.name.secret = format!("secret-{}", password.len());
        given.login.identity = String::new();
        let login = given.login.name.clone();
        bench.prober.add_credentials(vec![given]);
        for what in [head("1.0"), get("1.0"), What::Tags] {
            let mut ask = ask(host.clone(), "team/app", what.clone());
            ask.login = Some(login.clone());
            let record = bench.prober.ask(&ask, None).await;
            if what == head("1.0") {
                assert_eq!(end(&record), expected, "{endpoint}");
            }
            shown += &support::written(&record);
        }
    }
    write!(shown, "{:?}", bench.prober).unwrap();
    let logged = kept.0.lock().unwrap();
    assert!(logged.contains("seen") && logged.lines().count() > 20, "libraries do log: {logged}");
    assert!(!logged.contains(CANARY), "{logged}");
    assert!(!shown.contains(CANARY), "{shown}");
}
