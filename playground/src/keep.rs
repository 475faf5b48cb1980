//! What to try by hand while the registries are up.

use std::io::{self, Write};

use crate::play::Played;
use crate::registries::{EDGE, METRICS, REGISTRY};

/// Addresses, the authority, and commands.
pub(crate) fn write(played: &Played, out: &mut dyn Write) -> io::Result<()> {
    let Played { running, folder, .. } = played;
    let (etc, authority) = (folder.etc(), folder.authority());
    let (etc, authority) = (etc.display(), authority.display());
    writeln!(
        out,
        "\nThe registries stay up until Ctrl-C, which also removes {}:\n",
        folder.path().display()
    )?;
    for (name, address) in running.addresses() {
        let about = if name == EDGE { " (nothing listens there)" } else { "" };
        writeln!(out, "  {name:<20} {address}{about}")?;
    }
    writeln!(out, "  {:<20} {}", "their name server", running.dns())?;
    let place = |name: &str| format!("{name}:{}", running.endpoint(name).port());
    let (registry, expired) = (place(REGISTRY), place(METRICS));
    write!(
        out,
        "  {:<20} {authority}\n\nTry (pullmedic is `cargo run --release --`, where it is not installed):\n\n  \
         pullmedic probe {registry}/shop/storefront:1.9.2 --node-config {etc}\n  \
         pullmedic probe {registry}/shop/storefront:1.92 --node-config {etc}\n  \
         pullmedic probe {expired}/monitoring/dashboards:11.2 --node-config {etc}\n  \
         pullmedic diagnose --from-transcript {} --why\n  \
         curl -i --cacert {authority} --resolve {registry}:127.0.0.1 https://{registry}/v2/\n",
        "their authority",
        folder.transcript().display(),
    )
}
