//! `/docs/api`: the `OpenAPI` document as a page, made here and styled by the site's style sheet, so
//! that nothing is loaded from elsewhere and it reads without scripts.

use std::{collections::BTreeMap, fmt::Write};

use serde_json::{Map, Value};

use super::openapi;

/// The page's content; `base` is the public URL, for the examples. What goes around it is the
/// site's.
#[must_use]
pub fn content(base: &str) -> String {
    let document = openapi().to_json().ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let page = Page { document: &document, base: base.trim_end_matches('/') };
    let mut html = String::new();
    page.write(&mut html);
    html
}

struct Page<'a> {
    document: &'a Value,
    base: &'a str,
}

/// An operation with where it is.
struct Operation<'a> {
    method: String,
    path: &'a str,
    value: &'a Value,
}

/// Writing to a string cannot fail.
macro_rules! put {
    ($html:expr, $($text:tt)*) => { let _ = write!($html, $($text)*); };
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn string<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn object<'a>(value: &'a Value, key: &str) -> Option<&'a Map<String, Value>> {
    value.get(key).and_then(Value::as_object)
}

/// `**bold**` and `` `code` `` of our own descriptions.
fn prose(text: &str) -> String {
    let mut html = String::new();
    for (index, part) in escape(text).split("**").enumerate() {
        html.push_str(if index == 0 {
            ""
        } else if index % 2 == 1 {
            "<b>"
        } else {
            "</b>"
        });
        for (index, part) in part.split('`').enumerate() {
            html.push_str(if index == 0 {
                ""
            } else if index % 2 == 1 {
                "<code>"
            } else {
                "</code>"
            });
            html.push_str(part);
        }
    }
    html
}

impl<'a> Page<'a> {
    /// Operations by tag, in the order of the document.
    fn groups(&self) -> BTreeMap<&'a str, Vec<Operation<'a>>> {
        let mut groups: BTreeMap<&str, Vec<Operation<'_>>> = BTreeMap::new();
        for (path, item) in object(self.document, "paths").into_iter().flatten() {
            for method in ["get", "post", "patch", "delete"] {
                let Some(value) = item.get(method) else { continue };
                let tag = list(value, "tags").next().and_then(Value::as_str).unwrap_or_default();
                groups.entry(tag).or_default().push(Operation { method: method.to_uppercase(), path, value });
            }
        }
        groups
    }

    fn write(&self, html: &mut String) {
        let info = self.document.get("info").cloned().unwrap_or_default();
        put!(html, "<h1 class=\"title\">API reference</h1>");
        for paragraph in string(&info, "description").split(['\n']).filter(|line| !line.is_empty()) {
            put!(html, "<p>{}</p>", prose(paragraph));
        }
        put!(html, "<p>The same as a document for programs: <a href=\"/api/v1/openapi.json\">openapi.json</a>.</p>");
        let groups = self.groups();
        put!(html, "<nav aria-label=\"Contents\"><ul class=\"chips\">");
        for tag in groups.keys() {
            put!(html, "<li><a class=\"chip\" href=\"#{}\">{}</a></li>", anchor(tag), escape(tag));
        }
        put!(html, "</ul></nav>");
        for (tag, operations) in &groups {
            let id = anchor(tag);
            put!(html, "<section class=\"stack\" aria-labelledby=\"{id}\"><h2 id=\"{id}\">{}</h2>", escape(tag));
            for operation in operations {
                self.operation(html, operation);
            }
            put!(html, "</section>");
        }
    }

    fn operation(&self, html: &mut String, operation: &Operation<'_>) {
        let Operation { method, path, value } = operation;
        let id = anchor(string(value, "operationId"));
        put!(html, "<details class=\"card\" id=\"{id}\"><summary><span class=\"tag\">{method}</span> <code>{}</code> ", escape(path));
        put!(html, "{}</summary><div class=\"stack\">", escape(string(value, "summary")));
        for paragraph in string(value, "description").split("\n\n").filter(|text| !text.is_empty()) {
            put!(html, "<p>{}</p>", prose(paragraph));
        }
        if is_public(value) {
            put!(html, "<p>No token needed.</p>");
        }
        self.parameters(html, value);
        let body = value.pointer("/requestBody/content/application~1json/schema");
        if let Some(schema) = body {
            put!(html, "<h3>Body</h3>");
            self.schema(html, schema);
        }
        for (status, response) in object(value, "responses").into_iter().flatten().filter(|(status, _)| *status != "default") {
            put!(html, "<h3>{} {}</h3>", escape(status), escape(string(response, "description")));
            if let Some(schema) = response.pointer("/content/application~1json/schema") {
                self.schema(html, schema);
            }
        }
        put!(html, "<h3>Example</h3><pre class=\"code\" tabindex=\"0\"><code>{}</code></pre>", escape(&self.curl(operation, body)));
        put!(html, "</div></details>");
    }

    fn parameters(&self, html: &mut String, operation: &Value) {
        let mut rows = list(operation, "parameters").peekable();
        if rows.peek().is_none() {
            return;
        }
        put!(
            html,
            "<h3>Parameters</h3><div class=\"table-wrap\"><table><thead><tr><th scope=\"col\">Name</th><th scope=\"col\">In</th><th scope=\"col\">Type</th><th scope=\"col\">Meaning</th></tr></thead><tbody>"
        );
        for parameter in rows {
            let kind = parameter.get("schema").map(|schema| self.kind(schema)).unwrap_or_default();
            put!(
                html,
                "<tr><td><code>{}</code></td><td>{}</td><td>{kind}</td><td>{}</td></tr>",
                escape(string(parameter, "name")),
                escape(string(parameter, "in")),
                prose(string(parameter, "description"))
            );
        }
        put!(html, "</tbody></table></div>");
    }

    fn resolve(&self, schema: &'a Value) -> &'a Value {
        let target = schema.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
        target.and_then(|pointer| self.document.pointer(pointer)).unwrap_or(schema)
    }

    /// The alternative of a schema that is not null.
    fn present(&self, schema: &'a Value) -> &'a Value {
        let one = ["oneOf", "anyOf", "allOf"].iter().flat_map(|key| list(schema, key)).find(|option| string(option, "type") != "null");
        self.resolve(one.unwrap_or(schema))
    }

    /// A type in a word, escaped.
    fn kind(&self, schema: &'a Value) -> String {
        let schema = self.present(self.resolve(schema));
        let words: Vec<String> =
            list(schema, "enum").filter_map(Value::as_str).map(|word| format!("<code>{}</code>", escape(word))).collect();
        if !words.is_empty() {
            return words.join(" ");
        }
        let kind = schema.get("type").map(|kind| match kind {
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or_default(),
            kind => kind.as_str().unwrap_or_default(),
        });
        match (kind.unwrap_or("object"), schema.get("items")) {
            ("array", Some(items)) => format!("list of {}", self.kind(items)),
            ("string", _) if string(schema, "format") == "date-time" => "time".to_owned(),
            (kind, _) => escape(kind),
        }
    }

    /// The fields of an object, with those of the objects within under their path.
    fn schema(&self, html: &mut String, schema: &'a Value) {
        put!(
            html,
            "<div class=\"table-wrap\"><table><thead><tr><th scope=\"col\">Field</th><th scope=\"col\">Type</th><th scope=\"col\">Meaning</th></tr></thead><tbody>"
        );
        self.fields(html, schema, "", 0);
        put!(html, "</tbody></table></div>");
    }

    fn fields(&self, html: &mut String, schema: &'a Value, path: &str, depth: usize) {
        let schema = self.present(self.resolve(schema));
        let required: Vec<&str> = list(schema, "required").filter_map(Value::as_str).collect();
        for (name, field) in object(schema, "properties").into_iter().flatten() {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let optional = if required.contains(&name.as_str()) { "" } else { ", optional" };
            let meaning =
                [string(field, "description"), string(self.present(field), "description")].into_iter().find(|text| !text.is_empty());
            put!(
                html,
                "<tr><td><code>{}</code></td><td>{}{optional}</td><td>{}</td></tr>",
                escape(&path),
                self.kind(field),
                prose(meaning.unwrap_or_default())
            );
            let inner = self.present(self.resolve(field));
            let (inner, path) = match inner.get("items") {
                Some(items) => (items, format!("{path}[]")),
                None => (inner, path),
            };
            if depth < 2 {
                self.fields(html, inner, &path, depth + 1);
            }
        }
    }

    /// A line for the shell.
    fn curl(&self, operation: &Operation<'_>, body: Option<&'a Value>) -> String {
        let mut line = format!("curl -X {} {}/api/v1{}", operation.method, self.base, operation.path.replace(['{', '}'], "$"));
        for name in super::document::names(operation.path) {
            line = line.replace(&format!("${name}$"), &format!("${}", name.to_uppercase()));
        }
        if !is_public(operation.value) {
            line.push_str(" \\\n  -H \"Authorization: Bearer $TOKEN\"");
        }
        if let Some(schema) = body {
            let example = serde_json::to_string(&self.example(schema, 0)).unwrap_or_default().replace('\'', "'\\''");
            let _ = write!(line, " \\\n  -H 'Content-Type: application/json' \\\n  -d '{example}'");
        }
        line
    }

    /// A value that the schema admits in form.
    fn example(&self, schema: &'a Value, depth: usize) -> Value {
        let schema = self.present(self.resolve(schema));
        if let Some(first) = list(schema, "enum").next() {
            return first.clone();
        }
        let kind = schema.get("type").and_then(|kind| kind.as_str().or_else(|| kind.get(0)?.as_str())).unwrap_or("object");
        match kind {
            "string" if string(schema, "format") == "date-time" => "2026-01-01T00:00:00Z".into(),
            "string" => "…".into(),
            "integer" | "number" => 1.into(),
            "boolean" => true.into(),
            "array" => {
                schema.get("items").filter(|_| depth < 4).map(|items| vec![self.example(items, depth + 1)]).unwrap_or_default().into()
            }
            _ => {
                let required: Vec<&str> = list(schema, "required").filter_map(Value::as_str).collect();
                let fields = object(schema, "properties").into_iter().flatten().filter(|(name, _)| required.contains(&name.as_str()));
                Value::Object(fields.map(|(name, field)| (name.clone(), self.example(field, depth + 1))).collect())
            }
        }
    }
}

fn is_public(operation: &Value) -> bool {
    list(operation, "security").any(|need| need.as_object().is_some_and(Map::is_empty))
}

/// An id of the page from a heading.
fn anchor(text: &str) -> String {
    text.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-").replace("--", "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_every_operation_and_lets_no_markup_through() {
        let page = content("https://platform.example");
        for path in openapi().paths.paths.keys() {
            assert!(page.contains(&format!("<code>{path}</code>")), "{path}");
        }
        assert!(page.contains("curl -X POST https://platform.example/api/v1/tenants/$T/applications"));
        assert!(!page.contains("<script"));
        assert_eq!(prose("a **b** `c<d`"), "a <b>b</b> <code>c&lt;d</code>");
    }
}
