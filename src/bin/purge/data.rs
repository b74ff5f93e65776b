use std::path::PathBuf;

use clap::Subcommand;
use purge_unlearning::data::{files, packed};
use purge_unlearning::{Error, Result};

use crate::options::dataset;

/// Look into data files, or pack them for the page.
#[derive(Subcommand)]
pub enum Data {
    /// Shape, counts and the SHA-256 of the uint8 pixels in N,C,H,W order, for each split
    Inspect {
        /// Data files, or folders of them
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Write a dataset as one compact file, as the page loads it
    Pack {
        /// mnist, mnist-full, pathmnist, cifar10, cifar100, svhn, stl10, or a path
        #[arg(long, value_name = "NAME|PATH")]
        data: String,
        /// Only so many samples that any laptop evaluates them in seconds
        #[arg(long)]
        light: bool,
        /// Train on the first this many samples of each class
        #[arg(long)]
        members: Option<usize>,
        /// Where to write it
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

impl Data {
    pub fn run(self) -> Result<()> {
        match self {
            Data::Inspect { files, json } => inspect(&files, json),
            Data::Pack { data, light, members, out } => {
                let mut set = dataset(&data)?;
                if let Some(members) = members {
                    set = set.with_members_per_class(members);
                }
                if light {
                    set = set.light();
                }
                let bytes = packed::write_gzip(&set)?;
                if let Some(folder) = out.parent() {
                    std::fs::create_dir_all(folder).map_err(|e| Error::io(folder.display(), e))?;
                }
                std::fs::write(&out, &bytes).map_err(|e| Error::io(out.display(), e))?;
                println!("{}: {} as {} bytes", out.display(), set.title, bytes.len());
                Ok(())
            }
        }
    }
}

fn inspect(paths: &[PathBuf], json: bool) -> Result<()> {
    let reports = files::inspect_paths(paths)?;
    if json {
        let text = serde_json::to_string_pretty(&reports).map_err(|e| Error::io("standard output", e))?;
        println!("{text}");
        return Ok(());
    }
    for report in reports {
        let shape: Vec<String> = report.shape.iter().map(ToString::to_string).collect();
        println!("{} {}", report.file, report.split.map_or("", |split| split.as_str()));
        println!("  shape  {}", shape.join(" × "));
        if let Some(counts) = report.counts {
            println!("  counts {counts:?}");
        }
        println!("  sha256 {}", report.sha256);
    }
    Ok(())
}
