//! Variants that break requirements of the area `user`, one file a deviation.

mod chats_at_the_end;
mod clamps_page_sizes;
mod compares_errors_flatly;
mod copies_the_traceparent;
mod counts_bytes;
mod does_not_check_items;
mod drops_the_duration;
mod drops_the_duration_of_failures;
mod duplicates_are_internal;
mod edits_what_it_echoes;
mod empty_lists_fail;
mod explains_rejections;
mod fails_open;
mod forgets_fields;
mod guards_the_making_of_streams;
mod guards_unary_calls_only;
mod hears_callers_out;
mod hides_list_failures;
mod keeps_ids_in_a_global;
mod lists_for_nobody;
mod logs_ends_as_internal;
mod logs_streams_at_their_start;
mod logs_within_recovery;
mod looks_up_the_empty_id;
mod makes_no_request_id;
mod miscounts_batches;
mod missing_token_is_forbidden;
mod not_found_is_internal;
mod oversize_is_internal;
mod panics_take_connections_along;
mod passes_on_causes;
mod public_by_prefix;
mod request_id_in_trailers;
mod reverses_lists;
mod rewraps_statuses;
mod routes_loosely;
mod sends_no_details;
mod streams_fail_with_internal;
mod streams_have_no_span;
mod takes_any_page_token;
mod takes_any_traceparent;
mod takes_the_last_word_as_token;
mod tells_of_panics;
mod wants_one_spelling;

use super::Killer;

/// One line a killer.
pub(super) const ALL: &[fn() -> Killer] = &[
    chats_at_the_end::killer,
    clamps_page_sizes::killer,
    compares_errors_flatly::killer,
    copies_the_traceparent::killer,
    counts_bytes::killer,
    does_not_check_items::killer,
    drops_the_duration::killer,
    drops_the_duration_of_failures::killer,
    duplicates_are_internal::killer,
    edits_what_it_echoes::killer,
    empty_lists_fail::killer,
    explains_rejections::killer,
    fails_open::killer,
    forgets_fields::killer,
    guards_the_making_of_streams::killer,
    guards_unary_calls_only::killer,
    hears_callers_out::killer,
    hides_list_failures::killer,
    keeps_ids_in_a_global::killer,
    lists_for_nobody::killer,
    logs_ends_as_internal::killer,
    logs_streams_at_their_start::killer,
    logs_within_recovery::killer,
    looks_up_the_empty_id::killer,
    makes_no_request_id::killer,
    miscounts_batches::killer,
    missing_token_is_forbidden::killer,
    not_found_is_internal::killer,
    oversize_is_internal::killer,
    panics_take_connections_along::killer,
    passes_on_causes::killer,
    public_by_prefix::killer,
    request_id_in_trailers::killer,
    reverses_lists::killer,
    rewraps_statuses::killer,
    routes_loosely::killer,
    sends_no_details::killer,
    streams_fail_with_internal::killer,
    streams_have_no_span::killer,
    takes_any_page_token::killer,
    takes_any_traceparent::killer,
    takes_the_last_word_as_token::killer,
    tells_of_panics::killer,
    wants_one_spelling::killer,
];
