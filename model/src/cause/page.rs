//! The shape of a cause's page.

use super::Cause;

/// What `pullmedic explain CODE` prints and `docs/causes/CODE.md` holds. Plain sentences, one paragraph a field.
#[derive(Debug)]
pub struct Page {
    /// What the cause means, in two sentences.
    pub meaning: &'static str,
    /// How Kubernetes shows it: texts as a kubelet or runtime prints them, with the image and host left generic.
    pub shows: &'static [Shown],
    /// What proves it.
    pub proof: &'static str,
    /// What looks like it and is not, with the difference.
    pub lookalikes: &'static [(Cause, &'static str)],
    /// How it is mended, and by whom. One step an entry.
    pub mend: &'static [&'static str],
    /// How to prevent the next one.
    pub prevent: &'static str,
}

/// One text by which Kubernetes shows a cause.
#[derive(Debug)]
pub struct Shown {
    /// Who says it: `kubelet`, `containerd 1.6`, `containerd 2.x`, `CRI-O`, `docker`.
    pub by: &'static str,
    /// The text, with generic names.
    pub text: &'static str,
    /// The upstream source of the text: a URL, or `our cluster` for one that our own cluster printed.
    pub source: &'static str,
}
