//! Variants that break requirements of the area `deadlines`, one file a deviation.

mod always_writes_nanos;
mod asks_when_the_time_is_over;
mod asks_without_a_deadline;
mod cancels_once_headers_came;
mod ends_input_at_the_deadline;
mod fails_on_late_frames;
mod has_a_coarse_timer;
mod ignores_deadlines;
mod keeps_dead_streams;
mod knows_cancel_only;
mod leaves_outgoing_calls;
mod lets_handlers_run_on;
mod looks_at_the_clock_when_frames_come;
mod notices_cancels_when_writing;
mod outlives_connections;
mod passes_the_first_remaining;
mod reads_eight_digits_of_more;
mod resets_with_internal_error;
mod sends_late_trailers;
mod shows_cancels_as_unknown;
mod shows_expiry_as_cancelled;
mod takes_loss_for_the_end;
mod takes_m_for_minutes;
mod takes_malformed_for_expired;
mod times_from_the_half_close;
mod times_from_the_stream;
mod times_out_when_idle;
mod times_the_head_only;
mod times_the_head_only_at_the_server;
mod writes_ms;

use super::Killer;

/// One line a killer.
pub(super) const ALL: &[fn() -> Killer] = &[
    always_writes_nanos::killer,
    asks_when_the_time_is_over::killer,
    asks_without_a_deadline::killer,
    cancels_once_headers_came::killer,
    ends_input_at_the_deadline::killer,
    fails_on_late_frames::killer,
    has_a_coarse_timer::killer,
    ignores_deadlines::killer,
    keeps_dead_streams::killer,
    knows_cancel_only::killer,
    leaves_outgoing_calls::killer,
    lets_handlers_run_on::killer,
    looks_at_the_clock_when_frames_come::killer,
    notices_cancels_when_writing::killer,
    outlives_connections::killer,
    passes_the_first_remaining::killer,
    reads_eight_digits_of_more::killer,
    resets_with_internal_error::killer,
    sends_late_trailers::killer,
    shows_cancels_as_unknown::killer,
    shows_expiry_as_cancelled::killer,
    takes_loss_for_the_end::killer,
    takes_m_for_minutes::killer,
    takes_malformed_for_expired::killer,
    times_from_the_half_close::killer,
    times_from_the_stream::killer,
    times_out_when_idle::killer,
    times_the_head_only::killer,
    times_the_head_only_at_the_server::killer,
    writes_ms::killer,
];
