//! `/t/{tenant}/team/leave`: the question before it is done.

use leptos::prelude::*;
use mintreu_control::access::ViewTenant;

use crate::{
    components::prelude::*,
    load::load,
    tenant::frame::{frame, param},
};

#[component]
pub fn Leave() -> impl IntoView {
    let slug = param("tenant");
    load(async move {
        let (_, frame) = frame::<ViewTenant>(&slug).await?;
        let team = format!("/t/{slug}/team");
        let question = format!("Leave {}?", frame.name);
        Ok(view! {
            <TenantShell frame=frame title="Leave" current="team" parents=vec![Crumb::new("Team", team.clone())] width=Width::Form>
                <PageHeader title=question />
                <Card>
                    <p>"You lose access at once, and only an invitation brings you back. The last owner cannot leave: make somebody else owner first."</p>
                    <Form action="/_fn/member/leave" submit="Leave" look=Look::DangerSolid cancel=team>
                        <Hidden name="tenant" value=slug />
                    </Form>
                </Card>
            </TenantShell>
        })
    })
}
