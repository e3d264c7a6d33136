//! Kafka's jars in `~/.cache/stoa-tools/kafka-<version>/`, fetched by Maven, and a Java to run them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::{debian, shell, tools};

const VERSION: &str = "4.1.1";

/// The oldest Java that runs a broker of this version.
const OLDEST_JAVA: u32 = 17;

/// By its full name, so that it does not depend on what a machine's Maven takes for the latest.
const COPY: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";

/// The folder of the jars, where they are.
pub(super) fn find() -> anyhow::Result<Option<PathBuf>> {
    let jars = folder()?;
    Ok(jars.is_dir().then_some(jars))
}

/// A Java that is new enough: the one on the path, or one of Debian's.
pub(super) fn find_java() -> Option<String> {
    let installed = fs::read_dir("/usr/lib/jvm").into_iter().flatten().flatten();
    let mut installed: Vec<String> = installed
        .map(|entry| entry.path().join("bin/java").to_string_lossy().into_owned())
        .collect();
    installed.sort();
    let mut candidates = std::iter::once("java".to_owned()).chain(installed);
    candidates.find(|java| {
        let said = shell::output(Command::new(java).arg("--version")).unwrap_or_default();
        major_version(&said).is_some_and(|version| version >= OLDEST_JAVA)
    })
}

/// Installs and fetches what is missing.
pub(super) fn install() -> anyhow::Result<()> {
    if find_java().is_none() {
        debian::install("default-jdk-headless")?;
        find_java().with_context(|| {
            format!("`default-jdk-headless` is older than Java {OLDEST_JAVA}; install a newer one by hand")
        })?;
    }
    let _lock = tools::lock("kafka")?;
    if find()?.is_some() {
        return Ok(());
    }
    if shell::output(Command::new("mvn").arg("--version")).is_err() {
        debian::install("maven")?;
    }
    let jars = folder()?;
    eprintln!(
        "kafka {VERSION}: not here; fetching it into `{}`, once",
        jars.display()
    );
    let half = jars.with_extension("half");
    if half.exists() {
        fs::remove_dir_all(&half).with_context(|| format!("cannot remove `{}`", half.display()))?;
    }
    fetch(&half).with_context(|| {
        format!(
            "the jars of Kafka {VERSION} cannot be fetched from Maven Central; without a way there, copy `{}` \
             from a machine that has them",
            jars.display()
        )
    })?;
    fs::rename(&half, &jars).with_context(|| format!("cannot make `{}`", jars.display()))
}

fn folder() -> anyhow::Result<PathBuf> {
    Ok(tools::folder()?.join(format!("kafka-{VERSION}")))
}

fn fetch(into: &Path) -> anyhow::Result<()> {
    fs::create_dir(into)?;
    let project = into.join("pom.xml");
    fs::write(&project, project_file())?;
    // It tells its errors on the standard output.
    shell::run(
        Command::new("mvn")
            .args(["--quiet", "--batch-mode", "--strict-checksums", "--file"])
            .arg(&project)
            .args([COPY, "-DincludeScope=runtime"])
            .arg(format!("-DoutputDirectory={}", into.display())),
    )
}

fn project_file() -> String {
    let wanted = [
        ("org.apache.kafka", "kafka_2.13", VERSION),
        ("org.apache.kafka", "kafka-tools", VERSION),
        // Without a binding the server logs nothing.
        ("org.slf4j", "slf4j-simple", "1.7.36"),
    ];
    let dependencies: Vec<_> = wanted
        .iter()
        .map(|(group, artifact, version)| {
            format!(
                "<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId>\
                 <version>{version}</version></dependency>"
            )
        })
        .collect();
    format!(
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\">\n<modelVersion>4.0.0</modelVersion>\n\
         <groupId>stoa</groupId><artifactId>kafka</artifactId><version>1</version>\
         <packaging>pom</packaging>\n<dependencies>\n{}\n</dependencies>\n</project>\n",
        dependencies.join("\n")
    )
}

/// Of what `java --version` says: `openjdk 17.0.15 2025-04-15`, `java 21 …`.
fn major_version(said: &str) -> Option<u32> {
    said.split_whitespace()
        .nth(1)?
        .split(['.', '-', '+'])
        .next()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_java_is_read() {
        assert_eq!(
            major_version("openjdk 17.0.15 2025-04-15\nOpenJDK Runtime"),
            Some(17)
        );
        assert_eq!(major_version("openjdk 25-ea 2025-09-16"), Some(25));
        assert_eq!(major_version("java 21 2023-09-19 LTS"), Some(21));
        assert_eq!(major_version(""), None);
    }
}
