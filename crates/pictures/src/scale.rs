//! A part of a picture as rows of red, green and blue, scaled down if need be.
//!
//! Each pixel of the smaller picture is the mean of all that it covers, and those that it covers in
//! part count in part. So thin lines become fainter, and none is lost.

use crate::picture::Picture;
use crate::shot::{Rectangle, Size};

/// Three bytes for each pixel, row by row from the top left.
pub(crate) fn scale(picture: &Picture, part: Rectangle, to: Size) -> Vec<u8> {
    if to == part.size { copy(picture, part) } else { shrink(picture, part, to) }
}

fn columns(picture: &Picture, part: Rectangle, y: u32) -> impl Iterator<Item = [u8; 3]> {
    let layout = picture.layout();
    let begin = part.x as usize * layout.bytes();
    let end = begin + part.size.width as usize * layout.bytes();
    let pixels = picture.row(part.y + y)[begin..end].chunks_exact(layout.bytes());
    pixels.map(move |pixel| layout.read(pixel))
}

fn copy(picture: &Picture, part: Rectangle) -> Vec<u8> {
    let Size { width, height } = part.size;
    let mut rows = vec![0; 3 * width as usize * height as usize];
    for (y, row) in (0..height).zip(rows.chunks_exact_mut(3 * width as usize)) {
        for (to, pixel) in row.chunks_exact_mut(3).zip(columns(picture, part, y)) {
            to.copy_from_slice(&pixel);
        }
    }
    rows
}

/// The width of all is shared out among `to` pixels of the smaller picture: each takes `from` parts
/// of `to * from`, and a pixel of the larger one has `to` of them. So weights are whole numbers.
fn shrink(picture: &Picture, part: Rectangle, to: Size) -> Vec<u8> {
    let Size { width, height } = part.size;
    let whole = u64::from(width) * u64::from(height);
    let mut rows = Vec::with_capacity(3 * to.width as usize * to.height as usize);
    let mut sums = vec![[0_u64; 3]; to.width as usize];
    let mut row = vec![[0_u64; 3]; to.width as usize];
    // What the row of the smaller picture still lacks.
    let mut lacks = u64::from(height);
    for y in 0..height {
        shrink_row(columns(picture, part, y), width, &mut row);
        let mut has = u64::from(to.height);
        while has > 0 {
            let share = has.min(lacks);
            for (sum, pixel) in sums.iter_mut().zip(&row) {
                for (sum, value) in sum.iter_mut().zip(pixel) {
                    *sum += share * value;
                }
            }
            has -= share;
            lacks -= share;
            if lacks == 0 {
                rows.extend(sums.iter().flatten().map(|sum| mean(*sum, whole)));
                sums.fill([0; 3]);
                lacks = u64::from(height);
            }
        }
    }
    rows
}

fn shrink_row(pixels: impl Iterator<Item = [u8; 3]>, width: u32, row: &mut [[u64; 3]]) {
    let each = row.len() as u64;
    let mut wanted = row.iter_mut();
    let mut lacks = 0;
    let mut sum = &mut [0; 3];
    for pixel in pixels {
        let mut has = each;
        while has > 0 {
            if lacks == 0 {
                let Some(next) = wanted.next() else { return };
                *next = [0; 3];
                sum = next;
                lacks = u64::from(width);
            }
            let share = has.min(lacks);
            for (sum, value) in sum.iter_mut().zip(pixel) {
                *sum += share * u64::from(value);
            }
            has -= share;
            lacks -= share;
        }
    }
}

fn mean(sum: u64, whole: u64) -> u8 {
    u8::try_from((sum + whole / 2) / whole).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Layout;

    fn picture(width: u32, height: u32, pixel: impl Fn(u32, u32) -> [u8; 3]) -> Picture {
        let at = |y| (0..width).map(move |x| (x, y));
        let pixels: Vec<u8> = (0..height).flat_map(at).flat_map(|(x, y)| pixel(x, y)).collect();
        let size = Size { width, height };
        Picture::new(size, 3 * width as usize, Layout::Rgb, false, Box::new(pixels)).unwrap()
    }

    fn all(picture: &Picture) -> Rectangle {
        Rectangle { x: 0, y: 0, size: picture.size() }
    }

    fn scaled(picture: &Picture, width: u32, height: u32) -> Vec<u8> {
        scale(picture, all(picture), Size { width, height })
    }

    #[test]
    fn a_part_of_the_same_size_is_copied() {
        let source = picture(4, 3, |x, y| [u8::try_from(10 * y + x).unwrap(); 3]);
        let part = Rectangle { x: 1, y: 1, size: Size { width: 2, height: 2 } };
        let copied = scale(&source, part, part.size);
        assert_eq!(copied.iter().step_by(3).collect::<Vec<_>>(), [&11, &12, &21, &22]);
    }

    #[test]
    fn a_pixel_is_the_mean_of_those_that_it_covers() {
        let source = picture(4, 2, |x, y| [if x < 2 { 100 * u8::from(y == 1) } else { 7 }, 1, 255]);
        assert_eq!(scaled(&source, 2, 1), [50, 1, 255, 7, 1, 255]);
    }

    #[test]
    fn what_is_covered_in_part_counts_in_part() {
        let source = picture(3, 1, |x, _| [[0, 90, 240][x as usize]; 3]);
        // 1.5 pixels each: 0 and half of 90; half of 90 and 240.
        assert_eq!(scaled(&source, 2, 1), [30, 30, 30, 190, 190, 190]);
        let source = picture(1, 3, |_, y| [[0, 90, 240][y as usize]; 3]);
        assert_eq!(scaled(&source, 1, 2), [30, 30, 30, 190, 190, 190]);
    }

    #[test]
    fn one_colour_stays_that_colour_at_every_size() {
        for (width, height) in [(7, 5), (64, 48), (101, 3)] {
            let source = picture(width, height, |_, _| [255, 128, 1]);
            for to in 1..width {
                let found = scaled(&source, to, height.min(to));
                assert_eq!(found.len(), 3 * (to * height.min(to)) as usize);
                assert!(found.chunks(3).all(|pixel| pixel == [255, 128, 1]), "{width} to {to}");
            }
        }
    }

    #[test]
    fn the_means_of_all_are_the_same_before_and_after() {
        let noise = |x: u32, y: u32| (x * 7919 + y * 104_729 + x * y * 31) % 256;
        let source = picture(60, 40, |x, y| [u8::try_from(noise(x, y)).unwrap(); 3]);
        let mean = |bytes: &[u8]| {
            bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>() * 10 / bytes.len() as u64
        };
        let before = mean(&scaled(&source, 60, 40));
        for (width, height) in [(30, 20), (17, 13), (1, 1), (59, 39)] {
            let after = mean(&scaled(&source, width, height));
            assert!(before.abs_diff(after) <= 10, "{before} {after}");
        }
    }
}
