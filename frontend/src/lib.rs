//! The entry of the WebAssembly program: it wakes the islands, nothing else.

// Without a use of it the linker would drop the crate that holds the islands.
use mintreu_app as _;

/// Called once by the loader in `app/src/document.rs`, before the islands.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
