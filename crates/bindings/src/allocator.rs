//! Where memory comes from.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ops::Range;

use mimalloc::MiMalloc;

/// The sizes of large messages, in bytes. Memory of such a size is mimalloc's.
const OF_MESSAGES: Range<usize> = 4 * 1024..2 * 1024 * 1024;

/// The system's allocator, except for memory of the size of large messages.
///
/// One thread allocates a message and the other frees it, and the system's allocator gives memory
/// of that size back as soon as it is free. So each large message would be written into pages that
/// are not mapped yet. Smaller blocks take less memory with the system's allocator, and most of
/// them live long. Larger ones should be given back, or grow in place.
struct BySize;

#[global_allocator]
static ALLOCATOR: BySize = BySize;

unsafe extern "C" {
    fn mi_collect(force: bool);
}

/// Gives back to the system what this thread has of the memory of large messages and does not use.
/// mimalloc does so by itself only while it allocates.
pub(crate) fn give_back() {
    // SAFETY: mimalloc is linked in, and any thread may call this at any time.
    unsafe { mi_collect(true) }
}

fn is_of_a_message(size: usize) -> bool {
    OF_MESSAGES.contains(&size)
}

// SAFETY: memory goes back to where it came from, because both are told from the size in the
// layout, which is the same in `alloc` and in `dealloc`; either keeps the contract itself.
unsafe impl GlobalAlloc for BySize {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are the same.
        unsafe {
            if is_of_a_message(layout.size()) {
                MiMalloc.alloc(layout)
            } else {
                System.alloc(layout)
            }
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are the same.
        unsafe {
            if is_of_a_message(layout.size()) {
                MiMalloc.alloc_zeroed(layout)
            } else {
                System.alloc_zeroed(layout)
            }
        }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are the same, and the memory came from there.
        unsafe {
            if is_of_a_message(layout.size()) {
                MiMalloc.dealloc(memory, layout);
            } else {
                System.dealloc(memory, layout);
            }
        }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promises are the same. Where the size leads to the other allocator,
        // the memory is moved as `GlobalAlloc` does by itself.
        unsafe {
            match (is_of_a_message(layout.size()), is_of_a_message(size)) {
                (true, true) => MiMalloc.realloc(memory, layout, size),
                (false, false) => System.realloc(memory, layout, size),
                _ => {
                    let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
                    if !moved.is_null() {
                        let kept = layout.size().min(size);
                        std::ptr::copy_nonoverlapping(memory, moved, kept);
                        self.dealloc(memory, layout);
                    }
                    moved
                }
            }
        }
    }
}
