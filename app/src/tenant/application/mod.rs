//! Applications of a tenant: the list, a new one, and one application with its tabs. `head` is
//! what all tabs begin with.

pub mod config;
pub mod head;
pub mod key;
pub mod key_new;
pub mod keys;
pub mod list;
pub mod new;
pub mod overview;
pub mod settings;
pub mod usage;

pub use config::ConfigPage;
pub use key::{KeyPage, RevokePage, RotatePage};
pub use key_new::{KeyCreatedPage, NewKeyPage};
pub use keys::KeysPage;
pub use list::Applications;
pub use new::NewApplicationPage;
pub use overview::OverviewPage;
pub use settings::{DeletePage, SettingsPage, SuspendPage};
pub use usage::ApplicationUsage;
