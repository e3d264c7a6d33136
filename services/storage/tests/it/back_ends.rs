//! Where a story's objects are kept: in the process, or at a real MinIO, which is asked as a user that may do what
//! `docs/storage.md` says and nothing else.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::sync::Arc;
use std::time::Duration;

use kit_minio::{ListAsk, MinIo, MinIoDeps, MinIoSettings};
use kit_runtime::{Clock, Ids, Secret, Tasks};
use kit_testing::{AppBuilder, MinIoServer, TestProcess, eventually};
use serde_json::Value;

const PAGE: &str = include_str!("../../../../docs/storage.md");

/// Tells each story with both back ends, on both databases.
macro_rules! on_both_back_ends {
    ($(async fn $name:ident($fixture:ident: &Fixture, $back_end:ident: &BackEnd) $body:block)+) => {$(
        mod $name {
            use super::*;
            use crate::back_ends::BackEnd;

            async fn story($fixture: &kit_testing::Fixture, $back_end: &BackEnd) $body

            kit_testing::on_both_databases! {
                async fn embedded(fixture: &Fixture) {
                    story(fixture, &BackEnd::Embedded).await;
                }

                async fn minio(fixture: &Fixture) {
                    let user = crate::back_ends::MinIoUser::at(kit_testing::minio_server()).await;
                    story(fixture, &BackEnd::MinIo(user)).await;
                }
            }
        }
    )+};
}
pub(crate) use on_both_back_ends;

/// What keeps the objects.
pub(crate) enum BackEnd {
    Embedded,
    MinIo(MinIoUser),
}

impl BackEnd {
    /// One of two, by what keeps the objects.
    pub(crate) fn pick<T>(&self, embedded: T, minio: T) -> T {
        match self {
            Self::Embedded => embedded,
            Self::MinIo(_) => minio,
        }
    }

    pub(crate) fn set(&self, app: AppBuilder) -> AppBuilder {
        match self {
            Self::Embedded => app.set("storage.s3_listen", "127.0.0.1:0"),
            Self::MinIo(user) => user.set(app),
        }
    }
}

/// A user of a MinIO that storage is, and root, which looks at what storage leaves.
#[derive(Clone)]
pub(crate) struct MinIoUser {
    server: MinIoServer,
    pub(crate) prefix: String,
    secret: String,
    pub(crate) root: MinIo,
    /// What the connections run in.
    process: Arc<TestProcess>,
}

impl MinIoUser {
    /// Made by root, with names that nobody else has.
    pub(crate) async fn at(server: MinIoServer) -> Self {
        let process = TestProcess::new();
        let tasks = process.lifecycle.tasks();
        let root = client(&server, (&server.key_id, &server.secret), tasks);
        let random = hex::encode(Ids::system().random::<6>());
        let user = Self {
            prefix: format!("t{random}"),
            secret: hex::encode(Ids::system().random::<20>()),
            root,
            server,
            process: Arc::new(process),
        };
        let name = user.name();
        // One that was just started takes connections before it can do anything, and may forget what it is told while it
        // reads what it knows.
        let secret = Secret::new(user.secret.clone());
        let made = async || {
            user.root.put_policy(&name, &user.policy()).await.ok()?;
            user.root.put_user(&name, &secret).await.ok()?;
            let attached = user.root.attach_policy(&name, &name).await.ok()?;
            attached.then_some(())
        };
        eventually("the MinIO has its user", made).await;
        user
    }

    fn name(&self) -> String {
        format!("{}-admin", self.prefix)
    }

    /// The policy of the documentation, for this prefix.
    fn policy(&self) -> Value {
        let (_, rest) = PAGE.split_once("```json\n").unwrap();
        let (policy, _) = rest.split_once("```").unwrap();
        let of_prefix = format!("arn:aws:s3:::{}-*", self.prefix);
        assert!(policy.contains("arn:aws:s3:::stoa-*"));
        serde_json::from_str(&policy.replace("arn:aws:s3:::stoa-*", &of_prefix)).unwrap()
    }

    fn set(&self, app: AppBuilder) -> AppBuilder {
        app.set("storage.backend", "minio")
            .set("storage.minio.endpoint", &self.server.endpoint)
            .set("storage.minio.access_key", &self.name())
            .set("storage.minio.secret_key", &self.secret)
            .set("storage.minio.bucket_prefix", &self.prefix)
    }

    /// Nothing of a bucket is left: neither itself, nor its policy, nor a user that could use it or was its own.
    pub(crate) async fn check_is_gone(&self, bucket: &str, keys: &[&str]) {
        let page = ListAsk {
            limit: 1,
            ..ListAsk::default()
        };
        let listed = self.root.list_objects(bucket, &page).await;
        assert!(listed.is_err_and(|error| error.is("NoSuchBucket")));
        assert!(!self.root.has_policy(bucket).await.unwrap());
        let users = self.root.list_users().await.unwrap();
        for (name, user) in &users {
            assert!(
                !user.has_policy(bucket) && !keys.contains(&name.as_str()),
                "{name}"
            );
        }
        assert!(users.contains_key(&self.name()));
    }

    /// Storage's own client, but as the user of a key.
    pub(crate) fn client_of(&self, access_key: &str, secret_key: &str) -> MinIo {
        let tasks = self.process.lifecycle.tasks();
        client(&self.server, (access_key, secret_key), tasks)
    }

    /// Removes what a story made that has ended well.
    pub(crate) async fn leave(&self) {
        self.root.remove_user(&self.name()).await.unwrap();
        for policy in ["admin", "suspended", "over-quota"] {
            self.root
                .remove_policy(&format!("{}-{policy}", self.prefix))
                .await
                .unwrap();
        }
    }
}

fn client(server: &MinIoServer, (access_key, secret_key): (&str, &str), tasks: Tasks) -> MinIo {
    let settings = MinIoSettings {
        endpoint: server.endpoint.parse().unwrap(),
        region: "us-east-1".to_owned(),
        access_key: access_key.to_owned(),
        secret_key: Secret::new(secret_key.to_owned()),
        time_limit: Duration::from_secs(30),
    };
    let deps = MinIoDeps {
        tasks,
        clock: Clock::system(),
        ids: Ids::system(),
    };
    MinIo::new(settings, deps).unwrap()
}
