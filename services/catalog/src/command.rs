//! `stoa catalog`: asks what catalog depends on.

use anyhow::Context as _;
use bytes::Bytes;
use catalog_api::ImageKey;
use clap::Subcommand;
use kit_service::{Home, Ownership, ServiceCommand, answer};

use crate::config::CatalogConfig;
use crate::pictures::Pictures;

#[derive(Debug, Subcommand)]
enum Catalog {
    /// Writes, reads and removes something in the store of pictures, and says where that is.
    CheckPictures,
}

pub(crate) fn command() -> ServiceCommand {
    let about = "Asks what catalog depends on";
    ServiceCommand::new("catalog", about, Ownership::Beside, run)
}

async fn run(command: Catalog, home: Home) -> anyhow::Result<()> {
    match command {
        Catalog::CheckPictures => {
            let config: CatalogConfig = home.section()?;
            let store = config.picture_store(&home.data)?;
            let pictures = Pictures::open(&store, home.tasks.clone())?;
            let key = ImageKey::from(home.ids.uuid());
            let checked = pictures.check(key, Bytes::from_static(b"stoa")).await;
            checked.with_context(|| format!("pictures cannot be kept in {store}"))?;
            answer(&format!("pictures are kept in {store}"))?;
            Ok(())
        }
    }
}
