//! Tenants and who may see them.

mod common;

use common::on_both;
use mintreu_control::{
    Error,
    access::{ManageTenant, ViewTenant},
};
use mintreu_model::form::tenant::RenameTenant;

#[tokio::test]
async fn who_is_no_member_learns_nothing_of_a_tenant() {
    on_both(async |bench| {
        let (ines, sam) = (bench.person("ines").await, bench.person("sam").await);
        let tenant = bench.tenant(&ines, "Fjordline").await;
        assert!(matches!(bench.permit::<ViewTenant>(&sam, tenant.id).await, Err(Error::NotFound(_))));
        assert_eq!(bench.permit::<ViewTenant>(&ines, tenant.id).await.unwrap().tenant_id(), tenant.id);
    })
    .await;
}

#[tokio::test]
async fn a_tenant_keeps_its_slug_when_it_is_renamed() {
    on_both(async |bench| {
        let owner = bench.owner::<ManageTenant>("ines").await;
        let after = bench.rename_tenant(&owner, &RenameTenant { name: " Northwind ".into() }).await.unwrap();
        assert_eq!((after.name.as_str(), &after.slug), ("Northwind", &owner.tenant().slug));
    })
    .await;
}
