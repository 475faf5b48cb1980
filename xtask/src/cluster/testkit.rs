//! The test kit's own registry, which fails as it is told: built by cargo from this checkout, one process an endpoint.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

use super::configuration::write;
use super::layout::{checkout, pki, root};
use super::process::{Daemon, Running};
use super::registry::wait_for_port;
use crate::command::{command, run};

/// Records of its processes begin with this.
pub(crate) const RECORD: &str = "faults-at-";

/// Builds it and answers where the program is.
pub(crate) fn build() -> Result<PathBuf> {
    let mut build = command("cargo", &["build", "--quiet", "--package", "testkit-registry"]);
    run(build.current_dir(checkout()))?;
    Ok(program())
}

/// Where [`build`] puts it.
pub(crate) fn program() -> PathBuf {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| checkout().join("target"), PathBuf::from);
    target.join("debug/testkit-registry")
}

/// Where an endpoint listens and under which name.
pub(crate) struct Place<'a> {
    /// Its host name.
    pub(crate) host: &'a str,
    /// `address:port`.
    pub(crate) listen: &'a str,
    /// File name of its certificate; plain HTTP without.
    pub(crate) certificate: Option<&'a str>,
    /// OCI layouts to serve, by `repository:tag`.
    pub(crate) layouts: &'a [(String, PathBuf)],
}

/// Starts an endpoint (anew, if anything of it changed) and waits until it accepts connections.
pub(crate) fn ensure(
    program: &std::path::Path,
    holder: &Running,
    place: &Place<'_>,
    body: &Map<String, Value>,
) -> Result<()> {
    let configuration = serde_json::to_string_pretty(&json!({"endpoints": [endpoint(place, body)?]}))?;
    let folder = root().join("registry");
    let file = folder.join(format!("{RECORD}{}.yaml", place.host));
    write(&file, &configuration)?;
    let line = [program.display().to_string(), "serve".to_owned(), "--config".to_owned()];
    let mut line = line.to_vec();
    line.push(file.display().to_string());
    let mut daemon = Daemon::new(format!("{RECORD}{}", place.host), line).inside(holder);
    daemon.configuration = configuration;
    daemon.ensure()?;
    wait_for_port(place.listen).with_context(|| {
        let log = super::layout::log(&format!("{RECORD}{}", place.host));
        fs::read_to_string(log).unwrap_or_default()
    })
}

/// The scenario's words with name, address, certificate and images added. JSON is YAML.
fn endpoint(place: &Place<'_>, body: &Map<String, Value>) -> Result<Value> {
    let mut whole = body.clone();
    for (key, value) in
        [("name", json!(place.host)), ("host", json!(place.host)), ("listen", json!(place.listen))]
    {
        whole.insert(key.to_owned(), value);
    }
    if let Some(file) = place.certificate {
        let files = json!({"cert": pki(&format!("{file}.crt")), "key": pki(&format!("{file}.key"))});
        let tls = whole.entry("transport").or_insert_with(|| json!({"tls": {}}));
        let Some(tls) = tls.get_mut("tls") else {
            bail!("{}: a certificate needs the transport tls", place.host);
        };
        tls["certificate"] = json!({"files": files});
    }
    let images = whole.entry("images").or_insert_with(|| json!([]));
    for (name, layout) in place.layouts {
        let (repository, tag) = name.split_once(':').with_context(|| format!("{name} has no tag"))?;
        let image = json!({"repository": repository, "tags": [tag], "form": {"layout": {"path": layout}}});
        images.as_array_mut().context("images are a list")?.push(image);
    }
    Ok(Value::Object(whole))
}

/// `cargo xtask registry`: the program with these arguments, in the foreground.
pub(crate) fn forward(arguments: &[String]) -> Result<()> {
    let program = build()?;
    let status = Command::new(&program)
        .args(arguments)
        .status()
        .with_context(|| format!("could not start {}", program.display()))?;
    if !status.success() {
        bail!("{} ended with {status}", program.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenario_words_stay_and_the_place_is_added() {
        let layouts = [("shop/cart:1.0".to_owned(), PathBuf::from("/layout"))];
        let place = Place {
            host: "hub.acme.test",
            listen: "198.18.0.30:443",
            certificate: Some("endpoint-hub"),
            layouts: &layouts,
        };
        let body = json!({"dialect": "docker_hub", "rules": [{"then": {"status": 503}}]});
        let whole = endpoint(&place, body.as_object().unwrap()).unwrap();
        assert_eq!(whole["dialect"], "docker_hub");
        assert_eq!(whole["rules"][0]["then"]["status"], 503);
        assert_eq!((&whole["name"], &whole["listen"]), (&json!("hub.acme.test"), &json!("198.18.0.30:443")));
        assert_eq!(whole["images"][0]["form"]["layout"]["path"], "/layout");
        assert!(whole["transport"]["tls"]["certificate"]["files"]["cert"].is_string());
    }
}
