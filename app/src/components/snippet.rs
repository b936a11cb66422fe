//! The same call in curl, JavaScript, Python and PHP. Tabs are radio buttons and need no script;
//! where scripts run the language chosen is remembered, and the example can be copied.

use leptos::prelude::*;

use super::{code::highlight, icon::Icon};

/// A call as an example shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// `POST`.
    pub method: String,
    pub url: String,
    pub client_id: String,
    /// Body as JSON text; `None` sends none.
    pub json: Option<String>,
}

impl Call {
    fn curl(&self) -> String {
        let method = if self.method == "GET" || self.json.is_some() && self.method == "POST" {
            String::new()
        } else {
            format!(" -X {}", self.method)
        };
        let body = self.json.as_ref().map_or_else(String::new, |json| {
            format!(" \\\n  -H \"Content-Type: application/json\" \\\n  -d '{}'", json.replace('\'', r"'\''"))
        });
        format!("curl{method} {} \\\n  -u \"{}:$MINTREU_SECRET\"{body}", self.url, self.client_id)
    }

    fn javascript(&self) -> String {
        let (kind, body) = self.json.as_ref().map_or_else(Default::default, |json| {
            ("\n    \"Content-Type\": \"application/json\",".to_owned(), format!("\n  body: JSON.stringify({json}),"))
        });
        format!(
            "const answer = await fetch(\"{}\", {{\n  method: \"{}\",\n  headers: {{\n    Authorization: \"Basic \" + btoa(`{}:${{process.env.MINTREU_SECRET}}`),{kind}\n  }},{body}\n}});\nconst data = await answer.json();",
            self.url, self.method, self.client_id
        )
    }

    fn python(&self) -> String {
        let body = self.json.as_ref().map_or_else(String::new, |json| {
            format!("\n    data='{}',\n    headers={{\"Content-Type\": \"application/json\"}},", quoted(json))
        });
        format!(
            "import os, requests\n\ndata = requests.{}(\n    \"{}\",\n    auth=(\"{}\", os.environ[\"MINTREU_SECRET\"]),{body}\n    timeout=10,\n).json()",
            self.method.to_lowercase(),
            self.url,
            self.client_id
        )
    }

    fn php(&self) -> String {
        let body = self.json.as_ref().map_or_else(String::new, |json| format!("\n    ->withBody('{}', 'application/json')", quoted(json)));
        format!(
            "$data = Http::withBasicAuth('{}', env('MINTREU_SECRET')){body}\n    ->{}('{}')->json();",
            self.client_id,
            self.method.to_lowercase(),
            self.url
        )
    }
}

/// Text inside single quotes, for Python and PHP alike.
fn quoted(text: &str) -> String {
    text.replace('\\', r"\\").replace('\'', r"\'")
}

#[component]
pub fn Snippet(
    call: Call,
    /// Distinguishes several examples on one page.
    #[prop(optional, into, default = "lang".into())]
    name: String,
) -> impl IntoView {
    let examples = [
        ("curl", "curl", call.curl()),
        ("js", "JavaScript", call.javascript()),
        ("py", "Python", call.python()),
        ("php", "PHP", call.php()),
    ];
    let tabs = examples
        .iter()
        .map(|(key, label, _)| {
            view! { <label><input type="radio" name=name.clone() value=*key checked={*key == "curl"} />{*label}</label> }
        })
        .collect_view();
    let codes = examples
        .iter()
        .map(|(key, label, code)| {
            view! {
                <pre class=format!("code in-{key}") tabindex="0" role="region" aria-label=format!("{label} example")>
                    <code inner_html=highlight(code)></code>
                </pre>
            }
        })
        .collect_view();
    view! {
        <div class="snippet" data-snippet="">
            <div class="snippet-h">
                <fieldset><legend class="vh">"Language"</legend>{tabs}</fieldset>
                <button class="btn btn-s btn-quiet needs-script" type="button" data-copy-code="">
                    <Icon name="copy" small=true /><span class="hide-s" data-copy-label="">"Copy"</span><span class="vh">" the example"</span>
                </button>
            </div>
            {codes}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_names_the_address_the_client_and_never_a_secret() {
        let call =
            Call { method: "POST".into(), url: "http://h/products/p/v1/x".into(), client_id: "mci_1".into(), json: Some("{}".into()) };
        for code in [call.curl(), call.javascript(), call.python(), call.php()] {
            assert!(code.contains("http://h/products/p/v1/x") && code.contains("mci_1") && code.contains("MINTREU_SECRET"));
        }
    }

    #[test]
    fn quotes_in_the_body_do_not_end_the_example() {
        let call = Call { method: "POST".into(), url: String::new(), client_id: String::new(), json: Some(r#"{"a":"it's \"b\""}"#.into()) };
        assert!(call.curl().contains(r#"-d '{"a":"it'\''s \"b\""}'"#));
        assert!(call.python().contains(r#"data='{"a":"it\'s \\"b\\""}'"#));
    }
}
