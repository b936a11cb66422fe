//! `/account/tokens`: tokens for programs that use the REST API.

use leptos::prelude::*;
use mintreu_model::view::TokenView;

use crate::{
    Error,
    components::prelude::*,
    context::{actor, control},
    flash::PageFlash,
    load::load,
    tenant::frame::param,
};

/// Seconds a token may live, and how that is said.
const LIVES: [(&str, &str); 4] = [("2592000", "30 days"), ("7776000", "90 days"), ("31536000", "One year"), ("", "Until it is revoked")];

#[component]
pub fn Tokens() -> impl IntoView {
    load(async move {
        let (control, actor, once) = (control()?, actor()?, PageFlash::current().once());
        let tokens = control.list_tokens(&actor).await?;
        let now = control.clock.system_now();
        let example = format!("curl -H \"Authorization: Bearer $MINTREU_TOKEN\" \\\n  {}/api/v1/me", control.config.public_url);
        let made = (!once.is_empty()).then(|| {
            view! {
                <Secret heading="Copy the token now." values=once>"It is kept only as a hash and is not shown again."</Secret>
                <Code label="Example call" code=example />
            }
        });
        let list = if tokens.is_empty() {
            view! {
                <EmptyState icon="key" title="No tokens yet">"A token lets a program do over the REST API what you may do here."</EmptyState>
            }
            .into_any()
        } else {
            let columns =
                vec![Column::new("Name"), Column::new("Ends in"), Column::new("Last used"), Column::new("Expires"), Column::new("Made")];
            let rows = tokens.into_iter().map(|token| row(token, now)).collect();
            view! { <Table caption="Your tokens, the newest first" columns=columns rows=rows /> }.into_any()
        };
        let lives = LIVES.map(|(value, label)| (value.to_owned(), label.to_owned())).to_vec();
        Ok(view! {
            <AccountShell actor=actor title="Tokens" current="tokens">
                <PageHeader title="Tokens"
                    lede=view! { "For programs that use the "<a href="/docs/api">"REST API"</a>". A token may do what you may do, in every tenant." } />
                {made}
                <Card flush=true>{list}</Card>
                <Card title="New token">
                    <Form action="/_fn/token/create" submit="Create token" id="token">
                        <div class="form-grid">
                            <Field name="name" label="Name" placeholder="Deployment" hint="What it is for." />
                            <Field name="expires_in" label="Lives" kind=Kind::Select(lives) value="7776000" hint="Shorter is safer." />
                        </div>
                        <Field name="current_password" label="Present password" kind=Kind::Password autocomplete="current-password" />
                    </Form>
                </Card>
            </AccountShell>
        })
    })
}

fn row(token: TokenView, now: chrono::DateTime<chrono::Utc>) -> Row {
    let used = match token.last_used_at {
        Some(at) => view! { <When at=at now=now /> }.into_any(),
        None => "Never".into_any(),
    };
    let expires = match token.expires_at {
        Some(at) if at <= now => view! { <Badge label="Expired" /> }.into_any(),
        Some(at) => view! { <When at=at now=now /> }.into_any(),
        None => "Never".into_any(),
    };
    let dialog = format!("revoke-{}", token.id);
    let name = token.name.clone();
    let actions = view! {
        <LinkButton href=format!("/account/tokens/{}/revoke", token.id) label="Revoke…" look=Look::Danger small=true about=name dialog=dialog.clone() />
        <Dialog id=dialog title=question(&token) action="/_fn/token/revoke" confirm="Revoke token" keep="Keep it" danger=true>
            <p>{CONSEQUENCE}</p>
            <Hidden name="token_id" value=token.id.to_string() />
        </Dialog>
    };
    Row::new(cells![
        token.name.clone(),
        view! { <code>"…"{token.last_four.clone()}</code> },
        used,
        expires,
        view! { <When at=token.created_at now=now /> },
    ])
    .actions(actions)
}

const CONSEQUENCE: &str = "Programs that use it are refused from now on. This cannot be taken back; make a new token instead.";

fn question(token: &TokenView) -> String {
    format!("Revoke “{}”?", token.name)
}

/// The question as a page, where no script opens the dialog.
#[component]
pub fn RevokeToken() -> impl IntoView {
    load(async move {
        let (control, actor, id) = (control()?, actor()?, param("token"));
        let token = control.list_tokens(&actor).await?.into_iter().find(|token| token.id.to_string() == id).ok_or_else(Error::not_found)?;
        Ok(view! {
            <AccountShell actor=actor title="Revoke a token" current="tokens" parents=vec![Crumb::new("Tokens", "/account/tokens")] width=Width::Form>
                <PageHeader title=question(&token) />
                <Card>
                    <p>{CONSEQUENCE}</p>
                    <Form action="/_fn/token/revoke" submit="Revoke token" look=Look::DangerSolid cancel="/account/tokens">
                        <Hidden name="token_id" value=token.id.to_string() />
                    </Form>
                </Card>
            </AccountShell>
        })
    })
}
