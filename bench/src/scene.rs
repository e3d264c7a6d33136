//! Stoa as it is measured: whole in one process, or split into three, with a user who has a profile.
//!
//! Settings are the defaults but for addresses and folders, with two exceptions: the limits on requests are the
//! highest there are, since one address sends them all (they are counted all the same, which is part of what a
//! request costs), and hashing is cheaper where hashing is not what is measured. The log is as in production:
//! JSON at `info`, a line a request, written to a file.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use kit_runtime::Ids;
use serde_json::{Value, json};

use crate::call::{self, get_request};
use crate::folders::Folders;
use crate::load::Load;
use crate::machine::{Cores, field};
use crate::program::{Program, Ready, Running, Under, free_address};

pub(crate) const PASSWORD: &str = "correct-horse-battery-9";

/// What nobody sends.
const HIGHEST_RATE: &str = "1000000/s burst 1000000";

/// What passwords cost.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Hashing {
    /// As by default.
    Real,
    /// As little as is allowed: an idle process comes to rest sooner, also under callgrind.
    Cheap,
}

/// `stoa up`: every service behind the gateway, in one process, on SQLite.
pub(crate) fn embedded(folders: &Folders, folder: &Path, hashing: Hashing) -> anyhow::Result<Embedded> {
    let gateway = free_address()?;
    let mut settings = settings(hashing);
    set(&mut settings, "DATA__DIR", &folder.join("data").display());
    set(&mut settings, "GATEWAY__LISTEN", &gateway);
    set(&mut settings, "ADMIN__LISTEN", &free_address()?);
    set(&mut settings, "STORAGE__S3_LISTEN", &"127.0.0.1:0");
    Ok(Embedded {
        gateway,
        program: Program {
            name: "up",
            binary: folders.stoa()?,
            args: vec!["up".to_owned()],
            settings,
            folder: folder.to_owned(),
            cores: Cores::All,
            ready: Ready::Answers(gateway, "/readyz"),
        },
    })
}

/// How to start it, and where it then listens.
#[derive(Clone, Debug)]
pub(crate) struct Embedded {
    pub(crate) program: Program,
    pub(crate) gateway: SocketAddr,
}

/// `stoa run` three times: the gateway, auth and users as processes of their own, on SQLite.
pub(crate) struct Split {
    pub(crate) gateway: Service,
    pub(crate) auth: Service,
    pub(crate) users: Service,
}

/// How to start a service in a process of its own, and where it then listens.
pub(crate) struct Service {
    pub(crate) program: Program,
    pub(crate) address: SocketAddr,
    admin: SocketAddr,
}

/// Upstreams that run for as long as this is held.
pub(crate) struct Upstreams {
    pub(crate) users: Running,
    _auth: Running,
}

impl Split {
    pub(crate) fn new(folders: &Folders, folder: &Path) -> anyhow::Result<Self> {
        let (gateway, auth, users) = (free_address()?, free_address()?, free_address()?);
        let mut shared = settings(Hashing::Cheap);
        let ids = Ids::system();
        let key = format!("{}{}", ids.uuid().simple(), ids.uuid().simple());
        set(&mut shared, "RPC__KEYS", &key);
        set(&mut shared, "PEERS__AUTH", &format!("http://{auth}"));
        set(&mut shared, "PEERS__USERS", &format!("http://{users}"));
        // The gateway wants to know where everybody is; these are never asked.
        for absent in ["PEERS__PAYMENTS", "PEERS__ANALYTICS"] {
            set(&mut shared, absent, &format!("http://{}", free_address()?));
        }
        let service = |name: &'static str, address: SocketAddr, cores: Cores| {
            let admin = free_address()?;
            let own: PathBuf = folder.join(name);
            std::fs::create_dir_all(&own)?;
            let mut settings = shared.clone();
            set(&mut settings, "DATA__DIR", &own.join("data").display());
            set(&mut settings, "ADMIN__LISTEN", &admin);
            set(
                &mut settings,
                &format!("{}__LISTEN", name.to_uppercase()),
                &address,
            );
            let program = Program {
                name,
                binary: folders.stoa()?,
                args: ["run", "--services", name].map(str::to_owned).to_vec(),
                settings,
                folder: own,
                cores,
                ready: Ready::Answers(address, "/readyz"),
            };
            anyhow::Ok(Service {
                program,
                address,
                admin,
            })
        };
        Ok(Self {
            gateway: service("gateway", gateway, Cores::Measured)?,
            auth: service("auth", auth, Cores::Others)?,
            users: service("users", users, Cores::Others)?,
        })
    }

    /// Sets what an operator would, for each.
    pub(crate) fn set(&mut self, key: &str, value: &impl ToString) {
        for service in [&mut self.gateway, &mut self.auth, &mut self.users] {
            set(&mut service.program.settings, key, value);
        }
    }

    /// Starts all three.
    pub(crate) fn start(&self) -> anyhow::Result<(Running, Upstreams)> {
        let upstreams = self.start_upstreams()?;
        Ok((self.gateway.program.start(Under::Nothing)?, upstreams))
    }

    /// Starts auth and users.
    pub(crate) fn start_upstreams(&self) -> anyhow::Result<Upstreams> {
        let auth = self.auth.program.start(Under::Nothing)?;
        let users = self.users.program.start(Under::Nothing)?;
        Ok(Upstreams { users, _auth: auth })
    }
}

impl Service {
    /// What its process counts under this name, where that has no labels.
    pub(crate) fn metric(&self, name: &str) -> anyhow::Result<f64> {
        let (_, metrics) = call::get(self.admin, "/metrics", None)?;
        let value = field(&metrics, &format!("{name} "));
        let value = value.with_context(|| format!("`{}` has no metric `{name}`", self.program.name))?;
        Ok(value.parse()?)
    }
}

fn settings(hashing: Hashing) -> Vec<(String, String)> {
    let mut settings = Vec::new();
    set(&mut settings, "LOG__FORMAT", &"json");
    set(&mut settings, "LOG__FILTER", &"info");
    for limit in ["ADDRESS", "USER", "STRICT"] {
        set(
            &mut settings,
            &format!("GATEWAY__RATE_LIMIT__{limit}"),
            &HIGHEST_RATE,
        );
    }
    if matches!(hashing, Hashing::Cheap) {
        set(&mut settings, "AUTH__PASSWORD__BCRYPT_COST", &"10");
    }
    settings
}

/// Who administers, where somebody does.
pub(crate) const ADMIN: &str = "root";

/// There is an administrator from the start.
pub(crate) fn has_admin(settings: &mut Vec<(String, String)>) {
    set(settings, "AUTH__ADMIN__USERNAME", &ADMIN);
    set(settings, "AUTH__ADMIN__EMAIL", &format!("{ADMIN}@example.com"));
    set(settings, "AUTH__ADMIN__PASSWORD", &PASSWORD);
}

/// Sets what an operator would.
pub(crate) fn set(settings: &mut Vec<(String, String)>, key: &str, value: &impl ToString) {
    settings.push((format!("STOA__{key}"), value.to_string()));
}

/// Somebody who has signed in.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) name: String,
    id: String,
    token: String,
}

/// Registers somebody through a gateway, signs in and makes a profile.
pub(crate) fn make_user(gateway: SocketAddr, name: &str) -> anyhow::Result<User> {
    register(gateway, name)?;
    let user = sign_in(gateway, name)?;
    let profile = json!({ "full_name": "Ada Lovelace", "bio": "Writes programs" });
    call::send(gateway, "PUT /api/profile", Some(&user.token), &profile)?;
    Ok(user)
}

/// Begins a session through a gateway.
pub(crate) fn sign_in(gateway: SocketAddr, name: &str) -> anyhow::Result<User> {
    let session = call::send(gateway, "POST /api/login", None, &credentials(name))?;
    let text = |member: &str| {
        let value = session[member].as_str();
        value
            .map(str::to_owned)
            .with_context(|| format!("a sign-in without `{member}`"))
    };
    Ok(User {
        name: name.to_owned(),
        id: text("user_id")?,
        token: text("token")?,
    })
}

/// Registers somebody through a gateway; the answer.
pub(crate) fn register(gateway: SocketAddr, name: &str) -> anyhow::Result<Value> {
    let account = json!({ "username": name, "email": format!("{name}@example.com"), "password": PASSWORD });
    call::send(gateway, "POST /api/register", None, &account)
}

pub(crate) fn credentials(name: &str) -> Value {
    json!({ "username": name, "password": PASSWORD })
}

impl User {
    /// `GET <prefix>/users/{id}`, asking for their own profile.
    pub(crate) fn profile_load(&self, address: SocketAddr, prefix: &str) -> Load {
        self.load(address, &format!("{prefix}{}", self.profile_path()))
    }

    /// A GET in their name.
    pub(crate) fn load(&self, address: SocketAddr, path: &str) -> Load {
        Load::new(address, self.request(path))
    }

    /// The bytes of a GET in their name; its connection stays open after it.
    pub(crate) fn request(&self, path: &str) -> Vec<u8> {
        get_request(path, Some(&self.token))
    }

    /// Their access token.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Where everybody reads their profile.
    pub(crate) fn profile_path(&self) -> String {
        format!("/users/{}", self.id)
    }

    /// Whether a GET with their token is answered (200), or the token is refused (401).
    pub(crate) fn is_accepted(&self, address: SocketAddr, path: &str) -> anyhow::Result<bool> {
        match call::get(address, path, Some(&self.token))? {
            (200, _) => Ok(true),
            (401, _) => Ok(false),
            (status, answer) => bail!("`GET {path}` answers {status}: {answer}"),
        }
    }

    /// Ends their session through a gateway.
    pub(crate) fn log_out(&self, gateway: SocketAddr) -> anyhow::Result<()> {
        call::send(gateway, "POST /api/logout", Some(&self.token), &json!({}))?;
        Ok(())
    }
}
