//! A place in a component for any view, so that callers write `actions=view! { … }` or plain text.

use leptos::prelude::*;

/// A view that was handed over; made from anything that renders.
pub struct Slot(AnyView);

impl<T: IntoView + 'static> From<T> for Slot {
    fn from(view: T) -> Self {
        Self(view.into_any())
    }
}

impl Slot {
    /// The view, to be put where it belongs.
    #[must_use]
    pub fn view(self) -> AnyView {
        self.0
    }
}

/// `Vec<Slot>` of cells that differ in type: `cells![view! { <b>"A"</b> }, "text", 3]`.
#[macro_export]
macro_rules! cells {
    ($($cell:expr),* $(,)?) => { ::std::vec![$($crate::components::slot::Slot::from($cell)),*] };
}
