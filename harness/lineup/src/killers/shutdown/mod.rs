//! Variants that break requirements of the area `shutdown`, one file a deviation.

mod acknowledges_before_it_stores;
mod cancels_calls_at_the_signal;
mod captures_the_last_stream_early;
mod client_closes_at_goaway;
mod client_does_not_retry_unprocessed;
mod client_heeds_the_first_goaway_only;
mod client_shows_unreachable_as_internal;
mod client_waits_for_the_drain;
mod closes_the_store_at_the_signal;
mod cuts_calls_with_internal;
mod dies_of_a_signal;
mod exits_as_if_killed;
mod forgets_its_handlers;
mod has_no_grace_limit;
mod has_no_lame_duck;
mod health_comes_last;
mod ignores_sigint;
mod keeps_listening;
mod leaves_drained_connections;
mod names_the_last_stream_at_once;
mod refuses_after_the_first_goaway;
mod serves_after_the_final_goaway;
mod skips_the_round_trip;
mod sleeps_through_its_grace;
mod stops_reading;
mod truncates_streams;
mod waits_for_the_ack_for_ever;
mod watches_hold_the_drain;

use super::Killer;

/// One line a killer.
pub(super) const ALL: &[fn() -> Killer] = &[
    acknowledges_before_it_stores::killer,
    cancels_calls_at_the_signal::killer,
    captures_the_last_stream_early::killer,
    client_closes_at_goaway::killer,
    client_does_not_retry_unprocessed::killer,
    client_heeds_the_first_goaway_only::killer,
    client_shows_unreachable_as_internal::killer,
    client_waits_for_the_drain::killer,
    closes_the_store_at_the_signal::killer,
    cuts_calls_with_internal::killer,
    dies_of_a_signal::killer,
    exits_as_if_killed::killer,
    forgets_its_handlers::killer,
    has_no_grace_limit::killer,
    has_no_lame_duck::killer,
    health_comes_last::killer,
    ignores_sigint::killer,
    keeps_listening::killer,
    leaves_drained_connections::killer,
    names_the_last_stream_at_once::killer,
    refuses_after_the_first_goaway::killer,
    serves_after_the_final_goaway::killer,
    skips_the_round_trip::killer,
    sleeps_through_its_grace::killer,
    stops_reading::killer,
    truncates_streams::killer,
    waits_for_the_ack_for_ever::killer,
    watches_hold_the_drain::killer,
];
