//! Subscriptions of a tenant: the list, one with what can be done to it, and the way to a new one.

pub mod list;
pub mod page;
pub mod subscribe;

pub use list::Subscriptions;
pub use page::SubscriptionPage;
pub use subscribe::SubscribePage;
