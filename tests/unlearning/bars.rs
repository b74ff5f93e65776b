use purge_unlearning::data::{Dataset, ImageShape, Normalisation, Split};

/// Three classes of 8×8 images that a network tells apart in a few steps: a bright bar at a place of the class's own.
pub(crate) fn bars(per_class: usize) -> Dataset {
    let shape = ImageShape::new(1, 8, 8).unwrap();
    let split = |salt: usize| {
        let mut pixels = Vec::new();
        let mut labels = Vec::new();
        for i in 0..3 * per_class {
            let class = i % 3;
            labels.push(class as u16);
            pixels.extend((0..64).map(|p| {
                let noise = ((i * 64 + p + salt) as u32).wrapping_mul(2_654_435_761) >> 26;
                if (p % 8) / 3 == class { 190 + noise as u8 } else { noise as u8 }
            }));
        }
        Split::new("bars", shape, pixels, labels).unwrap()
    };
    Dataset {
        name: "bars".into(),
        title: "Bars".into(),
        class_names: ["left", "middle", "right"].map(String::from).to_vec(),
        shape,
        normalisation: Normalisation { mean: vec![0.3], std: vec![0.3] },
        train: split(1),
        val: None,
        test: split(2),
        members: "all".into(),
        source: None,
        licence: None,
    }
}
