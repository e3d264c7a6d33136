//! MinIO for tests: an object store that speaks S3, with one bucket.
//!
//! It is built from its source, once a machine, since nobody packages it: [`program`].

mod program;
mod signed;

use anyhow::bail;

use self::signed::SignedGet;
use crate::backends::account::Account;
use crate::backends::launch::{Launch, Program, words};
use crate::backends::server::{Published, Server};
use crate::backends::url::USER;
use crate::backends::wire;

/// MinIO.
#[derive(Clone, Copy, Debug)]
pub(super) struct MinIo;

/// Far from 9000, where a machine's own server listens.
const PORT: u16 = 19000;

/// The bucket that tests share; each takes names of its own in it.
const BUCKET: &str = "stoa-tests";

impl Server for MinIo {
    fn name(&self) -> &'static str {
        "minio"
    }

    fn account(&self) -> anyhow::Result<Account> {
        Ok(Account::Own)
    }

    fn find(&self) -> anyhow::Result<Option<Launch>> {
        let Some(program) = program::find()? else {
            return Ok(None);
        };
        let program = program.to_string_lossy().into_owned();
        let address = "127.0.0.1:{port:minio}";
        Ok(Some(Launch {
            ports: vec![("minio", PORT)],
            // A folder beside its own is a bucket to it.
            setup: vec![words(&["mkdir", "-p", &format!("{{folder}}/data/{BUCKET}")])],
            programs: vec![Program {
                command: words(&[
                    &program,
                    "server",
                    "--quiet",
                    "--address",
                    address,
                    "{folder}/data",
                ]),
                env: vec![
                    ("MINIO_ROOT_USER", USER.to_owned()),
                    ("MINIO_ROOT_PASSWORD", "{password}".to_owned()),
                    ("MINIO_BROWSER", "off".to_owned()),
                    ("MINIO_UPDATE", "off".to_owned()),
                ],
                port: "minio",
            }],
            published: vec![("url", format!("http://{USER}:{{password}}@{address}/{BUCKET}"))],
            ..Launch::default()
        }))
    }

    fn install(&self) -> anyhow::Result<()> {
        program::install()
    }

    /// Lists nothing of the bucket, signed with the password.
    fn ask(&self, published: &Published) -> anyhow::Result<()> {
        let url = published.url("url")?;
        let request = SignedGet {
            host: format!("{}:{}", url.host, url.port),
            path: format!("/{}", url.path),
            query: "list-type=2&max-keys=0",
        };
        let stream = wire::connect(&url.host, url.port)?;
        let status = request.send(stream, (&url.user, &url.password))?;
        if status.split(' ').nth(1) != Some("200") {
            bail!("it answered `{status}`");
        }
        Ok(())
    }
}
