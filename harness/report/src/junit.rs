//! `junit.xml`: suite = area, class = system.area, name = case.

use std::io::{self, Write};
use std::time::Duration;

use proofmark_record::{CaseResult, Overlay, Record, Verdict};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::terminal::{failure, transcript};

/// Writes the document.
///
/// # Errors
/// Where `out` cannot be written.
pub fn write(record: &Record, out: &mut dyn Write) -> io::Result<()> {
    let mut report = Report::new("proofmark");
    let mut areas: Vec<&str> = record.cases.iter().map(|case| case.area.as_str()).collect();
    areas.sort_unstable();
    areas.dedup();
    for area in areas {
        let mut suite = TestSuite::new(area);
        for case in record.cases.iter().filter(|case| case.area == area) {
            suite.add_test_case(test_case(record, case));
        }
        report.add_test_suite(suite);
    }
    report.serialize(out).map_err(io::Error::other)
}

fn test_case(record: &Record, case: &CaseResult) -> TestCase {
    let body = || plain(&failure(case, transcript(record, case)));
    let mut status = match case.verdict {
        _ if matches!(case.overlay, Some(Overlay::KnownDeviation { .. })) => TestCaseStatus::skipped(),
        _ if matches!(case.overlay, Some(Overlay::UnexpectedPass { .. })) => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::Pass | Verdict::Warn | Verdict::Info => TestCaseStatus::success(),
        Verdict::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::Inconclusive | Verdict::SystemError | Verdict::HarnessError => TestCaseStatus::non_success(NonSuccessKind::Error),
        Verdict::Unsupported | Verdict::Skipped => TestCaseStatus::skipped(),
    };
    match case.verdict {
        _ if case.overlay.is_some() => {
            let reason = match &case.overlay {
                Some(Overlay::KnownDeviation { reason, link }) => format!("known deviation: {reason} ({link})"),
                Some(Overlay::UnexpectedPass { reason }) => format!("unexpected pass; the list says: {reason}"),
                None => String::new(),
            };
            status.set_message(plain(&reason));
        }
        Verdict::Fail | Verdict::Inconclusive | Verdict::SystemError | Verdict::HarnessError => {
            let message = case
                .reason
                .clone()
                .or_else(|| case.findings.first().map(|finding| format!("wanted {}, saw {}", finding.expected, finding.observed)));
            status.set_type(case.verdict.to_string()).set_message(plain(&message.unwrap_or_default())).set_description(body());
        }
        Verdict::Unsupported | Verdict::Skipped => {
            status.set_message(plain(&case.reason.clone().unwrap_or_default()));
        }
        _ => {}
    }
    let mut test = TestCase::new(case.id.clone(), status);
    test.set_classname(format!("{}.{}", case.system, case.area)).set_time(Duration::from_secs_f64(case.duration_ms / 1000.0));
    if case.verdict == Verdict::Warn {
        test.set_system_out(body());
    }
    test
}

/// Without the control characters that XML forbids.
fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() && letter != '\n' && letter != '\t' { '\u{fffd}' } else { letter }).collect()
}
