//! Events, transcripts, findings, verdicts and the versioned record of a run.
