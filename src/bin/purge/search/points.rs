//! The settings of a method that are tried, as many for each: its preset as it is, its authors' values where it has them, and
//! for the rest points of its grid, drawn by a fixed seed.

use purge_unlearning::data::Shuffled;
use purge_unlearning::unlearning::method::method;
use purge_unlearning::unlearning::settings::{Settings, TABLE};
use purge_unlearning::unlearning::{Preset, Subject};
use purge_unlearning::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::grids::{self, Axis};
use super::halving::RUNGS;

/// Where a point comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    Preset,
    Authors,
    Grid,
}

/// Settings to be tried.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    pub origin: Origin,
    /// Where they differ from the preset.
    pub changes: Map<String, Value>,
    /// All of them, but for the seed.
    pub settings: Settings,
}

const SEED: u64 = 0x5ea7c4;

/// The points of a method for a network. What an earlier search found has no part in them.
pub fn points(name: &str, subject: &Subject<'_>) -> Result<Vec<Point>> {
    let grid = grids::grid(name)?;
    let method = method(name)?;
    let preset = method.info().default_preset;
    let own = method.settings(preset, subject)?;
    let mut fixed = vec![Point { origin: Origin::Preset, changes: Map::new(), settings: own.clone() }];
    // The authors of PURGE have no values for what `strict` adds.
    if preset == Preset::Published && method.info().has(Preset::Authors) {
        let authors = method.settings(Preset::Authors, subject)?;
        let differs = |(key, value): &(&String, &Value)| own.get(key) != Some(*value);
        let changes = authors.iter().filter(differs).map(|(key, value)| (key.clone(), value.clone())).collect();
        fixed.push(point(&own, Origin::Authors, changes)?);
    }
    let missing = RUNGS[0] - fixed.len();
    for attempt in 0..ATTEMPTS {
        let mut points = fixed.clone();
        for changes in drawn(grid.axes, missing, SEED + attempt) {
            points.push(point(&own, Origin::Grid, changes)?);
        }
        let is_new = |(place, point): (usize, &Point)| !points[..place].iter().any(|p| p.settings == point.settings);
        if points.iter().enumerate().all(is_new) {
            return Ok(points);
        }
    }
    Err(Error::config(name, format!("a grid of which {missing} points can be drawn"), "a smaller one"))
}

/// Draws in which a point comes twice are not taken.
const ATTEMPTS: u64 = 1000;

fn point(own: &Settings, origin: Origin, changes: Map<String, Value>) -> Result<Point> {
    let settings = changes.iter().try_fold(own.clone(), |all, (key, value)| all.with(key, value.clone()))?;
    Ok(Point { origin, changes, settings })
}

/// So many points of a grid as a Latin hypercube (McKay et al., 1979): each value of an axis is in as many of them as any other, or
/// in one more, and the axes are paired at random.
fn drawn(axes: &[Axis], count: usize, seed: u64) -> Vec<Map<String, Value>> {
    let mut points = vec![Map::new(); count];
    for (place, (key, values)) in axes.iter().enumerate() {
        let range = TABLE.iter().find(|row| row.key == *key).map(|row| row.range);
        let mut shuffled = Shuffled::new((0..count).collect(), count, seed ^ ((place as u64 + 1) << 32));
        for (point, order) in points.iter_mut().zip(shuffled.next_endless()) {
            let number = values[order * values.len() / count];
            let value = range.map_or(Value::Null, |range| range.value_of(number));
            point.insert(key.to_string(), value);
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use purge_unlearning::model::{Architecture, Norm, SmallCnnConfig};
    use purge_unlearning::unlearning::settings::searched::NETWORKS;

    use super::*;

    fn network(norm: Norm) -> Architecture {
        SmallCnnConfig::new(3, 10).with_norm(norm).into()
    }

    #[test]
    fn every_method_has_as_many_points_as_any_other_and_all_differ() {
        for kind in NETWORKS {
            let network = network(kind.norm);
            let subject = Subject { dataset: kind.dataset, network: &network };
            for name in grids::methods() {
                let points = points(name, &subject).unwrap();
                assert_eq!(points.len(), RUNGS[0], "{name}");
                assert_eq!(points, super::points(name, &subject).unwrap(), "{name}: the draw is another each time");
                let origins: Vec<Origin> = points.iter().map(|point| point.origin).collect();
                let with_authors = !["purge", "deep"].contains(&name);
                assert_eq!(origins[..2], [Origin::Preset, if with_authors { Origin::Authors } else { Origin::Grid }]);
                assert!(origins[2..].iter().all(|origin| *origin == Origin::Grid), "{name}");
                let axes = grids::grid(name).unwrap().axes;
                for point in points.iter().filter(|point| point.origin == Origin::Grid) {
                    assert!(point.changes.keys().eq(axes_in_order(axes)), "{name}: {:?}", point.changes);
                }
            }
        }
    }

    fn axes_in_order(axes: &[Axis]) -> Vec<&str> {
        let mut keys: Vec<&str> = axes.iter().map(|axis| axis.0).collect();
        keys.sort_unstable();
        keys
    }

    #[test]
    fn what_the_preset_has_is_among_the_values_of_each_axis() {
        let has = |name: &str, dataset: &str, norm, key: &str| {
            let network = network(norm);
            let method = method(name).unwrap();
            let subject = Subject { dataset, network: &network };
            let own = method.settings(method.info().default_preset, &subject).unwrap();
            let row = TABLE.iter().find(|row| row.key == key).unwrap();
            row.range.number_of(own.get(key).unwrap()).unwrap()
        };
        for kind in NETWORKS {
            for name in grids::methods() {
                // At guessing, where the presets of the rivals end, too much is left for the search.
                for (key, values) in
                    grids::grid(name).unwrap().axes.iter().filter(|axis| axis.0 != "target_forget_accuracy")
                {
                    let own = has(name, kind.dataset, kind.norm, key);
                    assert!(values.contains(&own), "{name} {key}: {own} is not in {values:?}");
                }
            }
        }
    }

    #[test]
    fn the_authors_values_are_tried_as_they_are() {
        let network = network(Norm::Group);
        let subject = Subject { dataset: "mnist", network: &network };
        let authors = &points("gradient_ascent", &subject).unwrap()[1];
        let expected = serde_json::json!({
            "batch_size": 256, "check_every": 50, "epochs": 5, "learning_rate": 1e-4, "target_forget_accuracy": 0.0,
        });
        assert_eq!(Value::Object(authors.changes.clone()), expected);
        let raw = method("gradient_ascent").unwrap().settings(Preset::Authors, &subject).unwrap();
        assert_eq!(authors.settings, raw);
    }

    #[test]
    fn each_value_of_an_axis_comes_as_often_as_any_other() {
        let axes: &[Axis] = &[("learning_rate", &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]), ("epochs", &[10.0, 20.0])];
        let points = drawn(axes, 16, 7);
        for (key, values) in axes {
            let count = |value: &f64| points.iter().filter(|point| point[*key].as_f64() == Some(*value)).count();
            let counts: Vec<usize> = values.iter().map(count).collect();
            assert_eq!(counts.iter().sum::<usize>(), 16, "{key}");
            assert!(
                counts.iter().all(|count| (16 / values.len()..=16_usize.div_ceil(values.len())).contains(count)),
                "{counts:?}"
            );
        }
        assert_ne!(points, drawn(axes, 16, 8));
        let rates: Vec<f64> = points.iter().filter_map(|point| point["learning_rate"].as_f64()).collect();
        assert!(!rates.is_sorted(), "the axes are paired at random");
    }
}
