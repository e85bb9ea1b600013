//! Ways to harm a connection.
