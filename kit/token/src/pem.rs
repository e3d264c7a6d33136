//! PEM files (RFC 7468).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::KeyError;

/// What openssl writes in front of an elliptic curve's key; it says nothing that the key does not say.
const PARAMETERS: &str = "EC PARAMETERS";
const LINE: usize = 64;

pub(crate) struct Block {
    pub(crate) label: String,
    pub(crate) der: Vec<u8>,
}

/// The blocks of a file; text around them is ignored, as the standard allows.
pub(crate) fn read(text: &str) -> Result<Vec<Block>, KeyError> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        let Some(label) = boundary(line, "-----BEGIN ") else {
            continue;
        };
        let mut body = String::new();
        loop {
            let line = lines.next().ok_or(KeyError::NotPem)?;
            if let Some(end) = boundary(line, "-----END ") {
                if end != label {
                    return Err(KeyError::NotPem);
                }
                break;
            }
            // The headers of an encrypted key of the old form: `Proc-Type: 4,ENCRYPTED`.
            if line.contains(':') {
                return Err(KeyError::Encrypted);
            }
            body.push_str(line);
        }
        if label == PARAMETERS {
            continue;
        }
        let der = STANDARD.decode(body).map_err(|_| KeyError::NotPem)?;
        blocks.push(Block {
            label: label.to_owned(),
            der,
        });
    }
    if blocks.is_empty() {
        return Err(KeyError::NotPem);
    }
    Ok(blocks)
}

fn boundary<'a>(line: &'a str, prefix: &str) -> Option<&'a str> {
    line.strip_prefix(prefix)?.strip_suffix("-----")
}

pub(crate) fn write(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(LINE));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text + "-----END " + label + "-----\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let der = (0..=255).collect::<Vec<u8>>();
        let text = write("PRIVATE KEY", &der);
        let blocks = read(&format!("a remark\n{text}\r\n")).unwrap();
        assert_eq!(blocks.len(), 1);
        assert_eq!(blocks[0].label, "PRIVATE KEY");
        assert_eq!(blocks[0].der, der);
        assert!(text.lines().all(|line| line.len() <= LINE));
    }

    #[test]
    fn what_is_not_whole_is_refused() {
        for text in [
            "",
            "no key here",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
            "-----BEGIN PRIVATE KEY-----\nA*AA\n-----END PRIVATE KEY-----\n",
        ] {
            assert_eq!(read(text).err(), Some(KeyError::NotPem), "{text:?}");
        }
    }
}
