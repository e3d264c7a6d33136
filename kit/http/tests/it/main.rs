//! The edge's stories, told over real sockets: byte by byte where it matters what the bytes are.

mod connections;
mod extractors;
mod guard;
mod limits;
mod service;
mod stack;
mod stopping;
mod wire;
