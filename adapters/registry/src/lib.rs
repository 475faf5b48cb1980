//! The staged network client: name, connect, TLS, token, manifest, blobs.
