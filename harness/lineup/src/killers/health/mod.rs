//! Variants that break requirements of the area `health`, one file a deviation.

mod answers_for_unknown_names;
mod fails_watches_of_unknown_names;
mod knows_one_watcher_a_name;
mod names_do_not_follow_the_store;
mod not_serving_is_an_error;
mod probe_ends_at_a_failure;
mod probe_has_no_limit;
mod pushes_changes_only;
mod says_the_first_state_only;
mod serves_from_the_start;
mod silent_at_shutdown;
mod trusts_a_dead_pool;
mod wakes_up_in_the_drain;
mod watch_outlives_its_cancel;

use super::Killer;

/// One line a killer.
pub(super) const ALL: &[fn() -> Killer] = &[
    answers_for_unknown_names::killer,
    fails_watches_of_unknown_names::killer,
    knows_one_watcher_a_name::killer,
    names_do_not_follow_the_store::killer,
    not_serving_is_an_error::killer,
    probe_ends_at_a_failure::killer,
    probe_has_no_limit::killer,
    pushes_changes_only::killer,
    says_the_first_state_only::killer,
    serves_from_the_start::killer,
    silent_at_shutdown::killer,
    trusts_a_dead_pool::killer,
    wakes_up_in_the_drain::killer,
    watch_outlives_its_cancel::killer,
];
