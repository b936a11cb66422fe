//! The building blocks of pages: one file each, rendered on the server. `/styleguide` shows every
//! one in every state. To add one: a file here, its style in `style/components/`, an example in
//! `styleguide/`. Text props take `&str` or `String`; view props take a view or text (`Slot`).

pub mod badge;
pub mod banner;
pub mod brand;
pub mod breadcrumbs;
pub mod button;
pub mod card;
pub mod chart;
pub mod chips;
pub mod code;
pub mod columns;
pub mod copy;
pub mod dialog;
pub mod diff;
pub mod empty;
pub mod error_page;
pub mod facts;
pub mod field;
pub mod flash_message;
pub mod form;
pub mod icon;
pub mod kpi;
pub mod list;
pub mod menu;
pub mod nav;
pub mod page_header;
pub mod pagination;
pub mod palette;
pub mod prose;
pub mod query;
pub mod quota;
pub mod range;
pub mod report;
pub mod secret;
pub mod shell;
pub mod slot;
pub mod snippet;
pub mod svg;
pub mod table;
pub mod tabs;
pub mod theme_choice;
pub mod time;
pub mod timeline;
pub mod title;

/// Everything a page needs: `use crate::components::prelude::*;`.
pub mod prelude {
    pub use super::{
        badge::*, banner::*, breadcrumbs::*, button::*, card::*, chart::*, chips::*, code::*, columns::*, copy::*, dialog::*, diff::*,
        empty::*, error_page::*, facts::*, field::*, form::*, icon::*, kpi::*, list::*, menu::*, page_header::*, pagination::*, palette::*,
        prose::*, query::*, quota::*, range::*, report::*, secret::*, shell::*, slot::*, snippet::*, table::*, tabs::*, time::*,
        timeline::*, title::*,
    };
    pub use crate::cells;
}
