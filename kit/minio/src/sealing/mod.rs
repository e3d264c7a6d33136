//! The encrypted bodies of the admin API: `salt (32) | algorithm (1) | nonce (8) | stream`, by a key that is derived from
//! the secret of the one who calls.
//!
//! Three algorithms are read, since the server answers by the one that suits it. Written is the one by PBKDF2: it costs
//! little, and a harder one would guard nothing, since whoever overhears the request may try secrets against its signature,
//! which is a few hashes. Argon2 takes 64 MiB and some tenths of a second, so two threads of its own do it.

mod stream;

use std::num::NonZeroU32;

use argon2::{Algorithm as Argon2Algorithm, Argon2, Params, Version};
use aws_lc_rs::aead::{AES_256_GCM, Algorithm, CHACHA20_POLY1305};
use aws_lc_rs::pbkdf2::{PBKDF2_HMAC_SHA256, derive};
use kit_runtime::{Secret, WorkerPool};
use thiserror::Error;

use self::stream::{FRAGMENT, Stream};

const SALT: usize = 32;
const HEAD: usize = SALT + 1 + 8;

const ARGON2_AES: u8 = 0x00;
const ARGON2_CHACHA: u8 = 0x01;
const PBKDF2_AES: u8 = 0x02;

const PBKDF2_ROUNDS: NonZeroU32 = NonZeroU32::new(8192).unwrap();

/// How many Argon2 keys are derived at once, and how many may wait.
const THREADS: usize = 2;
const WAITING: usize = 64;

/// It is not what was sealed, or by another secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the encrypted body cannot be read")]
pub(crate) struct Unsealable;

/// Seals and opens bodies by one secret.
pub(crate) struct Sealing {
    secret: Secret<String>,
    threads: WorkerPool,
}

impl Sealing {
    pub(crate) fn start(secret: Secret<String>) -> std::io::Result<Self> {
        Ok(Self {
            secret,
            threads: WorkerPool::start("minio-argon2", THREADS, WAITING)?,
        })
    }

    /// With a salt and a nonce that are random.
    pub(crate) fn seal(
        &self,
        plain: &[u8],
        (salt, nonce): ([u8; SALT], [u8; 8]),
    ) -> Result<Vec<u8>, Unsealable> {
        let key = pbkdf2(&self.secret, &salt);
        let stream = Stream::new(&AES_256_GCM, &key, (nonce, FRAGMENT), &[])?;
        Ok([&salt[..], &[PBKDF2_AES], &nonce, &stream.seal(plain)?].concat())
    }

    pub(crate) async fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, Unsealable> {
        let (head, rest) = sealed.split_at_checked(HEAD).ok_or(Unsealable)?;
        let mut salt = [0; SALT];
        salt.copy_from_slice(&head[..SALT]);
        let mut nonce = [0; 8];
        nonce.copy_from_slice(&head[SALT + 1..]);
        let (algorithm, key): (&Algorithm, _) = match head[SALT] {
            ARGON2_AES => (&AES_256_GCM, self.argon2(salt).await?),
            ARGON2_CHACHA => (&CHACHA20_POLY1305, self.argon2(salt).await?),
            PBKDF2_AES => (&AES_256_GCM, pbkdf2(&self.secret, &salt)),
            _ => return Err(Unsealable),
        };
        Stream::new(algorithm, &key, (nonce, FRAGMENT), &[])?.open(rest)
    }

    async fn argon2(&self, salt: [u8; SALT]) -> Result<[u8; 32], Unsealable> {
        let secret = self.secret.clone();
        let derived = self.threads.run(move || argon2(&secret, &salt)).await;
        derived.map_err(|_| Unsealable)?
    }
}

fn argon2(secret: &Secret<String>, salt: &[u8]) -> Result<[u8; 32], Unsealable> {
    let parameters = Params::new(65_536, 1, 4, Some(32)).map_err(|_| Unsealable)?;
    let argon2 = Argon2::new(Argon2Algorithm::Argon2id, Version::V0x13, parameters);
    let mut key = [0; 32];
    argon2
        .hash_password_into(secret.expose().as_bytes(), salt, &mut key)
        .map_err(|_| Unsealable)?;
    Ok(key)
}

fn pbkdf2(secret: &Secret<String>, salt: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    derive(
        PBKDF2_HMAC_SHA256,
        PBKDF2_ROUNDS,
        salt,
        secret.expose().as_bytes(),
        &mut key,
    );
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealing(secret: &str) -> Sealing {
        Sealing::start(Secret::new(secret.to_owned())).unwrap()
    }

    #[derive(serde::Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Body {
        password: String,
        plaintext: String,
        sealed: String,
    }

    /// Made with the libraries that the server seals with.
    #[tokio::test]
    async fn bodies_of_all_three_algorithms_are_read() {
        let bodies: Vec<Body> = serde_json::from_str(include_str!("../../tests/sealed_bodies.json")).unwrap();
        for (id, body) in bodies.iter().enumerate() {
            let sealed = hex::decode(&body.sealed).unwrap();
            assert_eq!(usize::from(sealed[SALT]), id);
            let opened = sealing(&body.password).open(&sealed).await;
            assert_eq!(opened, Ok(body.plaintext.clone().into_bytes()));
            assert_eq!(sealing("another").open(&sealed).await, Err(Unsealable));
            let mut other = sealed.clone();
            other[SALT] = (sealed[SALT] + 1) % 3;
            assert_eq!(sealing(&body.password).open(&other).await, Err(Unsealable));
        }
        assert_eq!(bodies.len(), 3);
    }

    #[tokio::test]
    async fn what_is_written_is_read_and_half_of_it_is_not() {
        let sealed = sealing("the secret").seal(b"hello", ([1; 32], [2; 8])).unwrap();
        assert_eq!(sealed[SALT], PBKDF2_AES);
        assert_eq!(sealing("the secret").open(&sealed).await, Ok(b"hello".to_vec()));
        for until in [0, 1, HEAD - 1, HEAD, sealed.len() - 1] {
            assert_eq!(
                sealing("the secret").open(&sealed[..until]).await,
                Err(Unsealable)
            );
        }
        let mut unknown = sealed;
        unknown[SALT] = 3;
        assert_eq!(sealing("the secret").open(&unknown).await, Err(Unsealable));
    }
}
