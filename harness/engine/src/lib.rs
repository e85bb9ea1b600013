//! The engine: cases, scripted peers, checks, systems and runs.
