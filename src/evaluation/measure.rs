use web_time::Instant;

use super::{Answers, Evaluation, NonMembers};
use crate::Result;
use crate::data::{ClassRoles, Dataset, SplitName};
use crate::inference::LogitCache;
use crate::model::Network;
use crate::work::Hands;

/// Every score of a network on a dataset. What `known` holds of its logits is not computed again, and what had to be
/// computed is kept there.
///
/// # Errors
/// Those of [`logits`](crate::inference::logits); [`BadConfig`](crate::Error::BadConfig) for classes that cannot be
/// forgotten or a split that the dataset does not have.
pub async fn evaluate(
    hands: &dyn Hands,
    network: &Network,
    dataset: &Dataset,
    roles: &ClassRoles,
    non_members: SplitName,
    known: &mut LogitCache,
) -> Result<Evaluation> {
    let start = Instant::now();
    roles.check(dataset.classes())?;
    dataset.non_members(non_members)?;
    let train = known.get(hands, network, dataset, SplitName::Train).await?;
    let test = known.get(hands, network, dataset, SplitName::Test).await?;
    let val = match (non_members, &dataset.val) {
        (SplitName::Val, Some(val)) => Some((known.get(hands, network, dataset, SplitName::Val).await?, val.labels())),
        _ => None,
    };
    Evaluation::from_logits(
        roles,
        dataset.classes(),
        Answers { logits: &train, labels: dataset.train.labels() },
        Answers { logits: &test, labels: dataset.test.labels() },
        val.as_ref().map_or(NonMembers::Test, |(logits, labels)| NonMembers::Val(Answers { logits, labels })),
        start.elapsed().as_secs_f64(),
    )
}
