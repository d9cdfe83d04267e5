//! What a piece of work allocates: the most that it has at a time, and the sum of all it asks for,
//! which bounds what it copies. Neither depends on the machine, as a clock would.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Bytes that a thread's work has allocated.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memory {
    held: usize,
    /// The most that was allocated at a time.
    pub(crate) peak: usize,
    /// The sum of all allocations, and of what others grew to.
    pub(crate) total: usize,
}

thread_local! {
    static MEMORY: Cell<Memory> = const { Cell::new(Memory { held: 0, peak: 0, total: 0 }) };
}

/// What `work` allocates, itself not counted on other threads.
pub(crate) fn measured(work: impl FnOnce()) -> Memory {
    MEMORY.set(Memory::default());
    work();
    MEMORY.get()
}

fn took(bytes: usize) {
    MEMORY.with(|cell| {
        let Memory { held, peak, total } = cell.get();
        let held = held + bytes;
        cell.set(Memory { held, peak: peak.max(held), total: total + bytes });
    });
}

fn gave_back(bytes: usize) {
    MEMORY.with(|cell| {
        let memory = cell.get();
        // What was taken before the measurement may be given back in it.
        cell.set(Memory { held: memory.held.saturating_sub(bytes), ..memory });
    });
}

/// The system's allocator, counting.
struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

// SAFETY: every call goes to the system's allocator as it came; counting allocates nothing, since
// the thread's counters are constants to begin with and have no destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        took(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        took(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Both may exist while one is copied into the other.
        took(size);
        gave_back(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        gave_back(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[test]
fn what_is_held_and_what_was_asked_for_is_counted() {
    let memory = measured(|| {
        let mut bytes = Vec::<u8>::with_capacity(100);
        bytes.reserve_exact(1000);
        drop(bytes);
        drop(vec![0_u8; 500]);
    });
    assert_eq!((memory.peak, memory.total, memory.held), (1100, 1600, 0));
}
