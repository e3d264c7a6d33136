//! Pictures: read from whatever somebody sent, and written anew, so that nothing of the original is kept but what is to
//! be seen: no place, no camera, nothing hidden behind it.

use std::io::Cursor;

use bytes::Bytes;
use catalog_api::{ImageKey, ImageView, ProductId};
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use kit_runtime::Timestamp;
use thiserror::Error;

/// The largest width and height of what is sent, in pixels.
const MOST_PIXELS: u32 = 10_000;

/// How many pixels it has at most: each takes some bytes of memory while it is read.
const MOST_AREA: u64 = 25_000_000;

/// The memory that a picture may take while it is read, in bytes.
const MOST_MEMORY: u64 = 8 * MOST_AREA;

/// How wide and high a picture is kept at most, in pixels.
const LARGEST: u32 = 2_400;

/// How good a JPEG is, of 100.
const QUALITY: u8 = 85;

/// A picture of a product, as it is stored, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Image {
    pub key: ImageKey,
    pub product_id: ProductId,
    pub position: i64,
    pub alt: String,
    pub media_type: String,
    /// In pixels, as large as it is kept.
    pub width: i64,
    pub created_at: Timestamp,
}

impl From<Image> for ImageView {
    fn from(image: Image) -> Self {
        Self {
            url: image_url(image.key),
            key: image.key,
            alt: image.alt,
        }
    }
}

/// Where a picture is, for whoever comes through the gateway.
pub(crate) fn image_url(key: ImageKey) -> String {
    format!("/api/images/{key}")
}

/// How large a picture is asked for, or kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ImageSize {
    /// As large as there is.
    Whole,
    /// This wide, in pixels.
    Width(u32),
}

impl ImageSize {
    const WIDTHS: [u32; 3] = [400, 800, 1_600];

    /// All of them.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        Self::WIDTHS.into_iter().map(Self::Width).chain([Self::Whole])
    }

    pub(crate) fn parse(width: Option<u32>) -> Result<Self, &'static str> {
        match width {
            None => Ok(Self::Whole),
            Some(width) if Self::WIDTHS.contains(&width) => Ok(Self::Width(width)),
            Some(_) => Err("must be 400, 800 or 1600"),
        }
    }

    /// The size in which a picture of this width is kept that comes closest: it is never made larger.
    pub(crate) fn of(self, width: i64) -> Self {
        match self {
            Self::Width(asked) if i64::from(asked) < width => self,
            Self::Width(_) | Self::Whole => Self::Whole,
        }
    }

    /// Its name in the object store.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Whole => "whole".to_owned(),
            Self::Width(width) => width.to_string(),
        }
    }
}

/// A picture in all sizes in which it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Renditions {
    pub media_type: &'static str,
    /// In pixels, as large as it is kept.
    pub width: u32,
    pub sizes: Vec<(ImageSize, Bytes)>,
}

/// Why something is no picture.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum NotAnImage {
    #[error("must be a JPEG, PNG or WebP picture")]
    Format,
    #[error("must be at most {MOST_PIXELS} pixels wide and high, and have at most {MOST_AREA} pixels")]
    TooLarge,
    #[error("cannot be read as the picture that it claims to be")]
    Broken,
}

impl From<ImageError> for NotAnImage {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Limits(_) => Self::TooLarge,
            ImageError::Unsupported(_) => Self::Format,
            _ => Self::Broken,
        }
    }
}

impl Renditions {
    /// Reads a picture and writes it in each size: tenths of a second of work for a photograph.
    pub(crate) fn make(file: &[u8]) -> Result<Self, NotAnImage> {
        let picture = read(file)?;
        let whole = if picture.width().max(picture.height()) > LARGEST {
            picture.resize(LARGEST, LARGEST, FilterType::CatmullRom)
        } else {
            picture
        };
        let (media_type, format) = if whole.color().has_alpha() {
            ("image/png", ImageFormat::Png)
        } else {
            ("image/jpeg", ImageFormat::Jpeg)
        };
        let mut sizes = vec![(ImageSize::Whole, written(&whole, format)?)];
        for width in ImageSize::WIDTHS {
            if width < whole.width() {
                let resized = whole.resize(width, u32::MAX, FilterType::CatmullRom);
                sizes.push((ImageSize::Width(width), written(&resized, format)?));
            }
        }
        Ok(Self {
            media_type,
            width: whole.width(),
            sizes,
        })
    }
}

/// The picture, the right way up, in eight bits a colour.
fn read(file: &[u8]) -> Result<DynamicImage, NotAnImage> {
    let reader = ImageReader::new(Cursor::new(file)).with_guessed_format();
    let mut reader = reader.map_err(|_| NotAnImage::Broken)?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_PIXELS);
    limits.max_image_height = Some(MOST_PIXELS);
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    reader.format().ok_or(NotAnImage::Format)?;
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_AREA {
        return Err(NotAnImage::TooLarge);
    }
    // How a camera was held is said beside the picture, and is lost with the rest of that.
    let orientation = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    Ok(if picture.color().has_alpha() {
        DynamicImage::ImageRgba8(picture.into_rgba8())
    } else {
        DynamicImage::ImageRgb8(picture.into_rgb8())
    })
}

fn written(picture: &DynamicImage, format: ImageFormat) -> Result<Bytes, NotAnImage> {
    let mut bytes = Cursor::new(Vec::new());
    if format == ImageFormat::Jpeg {
        picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY))?;
    } else {
        picture.write_to(&mut bytes, format)?;
    }
    Ok(bytes.into_inner().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: u32, height: u32) -> Bytes {
        written(&DynamicImage::new_rgb8(width, height), ImageFormat::Png).unwrap()
    }

    fn widths(renditions: &Renditions) -> Vec<(String, u32)> {
        let width = |bytes: &Bytes| read(bytes).unwrap().width();
        let sizes = renditions.sizes.iter();
        sizes.map(|(size, bytes)| (size.name(), width(bytes))).collect()
    }

    #[test]
    fn a_picture_is_kept_in_the_sizes_that_are_smaller() {
        let small = Renditions::make(&picture(400, 3)).unwrap();
        assert_eq!(
            (small.width, widths(&small)),
            (400, vec![("whole".to_owned(), 400)])
        );
        let large = Renditions::make(&picture(3_000, 2)).unwrap();
        let expected = [("whole", 2_400), ("400", 400), ("800", 800), ("1600", 1_600)];
        let expected = expected.map(|(name, width)| (name.to_owned(), width));
        assert_eq!((large.width, widths(&large)), (2_400, expected.to_vec()));
    }

    #[test]
    fn a_size_is_never_larger_than_the_picture() {
        for (asked, width, kept) in [
            (None, 2_400, "whole"),
            (Some(400), 2_400, "400"),
            (Some(400), 400, "whole"),
            (Some(1_600), 900, "whole"),
            (Some(800), 900, "800"),
        ] {
            let size = ImageSize::parse(asked).unwrap();
            assert_eq!(size.of(width).name(), kept, "{asked:?} of {width}");
        }
        for asked in [0, 1, 399, 401, u32::MAX] {
            assert!(ImageSize::parse(Some(asked)).is_err(), "{asked}");
        }
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        let whole = picture(8, 8);
        for (file, why) in [
            (&b""[..], NotAnImage::Format),
            (b"GIF89a\x01\0\x01\0\0\0\0;", NotAnImage::Format),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", NotAnImage::Format),
            (&whole[..whole.len() / 2], NotAnImage::Broken),
            (b"\x89PNG\r\n\x1a\n", NotAnImage::Broken),
        ] {
            assert_eq!(Renditions::make(file).unwrap_err(), why, "{file:?}");
        }
    }

    #[test]
    fn a_picture_that_would_fill_the_memory_is_not_read() {
        // The head of a PNG that claims to be so wide and high.
        for (width, height) in [(60_000_u32, 60_000_u32), (60_000, 1), (5_001, 5_000)] {
            let mut file = picture(8, 8)[..16].to_vec();
            file.extend([width.to_be_bytes(), height.to_be_bytes()].concat());
            file.extend([8, 2, 0, 0, 0]);
            file.extend(crc32(&file[12..]).to_be_bytes());
            file.extend(b"\0\0\0\0IDAT\0\0\0\0");
            assert_eq!(Renditions::make(&file).unwrap_err(), NotAnImage::TooLarge);
        }
    }

    /// The checksum of a part of a PNG (its specification, annex D).
    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
                if sum & 1 == 1 {
                    (sum >> 1) ^ 0xedb8_8320
                } else {
                    sum >> 1
                }
            })
        })
    }
}
