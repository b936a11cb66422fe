//! What every page of the back office begins with: proof of being a super admin, and what the
//! shell shows around it. `let (control, who, frame) = frame().await?;`

use mintreu_control::{Control, Operator};

use crate::{
    Error,
    components::{
        shell::{AdminFrame, FrameNotice, Viewer},
        time::moment,
    },
    context::{control, operator},
};

pub async fn frame() -> Result<(Control, Operator, AdminFrame), Error> {
    let (control, who) = (control()?, operator()?);
    let mut notices = Vec::new();
    if control.config.test_clock {
        notices.push(FrameNotice::TestClock { now: moment(control.clock.now()) });
    }
    let actor = who.actor();
    if !actor.email_verified {
        notices.push(FrameNotice::UnverifiedEmail);
    }
    let frame = AdminFrame {
        viewer: Viewer { name: actor.name.clone(), email: actor.email.clone(), is_admin: true },
        failed_jobs: control.count_dead_jobs(&who).await?,
        notices,
    };
    Ok((control, who, frame))
}

/// A parameter of the address as an id; what is none leads to the page for what is not there.
pub fn id<T: std::str::FromStr>(text: &str) -> Result<T, Error> {
    text.parse().map_err(|_| Error::not_found())
}
