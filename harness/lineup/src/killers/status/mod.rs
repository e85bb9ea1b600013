//! Variants that break requirements of the area `status`, one file a deviation.

mod client_details_need_padding;
mod client_details_panic;
mod client_details_refuse_padding;
mod client_drops_odd_messages;
mod client_empty_response_is_ok;
mod client_end_on_data_is_ok;
mod client_first_response_wins;
mod client_http_status_first;
mod client_knows_too_few_codes;
mod client_late_error_unknown;
mod client_lost_is_internal;
mod client_missing_status_is_ok;
mod client_own_http_table;
mod client_reset_after_headers_unknown;
mod client_reset_is_clean_end;
mod client_resets_are_unavailable;
mod client_trims_messages;
mod client_unreachable_is_unknown;
mod client_waits_for_second_block;
mod server_details_only_at_once;
mod server_drops_second_request;
mod server_empty_stream_without_trailers;
mod server_http_status_from_code;
mod server_knows_too_few_codes;
mod server_lacks_codes_for_states;
mod server_looks_at_outermost_error;
mod server_message_url_escaped;
mod server_not_found_for_unknown_method;
mod server_panic_ends_connection;
mod server_panic_resets_stream;
mod server_status_in_headers;
mod server_takes_any_content_type;
mod server_tells_panic_text;
mod server_trailers_only_without_content_type;
mod server_two_digit_status;

use super::Killer;

/// One line a killer.
pub(super) const ALL: &[fn() -> Killer] = &[
    client_details_need_padding::killer,
    client_details_panic::killer,
    client_details_refuse_padding::killer,
    client_drops_odd_messages::killer,
    client_empty_response_is_ok::killer,
    client_end_on_data_is_ok::killer,
    client_first_response_wins::killer,
    client_http_status_first::killer,
    client_knows_too_few_codes::killer,
    client_late_error_unknown::killer,
    client_lost_is_internal::killer,
    client_missing_status_is_ok::killer,
    client_own_http_table::killer,
    client_reset_after_headers_unknown::killer,
    client_reset_is_clean_end::killer,
    client_resets_are_unavailable::killer,
    client_trims_messages::killer,
    client_unreachable_is_unknown::killer,
    client_waits_for_second_block::killer,
    server_details_only_at_once::killer,
    server_drops_second_request::killer,
    server_empty_stream_without_trailers::killer,
    server_http_status_from_code::killer,
    server_knows_too_few_codes::killer,
    server_lacks_codes_for_states::killer,
    server_looks_at_outermost_error::killer,
    server_message_url_escaped::killer,
    server_not_found_for_unknown_method::killer,
    server_panic_ends_connection::killer,
    server_panic_resets_stream::killer,
    server_status_in_headers::killer,
    server_takes_any_content_type::killer,
    server_tells_panic_text::killer,
    server_trailers_only_without_content_type::killer,
    server_two_digit_status::killer,
];
