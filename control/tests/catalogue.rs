//! The catalogue: services, products, plans and their versions.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use std::sync::Arc;

use mintreu_control::{Error, Operator, catalogue::Watch, store::Change};
use mintreu_control_testing::{Bench, on_both};
use mintreu_model::{
    form::{
        catalogue::{CreatePlan, CreateProduct, CreateService, UpdatePlan, UpdateProduct, UpdateService},
        upstream::Upstream,
    },
    id::ServiceId,
    list::ListQuery,
    money::{Currency, Money},
    status::{AddressState, DatabaseMode, PlanInterval, ProductKind, ProductStatus},
    view::HealthView,
};
use serde_json::json;

fn code(error: &Error) -> String {
    error.problem().code
}

fn change<T: serde::de::DeserializeOwned>(fields: serde_json::Value) -> T {
    serde_json::from_value(fields).unwrap()
}

fn service(slug: &str) -> CreateService {
    CreateService {
        slug: slug.into(),
        name: "E-commerce".into(),
        base_urls: vec!["http://127.0.0.1:4001/".into()],
        routes: vec![serde_json::from_value(json!({"methods": ["GET", "POST"], "path": "/v1/orders"})).unwrap()],
        database: DatabaseMode::Dedicated,
        lifecycle: true,
        health_path: Some("/healthz".into()),
        timeout_ms: 5_000,
        http2: false,
        upstream: Upstream::default(),
    }
}

fn product(slug: &str, service: &str) -> CreateProduct {
    CreateProduct {
        slug: slug.into(),
        name: format!("The {slug}"),
        kind: ProductKind::Api,
        service: Some(service.into()),
        summary: "Orders, carts and stock".into(),
        description: "# Orders".into(),
        config_schema: None,
        cache_responses: false,
    }
}

fn plan(code: &str, price: i64) -> CreatePlan {
    CreatePlan {
        code: code.into(),
        name: code.to_uppercase(),
        interval: PlanInterval::Month,
        price: Money::new(price, Currency::Eur),
        trial_days: 0,
        included_requests: 1_000,
        overage_price_per_1000: None,
        rate_per_second: 10,
        burst: 20,
        max_applications: 2,
        max_request_bytes: None,
        max_response_bytes: None,
        features: vec!["One".into(), "Two".into()],
    }
}

async fn shop(bench: &Bench) -> Operator {
    let operator = bench.operator().await;
    bench.create_service(&operator, &service("shop")).await.unwrap();
    bench.create_product(&operator, &product("ecommerce", "shop")).await.unwrap();
    operator
}

#[tokio::test]
async fn a_product_is_public_from_publishing_to_archiving_and_may_come_back() {
    on_both(async |bench| {
        let operator = shop(&bench).await;
        let refused = bench.publish_product(&operator, "ecommerce").await.unwrap_err();
        assert_eq!(code(&refused), "not_publishable");
        assert!(refused.problem().detail.contains("a plan"));
        bench.create_plan(&operator, "ecommerce", &plan("pro", 2_900)).await.unwrap();
        bench.create_plan(&operator, "ecommerce", &plan("free", 0)).await.unwrap();
        assert!(bench.list_products().await.unwrap().is_empty());
        assert!(matches!(bench.get_product("ecommerce").await, Err(Error::NotFound(_))));
        assert!(bench.gateway_catalogue().await.unwrap().is_empty());

        let mut changes = bench.changes().await;
        let published = bench.publish_product(&operator, "ecommerce").await.unwrap();
        assert_eq!(changes.next().await.unwrap(), Some(Change::Catalogue));
        assert_eq!(bench.get_product("ecommerce").await.unwrap(), published);
        let plans: Vec<_> = published.plans.iter().map(|plan| plan.code.as_str()).collect();
        assert_eq!(plans, ["pro", "free"], "in the order in which they were made");
        assert_eq!(code(&bench.publish_product(&operator, "ecommerce").await.unwrap_err()), "product_published");

        bench.archive_product(&operator, "ecommerce").await.unwrap();
        assert!(bench.list_products().await.unwrap().is_empty());
        let served = bench.gateway_catalogue().await.unwrap();
        assert_eq!((served.len(), served[0].product_slug.as_str(), served[0].service.slug.as_str()), (1, "ecommerce", "shop"));
        let again = bench.publish_product(&operator, "ecommerce").await.unwrap();
        assert_eq!(again.published_at, published.published_at);
    })
    .await;
}

#[tokio::test]
async fn slugs_are_unique_and_those_of_pages_are_kept() {
    on_both(async |bench| {
        let operator = shop(&bench).await;
        let twice = bench.create_service(&operator, &service("shop")).await.unwrap_err();
        assert_eq!((twice.problem().status, code(&twice).as_str()), (409, "slug_taken"));
        assert_eq!(code(&bench.create_product(&operator, &product("ecommerce", "shop")).await.unwrap_err()), "slug_taken");
        assert_eq!(bench.create_product(&operator, &product("new", "shop")).await.unwrap_err().problem().errors[0].field, "slug");
        assert_eq!(bench.create_product(&operator, &product("blog", "none")).await.unwrap_err().problem().errors[0].field, "service");
        bench.create_plan(&operator, "ecommerce", &plan("pro", 1)).await.unwrap();
        assert_eq!(code(&bench.create_plan(&operator, "ecommerce", &plan("pro", 2)).await.unwrap_err()), "code_taken");
    })
    .await;
}

#[tokio::test]
async fn services_may_not_be_on_link_local_networks() {
    on_both(async |bench| {
        let operator = shop(&bench).await;
        for url in ["http://169.254.169.254", "http://[fe80::1]:80", "http://2852039166", "http://[::ffff:169.254.0.1]/x"] {
            let form = CreateService { base_urls: vec!["http://127.0.0.1:1".into(), url.into()], ..service("bad") };
            let error = bench.create_service(&operator, &form).await.unwrap_err().problem();
            assert_eq!((error.status, error.errors[0].field.as_str()), (422, "base_urls[1]"), "{url}");
            let form = change::<UpdateService>(json!({"base_urls": [url]}));
            assert!(bench.update_service(&operator, "shop", &form).await.is_err(), "{url}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_service_changes_in_place_and_stays_while_products_are_on_it() {
    on_both(async |bench| {
        let operator = shop(&bench).await;
        assert_eq!(bench.get_service(&operator, "shop").await.unwrap().base_urls, ["http://127.0.0.1:4001"]);
        let mut changes = bench.changes().await;
        let form = change::<UpdateService>(json!({"timeout_ms": 900, "health_path": "", "http2": true}));
        let after = bench.update_service(&operator, "shop", &form).await.unwrap();
        assert_eq!(changes.next().await.unwrap(), Some(Change::Catalogue));
        assert_eq!((after.timeout_ms, after.health_path.as_deref(), after.lifecycle, after.http2), (900, None, true, true));
        assert_eq!(bench.get_service(&operator, "shop").await.unwrap(), after);
        assert_eq!(code(&bench.delete_service(&operator, "shop").await.unwrap_err()), "service_in_use");
        bench.delete_product(&operator, "ecommerce").await.unwrap();
        bench.delete_service(&operator, "shop").await.unwrap();
        assert!(matches!(bench.get_service(&operator, "shop").await, Err(Error::NotFound(_))));
        let audit = bench.list_any_audit(&operator, &ListQuery { status: Some("service".into()), ..ListQuery::default() }).await.unwrap();
        let mut actions: Vec<_> = audit.data.iter().map(|entry| entry.action.as_str()).collect();
        actions.sort_unstable();
        assert_eq!(actions, ["service.create", "service.delete", "service.update"]);
    })
    .await;
}

#[tokio::test]
async fn a_change_of_a_plan_is_a_new_version_and_the_old_one_stays_as_it_was() {
    on_both(async |bench| {
        let operator = shop(&bench).await;
        let first = bench.create_plan(&operator, "ecommerce", &plan("pro", 2_900)).await.unwrap();
        let price = UpdatePlan { price: Some(Money::new(3_900, Currency::Eur)), ..UpdatePlan::default() };
        let second = bench.update_plan(&operator, "ecommerce", "pro", &price).await.unwrap();
        assert_eq!((second.version, second.id, second.price.amount), (2, first.id, 3_900));
        assert_ne!(second.version_id, first.version_id);
        assert_eq!(bench.update_plan(&operator, "ecommerce", "pro", &price).await.unwrap(), second, "nothing changed, no version");
        let overage = UpdatePlan { overage_price_per_1000: Some(Some(Money::new(50, Currency::Usd))), ..UpdatePlan::default() };
        let error = bench.update_plan(&operator, "ecommerce", "pro", &overage).await.unwrap_err().problem();
        assert_eq!(error.errors[0].field, "overage_price_per_1000");
        assert_eq!(bench.list_plan_versions(&operator, "ecommerce", "pro").await.unwrap(), [second.clone(), first]);
        assert_eq!(bench.get_any_product(&operator, "ecommerce").await.unwrap().plans, [second]);
    })
    .await;
}

#[tokio::test]
async fn a_plan_bounds_bodies_until_the_bound_is_taken_away() {
    on_both(async |bench| {
        let operator = shop(&bench).await;
        let bounded = CreatePlan { max_request_bytes: Some(1_000), max_response_bytes: Some(5_000), ..plan("pro", 2_900) };
        let first = bench.create_plan(&operator, "ecommerce", &bounded).await.unwrap();
        assert_eq!((first.max_request_bytes, first.max_response_bytes), (Some(1_000), Some(5_000)));
        let change = async |request, response| {
            let form = UpdatePlan { max_request_bytes: request, max_response_bytes: response, ..UpdatePlan::default() };
            bench.update_plan(&operator, "ecommerce", "pro", &form).await
        };
        let second = change(Some(None), None).await.unwrap();
        assert_eq!((second.version, second.max_request_bytes, second.max_response_bytes), (2, None, Some(5_000)));
        assert_eq!(bench.get_any_product(&operator, "ecommerce").await.unwrap().plans, [second]);
        for (request, response) in
            [(Some(Some(0)), None), (Some(Some((2 << 30) + 1)), None), (None, Some(Some(0))), (None, Some(Some(i64::MAX)))]
        {
            let field = if request.is_some() { "max_request_bytes" } else { "max_response_bytes" };
            let error = change(request, response).await.unwrap_err().problem();
            assert_eq!((error.errors[0].field.as_str(), error.errors[0].code.as_str()), (field, "out_of_range"));
        }
    })
    .await;
}

#[tokio::test]
async fn two_changes_of_a_plan_at_once_make_two_versions_or_one_is_refused() {
    on_both(async |bench| {
        let operator = shop(&bench).await;
        bench.create_plan(&operator, "ecommerce", &plan("pro", 1)).await.unwrap();
        let change = async |burst: i64| {
            let form = UpdatePlan { burst: Some(burst), ..UpdatePlan::default() };
            bench.update_plan(&operator, "ecommerce", "pro", &form).await
        };
        let outcomes = tokio::join!(change(31), change(32), change(33), change(34));
        let made = [outcomes.0, outcomes.1, outcomes.2, outcomes.3].iter().flatten().count();
        let versions = bench.list_plan_versions(&operator, "ecommerce", "pro").await.unwrap();
        let numbers: Vec<_> = versions.iter().map(|version| version.version).collect();
        assert_eq!(numbers, (1..=i64::try_from(made).unwrap() + 1).rev().collect::<Vec<_>>());
        assert_eq!(bench.get_any_product(&operator, "ecommerce").await.unwrap().plans[0], versions[0]);
    })
    .await;
}

#[tokio::test]
async fn archived_plans_leave_the_catalogue_but_a_published_product_keeps_one() {
    on_both(async |bench| {
        let operator = shop(&bench).await;
        bench.create_plan(&operator, "ecommerce", &plan("free", 0)).await.unwrap();
        bench.create_plan(&operator, "ecommerce", &plan("pro", 1)).await.unwrap();
        bench.publish_product(&operator, "ecommerce").await.unwrap();
        assert!(bench.archive_plan(&operator, "ecommerce", "free").await.unwrap().archived);
        assert_eq!(bench.get_product("ecommerce").await.unwrap().plans.len(), 1);
        assert_eq!(bench.list_products().await.unwrap()[0].plans.len(), 1);
        assert_eq!(bench.get_any_product(&operator, "ecommerce").await.unwrap().plans.len(), 2);
        assert_eq!(code(&bench.archive_plan(&operator, "ecommerce", "pro").await.unwrap_err()), "last_plan");
        let form = UpdatePlan { burst: Some(3), ..UpdatePlan::default() };
        assert_eq!(code(&bench.update_plan(&operator, "ecommerce", "free", &form).await.unwrap_err()), "plan_archived");
        assert!(matches!(bench.archive_plan(&operator, "ecommerce", "none").await, Err(Error::NotFound(_))));
    })
    .await;
}

#[tokio::test]
async fn products_are_found_filtered_and_paged_with_their_own_plans() {
    on_both(async |bench| {
        let operator = shop(&bench).await;
        for slug in ["blog", "chat", "data"] {
            bench.create_product(&operator, &product(slug, "shop")).await.unwrap();
            bench.create_plan(&operator, slug, &plan("pro", 1)).await.unwrap();
        }
        bench.publish_product(&operator, "chat").await.unwrap();
        let query = ListQuery { limit: Some(2), ..ListQuery::default() };
        let page = bench.list_any_products(&operator, &query).await.unwrap();
        assert_eq!((page.total, page.data.len()), (4, 2));
        assert!(page.data.iter().all(|product| product.plans.len() == 1));
        let next = ListQuery { cursor: page.next_cursor, ..query };
        let slugs: Vec<_> = bench.list_any_products(&operator, &next).await.unwrap().data.into_iter().map(|product| product.slug).collect();
        assert_eq!(slugs, ["data", "ecommerce"]);
        let query = ListQuery { q: Some("THE C".into()), status: Some("published".into()), ..ListQuery::default() };
        let found = bench.list_any_products(&operator, &query).await.unwrap();
        assert_eq!((found.total, found.data[0].slug.as_str()), (1, "chat"));
        let services = bench.list_services(&operator, &ListQuery { q: Some("commerce".into()), ..ListQuery::default() }).await.unwrap();
        assert_eq!(services.total, 1);
    })
    .await;
}

#[tokio::test]
async fn a_product_keeps_what_is_not_given_and_its_schema_is_checked() {
    on_both(async |bench| {
        let operator = shop(&bench).await;
        let schema = json!({"type": "object", "properties": {"theme": {"type": "string", "format": "color"}}});
        let form = change::<UpdateProduct>(json!({"config_schema": schema}));
        let after = bench.update_product(&operator, "ecommerce", &form).await.unwrap();
        assert_eq!((after.config_schema.as_ref(), after.name.as_str()), (Some(&schema), "The ecommerce"));
        assert_eq!(bench.get_any_product(&operator, "ecommerce").await.unwrap(), after);
        let nested = json!({"type": "object", "properties": {"theme": {"type": "object"}}});
        assert!(!after.cache_responses);
        let kept = bench.update_product(&operator, "ecommerce", &change::<UpdateProduct>(json!({"cache_responses": true}))).await.unwrap();
        assert_eq!((kept.cache_responses, kept.name.as_str()), (true, "The ecommerce"));
        let form = change::<UpdateProduct>(json!({"config_schema": nested}));
        let error = bench.update_product(&operator, "ecommerce", &form).await.unwrap_err().problem();
        assert_eq!(error.errors[0].field, "config_schema");
        let form = change::<UpdateProduct>(json!({"config_schema": {}, "name": " Shop "}));
        let after = bench.update_product(&operator, "ecommerce", &form).await.unwrap();
        assert_eq!((after.config_schema, after.name.as_str()), (None, "Shop"));
    })
    .await;
}

#[tokio::test]
async fn only_drafts_are_deleted() {
    on_both(async |bench| {
        let operator = shop(&bench).await;
        bench.create_plan(&operator, "ecommerce", &plan("pro", 1)).await.unwrap();
        bench.publish_product(&operator, "ecommerce").await.unwrap();
        assert_eq!(code(&bench.delete_product(&operator, "ecommerce").await.unwrap_err()), "product_not_draft");
        let archived = bench.archive_product(&operator, "ecommerce").await.unwrap();
        assert_eq!(archived.status, ProductStatus::Archived);
        assert_eq!(code(&bench.delete_product(&operator, "ecommerce").await.unwrap_err()), "product_not_draft");
        bench.create_product(&operator, &product("blog", "shop")).await.unwrap();
        bench.create_plan(&operator, "blog", &plan("pro", 1)).await.unwrap();
        bench.delete_product(&operator, "blog").await.unwrap();
        assert!(matches!(bench.get_any_product(&operator, "blog").await, Err(Error::NotFound(_))));
    })
    .await;
}

/// A gateway that knows the first address only, and has been asked so often.
#[derive(Default)]
struct Gateway(std::sync::atomic::AtomicUsize);

impl Watch for Gateway {
    fn health(&self, _: ServiceId) -> Vec<HealthView> {
        let checks = self.0.load(std::sync::atomic::Ordering::SeqCst);
        let text = json!({"base_url": "http://127.0.0.1:4001", "state": "ejected", "in_flight": 1, "latency_us": 900, "last_check": format!("{checks}")});
        vec![serde_json::from_value(text).unwrap()]
    }

    fn check(&self, _: ServiceId) -> futures_util::future::BoxFuture<'_, ()> {
        self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Box::pin(async {})
    }
}

#[tokio::test]
async fn the_health_of_a_service_is_what_the_gateway_knows_of_each_address() {
    on_both(async |bench| {
        let operator = bench.operator().await;
        let urls = vec!["http://127.0.0.1:4001".to_owned(), "http://127.0.0.1:4002".to_owned()];
        bench.create_service(&operator, &CreateService { base_urls: urls, ..service("shop") }).await.unwrap();
        let states = async || -> Vec<AddressState> {
            bench.service_health(&operator, "shop").await.unwrap().into_iter().map(|address| address.state).collect()
        };
        assert_eq!(states().await, [AddressState::Unknown, AddressState::Unknown]);
        bench.watched_by(Arc::new(Gateway::default()));
        assert_eq!(states().await, [AddressState::Ejected, AddressState::Unknown]);
        assert_eq!(bench.check_service(&operator, "shop").await.unwrap()[0].last_check.as_deref(), Some("1"));
        assert!(matches!(bench.service_health(&operator, "none").await, Err(Error::NotFound(_))));
    })
    .await;
}

#[tokio::test]
async fn deadlines_and_limits_change_one_by_one_and_within_their_bounds() {
    on_both(async |bench| {
        let operator = bench.operator().await;
        let made = bench.create_service(&operator, &service("shop")).await.unwrap();
        assert_eq!(made.upstream, Upstream::default());
        let form = change::<UpdateService>(json!({"upstream": {"connect_timeout_ms": 700, "circuit_failures": 0}}));
        let after = bench.update_service(&operator, "shop", &form).await.unwrap();
        assert_eq!(after.upstream, Upstream { connect_timeout_ms: 700, circuit_failures: 0, ..Upstream::default() });
        assert_eq!(bench.get_service(&operator, "shop").await.unwrap().upstream, after.upstream);
        let form = change::<UpdateService>(json!({"upstream": {"connect_timeout_ms": 1, "unhealthy_after": 0}}));
        let refused = bench.update_service(&operator, "shop", &form).await.unwrap_err().problem();
        let fields: Vec<_> = refused.errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["upstream.connect_timeout_ms", "upstream.unhealthy_after"]);
    })
    .await;
}
