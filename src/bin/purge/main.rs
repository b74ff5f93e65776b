//! The same engine from a shell: train, evaluate, unlearn, look into data files.

mod ablate;
mod attack;
mod bench;
mod clock;
mod commands;
mod data;
mod options;
mod scores;
mod search;
mod settings;
mod shadows;
mod stopwatch;
mod table;
mod task;
mod train;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use purge_unlearning::{Error, Result};

/// Make a trained image classifier forget one class.
#[derive(Parser)]
#[command(name = "purge", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Train a network from scratch
    Train(train::Train),
    /// Every score of a network
    Evaluate(commands::Evaluate),
    /// Make a network forget a class
    Unlearn(commands::Unlearn),
    /// Find out what a network still knows of a class
    Attack(attack::Attack),
    /// Every class and seed of a network, and tables of them
    Table(table::Table),
    /// Attack many networks at once, each of which learnt half of a class and then forgot it
    Shadows(shadows::Shadows),
    Search(search::Search),
    /// Store evaluations of a network for a page to show at once
    Scores(scores::Scores),
    /// Look into data files, or pack them for the page
    #[command(subcommand)]
    Data(data::Data),
    /// Time PURGE steps
    Bench(bench::Bench),
    /// The methods, their presets and every setting
    Settings(settings::Settings),
}

fn main() -> ExitCode {
    keep_freed_memory();
    end_where_nobody_reads();
    let outcome = pollster::block_on(run(Cli::parse().command));
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("purge: {error}");
            ExitCode::from(exit_code(&error))
        }
    }
}

/// A step frees and asks for the same large tensors again. glibc gives them back to the system in between, which then
/// clears every page anew: a quarter of the time of a step.
fn keep_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: called before any other thread is there; an option that is not understood is left as it was.
    unsafe {
        libc::mallopt(libc::M_MMAP_MAX, 0);
        libc::mallopt(libc::M_TRIM_THRESHOLD, i32::MAX);
        libc::mallopt(libc::M_TOP_PAD, 128 << 20);
    }
}

/// `purge settings | head` ends as other programs do there: Rust ignores the signal, and printing then panics.
fn end_where_nobody_reads() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: called before any other thread is there; it restores what every program starts with.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
    }
}

async fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Unlearn(unlearn) => return unlearn.run().await,
        Command::Train(train) => train.run().await,
        Command::Evaluate(evaluate) => evaluate.run().await,
        Command::Attack(attack) => attack.run().await,
        Command::Table(table) => table.run().await,
        Command::Shadows(shadows) => shadows.run().await,
        Command::Search(search) => search.run().await,
        Command::Scores(scores) => scores.run().await,
        Command::Data(data) => data.run(),
        Command::Bench(bench) => bench.run().await,
        Command::Settings(settings) => settings.run(),
    }?;
    Ok(ExitCode::SUCCESS)
}

/// 2 is what clap gives for a bad command line.
fn exit_code(error: &Error) -> u8 {
    match error.code() {
        "bad-config" => 2,
        "bad-dataset" => 3,
        "bad-model" => 4,
        "io" => 5,
        "webgpu-unavailable" => 6,
        // 7 is a run that has diverged, which is no error: its results are there.
        _ => 1,
    }
}
