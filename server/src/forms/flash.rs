//! Keeping a flash between two requests. The cookie holds the id and a mark of the page it is for,
//! so that another page does not take it.

use std::{
    collections::VecDeque,
    future::Future,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use http::{HeaderMap, HeaderValue};
use leptos::nonce::Nonce;
use mintreu_app::flash::Flash;
use mintreu_control::Control;

use crate::web;

/// Long enough to follow a redirect, short enough to be forgotten.
const LIVES: Duration = Duration::from_mins(5);

/// A boxed future, so that stores can be swapped at run time.
pub(crate) type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where flashes wait. A store that fails gives `None`: the page is then merely silent.
pub(crate) trait FlashStore: Send + Sync {
    /// Keeps it for a few minutes and names it by something that cannot be guessed.
    fn put(&self, flash: Flash) -> Later<'_, Option<String>>;
    /// Gives it once.
    fn take<'a>(&'a self, id: &'a str) -> Later<'a, Option<Flash>>;
}

/// Marks ids of flashes that wait in memory.
const HERE: &str = "here-";
/// Flashes that may wait in memory; the oldest goes first.
const HERE_MOST: usize = 1000;

/// In the platform's database, so that any replica can take it. While that is away they wait in the
/// memory of this process: what was typed must not be lost because it could not be saved.
pub(crate) struct Flashes {
    control: Control,
    here: Mutex<VecDeque<(String, Instant, Flash)>>,
}

impl Flashes {
    pub(crate) fn new(control: Control) -> Self {
        Self { control, here: Mutex::default() }
    }

    fn here(&self) -> MutexGuard<'_, VecDeque<(String, Instant, Flash)>> {
        self.here.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put_here(&self, flash: Flash) -> String {
        let id = format!("{HERE}{}", Nonce::new());
        let mut here = self.here();
        here.retain(|(_, since, _)| since.elapsed() < LIVES);
        if here.len() >= HERE_MOST {
            here.pop_front();
        }
        here.push_back((id.clone(), Instant::now(), flash));
        id
    }

    fn take_here(&self, id: &str) -> Option<Flash> {
        let mut here = self.here();
        let at = here.iter().position(|(known, since, _)| known == id && since.elapsed() < LIVES)?;
        here.remove(at).map(|(.., flash)| flash)
    }
}

impl FlashStore for Flashes {
    fn put(&self, flash: Flash) -> Later<'_, Option<String>> {
        Box::pin(async move {
            // A form that failed for want of the database would only wait for it once more.
            if flash.status == 503 {
                return Some(self.put_here(flash));
            }
            let text = serde_json::to_string(&flash).ok()?;
            Some(match self.control.flash_put(&text).await {
                Ok(id) => id,
                Err(_) => self.put_here(flash),
            })
        })
    }

    fn take<'a>(&'a self, id: &'a str) -> Later<'a, Option<Flash>> {
        Box::pin(async move {
            if id.starts_with(HERE) {
                return self.take_here(id);
            }
            let text = self.control.flash_take(id).await.ok()??;
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
    let text = format!("flash={id}.{}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{secure}", mark(path), LIVES.as_secs());
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
