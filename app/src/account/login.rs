//! `/login?next=…&email=…`.

use leptos::prelude::*;

use crate::{components::prelude::*, context::visitor, load::load, local::next};

/// `/login` or `/register` with where to go and the address, as far as they are known.
#[must_use]
pub fn entrance(page: &str, target: Option<&str>, email: Option<&str>) -> String {
    let mut query = Query::default();
    if let Some(target) = next(target) {
        query = query.with("next", target);
    }
    if let Some(email) = email {
        query = query.with("email", email);
    }
    let query = query.href();
    if query == "?" { page.to_owned() } else { format!("{page}{query}") }
}

/// Hidden input that keeps where the person was going.
#[component]
pub fn KeepNext(#[prop(optional_no_strip)] target: Option<String>) -> impl IntoView {
    target.map(|target| view! { <Hidden name="next" value=target /> })
}

#[component]
pub fn LogIn() -> impl IntoView {
    load(async move {
        let query = Query::current();
        let target = next(query.get("next")).map(str::to_owned);
        if visitor().is_some() {
            leptos_axum::redirect(target.as_deref().unwrap_or("/dashboard"));
        }
        let email = query.get("email").unwrap_or_default().to_owned();
        let register = entrance("/register", target.as_deref(), query.get("email"));
        Ok(view! {
            <AuthShell title="Log in" lede=view! { "New here? "<a href=register>"Create an account"</a> }>
                <Form action="/_fn/account/log_in" submit="Log in" wide=true>
                    <Field name="email" label="E-mail" kind=Kind::Email autocomplete="username" value=email />
                    <Field name="password" label="Password" kind=Kind::Password autocomplete="current-password"
                        aside=view! { <a class="small" href="/forgot">"Forgotten?"</a> } />
                    <Checkbox name="remember" label="Stay logged in for 30 days" />
                    <KeepNext target=target />
                </Form>
            </AuthShell>
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entrance_keeps_only_local_targets() {
        assert_eq!(entrance("/login", Some("/t/x?a=b"), None), "/login?next=%2Ft%2Fx%3Fa%3Db");
        assert_eq!(entrance("/login", Some("//evil"), Some("a@b.c")), "/login?email=a%40b.c");
        assert_eq!(entrance("/login", None, None), "/login");
    }
}
