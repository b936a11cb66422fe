//! Wake-ups for whoever watches an application. They say that something may have changed, never
//! what: the watcher reads again. Other replicas' changes do not come this way; poll for those.

use futures_util::{Stream, stream};
use mintreu_model::id::ApplicationId;
use tokio::sync::broadcast::{self, error::RecvError};

use crate::Control;

/// Wake-ups that a slow watcher may fall behind by before it is simply told to look.
const BACKLOG: usize = 256;

#[derive(Debug)]
pub(crate) struct Watchers(broadcast::Sender<ApplicationId>);

impl Watchers {
    pub(crate) fn new() -> Self {
        Self(broadcast::channel(BACKLOG).0)
    }
}

impl Control {
    /// One item each time that the application may have changed. Ends only with the platform.
    pub fn watch_application(&self, id: ApplicationId) -> impl Stream<Item = ()> + Send + 'static + use<> {
        stream::unfold(self.watchers.0.subscribe(), move |mut receiver| async move {
            loop {
                match receiver.recv().await {
                    Ok(changed) if changed == id => return Some(((), receiver)),
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => return Some(((), receiver)),
                    Err(RecvError::Closed) => return None,
                }
            }
        })
    }

    /// Wakes watchers, where `target` is an application. Call it after the commit.
    pub(crate) fn told(&self, target: &str) {
        if let Ok(id) = target.parse() {
            self.told_of(id);
        }
    }

    pub(crate) fn told_of(&self, id: ApplicationId) {
        // Nobody watching is the usual case.
        let _ = self.watchers.0.send(id);
    }
}
