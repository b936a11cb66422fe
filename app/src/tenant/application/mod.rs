//! Applications of a tenant: the list, a new one, and one application with its tabs. `head` is
//! what all tabs begin with.

mod config;
mod head;
mod key;
mod key_new;
mod keys;
mod list;
mod new;
mod overview;
mod settings;
mod usage;

pub use config::ConfigPage;
pub use key::{KeyPage, RevokePage, RotatePage};
pub use key_new::{KeyCreatedPage, NewKeyPage};
pub use keys::KeysPage;
pub use list::Applications;
pub use new::NewApplicationPage;
pub use overview::OverviewPage;
pub use settings::{DeletePage, SettingsPage, SuspendPage};
pub use usage::ApplicationUsage;
