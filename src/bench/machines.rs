//! Several instances of a client side by side, with the same credentials: each has its own state, as on a machine of
//! its own, and its own ports, so that the journal tells them apart.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use futures_util::future::join_all;

use super::play::state_variables;
use super::service::endpoint_variables;
use crate::driver::Call;
use crate::scenario::Step;
use crate::server::Mock;

/// The machines on which the instances of a client run. They last for the scenario.
pub(super) struct Machines(Vec<Machine>);

struct Machine {
    endpoints: BTreeMap<String, String>,
    state: PathBuf,
}

impl Machines {
    /// So many machines, with their state below that folder.
    pub(super) async fn start(mock: &mut Mock, count: u32, state: &Path) -> Result<Self, String> {
        let mut machines = Vec::new();
        for instance in 1..=count {
            let entrance = mock.entrance(instance).await;
            let entrance = entrance.map_err(|error| format!("the mock cannot listen: {error}"))?;
            let state = state.join(format!("instance-{instance}"));
            std::fs::create_dir(&state).map_err(|error| format!("temporary folder: {error}"))?;
            let endpoints = endpoint_variables(Some(&entrance.token_url), Some(&entrance.api_url));
            machines.push(Machine { endpoints, state });
        }
        Ok(Self(machines))
    }

    /// The call of a step as each instance gets it, by its number from 1.
    pub(super) fn calls(
        &self,
        step: &Step,
        number: u32,
        call: &Call,
    ) -> impl Iterator<Item = (u32, Call)> + use<'_> {
        let count = step.instances.and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
        let call = call.clone();
        (1..).zip(self.0.iter().take(count)).map(move |(instance, machine)| {
            let mut call = call.clone();
            call.variables.extend(machine.endpoints.clone());
            call.variables.extend(state_variables(number, &machine.state));
            (instance, call)
        })
    }
}

/// Does all of them at the same time; their results in order.
pub(super) async fn side_by_side<T>(tasks: impl Iterator<Item = impl Future<Output = T> + Send>) -> Vec<T> {
    join_all(tasks).await
}

#[cfg(test)]
mod tests {
    use tokio::sync::Barrier;

    use super::*;

    #[tokio::test]
    async fn all_run_at_the_same_time_and_keep_their_order() {
        // Nobody passes before all three are there.
        let barrier = Barrier::new(3);
        let tasks = [3_u64, 1, 2].into_iter().map(|number| {
            let barrier = &barrier;
            async move {
                barrier.wait().await;
                number
            }
        });
        assert_eq!(side_by_side(tasks).await, [3, 1, 2]);
        assert!(side_by_side(std::iter::empty::<std::future::Ready<u8>>()).await.is_empty());
    }
}
