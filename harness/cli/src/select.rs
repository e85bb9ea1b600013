//! Chooses cases by patterns, area and role.

use anyhow::{Result, bail};
use proofmark_engine::case::{Case, Catalogue, Role};

use proofmark_transport::Seed;

use crate::args::{RoleArg, Selection};

/// The suites as they are embedded.
pub(crate) struct Suites {
    pub(crate) catalogue: Catalogue,
    pub(crate) cases: Vec<Case>,
}

impl Suites {
    /// Loads them; a mistake in a case is shown with file, line and column.
    pub(crate) fn load() -> Result<Self> {
        let catalogue =
            proofmark_suites::catalogue().map_err(|errors| anyhow::anyhow!("the requirement catalogue does not load\n{errors}"))?;
        let cases = proofmark_suites::cases(&catalogue).map_err(|errors| anyhow::anyhow!("the cases do not load\n{errors}"))?;
        Ok(Self { catalogue, cases })
    }

    /// A digest of the requirement catalogue, so that two records can be compared.
    pub(crate) fn digest(&self) -> String {
        let all = proofmark_suites::REQUIREMENTS.iter().fold(Seed(0), |seed, (_, text)| seed.derive(text));
        format!("{:016x}", all.0)
    }

    /// The cases that are meant.
    pub(crate) fn select(&self, selection: &Selection) -> Result<Vec<&Case>> {
        self.check_areas(selection)?;
        for pattern in &selection.patterns {
            if !self.cases.iter().any(|case| matches(pattern, case)) {
                bail!("no case or requirement matches `{pattern}`{}; `proofmark list` shows all cases", self.hint(pattern));
            }
        }
        let chosen: Vec<&Case> = self
            .cases
            .iter()
            .filter(|case| selection.patterns.is_empty() || selection.patterns.iter().any(|pattern| matches(pattern, case)))
            .filter(|case| selection.area.is_empty() || selection.area.contains(&case.area))
            .filter(|case| selection.role.is_none_or(|role| role_of(role) == case.role))
            .collect();
        if chosen.is_empty() {
            bail!("the selection matches no case: every pattern matches some, but none of those is of the area and role asked for");
        }
        Ok(chosen)
    }

    fn check_areas(&self, selection: &Selection) -> Result<()> {
        let mut known: Vec<&str> = self.cases.iter().map(|case| case.area.as_str()).collect();
        known.sort_unstable();
        known.dedup();
        match selection.area.iter().find(|area| !known.contains(&area.as_str())) {
            Some(area) => bail!("there is no area `{area}`; areas are {}", known.join(", ")),
            None => Ok(()),
        }
    }

    fn hint(&self, pattern: &str) -> String {
        let ids = self.cases.iter().flat_map(|case| std::iter::once(&case.id).chain(&case.proves));
        let nearest = ids.map(|id| (strsim::normalized_damerau_levenshtein(pattern, id), id)).max_by(|a, b| a.0.total_cmp(&b.0));
        nearest.filter(|(likeness, _)| *likeness > 0.5).map(|(_, id)| format!("; did you mean `{id}`?")).unwrap_or_default()
    }
}

fn role_of(role: RoleArg) -> Role {
    match role {
        RoleArg::Client => Role::Client,
        RoleArg::Server => Role::Server,
        RoleArg::Pair => Role::Pair,
    }
}

fn matches(pattern: &str, case: &Case) -> bool {
    std::iter::once(&case.id).chain(&case.proves).any(|id| fits(pattern, id))
}

/// Whether an id is what a pattern says: itself, a beginning up to a dot, or with `*` for anything.
pub(crate) fn fits(pattern: &str, id: &str) -> bool {
    if !pattern.contains('*') {
        return id == pattern || id.strip_prefix(pattern).is_some_and(|rest| rest.starts_with('.') || pattern.ends_with('.'));
    }
    let mut rest = id;
    let mut parts = pattern.split('*');
    if let Some(first) = parts.next() {
        let Some(after) = rest.strip_prefix(first) else { return false };
        rest = after;
    }
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(place) = rest.find(part) else { return false };
        rest = &rest[place + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::fits;

    #[rstest]
    #[case("retry.pushback", "retry.pushback.delay-is-exact", true)]
    #[case("retry.push", "retry.pushback.delay-is-exact", false)]
    #[case("retry.*.delay*", "retry.pushback.delay-is-exact", true)]
    #[case("*exact", "retry.pushback.delay-is-exact", true)]
    #[case("*delay", "retry.pushback.delay-is-exact", false)]
    #[case("retry.pushback.delay-is-exact", "retry.pushback.delay-is-exact", true)]
    fn patterns_mean_whole_parts_or_stars(#[case] pattern: &str, #[case] id: &str, #[case] expected: bool) {
        assert_eq!(fits(pattern, id), expected);
    }
}
