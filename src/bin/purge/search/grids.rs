//! What is searched of each method: what its authors would tune on another network. What the paper fixes, such as what becomes of
//! batch normalisation, stays as the method has it, and the preset's own values and the authors' are tried beside (`points.rs`).

use purge_unlearning::{Error, Result};

/// A setting, and the values that it is tried with: for a switch 0 and 1, for a choice the places of its words.
pub type Axis = (&'static str, &'static [f64]);

/// The settings of a method that are searched.
pub struct Grid {
    pub method: &'static str,
    pub axes: &'static [Axis],
}

/// Percent at which a run ends, and not at guessing as in the presets: that is over what counts as forgotten. What looks at the rest may go
/// on to the end of its epochs, for which 0 stands; what does not would only go on to destroy.
const TARGET: Axis = ("target_forget_accuracy", &[0.0, 1.0, 4.0]);
const TARGET_OF_A_PUSH: Axis = ("target_forget_accuracy", &[0.5, 1.0, 2.0, 4.0]);

#[rustfmt::skip]
const GRIDS: &[Grid] = &[
    Grid { method: "purge", axes: &[
        ("learning_rate", &[5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2]),
        ("retain_share", &[0.1, 0.2, 0.5, 1.0, 2.0]),
        ("representation_weight", &[0.03, 0.05, 0.1, 0.3]),
        ("kd_weight", &[2.0, 3.0, 5.0]),
        TARGET_OF_A_PUSH,
    ] },
    Grid { method: "gradient_ascent", axes: &[
        ("learning_rate", &[3e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3]),
        ("momentum", &[0.0, 0.5, 0.9]),
        ("batch_size", &[32.0, 128.0, 256.0]),
        ("epochs", &[20.0, 60.0]),
        TARGET_OF_A_PUSH,
    ] },
    Grid { method: "fine_tune", axes: &[
        ("learning_rate", &[1e-2, 2e-2, 5e-2, 0.1, 0.2, 0.5]),
        ("epochs", &[5.0, 10.0, 20.0]),
        ("batch_size", &[32.0, 64.0, 128.0]),
        ("weight_decay", &[5e-4, 5e-3, 2e-2]),
        TARGET,
    ] },
    Grid { method: "kl_uniform", axes: &[
        ("learning_rate", &[5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2]),
        ("representation_weight", &[0.0, 0.03, 0.05, 0.1, 0.3]),
        ("kd_weight", &[1.0, 2.0, 3.0, 5.0]),
        ("max_grad_norm", &[1.0, 5.0]),
        ("check_every", &[4.0, 50.0]),
        ("epochs", &[12.0, 15.0, 40.0]),
        TARGET_OF_A_PUSH,
    ] },
    Grid { method: "neg_grad_plus", axes: &[
        ("learning_rate", &[5e-4, 1e-3, 3e-3, 1e-2, 3e-2]),
        ("retain_weight", &[0.5, 0.8, 0.9, 0.95, 0.99]),
        ("momentum", &[0.0, 0.9]),
        ("epochs", &[5.0, 10.0]),
        TARGET,
    ] },
    Grid { method: "random_labels", axes: &[
        ("learning_rate", &[1e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1]),
        ("labels", &[0.0, 1.0]),
        ("batch_size", &[64.0, 128.0, 256.0]),
        ("epochs", &[3.0, 10.0]),
        TARGET,
    ] },
    Grid { method: "salun", axes: &[
        ("learning_rate", &[2e-3, 5e-3, 1.3e-2, 3e-2, 0.1]),
        ("mask_share", &[0.1, 0.3, 0.5, 0.8]),
        ("batch_size", &[64.0, 128.0, 256.0]),
        ("epochs", &[5.0, 10.0]),
        TARGET,
    ] },
    Grid { method: "scrub", axes: &[
        ("learning_rate", &[2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2]),
        ("max_epochs", &[1.0, 2.0, 3.0, 5.0]),
        ("kd_weight", &[1e-3, 5e-2, 0.5]),
        ("epochs", &[5.0, 8.0, 12.0]),
        ("forget_batch_size", &[0.0, 32.0, 512.0]),
        TARGET,
    ] },
    Grid { method: "bad_teacher", axes: &[
        ("learning_rate", &[1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 4e-3]),
        ("retain_fraction", &[0.3, 0.6, 1.0]),
        ("temperature", &[1.0, 2.0, 4.0]),
        ("epochs", &[1.0, 3.0, 10.0]),
        TARGET,
    ] },
    Grid { method: "l1_sparse", axes: &[
        ("learning_rate", &[1e-2, 2e-2, 5e-2, 0.1, 0.2]),
        ("l1_weight", &[1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3]),
        ("batch_size", &[64.0, 128.0]),
        ("epochs", &[5.0, 10.0, 20.0]),
        TARGET,
    ] },
    Grid { method: "ssd", axes: &[
        ("selection_weight", &[1.5, 2.0, 2.5, 3.5, 5.0, 7.0, 10.0, 20.0, 50.0]),
        ("dampening", &[0.03, 0.1, 0.3, 1.0]),
        ("batch_size", &[8.0, 16.0, 64.0]),
    ] },
    Grid { method: "boundary_shrink", axes: &[
        ("learning_rate", &[1e-5, 1e-4, 2e-4, 5e-4, 1e-3, 3e-3]),
        ("nudge", &[0.05, 0.1, 0.2, 0.4]),
        ("momentum", &[0.0, 0.9]),
        ("epochs", &[10.0, 30.0]),
        TARGET_OF_A_PUSH,
    ] },
    Grid { method: "unsir", axes: &[
        ("learning_rate", &[1e-3, 2e-3, 5e-3, 1e-2, 2e-2]),
        ("repair_rate", &[5e-4, 1e-3, 2e-3, 5e-3, 1e-2]),
        ("noise_steps", &[25.0, 40.0, 100.0, 250.0]),
        ("noise_copies", &[2.0, 4.0, 10.0, 20.0]),
        ("samples_per_class", &[500.0, 1000.0]),
    ] },
    // Not λ: of how deep it forgets the score knows nothing, so that a search would find that nothing is needed for it.
    Grid { method: "deep", axes: &[
        ("learning_rate", &[2e-3, 4e-3, 8e-3, 1.6e-2]),
        ("steps", &[100.0, 200.0, 400.0]),
        ("weight_decay", &[1e-3, 1e-2, 1e-1]),
        ("temperature", &[1.0, 2.0, 4.0]),
    ] },
];

/// The methods that are searched. Retraining is what they are measured by.
pub fn methods() -> Vec<&'static str> {
    GRIDS.iter().map(|grid| grid.method).collect()
}

/// The grid of a method.
pub fn grid(method: &str) -> Result<&'static Grid> {
    let missing = || Error::config("--method", format!("all, or some of {}", methods().join(", ")), method);
    GRIDS.iter().find(|grid| grid.method == method).ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use purge_unlearning::unlearning::METHODS;

    use super::*;

    #[test]
    fn every_method_but_retraining_has_one_grid() {
        let all: Vec<&str> =
            METHODS.iter().map(|method| method.info().name).filter(|name| *name != "retrain").collect();
        let mut with_grids = methods();
        with_grids.sort_by_key(|name| all.iter().position(|other| other == name));
        assert_eq!(with_grids, all);
        assert!(grid("retrain").is_err());
    }

    #[test]
    fn values_go_up_by_factors() {
        for Grid { method, axes } in GRIDS {
            for (key, values) in *axes {
                assert!(values.len() > 1 && values.is_sorted_by(|a, b| a < b), "{method} {key}");
                let factors = values.windows(2).filter(|pair| pair[0] > 0.0).map(|pair| pair[1] / pair[0]);
                // Shares come near to their limit of 1, not to 0.
                let share = ["retain_weight", "mask_share", "retain_fraction", "momentum"].contains(key);
                assert!(share || factors.clone().all(|factor| factor >= 1.25), "{method} {key}: {values:?}");
            }
        }
    }
}
