use super::{Choice, Group, Range, Setting, words};

const MANY: u64 = 1_000_000_000;
const HUGE: f64 = 1e12;

/// A row without symbol and unit.
const fn row(key: &'static str, group: Group, range: Range, label: &'static str, sentence: &'static str) -> Setting {
    Setting { key, symbol: None, label: words(label), sentence: words(sentence), group, unit: None, range }
}

impl Setting {
    const fn symbol(self, symbol: &'static str) -> Self {
        Setting { symbol: Some(symbol), ..self }
    }

    const fn unit(self, unit: &'static str) -> Self {
        Setting { unit: Some(unit), ..self }
    }
}

const fn number(min: f64, max: f64) -> Range {
    Range::Number { min, max, ends: [true, true], zero_is_off: false }
}

const fn over_zero(max: f64) -> Range {
    Range::Number { min: 0.0, max, ends: [false, true], zero_is_off: false }
}

const fn whole(min: u64, max: u64) -> Range {
    Range::Whole { min, max }
}

use Group::{Forgetting, Keeping, Steps, Stopping};

/// Every setting that a method may have, in the order in which they are shown.
#[rustfmt::skip]
pub static TABLE: &[Setting] = &[
    row("objective", Forgetting, Range::Choice(&[
        Choice { value: "retain_confusion", label: words("Its mean answer on the rest") },
        Choice { value: "conditional", label: words("Its answer without the class") },
        Choice { value: "uniform", label: words("Every class alike") },
        Choice { value: "gradient_ascent", label: words("Anything but the truth") },
    ]), "Objective", "What the network shall say of the forgotten images instead."),
    row("representation_weight", Forgetting, number(0.0, 1e6),
        "Representation weight", "Pulls inner activations of forgotten images towards those of the rest.").symbol("λ"),
    row("forget_gate", Forgetting, number(0.0, 1.0),
        "Entropy gate", "Above this share of full uncertainty a step only repairs the rest; 0 is off.").symbol("γ"),
    row("head_offset", Forgetting, number(0.0, 1e4),
        "Head offset", "How low the switched-off output of the class stands; 0 is as low as the other classes’ own logits go.").symbol("b"),
    row("class_mean_weight", Forgetting, number(0.0, 1e6),
        "Class mean weight", "Draws inner activations of forgotten images to those of the classes that they would be taken for.").symbol("λ"),
    row("nudge", Forgetting, number(0.0, 1.0),
        "Nudge", "How far each pixel is moved to find the class over the nearest border.").symbol("ε"),
    row("selection_weight", Forgetting, number(0.0, 1e6),
        "Selection", "A weight is shrunk that matters this many times as much for the class as for all images.").symbol("α"),
    row("dampening", Forgetting, number(0.0, 1e6),
        "Dampening", "How much is left of such a weight, times the ratio of the two.").symbol("λ"),
    row("noise_steps", Forgetting, whole(0, MANY),
        "Noise steps", "How long noise is changed so that the network errs on it."),
    row("noise_copies", Forgetting, whole(0, 1000),
        "Noise copies", "How often each image of the noise is taught as the class."),
    row("labels", Forgetting, Range::Choice(&[
        Choice { value: "others", label: words("Other classes, drawn once") },
        Choice { value: "all", label: words("All classes, drawn anew each time") },
    ]), "Wrong labels", "Which labels the forgotten images are taught."),
    row("mask_share", Forgetting, number(0.0, 1.0),
        "Weights that move", "The share of all weights that may change: those on which the class depends most."),
    row("max_epochs", Forgetting, whole(0, 1000),
        "Pushing epochs", "How many epochs have a pass that pushes the answers on the class away."),
    row("l1_weight", Forgetting, number(0.0, 1e6),
        "Pull to zero", "How hard all weights are drawn to zero; it fades from epoch to epoch.").symbol("α"),

    row("projection", Keeping, Range::Switch,
        "Projection", "Takes out of the forgetting gradient what would raise the loss on the rest (A-GEM)."),
    row("strict", Keeping, Range::Switch,
        "Strict projection", "Projects the final step too, after momentum and weight decay."),
    row("retain_share", Keeping, number(0.0, 1e6),
        "Retain share", "How much of the rest’s own gradient is added, to repair while forgetting.").symbol("ρ"),
    row("retain_weight", Keeping, number(0.0, 1.0),
        "Retain weight", "The part of the loss that is of the rest; what is left of 1 pushes against the class.").symbol("α"),
    row("retain_fraction", Keeping, over_zero(1.0),
        "Part of the rest", "Which part of the rest is looked at, drawn once."),
    row("ce_weight", Keeping, number(0.0, 1e6),
        "Label weight", "How much the right answers on the rest count.").symbol("γ"),
    row("kd_weight", Keeping, number(0.0, 1e6),
        "Distillation weight", "Holds answers on the rest close to those of the network from before.").symbol("β"),
    row("temperature", Keeping, over_zero(1e6),
        "Temperature", "Softens both answers before they are compared.").symbol("T"),
    row("samples_per_class", Keeping, whole(1, MANY),
        "Images of a class", "How many images of each other class it works with."),
    row("repair_rate", Keeping, over_zero(1e9),
        "Repair rate", "The length of a step of the repair."),

    row("steps", Steps, whole(1, MANY),
        "Number of steps", "How many steps it takes in all."),
    row("training_optimizer", Steps, Range::Choice(&[
        Choice { value: "adam_w", label: words("AdamW") },
        Choice { value: "sgd", label: words("SGD with momentum 0.9") },
    ]), "Optimizer", "What turns gradients into steps."),
    row("augmentation", Steps, Range::Switch,
        "Augmentation", "Changes images at random, as is usual for this dataset."),
    row("optimizer", Steps, Range::Choice(&[
        Choice { value: "sgd", label: words("SGD with momentum") },
        Choice { value: "adam", label: words("Adam") },
    ]), "Optimizer", "What makes steps of gradients; Adam keeps a momentum of its own."),
    row("learning_rate", Steps, over_zero(1e9),
        "Learning rate", "The length of a step.").symbol("η"),
    row("momentum", Steps, Range::Number { min: 0.0, max: 1.0, ends: [true, false], zero_is_off: false },
        "Momentum", "How much of the step before is carried on.").symbol("μ"),
    row("weight_decay", Steps, number(0.0, 1e3),
        "Weight decay", "Shrinks the weights a little at each step.").symbol("w"),
    row("max_grad_norm", Steps, number(0.0, HUGE),
        "Gradient norm limit", "Longer gradients are cut to this norm; 0 is off.").symbol("c"),
    row("batch_norm", Steps, Range::Choice(&[
        Choice { value: "frozen", label: words("Frozen, as in use") },
        Choice { value: "train", label: words("Learning, as in training") },
    ]), "Batch normalisation", "Whether its running statistics follow the batches, which then go through whole; without effect on group normalisation."),
    row("batch_size", Steps, whole(1, 65_536),
        "Batch size", "Images of each kind that a step looks at.").symbol("B"),
    row("forget_batch_size", Steps, whole(0, 65_536),
        "Forget batch size", "Images to forget in a batch, where they are not as many as of the rest; 0 is as many."),
    row("samples_at_once", Steps, whole(0, 65_536),
        "Images at once", "A larger batch goes through in parts, with the same result in less memory; 0 is what 1.5 GB hold."),
    row("seed", Steps, whole(0, 9_007_199_254_740_991),
        "Seed", "Fixes the order of the images."),
    row("certificate", Steps, Range::Switch,
        "Certificate", "Measures what each step does to the loss on the rest, and changes nothing else; a step then takes about twice as long."),

    row("target_forget_accuracy", Stopping, number(0.0, 100.0),
        "Target forget accuracy", "Stop when no more of the forgotten images than this are recognised.").unit("%"),
    row("target_samples", Stopping, whole(0, MANY),
        "Target samples", "How many of them a look in between counts; 0 is all, as the last look always does."),
    row("check_every", Stopping, whole(1, MANY),
        "Check every", "Steps between two looks at forget accuracy.").symbol("N"),
    row("look_margin", Stopping, number(0.0, 100.0),
        "Look margin", "No look in between while the newest batch is further than this over the target; 100 is always.").unit("%"),
    row("retain_budget", Stopping, Range::Number { min: 1.0, max: HUGE, ends: [true, true], zero_is_off: true },
        "Retain budget", "Stop when the loss on the rest is this many times its first value; 0 is off.").symbol("α"),
    row("budget_samples", Stopping, whole(0, MANY),
        "Budget samples", "How many images of the rest that loss is judged on; 0 is all of them."),
    row("budget_floor", Stopping, number(0.0, 1e6),
        "Least budget", "That loss may always become this, however small it was before."),
    row("min_steps", Stopping, whole(0, MANY),
        "Least steps", "The epoch limit holds from this many steps on: few images make short passes."),
    row("epochs", Stopping, whole(1, MANY),
        "Epoch limit", "Stop after so many passes over the images that the method walks through."),
];
