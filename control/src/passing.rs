//! What a request writes in passing: that a session or a token was used. Where the database can be
//! read but not written, reading must go on, so nobody waits long for such a note or fails by it.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Semaphore, time::timeout};

use crate::{Control, Result, chain};

/// Notes that are being written at once; what comes beyond is left for the next request to note.
const AT_ONCE: usize = 4;
/// How long a request waits for its note.
const PATIENCE: Duration = Duration::from_millis(200);

#[derive(Debug)]
pub(crate) struct Notes(Arc<Semaphore>);

impl Default for Notes {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Control {
    /// Writes a note. `None` when it failed or takes too long; it may then be written later.
    pub(crate) async fn in_passing<T: Send + 'static>(&self, note: impl Future<Output = Result<T>> + Send + 'static) -> Option<T> {
        let place = Arc::clone(&self.notes.0).try_acquire_owned().ok()?;
        let writing = tokio::spawn(async move {
            let written = note.await;
            drop(place);
            if let Err(error) = &written {
                tracing::warn!(error = chain(error), "that a session or token was used could not be noted");
            }
            written.ok()
        });
        timeout(PATIENCE, writing).await.ok()?.ok()?
    }
}
