//! Layers: the same files make the same bytes.

use std::collections::BTreeMap;
use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::digest;
use crate::configuration::{File, FileContent};

/// A layer's bytes and the digest of its tar.
pub(super) struct Packed {
    pub(super) bytes: Vec<u8>,
    pub(super) diff_id: String,
}

pub(super) fn of_files(files: &BTreeMap<String, File>) -> io::Result<Packed> {
    let mut tar = tar::Builder::new(Vec::new());
    let mut made = Vec::<String>::new();
    for (path, file) in files {
        let path = path.trim_start_matches('/');
        for (at, _) in path.match_indices('/') {
            let folder = &path[..=at];
            if !made.iter().any(|known| known == folder) {
                made.push(folder.to_owned());
                append(&mut tar, folder, tar::EntryType::Directory, 0o755, &[])?;
            }
        }
        append(&mut tar, path, tar::EntryType::Regular, file.mode, &read(&file.content)?)?;
    }
    pack(tar.into_inner()?)
}

pub(super) fn of_random(bytes: u64, seed: u64) -> io::Result<Packed> {
    let size = usize::try_from(bytes).map_err(io::Error::other)?;
    let mut tar = tar::Builder::new(Vec::new());
    append(&mut tar, &format!("data-{seed}"), tar::EntryType::Regular, 0o644, &random(size, seed))?;
    pack(tar.into_inner()?)
}

/// Bytes drawn from a seed: splitmix64, whose constants are those of its author (prng.di.unimi.it/splitmix64.c).
pub(crate) fn random(size: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bytes.extend_from_slice(&(word ^ (word >> 31)).to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

fn append(
    tar: &mut tar::Builder<Vec<u8>>,
    path: &str,
    kind: tar::EntryType,
    mode: u32,
    bytes: &[u8],
) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(bytes.len() as u64);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    tar.append_data(&mut header, path, bytes)
}

fn pack(tar: Vec<u8>) -> io::Result<Packed> {
    Ok(Packed { bytes: stored(&tar)?, diff_id: digest(&tar) })
}

/// Gzip of stored blocks, by hand (RFC 1951, 3.2.4; RFC 1952): what a compressor makes of the same bytes is another
/// matter with each of its versions, and every digest here would be with it.
fn stored(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut gzip = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let mut blocks = bytes.chunks(usize::from(u16::MAX)).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).map_err(io::Error::other)?;
        gzip.push(u8::from(blocks.peek().is_none()));
        gzip.extend_from_slice(&length.to_le_bytes());
        gzip.extend_from_slice(&(!length).to_le_bytes());
        gzip.extend_from_slice(block);
    }
    let mut sum = flate2::Crc::new();
    sum.update(bytes);
    gzip.extend_from_slice(&sum.sum().to_le_bytes());
    gzip.extend_from_slice(&sum.amount().to_le_bytes());
    Ok(gzip)
}

fn read(content: &FileContent) -> io::Result<Vec<u8>> {
    match content {
        FileContent::Text(text) => Ok(text.clone().into_bytes()),
        FileContent::Base64(text) => STANDARD.decode(text).map_err(io::Error::other),
        FileContent::Path(path) => {
            std::fs::read(path).map_err(|error| io::Error::other(format!("{}: {error}", path.display())))
        }
        FileContent::Bytes(bytes) => Ok(bytes.clone()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn a_layer_is_gzip_of_its_tar() {
        let packed = of_random(200_000, 9).unwrap();
        let mut tar = Vec::new();
        flate2::read::GzDecoder::new(&packed.bytes[..]).read_to_end(&mut tar).unwrap();
        assert_eq!(digest(&tar), packed.diff_id);
    }
}
