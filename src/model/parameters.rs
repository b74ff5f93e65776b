//! All weights of a network in one flat tensor.
//!
//! PURGE works on the concatenation of all parameters: it takes dot products of whole gradients, projects one on the
//! other and clips the result. With one flat tensor each of these is one operation instead of one per layer.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use burn::tensor::{Device, Gradients, Tensor, TensorData};

use crate::kernels;

/// Names, shapes and places of a network's parameters, in PyTorch's names and shapes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layout {
    entries: Vec<(String, Vec<usize>, Range<usize>)>,
    len: usize,
}

impl Layout {
    pub(crate) fn push(&mut self, name: impl Into<String>, shape: &[usize]) {
        // Saturating, for a file from a stranger may name sizes that no memory holds.
        let size = shape.iter().fold(1_usize, |size, &side| size.saturating_mul(side));
        let end = self.len.saturating_add(size);
        self.entries.push((name.into(), shape.to_vec(), self.len..end));
        self.len = end;
    }

    /// How many numbers there are in all.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Name, shape and place of each parameter, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[usize], Range<usize>)> {
        self.entries.iter().map(|(name, shape, range)| (name.as_str(), shape.as_slice(), range.clone()))
    }
}

/// A network's weights θ: one flat tensor `[P]` without gradients, and its layout.
#[derive(Debug, Clone)]
pub struct Parameters {
    layout: Arc<Layout>,
    flat: Tensor<1>,
}

impl Parameters {
    pub(crate) fn new(layout: Arc<Layout>, values: Vec<f32>, device: &Device) -> Self {
        let len = layout.len();
        debug_assert_eq!(values.len(), len);
        let device = device.clone().without_autodiff();
        Self { layout, flat: Tensor::from_data(TensorData::new(values, [len]), &device) }
    }

    /// Where each parameter lies.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// θ as one tensor `[P]`.
    pub fn flat(&self) -> Tensor<1> {
        self.flat.clone()
    }

    /// Replaces θ, `[P]`.
    pub(crate) fn set_flat(&mut self, flat: Tensor<1>) {
        self.flat = flat;
    }

    /// The parameters one by one, for a forward pass without gradients.
    pub fn views(&self) -> Views {
        Views { parameters: self.clone(), are_leaves: false, tensors: OnceLock::new() }
    }

    /// The parameters one by one, as leaves of a new graph.
    pub fn leaves(&self) -> Views {
        Views { are_leaves: true, ..self.views() }
    }

    fn spread(&self) -> Vec<Tensor<1>> {
        kernels::spread(&self.flat, self.layout.iter().map(|(_, _, range)| range))
    }
}

/// A network's parameters one by one, each flat.
#[derive(Debug, Clone)]
pub struct Views {
    parameters: Parameters,
    are_leaves: bool,
    /// Made when they are first read: burn never lets go of a leaf that no gradient was asked of, as where helpers have done all
    /// parts of a step.
    tensors: OnceLock<Vec<Tensor<1>>>,
}

impl Views {
    fn tensors(&self) -> &[Tensor<1>] {
        self.tensors.get_or_init(|| match self.are_leaves {
            true => self.parameters.spread().into_iter().map(|flat| flat.autodiff().require_grad()).collect(),
            false => self.parameters.spread(),
        })
    }

    /// Gives the parameters in the layout's order.
    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader { views: self, next: 0 }
    }

    /// The gradient of a loss with respect to all parameters, `[P]`; zero where the loss does not depend on one.
    pub fn gradient(&self, loss: Tensor<1>) -> Tensor<1> {
        let gradients: Gradients = loss.backward();
        let parts = self
            .tensors()
            .iter()
            .map(|leaf| leaf.grad(&gradients).unwrap_or_else(|| leaf.clone().without_autodiff().zeros_like()))
            .collect();
        kernels::join(parts)
    }
}

/// Gives a network its parameters one after the other, in the order of its layout.
pub(crate) struct Reader<'a> {
    views: &'a Views,
    next: usize,
}

impl Reader<'_> {
    /// The next parameter, in its own shape.
    ///
    /// # Panics
    /// If there is none left, or its rank is not `D`; both are the network's own doing.
    pub(crate) fn next<const D: usize>(&mut self) -> Tensor<D> {
        let (_, shape, _) = &self.views.parameters.layout.entries[self.next];
        let mut dims = [0; D];
        dims.copy_from_slice(shape);
        self.next += 1;
        self.views.tensors()[self.next - 1].clone().reshape(dims)
    }
}
