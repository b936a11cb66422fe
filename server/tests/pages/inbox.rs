//! The inbox: told by the bell of every page, read by each member for themselves, without scripts.

use mintreu_control_testing::on_sqlite;

use crate::world::{Caller, world};

#[tokio::test]
async fn the_bell_says_what_is_unread_until_it_is_marked_as_read() {
    on_sqlite(async |bench| {
        let world = world(&bench).await;
        let (owner, viewer) = (world.cookie(Caller::Owner), world.cookie(Caller::Viewer));
        let (home, inbox) = (world.fill("/t/{tenant}"), world.fill("/t/{tenant}/inbox"));
        let open = async |path: &str, cookie: &str| world.site.open(path, cookie).await.text;
        assert!(open(&home, owner).await.contains("Inbox, 1 unread"));
        let page = open(&inbox, owner).await;
        assert!(page.contains("Shop is ready") && page.contains(&world.fill("/t/{tenant}/applications/{application}")), "{page}");
        let read = world.site.submit(&inbox, "inbox/read", owner, &world.fill("tenant={tenant}")).await;
        assert_eq!((read.status, read.header("location")), (303, inbox.as_str()), "{}", read.text);
        assert!(!open(&home, owner).await.contains("unread"));
        assert!(open(&format!("{inbox}?status=unread"), owner).await.contains("No notifications match"));
        assert!(open(&home, viewer).await.contains("Inbox, 1 unread"), "what the owner read is still new to others");
    })
    .await;
}
