//! What somebody finds: a part of a name is enough, and what is not theirs is not there.

use mintreu_control::search::{Found, MOST};
use mintreu_control_testing::{Bench, on_both, scene::scene};

fn names(found: &Found) -> Vec<String> {
    let applications = found.applications.data.iter().map(|one| format!("application {}", one.name));
    let keys = found.keys.data.iter().map(|one| format!("key of {}", one.application_name));
    let tenants = found.tenants.data.iter().map(|one| format!("tenant {}", one.name));
    tenants.chain(applications).chain(keys).collect()
}

#[tokio::test]
async fn a_part_of_a_name_finds_records_of_ones_own_tenants_alone() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        let (bench, actor) = (&scene.bench, scene.who.actor());
        scene.provision("Winter Store").await;
        scene.provision("100% sale").await;
        let slug = scene.who.tenant().slug.clone();
        let within = bench.search(actor, Some(&slug), " sTORE").await.unwrap();
        assert_eq!(names(&within), ["application Winter Store"]);
        assert!(within.platform.is_none() && !within.applications.more);
        let everywhere = bench.search(actor, None, "ines").await.unwrap();
        assert_eq!(names(&everywhere), ["tenant ines Ltd"]);
        assert_eq!(names(&bench.search(actor, None, "%").await.unwrap()), ["application 100% sale"]);
        let id = &bench.search(actor, None, "mci_").await.unwrap().keys;
        assert_eq!(id.data.len(), 2, "keys are found by their client id");
        assert!(names(&bench.search(actor, None, "  \0").await.unwrap()).is_empty(), "no text finds nothing");
        assert_eq!(bench.search(actor, None, "shop").await.unwrap().products.data.len(), 1);

        let stranger = bench.person("sam").await;
        let refused = bench.search(&stranger, Some(&slug), "store").await.unwrap_err();
        assert_eq!(refused.problem().status, 404);
        assert!(names(&bench.search(&stranger, None, "store").await.unwrap()).is_empty());
        assert!(names(&bench.search(&stranger, None, "mci_").await.unwrap()).is_empty());
    })
    .await;
}

#[tokio::test]
async fn super_admins_find_everybody_and_results_are_few() {
    on_both(async |bench: Bench| {
        let ines = bench.person("ines").await;
        for number in 0..=MOST {
            bench.tenant(&ines, &format!("Harbour {number}")).await;
        }
        let found = bench.search(&bench.admin().await, None, "harbour").await.unwrap();
        assert!(found.tenants.data.is_empty(), "they are a member of none");
        let platform = found.platform.unwrap();
        assert_eq!((platform.tenants.data.len(), platform.tenants.more), (8, true));
        let users = bench.search(&bench.admin().await, None, "INES@people").await.unwrap().platform.unwrap().users;
        assert_eq!(users.data.len(), 1);
        let own = bench.search(&ines, None, "harbour").await.unwrap();
        assert_eq!((own.tenants.data.len(), own.tenants.more, own.platform.is_none()), (8, true, true));
    })
    .await;
}
