use burn::tensor::{Device, Tensor};
use pollster::block_on;

use super::means::ClassMeans;
use super::start::{Start, drawn_anew};
use super::{DeepConfig, Deepening, Lesson, size};
use crate::data::ClassRoles;
use crate::model::{Architecture, Network, ResNetConfig};
use crate::unlearning::method::{Scalar, Steps};
use crate::unlearning::recorded::{NORMS, Recorded, close, network, samples, values, within};
use crate::work::Here;

fn config() -> DeepConfig {
    DeepConfig {
        steps: 3,
        head_offset: 11.0,
        class_mean_weight: 0.3,
        temperature: 4.0,
        learning_rate: 1e-4,
        weight_decay: 1e-2,
        samples_at_once: 0,
    }
}

/// The recorded run, each step in parts of so many images.
fn replay(samples_at_once: usize) {
    for (norm, name) in NORMS {
        let recorded = Recorded::open(&format!("deep-{name}"));
        let mut network = network(norm);
        let batches = [(recorded.indices("forget_batches"), 6), (recorded.indices("retain_batches"), 12)];
        let mut samples = samples(&network, batches);
        let rows: Vec<f32> = (0..40).flat_map(|index| samples.teacher_row(index)).copied().collect();
        close("what the network from before says", &rows, &recorded.floats("teacher"));

        let mut drawn = block_on(drawn_anew(&network, 5)).unwrap();
        let weights = recorded.floats("drawn");
        drawn.parameters_mut().set_flat(Tensor::from_floats(weights.as_slice(), &Device::flex()));
        let config = DeepConfig { samples_at_once, ..config() };
        let start = Start::of(drawn, &config, &samples).unwrap();
        let mut deepening = Deepening::new(config, start);
        let keys = ["retain_ce", "retain_kd", "retain_accuracy", "class_means", "update_norm"];
        recorded.check_steps(&mut deepening, (&mut network, &mut samples), &keys);
        close("class means", &values(deepening.means.means().unwrap()), &recorded.floats("means"));
        recorded.check_weights(&network);
        // Of what is measured of the features, as near as of all numbers.
        recorded.check_some("features", 20, &network, 2e-5);
        if let Some(running) = network.running_flat() {
            close("running statistics", &values(running), &recorded.floats("running"));
        }
    }
}

#[test]
fn what_is_drawn_anew_gets_its_size_back_and_answers_as_before() {
    let resnet = |seed| Architecture::from(ResNetConfig::new(1, 4).with_width(8)).init(seed, &Device::flex()).unwrap();
    let pairs = [
        [network(NORMS[0].0), block_on(drawn_anew(&network(NORMS[0].0), 5)).unwrap()],
        [network(NORMS[1].0), block_on(drawn_anew(&network(NORMS[1].0), 5)).unwrap()],
        [resnet(1), resnet(2)],
    ];
    for [mut before, mut after] in pairs {
        let batch = samples(&before, [(vec![1], 1), ((0..40).collect(), 40)]).next_retain();
        let images = batch.images().on(&Device::flex());
        // Three times as large all over, which the normalisation of each layer takes out again.
        let large = before.parameters().flat() * 3.0;
        before.parameters_mut().set_flat(large);
        // Statistics such that what is put out is neither 0 nor without bounds.
        for network in [&mut before, &mut after] {
            let leaves = network.parameters().leaves();
            (0..60).for_each(|_| drop(network.forward_training(&leaves, images.clone())));
        }
        let answers = values(after.forward(images.clone()).logits);
        block_on(size::restore(&mut after, &before, &batch, &Here));
        // But for what keeps normalisation from dividing by 0, which is 1e-5 at any size.
        within("logits", &values(after.forward(images.clone()).logits), &answers, 1e-3);
        let sizes = |network: &Network| {
            let layers = network.architecture().late_layers().iter().map(|(layer, _)| size::size(network, layer));
            layers.chain([block_on(size::features(network, &batch, &Here))]).flat_map(values).collect::<Vec<f32>>()
        };
        assert!(sizes(&before).len() >= 2);
        close("sizes", &sizes(&after), &sizes(&before));
    }
}

#[test]
fn three_recorded_steps() {
    replay(0);
    replay(5);
}

/// What AdamW remembers leads to one class, and batch and teacher now ask for another.
#[test]
fn no_step_goes_against_the_rest() {
    for (norm, name) in NORMS {
        let recorded = Recorded::open(&format!("deep-{name}"));
        let mut network = network(norm);
        let batches = [(recorded.indices("forget_batches"), 6), (recorded.indices("retain_batches"), 12)];
        let mut samples = samples(&network, batches);
        let config = DeepConfig { steps: 22, class_mean_weight: 0.0, ..config() };
        let start = Start::of(block_on(drawn_anew(&network, 5)).unwrap(), &config, &samples).unwrap();
        let mut deepening = Deepening::new(config, start);
        let batches = [samples.next_retain(), samples.next_forget()];
        let of_forget = samples.teacher_logits(&batches[1]);
        let mut cosine_with_all_labelled = |class: usize| {
            let mut labels = [0.0_f32; 4];
            labels[class] = 1.0;
            let labels = Tensor::<2>::from_floats([labels], &Device::flex()).expand(batches[0].labels.dims());
            let mut retain = batches[0].clone();
            retain.labels = labels;
            let teacher = retain.labels.clone() * 10.0;
            let retain = Lesson { batch: &retain, teacher };
            let forget = Lesson { batch: &batches[1], teacher: of_forget.clone() };
            let packed = values(block_on(deepening.one(&mut network, [retain, forget], &Here)));
            let scalars = deepening.report(&packed);
            assert_eq!(scalars["violation"], Scalar::Flag(false), "{scalars:?}");
            let Scalar::Number(cosine) = scalars["update_cosine"] else { panic!("{scalars:?}") };
            cosine
        };
        (0..20).for_each(|_| assert!(cosine_with_all_labelled(0) > 0.1));
        let turned = cosine_with_all_labelled(2);
        assert!(turned.abs() < 1e-6, "{name}: {turned}");
    }
}

#[test]
fn the_last_block_and_the_head_are_drawn_anew_and_the_rest_is_not() {
    for (norm, _) in NORMS {
        let before = network(norm);
        let after = block_on(drawn_anew(&before, 5)).unwrap();
        let [old, new] = [&before, &after].map(|network| values(network.parameters().flat()));
        for (name, _, range) in before.parameters().layout().iter() {
            let late = ["conv4.", "norm4.", "fc."].iter().any(|late| name.starts_with(late));
            assert_eq!(late, old[range.clone()] != new[range], "{name}");
        }
        let again = block_on(drawn_anew(&before, 5)).unwrap();
        assert_eq!(new, values(again.parameters().flat()));
        assert_ne!(new, values(block_on(drawn_anew(&before, 6)).unwrap().parameters().flat()));
        if let (Some(old), Some(new)) = (before.running_flat(), after.running_flat()) {
            let ([old, new], late) = ([old, new].map(values), 64);
            let (rest, fresh) = new.split_at(new.len() - late);
            assert_eq!(rest, &old[..rest.len()]);
            assert!(fresh[..late / 2].iter().all(|&mean| mean == 0.0) && fresh[late / 2..].iter().all(|&v| v == 1.0));
        }
    }
    let resnet = ResNetConfig::new(1, 4).with_width(8);
    let late = Architecture::from(resnet);
    assert!(
        late.is_late("layer4.1.bn2.running_mean") && late.is_late("fc.bias") && !late.is_late("layer4.0.conv1.weight")
    );
}

#[test]
fn rows_of_all_that_is_not_retained_are_masked() {
    let network = network(NORMS[0].0);
    let samples = samples(&network, [(vec![1], 1), (vec![0], 1)]);
    let roles = ClassRoles::new(vec![1], &[3]);
    let samples = samples.of_roles(roles);
    let start = Start::of(network, &config(), &samples).unwrap();
    let layout = start.network.parameters().layout().clone();
    let [theta, free] = [start.network.parameters().flat(), start.free.clone()].map(values);
    for (name, _, range) in layout.iter() {
        let width = range.len() / 4;
        for (place, at) in range.enumerate() {
            let is_masked = name.starts_with("fc.") && [1, 3].contains(&(place / width));
            assert_eq!(free[at] == 0.0, is_masked, "{name} {place}");
            if is_masked {
                assert_eq!(theta[at], if name == "fc.bias" { -11.0 } else { 0.0 });
            }
        }
    }
    assert_eq!(values(start.excluded), [0.0, -1e4, 0.0, -1e4]);
}

#[test]
fn a_class_begins_with_its_first_batch_and_then_follows() {
    let device = Device::flex();
    let tensor = |values: &[f32]| Tensor::<1>::from_floats(values, &device);
    let mut means = ClassMeans::none(2, &device);
    // Two images of class 0, with activations 1 and 3.
    means.follow(tensor(&[4.0, 0.0]), tensor(&[10.0]), tensor(&[2.0, 0.0]));
    assert_eq!(values(means.means().unwrap()), [2.0, 0.0]);
    assert_eq!(values(means.spread()), [1.05]);
    // What no batch has shown takes no part.
    let mixed = |means: &ClassMeans| values(means.mixed(tensor(&[0.25, 0.75]).unsqueeze()));
    assert_eq!(mixed(&means), [2.0]);
    // One of each, with 4 and 6.
    means.follow(tensor(&[4.0, 6.0]), tensor(&[52.0]), tensor(&[1.0, 1.0]));
    close("means", &values(means.means().unwrap()), &[0.9 * 2.0 + 0.1 * 4.0, 6.0]);
    close("mixed", &mixed(&means), &[0.25 * 2.2 + 0.75 * 6.0]);
}
