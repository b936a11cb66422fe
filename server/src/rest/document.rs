//! What every operation has in common, written into the `OpenAPI` document in one place: the server,
//! the token, parameters of the path, the idempotency key, the shape of refusals.

use mintreu_model::{
    problem::Problem,
    status::{UsageBy, UsageOf, UsageStep},
};
use utoipa::{
    PartialSchema as _, ToSchema as _,
    openapi::{
        Components, Content, InfoBuilder, OpenApi, Ref, RefOr, Required, Response, SecurityRequirement, Server,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn},
        schema::{ObjectBuilder, Schema, Type},
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

const TOKEN: &str = "token";

const ABOUT: &str = "Everything that the dashboards can do, as JSON over HTTP.

**Tokens.** Make one with `POST /tokens` and send it as `Authorization: Bearer mtp_…`.
**Lists** take `limit` (1 to 100) and `cursor`, and answer `data`, `next_cursor` and `total`. Send `next_cursor` back with the same `sort`.
**Money** is in minor units: 1250 is 12.50. **Times** are RFC 3339 in UTC.
**Refusals** are problem details (RFC 9457) with a stable `code`; 422 names the fields in `errors`.
**Idempotency-Key** on a write with a token makes a repeat within 24 hours answer what the first did.";

/// Prefix and meaning of the parameters that paths are made of.
const PARAMETERS: &[(&str, Option<&str>, &str)] = &[
    ("t", Some("ten"), "Tenant"),
    ("user", Some("usr"), "User"),
    ("invitation", Some("ivt"), "Invitation"),
    ("subscription", Some("sub"), "Subscription"),
    ("application", Some("app"), "Application"),
    ("key", Some("key"), "Key"),
    ("token", Some("tok"), "Token"),
    ("session", Some("ses"), "Session"),
    ("job", Some("job"), "Job"),
    ("mail", Some("mai"), "Mail"),
    ("notification", Some("ntf"), "Notification"),
    ("service", None, "Slug of the service"),
    ("product", None, "Slug of the product"),
    ("plan", None, "Code of the plan"),
    ("setting", None, "Key of the setting"),
];

/// The document with what its operations share.
pub(crate) fn complete(mut document: OpenApi) -> OpenApi {
    document.info = InfoBuilder::new().title("Mintreu REST API").version("1").description(Some(ABOUT)).build();
    document.servers = Some(vec![Server::new("/api/v1")]);
    document.security = Some(vec![SecurityRequirement::new::<_, [&str; 0], _>(TOKEN, [])]);
    let components = document.components.get_or_insert_with(Components::new);
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("A token of `POST /tokens`: `mtp_…`")).build();
    components.add_security_scheme(TOKEN, SecurityScheme::Http(bearer));
    let mut schemas = Vec::new();
    Problem::schemas(&mut schemas);
    components.schemas.extend(schemas);
    components.schemas.insert(Problem::name().into_owned(), Problem::schema());
    // Named by parameters alone, which bring no schemas along.
    components.schemas.insert(UsageStep::name().into_owned(), UsageStep::schema());
    components.schemas.insert(UsageBy::name().into_owned(), UsageBy::schema());
    components.schemas.insert(UsageOf::name().into_owned(), UsageOf::schema());
    for (path, item) in &mut document.paths.paths {
        let operations = [(&mut item.get, false), (&mut item.post, true), (&mut item.patch, true), (&mut item.delete, true)];
        for (operation, is_write) in operations {
            if let Some(operation) = operation {
                complete_operation(operation, path, is_write);
            }
        }
    }
    document
}

/// Whether an operation wants no token.
fn is_public(operation: &Operation) -> bool {
    operation.security.as_ref().is_some_and(|needs| needs.iter().all(|need| *need == SecurityRequirement::default()))
}

fn complete_operation(operation: &mut Operation, path: &str, is_write: bool) {
    let mut parameters: Vec<Parameter> = names(path).map(path_parameter).collect();
    parameters.extend(operation.parameters.take().unwrap_or_default());
    if is_write && !is_public(operation) {
        parameters.push(
            ParameterBuilder::new()
                .name("Idempotency-Key")
                .parameter_in(ParameterIn::Header)
                .required(Required::False)
                .description(Some("Makes a repeat within 24 hours answer what the first request did"))
                .schema(Some(ObjectBuilder::new().schema_type(Type::String).max_length(Some(255)).build()))
                .build(),
        );
    }
    operation.parameters = (!parameters.is_empty()).then_some(parameters);
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && response.description.is_empty()
        {
            meaning(status).clone_into(&mut response.description);
        }
    }
    let mut refusal = Response::new("A refusal, with a stable `code`");
    let schema = RefOr::Ref(Ref::from_schema_name(Problem::name()));
    refusal.content.insert("application/problem+json".to_owned(), Content::new(Some(schema)));
    operation.responses.responses.insert("default".to_owned(), refusal.into());
}

fn meaning(status: &str) -> &'static str {
    match status {
        "201" => "Made",
        "202" => "Accepted; it goes on by itself",
        "204" => "Done; there is nothing to tell",
        _ => "Done",
    }
}

/// Names of the parameters in a path.
pub(crate) fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
}

fn path_parameter(name: &str) -> Parameter {
    let known = PARAMETERS.iter().find(|(known, ..)| *known == name);
    let prefix = known.and_then(|(_, prefix, _)| *prefix);
    let pattern = prefix.map(|prefix| format!("^{prefix}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$"));
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(known.map(|(.., meaning)| *meaning))
        .schema(Some(Schema::Object(ObjectBuilder::new().schema_type(Type::String).pattern(pattern).build())))
        .build()
}
