//! Subscriptions of a tenant: the list, one with what can be done to it, and the way to a new one.

mod list;
mod page;
mod subscribe;

pub use list::Subscriptions;
pub use page::SubscriptionPage;
pub use subscribe::SubscribePage;
