//! Stories of an object store, told by real clients of S3 (`tests/python/stories.py`) against a real server.

mod access;
mod clients;
mod crash;
mod fixture;
mod owner;
mod quota;
