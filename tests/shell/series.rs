//! Commands of many runs, which go on where they were stopped.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{FORMATS, fails, purge, scratch};

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
    let mut without = json(&run);
    // Seconds are taken anew of what is there, and nothing else is made or changed.
    let output = purge(&[&common[..], &short, &["--time"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stderr).matches(" s\n").count(), 1);
    let timed = json(&run)["timed"].clone();
    assert!(timed.as_f64() > Some(0.0));
    without["timed"] = timed.clone();
    assert_eq!(json(&run), without);
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
    assert_eq!(with["timed"], timed);
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
    let csv = std::fs::read_to_string(docs.join("struck.csv")).unwrap();
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
        (u8::from(fa > 5.0), -tow)
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
