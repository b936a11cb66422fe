//! Addresses of static files. Names carry a hash of the content, so that browsers may keep them
//! for ever and a deployment never mixes old with new.

use std::path::Path;

/// The icon sprite, named by its content: it is compiled in, so page and sprite always agree.
pub const ICONS: &str = include_str!("../../public/icons.svg");

const fn fnv(text: &str) -> u32 {
    let bytes = text.as_bytes();
    let mut hash: u32 = 0x811c_9dc5;
    let mut rest = bytes;
    while let [first, tail @ ..] = rest {
        hash = (hash ^ *first as u32).wrapping_mul(0x0100_0193);
        rest = tail;
    }
    hash
}

/// Version of the sprite, for `/icons.svg?v=…`.
pub const ICONS_VERSION: u32 = fnv(ICONS);

/// What the build made: paths of script, WebAssembly and style sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assets {
    pub js: String,
    pub wasm: String,
    pub css: String,
}

impl Assets {
    /// Reads the names that `cargo leptos build` wrote to `hashes` (lines `js: hash`). Without the
    /// file the names have no hash: pages still work, as they do without any script.
    #[must_use]
    pub fn read(hashes: &Path) -> Self {
        Self::parse(&std::fs::read_to_string(hashes).unwrap_or_default())
    }

    fn parse(hashes: &str) -> Self {
        let name = |kind: &str| {
            let hash =
                hashes.lines().filter_map(|line| line.split_once(':')).find_map(|(key, hash)| (key.trim() == kind).then(|| hash.trim()));
            hash.map_or_else(|| format!("/pkg/mintreu.{kind}"), |hash| format!("/pkg/mintreu.{hash}.{kind}"))
        };
        Self { js: name("js"), wasm: name("wasm"), css: name("css") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashed_names_come_from_the_file_and_plain_ones_without_it() {
        let assets = Assets::parse("js: a1\nwasm: b2\ncss: c3\n");
        assert_eq!(assets.js, "/pkg/mintreu.a1.js");
        assert_eq!(assets.css, "/pkg/mintreu.c3.css");
        assert_eq!(Assets::parse("").wasm, "/pkg/mintreu.wasm");
    }
}
