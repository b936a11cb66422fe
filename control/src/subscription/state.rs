//! The state machine of subscriptions: one pure function, which everything else asks. Names and
//! meaning are Stripe's. To add a transition, add an arm to `next` and a cell to the table below.

use mintreu_model::status::SubscriptionStatus as Status;

/// What happens to a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(test), expect(dead_code, reason = "payments, which the remaining events come from, are not taken yet"))]
pub(crate) enum Event {
    /// An invoice was paid: the first one, a renewal, or what was owed.
    Paid,
    /// An invoice that was due was not paid.
    PaymentMissed,
    /// The operator's patience with what is owed is over.
    DunningEnded,
    /// The first invoice was not paid in time.
    FirstPaymentExpired,
    /// It goes on trying a plan that it has not tried.
    TrialBegan,
    /// The trial is over and there is no way to pay.
    TrialEnded,
    /// The plan costs nothing now.
    PaymentNotNeeded,
    /// Ended by the tenant, now or at the period's end.
    Canceled,
}

impl Event {
    #[cfg(test)]
    const ALL: [Self; 8] = [
        Self::Paid,
        Self::PaymentMissed,
        Self::DunningEnded,
        Self::FirstPaymentExpired,
        Self::TrialBegan,
        Self::TrialEnded,
        Self::PaymentNotNeeded,
        Self::Canceled,
    ];
}

/// An event that cannot happen in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{event:?} does not happen to a subscription that is {status}")]
pub(crate) struct Impossible {
    pub status: Status,
    pub event: Event,
}

/// The state after an event.
pub(crate) fn next(status: Status, event: Event) -> Result<Status, Impossible> {
    Ok(match (status, event) {
        (Status::Incomplete | Status::Trialing | Status::Active | Status::PastDue | Status::Paused | Status::Unpaid, Event::Paid)
        | (Status::Trialing | Status::Active | Status::Paused, Event::PaymentNotNeeded) => Status::Active,
        (Status::Incomplete, Event::FirstPaymentExpired) => Status::IncompleteExpired,
        (Status::Trialing | Status::Active | Status::PastDue, Event::PaymentMissed) => Status::PastDue,
        (Status::PastDue, Event::DunningEnded) => Status::Unpaid,
        (Status::Active, Event::TrialBegan) => Status::Trialing,
        (Status::Trialing, Event::TrialEnded) => Status::Paused,
        (status, Event::Canceled) if status.is_live() => Status::Canceled,
        (status, event) => return Err(Impossible { status, event }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows are states, columns the events in the order of `Event::ALL`; `-` is impossible.
    const TABLE: [(Status, [&str; 8]); 8] = [
        //                          paid      missed      dunning   expired               trial       ended     free      canceled
        (Status::Incomplete, ["active", "-", "-", "incomplete_expired", "-", "-", "-", "-"]),
        (Status::IncompleteExpired, ["-", "-", "-", "-", "-", "-", "-", "-"]),
        (Status::Trialing, ["active", "past_due", "-", "-", "-", "paused", "active", "canceled"]),
        (Status::Active, ["active", "past_due", "-", "-", "trialing", "-", "active", "canceled"]),
        (Status::PastDue, ["active", "past_due", "unpaid", "-", "-", "-", "-", "canceled"]),
        (Status::Paused, ["active", "-", "-", "-", "-", "-", "active", "canceled"]),
        (Status::Unpaid, ["active", "-", "-", "-", "-", "-", "-", "canceled"]),
        (Status::Canceled, ["-", "-", "-", "-", "-", "-", "-", "-"]),
    ];

    #[test]
    fn every_event_in_every_state_ends_where_the_table_says() {
        assert_eq!(TABLE.map(|(status, _)| status).as_slice(), Status::ALL, "the table has every state");
        for (status, cells) in TABLE {
            for (event, cell) in Event::ALL.into_iter().zip(cells) {
                let found = next(status, event).map_or("-", Status::as_str);
                assert_eq!(found, cell, "{status} + {event:?}");
            }
        }
    }

    #[test]
    fn nothing_leaves_an_end_and_only_live_ones_can_be_canceled() {
        for &status in Status::ALL {
            assert_eq!(next(status, Event::Canceled).is_ok(), status.is_live(), "{status}");
            let terminal = matches!(status, Status::Canceled | Status::IncompleteExpired);
            assert_eq!(Event::ALL.into_iter().all(|event| next(status, event).is_err()), terminal, "{status}");
        }
    }
}
