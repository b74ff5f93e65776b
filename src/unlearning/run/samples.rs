use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};

use super::config::no_samples;
use crate::data::{ClassRoles, Dataset, Shuffled, one_hot};
use crate::unlearning::method::Pass;
use crate::work::Images;
use crate::{Error, Result};

/// Added to a logit whose probability shall be 0. In 32-bit floats it then is, without the NaN that −∞ · 0 would give.
pub(crate) const EXCLUDED: f32 = -1e4;

/// The samples of a run, D_f and D_r, each in shuffled batches without end, and what the network from before says of them.
#[derive(Debug, Clone)]
pub struct Samples {
    dataset: Arc<Dataset>,
    device: Device,
    roles: ClassRoles,
    teacher_logits: Arc<Vec<f32>>,
    forget_indices: Arc<Vec<usize>>,
    retain_indices: Arc<Vec<usize>>,
    forget: Shuffled,
    retain: Shuffled,
}

/// Some samples of the training split.
#[derive(Debug, Clone)]
pub struct Batch {
    dataset: Arc<Dataset>,
    /// y, one-hot `[B, K]`.
    pub labels: Tensor<2>,
    /// Where they lie in the training split.
    pub indices: Vec<usize>,
}

impl Batch {
    /// x
    pub fn images(&self) -> Images<'_> {
        let Dataset { train, normalisation, .. } = self.dataset.as_ref();
        Images::Of { split: train, normalisation, indices: &self.indices }
    }
}

impl Samples {
    /// `teacher_logits` are those of the network from before on the whole training split, rows of K.
    pub(in crate::unlearning) fn new(
        dataset: Arc<Dataset>,
        roles: &ClassRoles,
        teacher_logits: Arc<Vec<f32>>,
        (batch_size, seed): (usize, u64),
        device: &Device,
    ) -> Result<Self> {
        let classes = dataset.classes();
        if teacher_logits.len() != dataset.train.len() * classes {
            let expected = format!("{} rows of {classes} logits, one for each training sample", dataset.train.len());
            return Err(Error::config("train_logits", expected, format!("{} logits", teacher_logits.len())));
        }
        if teacher_logits.iter().any(|logit| !logit.is_finite()) {
            return Err(Error::model("network", "finite answers on the training samples", "some that are not"));
        }
        let forget_indices = dataset.train.indices_where(|class| roles.forgets(class));
        let retain_indices = dataset.train.indices_where(|class| roles.retains(class));
        if forget_indices.is_empty() {
            return Err(no_samples("the forgotten classes"));
        }
        if retain_indices.is_empty() {
            return Err(no_samples("the other classes"));
        }
        Ok(Self {
            forget: Shuffled::new(forget_indices.clone(), batch_size, seed),
            // A seed of its own, or both sides would be shuffled alike.
            retain: Shuffled::new(retain_indices.clone(), batch_size, seed ^ 0x5eed),
            forget_indices: forget_indices.into(),
            retain_indices: retain_indices.into(),
            teacher_logits: without(teacher_logits, &roles.forgotten, classes),
            roles: roles.clone(),
            device: device.clone(),
            dataset,
        })
    }

    /// The same with batches of D_f and of D_r that somebody else has drawn, one after the other, and their sizes.
    #[cfg(test)]
    pub(crate) fn in_order(
        dataset: Arc<Dataset>,
        roles: &ClassRoles,
        teacher_logits: Vec<f32>,
        batches: [(Vec<usize>, usize); 2],
        device: &Device,
    ) -> Self {
        let [forget, retain] = batches.map(|(indices, size)| Shuffled::in_order(indices, size));
        Self { forget, retain, ..Self::new(dataset, roles, teacher_logits.into(), (1, 0), device).unwrap() }
    }

    /// The same with other classes.
    #[cfg(test)]
    pub(crate) fn of_roles(self, roles: ClassRoles) -> Self {
        Self { roles, ..self }
    }

    /// The dataset.
    pub fn dataset(&self) -> &Arc<Dataset> {
        &self.dataset
    }

    /// Where they are looked at.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// What is forgotten, and what was before.
    pub fn roles(&self) -> &ClassRoles {
        &self.roles
    }

    /// Where D_f lies in the training split.
    pub fn forget_indices(&self) -> &[usize] {
        &self.forget_indices
    }

    /// Where D_r lies in the training split.
    pub fn retain_indices(&self) -> &[usize] {
        &self.retain_indices
    }

    /// Logits of the network from before on a training sample, `[K]`. What earlier runs forgot is excluded, or the teacher
    /// would teach the rest of it back.
    pub fn teacher_row(&self, index: usize) -> &[f32] {
        let classes = self.dataset.classes();
        &self.teacher_logits[index * classes..(index + 1) * classes]
    }

    /// The same of a batch, `[B, K]`.
    pub fn teacher_logits(&self, batch: &Batch) -> Tensor<2> {
        self.rows_of(batch.indices.iter().map(|&index| self.teacher_row(index)))
    }

    /// Rows of K numbers as a tensor `[B, K]`.
    pub(crate) fn rows_of<'a>(&self, rows: impl Iterator<Item = &'a [f32]>) -> Tensor<2> {
        let classes = self.dataset.classes();
        let rows: Vec<f32> = rows.flatten().copied().collect();
        let count = rows.len() / classes;
        Tensor::from_data(TensorData::new(rows, [count, classes]), &self.device)
    }

    /// A batch with other labels.
    pub(crate) fn relabelled(&self, batch: Batch, labels: &[usize]) -> Batch {
        let classes = self.dataset.classes();
        let mut rows = vec![0.0_f32; labels.len() * classes];
        for (row, &label) in rows.chunks_exact_mut(classes).zip(labels) {
            row[label] = 1.0;
        }
        Batch { labels: self.rows_of(rows.chunks_exact(classes)), ..batch }
    }

    /// The next batch of D_f.
    pub fn next_forget(&mut self) -> Batch {
        let indices = self.forget.next_endless().to_vec();
        self.batch(indices)
    }

    /// The next batch of D_r.
    pub fn next_retain(&mut self) -> Batch {
        let indices = self.retain.next_endless().to_vec();
        self.batch(indices)
    }

    /// Samples of the training split.
    pub fn batch(&self, indices: Vec<usize>) -> Batch {
        let split = &self.dataset.train;
        Batch {
            dataset: self.dataset.clone(),
            labels: one_hot(split, &indices, self.dataset.classes(), &self.device),
            indices,
        }
    }

    /// How many batches a pass has.
    pub fn batches_per_pass(&self, pass: Pass) -> usize {
        match pass {
            Pass::Forget => self.forget.batches_per_pass(),
            Pass::Retain => self.retain.batches_per_pass(),
            Pass::Both => self.forget.batches_per_pass() + self.retain.batches_per_pass(),
            Pass::Steps => 1,
        }
    }
}

fn without(logits: Arc<Vec<f32>>, excluded: &[usize], classes: usize) -> Arc<Vec<f32>> {
    if excluded.is_empty() {
        return logits;
    }
    let mut logits = logits.to_vec();
    for row in logits.chunks_exact_mut(classes) {
        excluded.iter().for_each(|&class| row[class] += EXCLUDED);
    }
    logits.into()
}
