//! All routes and their `OpenAPI` 3.1 document, from one list, so that they cannot disagree.

use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, OpenApi};
use utoipa::{Modify, OpenApi as _};
use utoipa_axum::router::OpenApiRouter;

use crate::{cart, customer, order, product, store};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "E-commerce API",
        description = "Products with stock, customers, carts and orders. All of it belongs to the \
                       application whose key makes the call. Amounts are integers in minor units.",
        license(name = "Apache-2.0")
    ),
    modifiers(&Credentials),
    security(("client" = []), ("token" = [])),
    tags(
        (name = "Store", description = "The settings of the shop"),
        (name = "Products", description = "What is sold, at which price, and how many there are"),
        (name = "Customers", description = "Who buys"),
        (name = "Carts", description = "What somebody may be about to buy"),
        (name = "Orders", description = "What was bought; prices as they were then")
    )
)]
struct Document;

/// Clients authenticate to the gateway; the service never sees these.
struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_with(Components::default);
        for (name, scheme, says) in [
            ("client", HttpAuthScheme::Basic, "Client ID and client secret of the application."),
            ("token", HttpAuthScheme::Bearer, "A token from /oauth/token."),
        ] {
            let scheme = HttpBuilder::new().scheme(scheme).description(Some(says)).build();
            components.add_security_scheme(name, SecurityScheme::Http(scheme));
        }
    }
}

pub(crate) fn routes() -> OpenApiRouter {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(store::routes())
        .merge(product::routes())
        .merge(customer::routes())
        .merge(cart::routes())
        .merge(order::routes())
}

/// The `OpenAPI` document that `/openapi.json` answers.
#[must_use]
pub fn document() -> OpenApi {
    routes().into_openapi()
}
