//! An OCI registry, with a name server beside it, that can fail at every stage of a pull: for tests, for the
//! playground, and for real containerd and skopeo to pull from.
//!
//! - [`Configuration`]: endpoints with their [`Transport`], [`Dialect`], [`Login`], [`User`]s,
//!   [`Image`]s and [`Rule`]s; the same in YAML.
//! - [`Registry::start`], [`Running`]: addresses, the authority's PEM, the [`Request`]s that came, changes while it runs.
//! - [`dialect`]: what each vendor says, as a table.
//!
//! What goes wrong is data: rules of `when` and `then`, of which the first that fits a request wins. A request that
//! no rule fits is answered well.
//!
//! ```
//! use testkit_registry::{Answer, Configuration, Endpoint, Image, Limited, Nth, Registry, Route, Rule};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let hub = Endpoint::named("hub")
//!     .image(Image::small("team/app", "1.0"))
//!     .rule(Rule::on(Route::Manifest).method("GET").nth(Nth::First(2)).answer(Answer::Limited(Limited::default())))
//!     .rule(Rule::on(Route::Blob).reference("layer:0").status(404));
//! let running = Registry::start(Configuration::of(hub)).await?;
//! let image = format!("{}/team/app:1.0", running.endpoint("hub"));
//! // … pull `image` …
//! assert!(running.requests().is_empty(), "nobody asked yet");
//! running.set_rules("hub", vec![]);
//! running.stop().await;
//! # let _ = image;
//! # Ok(())
//! # }
//! ```
//!
//! The same as a file, for `testkit-registry serve --config FILE`:
//!
//! ```
//! # let text = r#"
//! endpoints:
//! - name: hub
//!   images:
//!   - repository: team/app
//!     tags: ["1.0"]
//!     form: {image: {layers: [{random: {bytes: 2048}}]}}
//!   rules:
//!   - when: {route: manifest, method: GET, nth: {first: 2}}
//!     then: {answer: {limited: {style: docker_hub, reset: 30s}}}
//!   - when: {route: blob, reference: "layer:0"}
//!     then: {status: 404}
//! # "#;
//! # assert_eq!(testkit_registry::Configuration::from_yaml(text).unwrap().endpoints[0].rules.len(), 2);
//! ```
//!
//! Which words make which fault:
//!
//! | fault | in the file |
//! |---|---|
//! | refused; accepts and is silent; reset | `transport: refused`; rules with `when: {route: connection}` and `then: {connection: silent}`, `{connection: reset}` |
//! | a bad certificate | `transport: {tls: {certificate: expired}}`, `transport: {tls: {certificate: unknown_authority}}` |
//! | 503 for 30 s, then well | `when: {route: manifest, until: 30s}`, `then: {status: 503}` |
//! | a proxy took the challenge off | `then: {answer: challenge_stripped}` |
//! | a login page | `then: {answer: login_page}`, `{answer: login_redirect}` |
//! | a vendor's own words | `then: {answer: {refusal_of: {dialect: ecr, case: expired_login}}}` |
//! | any words | `then: {answer: {error: {status: 412, code: PROJECTPOLICYVIOLATION, message: words}}}` |
//! | a token service that is ill | `when: {route: token}`, `then: {status: 403}`, `{body: {text: garbage}}`, `{delivery: silent}`, `{answer: empty_token}` |
//! | a realm elsewhere | `login: {bearer: {realm: {endpoint: auth}}}`, `login: {bearer: {realm: {literal: "http://169.254.169.254"}}}` |
//! | a layer gone, broken, slow | `when: {route: blob, reference: "layer:0"}`, `then: {status: 404}`, `{body: corrupt}`, `{body: damaged_gzip}`, `{delivery: {truncate: {}}}`, `{delivery: {pace: {bytes: 1, every: 1s}}}` |
//! | a blob from another host | `then: {answer: {redirect: "{url:cdn}{path}"}}` |
//! | endless, lying, bombs | `then: {delivery: endless}`, `{delivery: {length: 9000000}}`, `{body: {gzip_bomb: 1000000000}}` |
//! | a tag that moves between calls | `when: {reference: "1.0", nth: {after: 1}}`, `then: {answer: {instead: "1.1"}}` |
//! | names | `names: {records: [{name: a.test, answers: [servfail]}]}` |
//!
//! Nothing here dials: it only listens.

mod authority;
mod configuration;
mod content;
pub mod dialect;
mod glob;
mod log;
mod names;
mod running;
mod serve;

pub use configuration::{
    Answer, Attached, Body, Certificate, Configuration, ConfigurationError, ConnectionFault, Delivery,
    Endpoint, Entry, File, FileContent, Form, Image, Layer, LimitStyle, Limited, Login, Media, NameAnswer,
    Names, Nth, Quota, ReadyMade, Realm, Record, Route, Rule, Then, Tls, Token, Transport, User, When,
};
pub use content::{Built, digest};
pub use dialect::{Case, Dialect};
pub use log::{Connection, OnRequest, Question, Request};
pub use running::{Registry, Running};
