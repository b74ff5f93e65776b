use clap::Args;
use purge_unlearning::Result;
use purge_unlearning::attacks;
use purge_unlearning::model::SmallCnnConfig;
use purge_unlearning::unlearning::settings::{TABLE, typescript};
use purge_unlearning::unlearning::{METHODS, Subject};

use crate::options::method_name;

/// The methods, their presets and every setting.
#[derive(Args)]
pub struct Settings {
    /// Only this method's
    #[arg(long, value_name = "NAME", value_parser = method_name)]
    method: Option<String>,
    /// What the presets say for a SmallCnn that was trained on this dataset
    #[arg(long, value_name = "NAME", default_value = "mnist")]
    dataset: String,
    /// The attacks and their options instead, with --typescript
    #[arg(long, requires = "typescript")]
    attacks: bool,
    /// As the TypeScript file of the package
    #[arg(long)]
    typescript: bool,
}

impl Settings {
    pub fn run(self) -> Result<()> {
        if self.typescript {
            print!("{}", if self.attacks { attacks::typescript()? } else { typescript()? });
            return Ok(());
        }
        let network = SmallCnnConfig::new(1, 10).into();
        let subject = Subject { dataset: &self.dataset, network: &network };
        let wanted = |name: &str| self.method.as_deref().is_none_or(|only| only == name);
        for method in METHODS.iter().filter(|method| wanted(method.info().name)) {
            let info = method.info();
            println!("{}: {} ({}, {})", info.name, info.sentence, info.year, info.paper);
            let mut columns = Vec::new();
            for preset in info.presets {
                columns.push((preset.preset.as_str(), method.preset(preset.preset, &subject)?));
            }
            print!("  {:24}", "");
            columns.iter().for_each(|(name, _)| print!("{name:>18}"));
            println!();
            for row in TABLE.iter().filter(|row| columns.iter().any(|(_, settings)| settings.get(row.key).is_some())) {
                print!("  {:24}", row.key);
                for (_, settings) in &columns {
                    let value = settings.get(row.key).map(ToString::to_string).unwrap_or_default();
                    print!("{:>18}", value.trim_matches('"'));
                }
                println!("  {} [{}]", row.sentence, row.range);
            }
            println!();
        }
        Ok(())
    }
}
