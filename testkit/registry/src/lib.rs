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
