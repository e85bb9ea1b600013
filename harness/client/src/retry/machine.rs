//! What follows an attempt: a pure state machine, one a call.

use std::time::Duration;

use proofmark_transport::Chance;

use crate::config::RetryPolicy;
use crate::outcome::{AttemptEnd, Pushback};
use crate::policy::{BackoffRules, Made, RetryRules};
use crate::retry::throttle::Throttle;

/// What happens after an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The call ends with this attempt's outcome.
    Final,
    /// Another attempt starts this long after the end.
    RetryAfter(Duration),
    /// The attempt is repeated at once and does not count.
    Repeat,
}

/// The state of one call's retries.
#[derive(Clone, Debug)]
pub struct RetryMachine {
    policy: Option<RetryPolicy>,
    made: Made,
    backoffs: u32,
    last_wait: Option<Duration>,
    committed: bool,
}

impl RetryMachine {
    /// A call under `policy` without attempts.
    pub fn new(policy: Option<RetryPolicy>) -> Self {
        Self { policy, made: Made::default(), backoffs: 0, last_wait: None, committed: false }
    }

    /// Attempts so far.
    pub fn made(&self) -> Made {
        self.made
    }

    /// A stream was opened for an attempt.
    pub fn opened(&mut self) {
        self.made.streams += 1;
    }

    /// The call is tied to its running attempt from now on.
    pub fn commit(&mut self) {
        self.committed = true;
    }

    /// Books the end of an attempt and says what follows.
    pub fn after(
        &mut self,
        end: &AttemptEnd,
        throttle: &mut Throttle,
        rules: &dyn RetryRules,
        backoff: &dyn BackoffRules,
        chance: &mut Chance,
    ) -> Verdict {
        if end.outcome.is_ok() {
            throttle.success(rules);
            return Verdict::Final;
        }
        let opened = end.class != crate::outcome::EndClass::NeverOpened;
        if (!self.committed || !opened) && rules.transparent(end, self.made) {
            self.made.transparent += u32::from(opened);
            if !rules.transparent_counts() {
                return Verdict::Repeat;
            }
        }
        self.made.counted += 1;
        let retryable = self.policy.as_ref().is_some_and(|policy| rules.retryable(policy, end));
        if rules.takes_token(retryable, end) {
            throttle.failure(rules);
        }
        let Some(policy) = self.policy.as_ref().filter(|_| retryable && rules.retries_when(end, self.committed)) else {
            return Verdict::Final;
        };
        if !rules.attempts_left(policy, self.made) || throttle.holds_back(rules) {
            return Verdict::Final;
        }
        let wait = match end.pushback {
            Pushback::Stop => return Verdict::Final,
            Pushback::Delay(delay) => {
                self.backoffs = backoff.retries_after_pushback(self.backoffs);
                backoff.pushed(delay, policy, chance)
            }
            Pushback::Absent => {
                self.backoffs += 1;
                let nominal = backoff.nominal(policy, self.backoffs, self.last_wait);
                backoff.jitter(nominal, policy, chance)
            }
        };
        self.last_wait = Some(wait);
        Verdict::RetryAfter(wait)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proofmark_transport::Seed;
    use proptest::prelude::*;
    use tonic::Code;

    use super::*;
    use crate::config::Throttling;
    use crate::outcome::EndClass;
    use crate::policy::Standard;

    fn policy(max_attempts: u32) -> RetryPolicy {
        RetryPolicy {
            max_attempts,
            initial_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(5),
            multiplier: 3.0,
            codes: BTreeSet::from([14]),
        }
    }

    fn end(class: EndClass, code: Code, pushback: Pushback) -> AttemptEnd {
        AttemptEnd { pushback, ..AttemptEnd::made_here(class, code, "") }
    }

    fn step(machine: &mut RetryMachine, throttle: &mut Throttle, end: &AttemptEnd, seed: u64) -> Verdict {
        machine.after(end, throttle, &Standard, &Standard, &mut Seed(seed).stream("test"))
    }

    #[test]
    fn backoff_restarts_after_pushback() {
        let (mut machine, mut throttle) = (RetryMachine::new(Some(policy(5))), Throttle::new(None));
        let plain = end(EndClass::Answered, Code::Unavailable, Pushback::Absent);
        let pushed = end(EndClass::Answered, Code::Unavailable, Pushback::Delay(Duration::from_millis(20)));
        let windows = [(&plain, 80, 120), (&pushed, 20, 20), (&plain, 80, 120), (&plain, 240, 360)];
        for (end, low, high) in windows {
            let Verdict::RetryAfter(wait) = step(&mut machine, &mut throttle, end, 7) else { panic!("a retry") };
            assert!((low..=high).contains(&wait.as_millis()), "{wait:?} in {low}..={high}");
        }
    }

    #[test]
    fn a_second_refusal_is_ordinary() {
        let (mut machine, mut throttle) = (RetryMachine::new(None), Throttle::new(None));
        let refused = end(EndClass::Refused, Code::Unavailable, Pushback::Absent);
        assert_eq!(step(&mut machine, &mut throttle, &refused, 1), Verdict::Repeat);
        assert_eq!(step(&mut machine, &mut throttle, &refused, 1), Verdict::Final);
    }

    #[test]
    fn throttling_stops_at_half() {
        let mut throttle = Throttle::new(Some(Throttling { max_tokens: 4000, token_ratio: 100 }));
        let failed = end(EndClass::Answered, Code::Unavailable, Pushback::Absent);
        let mut first = RetryMachine::new(Some(policy(5)));
        assert!(matches!(step(&mut first, &mut throttle, &failed, 1), Verdict::RetryAfter(_)));
        assert_eq!(step(&mut first, &mut throttle, &failed, 1), Verdict::Final);
        assert_eq!(step(&mut RetryMachine::new(Some(policy(5))), &mut throttle, &failed, 1), Verdict::Final);
    }

    fn ends() -> impl Strategy<Value = AttemptEnd> {
        let class = prop_oneof![
            Just(EndClass::Unreachable),
            Just(EndClass::NeverOpened),
            Just(EndClass::Refused),
            Just(EndClass::AboveGoaway),
            Just(EndClass::Lost),
            Just(EndClass::Answered),
            Just(EndClass::Local),
            Just(EndClass::Expired),
        ];
        let code = prop_oneof![Just(Code::Unavailable), Just(Code::Internal)];
        let pushback = prop_oneof![
            Just(Pushback::Absent),
            Just(Pushback::Stop),
            (0_u64..3000).prop_map(|milliseconds| Pushback::Delay(Duration::from_millis(milliseconds)))
        ];
        (class, code, pushback).prop_map(|(class, code, pushback)| end(class, code, pushback))
    }

    proptest! {
        #[test]
        fn a_call_never_exceeds_its_attempts(ends in prop::collection::vec(ends(), 0..40), max in 2_u32..=5, tokens in 1_i64..20, seed: u64) {
            let mut machine = RetryMachine::new(Some(policy(max)));
            let mut throttle = Throttle::new(Some(Throttling { max_tokens: tokens * 1000, token_ratio: 500 }));
            let (mut counted, mut repeats) = (0, 0);
            for end in &ends {
                match step(&mut machine, &mut throttle, end, seed) {
                    Verdict::Final => break,
                    Verdict::Repeat => {
                        prop_assert!(matches!(end.class, EndClass::NeverOpened | EndClass::Refused | EndClass::AboveGoaway));
                        repeats += u32::from(end.class != EndClass::NeverOpened);
                    }
                    Verdict::RetryAfter(wait) => {
                        counted += 1;
                        prop_assert_eq!(end.outcome.code, Code::Unavailable);
                        match end.pushback {
                            Pushback::Delay(delay) => prop_assert_eq!(wait, delay),
                            other => {
                                prop_assert_eq!(other, Pushback::Absent);
                                prop_assert!(wait >= Duration::from_millis(80) && wait <= Duration::from_secs(6));
                            }
                        }
                    }
                }
                prop_assert_eq!(machine.made().counted, counted);
            }
            prop_assert!(counted < max && repeats <= 1);
        }

        #[test]
        fn a_committed_call_is_never_retried(end in ends(), seed: u64) {
            let (mut machine, mut throttle) = (RetryMachine::new(Some(policy(5))), Throttle::new(None));
            machine.commit();
            let verdict = step(&mut machine, &mut throttle, &end, seed);
            prop_assert!(verdict == Verdict::Final || end.class == EndClass::NeverOpened);
        }

        #[test]
        fn tokens_stay_between_zero_and_full(books in prop::collection::vec(any::<bool>(), 0..200), max in 1_i64..=1000, ratio in 1_i64..5000) {
            let mut throttle = Throttle::new(Some(Throttling { max_tokens: max * 1000, token_ratio: ratio }));
            for success in books {
                if success { throttle.success(&Standard) } else { throttle.failure(&Standard) }
                prop_assert!((0..=max * 1000).contains(&throttle.tokens()));
            }
        }
    }
}
