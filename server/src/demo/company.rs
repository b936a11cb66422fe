//! Who there is in the demonstration: people, tenants, products, plans, applications.

use mintreu_model::role::Role;

/// Of everybody in the demonstration; it is printed, so it guards nothing.
pub(super) const PASSWORD: &str = "demo-password";
pub(super) const ADMIN: (&str, &str) = ("Ada Lindqvist", "admin@mintreu.example");
pub(super) const FIRST_ORDER: &str = r#"{"items":[{"sku":"FJ-204","quantity":2}]}"#;

pub(super) struct Person {
    pub(super) name: &'static str,
    pub(super) email: &'static str,
    pub(super) role: Role,
}

pub(super) struct Application {
    pub(super) product: &'static str,
    pub(super) name: &'static str,
    pub(super) config: &'static str,
    /// Requests on an ordinary weekday; zero leaves it without history.
    pub(super) daily: u64,
}

pub(super) struct Tenant {
    pub(super) name: &'static str,
    /// Days ago that it came.
    pub(super) age_days: i64,
    pub(super) people: &'static [Person],
    /// Product and plan.
    pub(super) subscriptions: &'static [(&'static str, &'static str)],
    pub(super) applications: &'static [Application],
    /// Why it was suspended, where it was.
    pub(super) suspended: Option<&'static str>,
}

const fn person(name: &'static str, email: &'static str, role: Role) -> Person {
    Person { name, email, role }
}

/// The first tenant's owner is the demonstration's tenant login.
pub(super) const TENANTS: &[Tenant] = &[
    Tenant {
        name: "Fjordline Goods",
        age_days: 88,
        people: &[
            person("Ines Halvorsen", "ines@fjordline.example", Role::Owner),
            person("Jonas Berg", "jonas@fjordline.example", Role::Admin),
            person("Priya Raman", "priya@fjordline.example", Role::Developer),
            person("Marta Nowak", "marta@fjordline.example", Role::Billing),
            person("Otto Vance", "otto@fjordline.example", Role::Viewer),
        ],
        subscriptions: &[("ecommerce", "pro"), ("wholesale", "starter")],
        applications: &[
            Application {
                product: "ecommerce",
                name: "Fjordline Store",
                config: r##"{"store_name":"Fjordline Goods","currency":"EUR","accent":"#0b6b3f"}"##,
                daily: 9200,
            },
            Application {
                product: "ecommerce",
                name: "Fjordline Outlet",
                config: r##"{"store_name":"Fjordline Outlet","currency":"NOK","accent":"#8a4b00"}"##,
                daily: 3100,
            },
            Application { product: "wholesale", name: "Dealer Portal", config: r#"{"store_name":"Fjordline Dealers"}"#, daily: 640 },
        ],
        suspended: None,
    },
    Tenant {
        name: "Kestrel Cycles",
        age_days: 61,
        people: &[
            person("Sam Okafor", "sam@kestrel.example", Role::Owner),
            person("Ines Halvorsen", "ines@fjordline.example", Role::Developer),
        ],
        subscriptions: &[("ecommerce", "free"), ("wholesale", "starter")],
        applications: &[
            Application {
                product: "ecommerce",
                name: "Kestrel Webshop",
                config: r#"{"store_name":"Kestrel Cycles","currency":"GBP"}"#,
                daily: 24,
            },
            // The service refuses this currency: the provisioning that failed.
            Application {
                product: "wholesale",
                name: "Asia Dealers",
                config: r#"{"store_name":"Kestrel Asia","currency":"CNY"}"#,
                daily: 0,
            },
        ],
        suspended: None,
    },
    Tenant {
        name: "Northlight Studio",
        age_days: 34,
        people: &[person("Lea Fontaine", "lea@northlight.example", Role::Owner)],
        subscriptions: &[("ecommerce", "pro")],
        applications: &[Application {
            product: "ecommerce",
            name: "Print Shop",
            config: r##"{"store_name":"Northlight Prints","accent":"#5b3bdb"}"##,
            daily: 1450,
        }],
        suspended: None,
    },
    Tenant {
        name: "Halden Books",
        age_days: 75,
        people: &[person("Nils Aune", "nils@halden.example", Role::Owner)],
        subscriptions: &[("ecommerce", "free")],
        applications: &[Application { product: "ecommerce", name: "Halden Online", config: r#"{"store_name":"Halden Books"}"#, daily: 11 }],
        suspended: Some("Chargebacks on three orders; waiting for an answer from the owner."),
    },
    Tenant {
        name: "Maple & Moss",
        age_days: 3,
        people: &[person("Tomas Reyes", "tomas@maple.example", Role::Owner)],
        subscriptions: &[],
        applications: &[],
        suspended: None,
    },
];

/// Products as JSON for `CreateProduct`, without service and schema.
pub(super) const PRODUCTS: &[&str] = &[
    r#"{"slug":"ecommerce","name":"E-commerce API","summary":"Products, stock, customers, carts and orders for a shop of your own, each shop on its own database.","description":"Build a shop without building a shop system.\n\n- **Exact stock.** It never goes below zero, however many customers order at once.\n- **Totals in minor units.** No rounding surprises, no floats.\n- **Your own database.** Created in seconds, seen by nobody else.\n\n## First call\n\nSend an order with the key of your application; the answer is the order with its total.\n\nStates of an order: `open`, `paid`, `fulfilled`, `cancelled`, `refunded`."}"#,
    r#"{"slug":"wholesale","name":"Wholesale API","summary":"The same exact orders and stock, with the limits that dealers' portals need.","description":"For dealers who order in bulk.\n\nRuns on the same service as the E-commerce API, with higher limits per call and fewer applications."}"#,
    r#"{"slug":"marketplace","name":"Marketplace API","summary":"Many sellers under one roof.","description":"Not published yet: prices are being decided."}"#,
];

/// Plans as JSON for `CreatePlan`, by product.
pub(super) const PLANS: &[(&str, &[&str])] = &[
    (
        "ecommerce",
        &[
            r#"{"code":"free","name":"Free","interval":"month","price":{"amount":0,"currency":"EUR"},"included_requests":10000,"rate_per_second":5,"burst":10,"max_applications":1,"max_request_bytes":1000000,"max_response_bytes":5000000,"features":["One shop","Community support"]}"#,
            r#"{"code":"pro","name":"Pro","interval":"month","price":{"amount":4900,"currency":"EUR"},"trial_days":120,"included_requests":500000,"overage_price_per_1000":{"amount":40,"currency":"EUR"},"rate_per_second":100,"burst":200,"max_applications":5,"max_request_bytes":25000000,"features":["Five shops","Overage instead of a stop","Answers within a day"]}"#,
            r#"{"code":"enterprise","name":"Enterprise","interval":"year","price":{"amount":948000,"currency":"EUR"},"trial_days":30,"included_requests":5000000,"overage_price_per_1000":{"amount":20,"currency":"EUR"},"rate_per_second":1000,"burst":2000,"max_applications":100,"features":["A hundred shops","Lower price beyond the included calls","Answers within an hour"]}"#,
        ],
    ),
    (
        "wholesale",
        &[
            r#"{"code":"starter","name":"Starter","interval":"month","price":{"amount":0,"currency":"EUR"},"included_requests":50000,"rate_per_second":20,"burst":40,"max_applications":2,"features":["Two portals"]}"#,
            r#"{"code":"business","name":"Business","interval":"month","price":{"amount":19900,"currency":"EUR"},"trial_days":14,"included_requests":2000000,"overage_price_per_1000":{"amount":30,"currency":"EUR"},"rate_per_second":400,"burst":800,"max_applications":20,"features":["Twenty portals","Overage instead of a stop"]}"#,
        ],
    ),
    (
        "marketplace",
        &[
            r#"{"code":"beta","name":"Beta","interval":"month","price":{"amount":0,"currency":"EUR"},"included_requests":1000,"rate_per_second":5,"burst":10,"max_applications":1,"features":["By invitation"]}"#,
        ],
    ),
];

/// The shop's schema, with a currency that the service will refuse.
pub(super) const WHOLESALE_SCHEMA: &str = r#"{"type":"object","additionalProperties":false,"required":["store_name"],"properties":{"store_name":{"type":"string","title":"Portal name","description":"What dealers see.","minLength":1,"maxLength":120},"currency":{"type":"string","title":"Currency","enum":["EUR","USD","GBP","CNY"],"default":"EUR"}}}"#;
/// The shop's own.
pub(super) const SHOP_SCHEMA: &str = include_str!("../../../services/shop/config.schema.json");
pub(super) const SHOP_SERVICE: &str = include_str!("../../../services/shop/service.json");
