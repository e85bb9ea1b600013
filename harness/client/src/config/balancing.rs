//! `loadBalancingConfig`, and `loadBalancingPolicy` where the former is absent.

use crate::config::ConfigRejected;
use crate::config::field::Field;

/// How connections are made and chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Balancing {
    /// One connection, to the first address that can be connected.
    PickFirst {
        /// Put the addresses into a random order first (gRFC A62).
        shuffle: bool,
    },
    /// A connection to every address, used in turn.
    RoundRobin,
}

impl Default for Balancing {
    fn default() -> Self {
        Self::PickFirst { shuffle: false }
    }
}

pub(crate) fn read(root: &Field<'_>) -> Result<Balancing, ConfigRejected> {
    let old = root.get("loadBalancingPolicy").map(|field| read_name(&field)).transpose()?;
    match root.get("loadBalancingConfig") {
        Some(list) => read_list(&list),
        None => Ok(old.unwrap_or_default()),
    }
}

fn read_name(field: &Field<'_>) -> Result<Balancing, ConfigRejected> {
    match field.text()?.to_ascii_lowercase().as_str() {
        "pick_first" => Ok(Balancing::PickFirst { shuffle: false }),
        "round_robin" => Ok(Balancing::RoundRobin),
        _ => Err(field.wanted("a known policy (pick_first, round_robin)")),
    }
}

fn read_list(list: &Field<'_>) -> Result<Balancing, ConfigRejected> {
    let mut chosen = None;
    for entry in list.list()? {
        let names = entry.object()?;
        let [name] = names.as_slice() else {
            return Err(entry.wanted("exactly one policy an entry"));
        };
        let policy = match name.as_str() {
            "pick_first" if chosen.is_none() => pick_first(&entry)?,
            "round_robin" if chosen.is_none() => round_robin(&entry)?,
            _ => continue,
        };
        chosen = Some(policy);
    }
    chosen.ok_or_else(|| list.wanted("at least one known policy (pick_first, round_robin)"))
}

fn pick_first(entry: &Field<'_>) -> Result<Balancing, ConfigRejected> {
    let Some(settings) = entry.get("pick_first") else {
        return Ok(Balancing::default());
    };
    settings.object()?;
    let shuffle = settings.get("shuffleAddressList").map_or(Ok(false), |field| field.bool())?;
    Ok(Balancing::PickFirst { shuffle })
}

fn round_robin(entry: &Field<'_>) -> Result<Balancing, ConfigRejected> {
    entry.get("round_robin").map_or(Ok(Vec::new()), |settings| settings.object())?;
    Ok(Balancing::RoundRobin)
}
