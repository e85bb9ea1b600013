//! Variants that break requirements of the area `metadata`, one file a deviation.

mod client_assumes_end_headers;
mod client_binary_not_split;
mod client_headers_with_first_message;
mod client_last_value_wins_received;
mod client_last_value_wins_sent;
mod client_no_initial_metadata;
mod client_no_trailing_metadata;
mod client_one_map;
mod client_percent_encodes_values;
mod client_refuses_padding;
mod client_repairs_keys;
mod client_reserved_keys_sent;
mod client_shared_metadata_buffer;
mod client_upper_case_key;
mod client_url_safe_base64_read;
mod client_url_safe_base64_sent;
mod server_assumes_end_headers;
mod server_binary_not_split;
mod server_clones_metadata;
mod server_errors_without_trailers;
mod server_handlers_get_base64;
mod server_headers_with_first_message;
mod server_ids_on_first_call_only;
mod server_last_value_wins_received;
mod server_last_value_wins_sent;
mod server_no_initial_metadata;
mod server_one_parent_for_all_attempts;
mod server_refuses_padding;
mod server_request_id_per_outgoing_call;
mod server_reserved_keys_sent;
mod server_shared_metadata_buffer;
mod server_splits_text_at_commas;
mod server_success_without_trailers;
mod server_url_safe_base64_sent;

use super::Killer;

/// One line a killer.
pub(super) const ALL: &[fn() -> Killer] = &[
    client_assumes_end_headers::killer,
    client_binary_not_split::killer,
    client_headers_with_first_message::killer,
    client_last_value_wins_received::killer,
    client_last_value_wins_sent::killer,
    client_no_initial_metadata::killer,
    client_no_trailing_metadata::killer,
    client_one_map::killer,
    client_percent_encodes_values::killer,
    client_refuses_padding::killer,
    client_repairs_keys::killer,
    client_reserved_keys_sent::killer,
    client_shared_metadata_buffer::killer,
    client_upper_case_key::killer,
    client_url_safe_base64_read::killer,
    client_url_safe_base64_sent::killer,
    server_assumes_end_headers::killer,
    server_binary_not_split::killer,
    server_clones_metadata::killer,
    server_errors_without_trailers::killer,
    server_handlers_get_base64::killer,
    server_headers_with_first_message::killer,
    server_ids_on_first_call_only::killer,
    server_last_value_wins_received::killer,
    server_last_value_wins_sent::killer,
    server_no_initial_metadata::killer,
    server_one_parent_for_all_attempts::killer,
    server_refuses_padding::killer,
    server_request_id_per_outgoing_call::killer,
    server_reserved_keys_sent::killer,
    server_shared_metadata_buffer::killer,
    server_splits_text_at_commas::killer,
    server_success_without_trailers::killer,
    server_url_safe_base64_sent::killer,
];
