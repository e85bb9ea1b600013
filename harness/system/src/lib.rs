//! What a system under test is: commands, events, features and settings.
