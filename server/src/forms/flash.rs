//! Keeping a flash between two requests. The cookie holds the id and a mark of the page it is for,
//! so that another page does not take it.

use std::{
    future::Future,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    pin::Pin,
};

use http::{HeaderMap, HeaderValue};
use mintreu_app::flash::Flash;
use mintreu_control::Control;

use crate::web;

/// Long enough to follow a redirect, short enough to be forgotten.
const LIVES_SECONDS: u32 = 300;

/// A boxed future, so that stores can be swapped at run time.
pub(crate) type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where flashes wait. A store that fails gives `None`: the page is then merely silent.
pub(crate) trait FlashStore: Send + Sync {
    /// Keeps it for a few minutes and names it by something that cannot be guessed.
    fn put(&self, flash: Flash) -> Later<'_, Option<String>>;
    /// Gives it once.
    fn take<'a>(&'a self, id: &'a str) -> Later<'a, Option<Flash>>;
}

/// In the platform's database, so that any replica can take it.
impl FlashStore for Control {
    fn put(&self, flash: Flash) -> Later<'_, Option<String>> {
        Box::pin(async move {
            let text = serde_json::to_string(&flash).ok()?;
            self.flash_put(&text).await.ok()
        })
    }

    fn take<'a>(&'a self, id: &'a str) -> Later<'a, Option<Flash>> {
        Box::pin(async move {
            let text = self.flash_take(id).await.ok()??;
            serde_json::from_str(&text).ok()
        })
    }
}

fn mark(path: &str) -> String {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// `Set-Cookie` of a flash that waits for `path`.
pub(super) fn cookie(id: &str, path: &str, secure: bool) -> HeaderValue {
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("flash={id}.{}; Path=/; Max-Age={LIVES_SECONDS}; HttpOnly; SameSite=Lax{secure}", mark(path));
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("flash=; Path=/; Max-Age=0"))
}

/// `Set-Cookie` that forgets it.
pub(crate) fn clear_flash(secure: bool) -> HeaderValue {
    HeaderValue::from_static(if secure {
        "flash=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"
    } else {
        "flash=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
    })
}

/// The flash that waits for this page, once.
pub(crate) async fn take_flash(store: &dyn FlashStore, headers: &HeaderMap, target: &str) -> Option<Flash> {
    let (id, wanted) = web::cookie(headers, "flash")?.rsplit_once('.')?;
    if wanted != mark(target) {
        return None;
    }
    store.take(id).await.filter(|flash| flash.path == target)
}
