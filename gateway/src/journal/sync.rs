//! Strict durability: one thread makes what was written last through a loss of power. Whoever
//! waits while it works is served together by its next round.

use std::{
    io,
    sync::{Arc, mpsc},
    thread,
};

use tokio::sync::oneshot;

use super::segment::Live;

/// True when the record will last; false when it never counts.
pub(crate) struct Synced(oneshot::Receiver<bool>);

impl Synced {
    pub(crate) async fn holds(self) -> bool {
        self.0.await.unwrap_or(false)
    }
}

struct Wish {
    live: Arc<Live>,
    end: u64,
    told: oneshot::Sender<bool>,
}

pub(super) struct Syncer(mpsc::Sender<Wish>);

impl Syncer {
    pub(super) fn start() -> io::Result<Self> {
        let (wishes, asked) = mpsc::channel();
        thread::Builder::new().name("journal-sync".to_owned()).spawn(move || run(&asked))?;
        Ok(Self(wishes))
    }

    pub(super) fn sync(&self, live: Arc<Live>, end: u64) -> Synced {
        let (told, hears) = oneshot::channel();
        // A thread that is gone tells nobody: the call is refused.
        drop(self.0.send(Wish { live, end, told }));
        Synced(hears)
    }
}

fn run(asked: &mpsc::Receiver<Wish>) {
    while let Ok(first) = asked.recv() {
        let mut round = vec![first];
        round.extend(asked.try_iter());
        let mut outcomes: Vec<(Arc<Live>, bool)> = Vec::new();
        for wish in round {
            let known = outcomes.iter().find(|(live, _)| Arc::ptr_eq(live, &wish.live)).map(|(_, holds)| *holds);
            let holds = known.unwrap_or_else(|| {
                let holds = sync(&wish.live);
                outcomes.push((Arc::clone(&wish.live), holds));
                holds
            });
            if holds {
                wish.live.publish(wish.end);
            }
            // A client that has left does not listen.
            let _ = wish.told.send(holds);
        }
    }
}

/// After a failure nobody knows what the disk holds: everything that is not known to last is cut
/// off, and nothing is written behind it.
fn sync(live: &Live) -> bool {
    if live.is_broken() {
        live.cut(live.readable());
        return false;
    }
    if let Err(error) = live.sync() {
        tracing::error!(segment = %live.id, %error, "the usage journal could not be made durable");
        live.break_off();
        live.cut(live.readable());
        return false;
    }
    true
}
