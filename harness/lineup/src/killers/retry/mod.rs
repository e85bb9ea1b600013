//! Variants that break requirements of the area `retry`, one file a deviation.

mod announces_no_attempts;
mod buffers_everything;
mod calls_override_timeouts;
mod cancels_after_the_wait;
mod caps_after_jitter;
mod commits_with_messages;
mod compounds_its_jitter;
mod configs_override_timeouts;
mod counts_retries_only;
mod counts_the_wait_from_the_start;
mod draws_once_a_channel;
mod drops_broken_entries;
mod fails_what_it_cannot_buffer;
mod gives_every_attempt_the_whole_time;
mod has_full_jitter;
mod has_no_jitter;
mod hides_the_attempts;
mod ignores_pushback;
mod ignores_the_sign;
mod jitters_pushback;
mod merges_entries;
mod numbers_its_attempts;
mod passes_over_bad_pushback;
mod prefers_service_entries;
mod prefers_the_default_entry;
mod reads_fractions_as_nanos;
mod reads_no_policy;
mod refills_at_once;
mod repeats_five_times;
mod repeats_lost_attempts;
mod replays_the_rest_only;
mod retries_after_messages;
mod retries_by_default;
mod retries_every_status;
mod retries_its_own_expiry;
mod retries_told_statuses_only;
mod sends_foreign_attempts;
mod shows_refusals;
mod shows_the_first_failure;
mod stays_throttled;
mod takes_three_digits_at_most;
mod takes_zero_for_absent;
mod throttles_below_half;
mod throttles_late;
mod waits_a_constant_time;

use super::Killer;

/// One line a killer.
pub(super) const ALL: &[fn() -> Killer] = &[
    announces_no_attempts::killer,
    buffers_everything::killer,
    calls_override_timeouts::killer,
    cancels_after_the_wait::killer,
    caps_after_jitter::killer,
    commits_with_messages::killer,
    compounds_its_jitter::killer,
    configs_override_timeouts::killer,
    counts_retries_only::killer,
    counts_the_wait_from_the_start::killer,
    draws_once_a_channel::killer,
    drops_broken_entries::killer,
    fails_what_it_cannot_buffer::killer,
    gives_every_attempt_the_whole_time::killer,
    has_full_jitter::killer,
    has_no_jitter::killer,
    hides_the_attempts::killer,
    ignores_pushback::killer,
    ignores_the_sign::killer,
    jitters_pushback::killer,
    merges_entries::killer,
    numbers_its_attempts::killer,
    passes_over_bad_pushback::killer,
    prefers_service_entries::killer,
    prefers_the_default_entry::killer,
    reads_fractions_as_nanos::killer,
    reads_no_policy::killer,
    refills_at_once::killer,
    repeats_five_times::killer,
    repeats_lost_attempts::killer,
    replays_the_rest_only::killer,
    retries_after_messages::killer,
    retries_by_default::killer,
    retries_every_status::killer,
    retries_its_own_expiry::killer,
    retries_told_statuses_only::killer,
    sends_foreign_attempts::killer,
    shows_refusals::killer,
    shows_the_first_failure::killer,
    stays_throttled::killer,
    takes_three_digits_at_most::killer,
    takes_zero_for_absent::killer,
    throttles_below_half::killer,
    throttles_late::killer,
    waits_a_constant_time::killer,
];
