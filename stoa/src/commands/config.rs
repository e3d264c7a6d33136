//! `stoa config`.

use std::path::PathBuf;
use std::process::ExitCode;

use kit_runtime::{Clock, Ids};
use kit_service::{answer, talk};
use serde_json::{Value, json};

use crate::carriers;
use crate::cli::Config;
use crate::commands::lists::gateway_routes;
use crate::settings::{catalog, load};

pub(super) fn config(
    file: Option<PathBuf>,
    set: Vec<(String, String)>,
    options: &Config,
) -> anyhow::Result<ExitCode> {
    match options {
        Config::Show { origin, json } => {
            let loaded = load(file, set)?;
            match (json, origin) {
                (true, _) => answer(&serde_json::to_string_pretty(&shown(&loaded))?)?,
                (false, true) => answer(&loaded.origins_text())?,
                (false, false) => answer(&loaded.values_text())?,
            }
        }
        Config::Check => {
            let loaded = load(file, set)?;
            loaded.check()?;
            // What the values of single keys cannot show.
            gateway_routes(&loaded)?;
            carriers::open(&loaded, &Clock::system(), &Ids::system())?;
            talk("the configuration is valid");
        }
        Config::Schema => answer(&serde_json::to_string_pretty(&catalog().schema())?)?,
        Config::Reference => answer(&catalog().reference_page())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn shown(loaded: &kit_config::Loaded) -> Value {
    let key = |key: kit_config::ShownKey| json!({ "path": key.path, "value": key.value, "origin": key.origin.to_string() });
    loaded.show().into_iter().map(key).collect()
}
