use super::*;

const GAME: u32 = 1;
const OTHER_THREAD: u32 = 2;

/// A thread whose work is not known.
fn unknown() -> Option<u64> {
    None
}

/// Frames that begin at these times.
fn frames_at(times: &[u64]) -> Frames {
    let mut frames = Frames::new();
    for &time in times {
        frames.begin(time, GAME, unknown);
    }
    frames
}

fn only(frames: &Frames) -> Record {
    let mut history = frames.history(10, 0, u64::MAX);
    assert_eq!(history.len(), 1);
    history.remove(0)
}

fn spans(frames: &Frames, record: &Record) -> Vec<(String, u64)> {
    let sums = record.spans.iter();
    sums.map(|sum| (frames.name_of(sum.name).to_owned(), sum.duration)).collect()
}

#[test]
fn a_frame_lasts_until_the_next_begins() {
    let frames = frames_at(&[1000, 1016, 1050]);
    let history = frames.history(10, 0, u64::MAX);
    let told: Vec<_> =
        history.iter().map(|r| (r.frame.number, r.frame.start, r.frame.total)).collect();
    assert_eq!(told, [(1, 1000, 16), (2, 1016, 34)]);
    assert_eq!(frames.number(), 3);
}

#[test]
fn what_it_was_held_is_no_part_of_its_total() {
    let mut frames = frames_at(&[0]);
    assert_eq!(frames.answered(1005, 1000, None), 5);
    assert_eq!(frames.spent(), 1005);
    frames.took(1);
    assert_eq!(frames.spent(), 1006);
    frames.waited(1011, 1015);
    frames.begin(1020, GAME, unknown);
    let frame = only(&frames).frame;
    assert_eq!((frame.total, frame.stagedoor, frame.held, frame.idle), (20, 6, 1000, 4));
    assert_eq!(frames.spent(), 0);
}

#[test]
fn what_the_thread_did_not_work_it_was_idle() {
    let us = |times: u64| times * 1000;
    let mut frames = Frames::new();
    frames.begin(us(0), GAME, || Some(us(50)));
    frames.begin(us(100), GAME, || Some(us(80))); // with nothing to answer
    frames.answered(us(120), us(5), Some(us(95)));
    frames.took(us(10));
    frames.begin(us(200), GAME, || Some(us(125)));
    frames.begin(us(260), GAME, || Some(us(190))); // the two clocks do not agree to the last
    frames.waited(us(240), us(330));
    frames.begin(us(360), GAME, unknown);
    frames.begin(us(450), OTHER_THREAD, || Some(us(9))); // two threads' times do not compare
    frames.begin(us(550), OTHER_THREAD, || Some(us(10)));
    let told: Vec<_> = frames
        .history(10, 0, u64::MAX)
        .iter()
        .map(|Record { frame: f, .. }| (f.total / 1000, f.stagedoor / 1000, f.idle / 1000))
        .collect();
    let expected = [(100, 0, 70), (95, 25, 50), (60, 0, 0), (100, 0, 70), (90, 0, 0), (100, 0, 99)];
    assert_eq!(told, expected);
}

#[test]
fn brief_frames_are_work_and_nobody_is_asked() {
    let mut frames = Frames::new();
    let mut now = 0;
    frames.begin(now, GAME, || Some(0));
    for _ in 0..4 {
        now += 10_000;
        frames.begin(now, GAME, || panic!("a brief frame"));
    }
    // 40 us of work are known of, and this frame has 5 us more.
    frames.begin(now + 100_000, GAME, || Some(45_000));
    let idle: Vec<_> = frames.history(10, 0, u64::MAX).iter().map(|r| r.frame.idle).collect();
    assert_eq!(idle, [0, 0, 0, 0, 95_000]);
}

#[test]
fn the_time_that_passed_is_the_games_own() {
    let mut frames = Frames::new();
    assert_eq!(frames.passed(500), 0);
    frames.begin(1000, GAME, unknown);
    assert_eq!(frames.passed(1016), 16);
    frames.answered(1105, 100, None);
    assert_eq!(frames.passed(1116), 11);
}

#[test]
fn spans_are_summed_by_name_and_nest() {
    let mut frames = frames_at(&[0]);
    let (physics, ai) = (frames.name("physics"), frames.name("ai"));
    assert_eq!(frames.name("physics"), physics);
    frames.enter(physics, GAME, 1);
    frames.enter(ai, GAME, 2);
    frames.exit(ai, GAME, 4);
    frames.enter(physics, GAME, 5); // recursion
    frames.exit(physics, GAME, 7);
    frames.exit(physics, GAME, 11);
    frames.enter(ai, GAME, 12);
    frames.exit(ai, GAME, 13);
    frames.begin(20, GAME, unknown);
    let expected = [("ai".into(), 3), ("physics".into(), 10)];
    assert_eq!(spans(&frames, &only(&frames)), expected);
    let slices: Vec<_> =
        frames.slices(10, 0, u64::MAX).iter().map(|s| (s.kind, s.start, s.duration)).collect();
    let expected = [(ai, 2, 2), (physics, 5, 2), (physics, 1, 10), (ai, 12, 1)];
    assert_eq!(slices, expected.map(|(name, start, duration)| (Kind::Span(name), start, duration)));
}

#[test]
fn a_span_that_goes_on_is_cut_where_the_frame_ends() {
    let mut frames = frames_at(&[0]);
    let level = frames.name("level");
    frames.enter(level, GAME, 5);
    frames.begin(10, GAME, unknown);
    frames.begin(20, GAME, unknown);
    frames.exit(level, GAME, 23);
    frames.begin(30, GAME, unknown);
    let durations: Vec<_> =
        frames.history(10, 0, u64::MAX).iter().map(|r| r.spans[0].duration).collect();
    assert_eq!(durations, [5, 10, 3]);
    let slices: Vec<_> =
        frames.slices(10, 0, u64::MAX).iter().map(|s| (s.start, s.duration)).collect();
    assert_eq!(slices, [(5, 5), (10, 10), (20, 3)]);
}

#[test]
fn spans_of_coroutines_may_overlap() {
    let mut frames = frames_at(&[0]);
    let (load, save) = (frames.name("load"), frames.name("save"));
    frames.enter(load, GAME, 1);
    frames.enter(save, GAME, 2);
    frames.exit(load, GAME, 5);
    frames.exit(save, GAME, 9);
    frames.begin(10, GAME, unknown);
    let expected = [("load".into(), 4), ("save".into(), 7)];
    assert_eq!(spans(&frames, &only(&frames)), expected);
}

#[test]
fn spans_of_other_threads_are_no_part_of_the_frame() {
    let mut frames = frames_at(&[0]);
    let load = frames.name("load");
    frames.enter(load, OTHER_THREAD, 1);
    frames.begin(10, GAME, unknown);
    frames.exit(load, GAME, 12); // never entered on this thread
    frames.exit(load, OTHER_THREAD, 15);
    frames.begin(20, GAME, unknown);
    assert!(frames.history(10, 0, u64::MAX).iter().all(|record| record.spans.is_empty()));
    let slice = Slice { kind: Kind::Span(load), thread: OTHER_THREAD, start: 1, duration: 14 };
    assert_eq!(frames.slices(10, 0, u64::MAX), [slice]);
}

#[test]
fn collections_count_on_whichever_thread_they_are() {
    let mut frames = frames_at(&[0]);
    frames.collecting(3);
    frames.collected(2, OTHER_THREAD, 7);
    frames.collected(2, GAME, 9); // never began
    frames.begin(10, GAME, unknown);
    assert_eq!(only(&frames).frame.gc, 4);
    let slice = Slice { kind: Kind::Gc(2), thread: OTHER_THREAD, start: 3, duration: 4 };
    assert_eq!(frames.slices(10, 0, u64::MAX), [slice]);
}

#[test]
fn the_last_frames_are_kept_and_history_tells_those_asked_for() {
    let mut frames = Frames::new();
    for time in 0..=(FRAMES as u64 + 100) {
        frames.begin(time, GAME, unknown);
    }
    let numbers = |records: Vec<Record>| records.iter().map(|r| r.frame.number).collect::<Vec<_>>();
    let all = numbers(frames.history(usize::MAX, 0, u64::MAX));
    assert_eq!((all.len(), all[0], all[FRAMES - 1]), (FRAMES, 101, 10_100));
    assert_eq!(numbers(frames.history(2, 0, u64::MAX)), [10_099, 10_100]);
    assert_eq!(numbers(frames.history(5, 10_098, u64::MAX)), [10_099, 10_100]);
    assert_eq!(numbers(frames.history(5, 10_100, u64::MAX)), [0; 0]);
}

#[test]
fn too_many_slices_in_one_frame_are_summed_but_not_kept() {
    let mut frames = frames_at(&[0]);
    let hot = frames.name("hot");
    for time in 0..5000 {
        frames.enter(hot, GAME, time);
        frames.exit(hot, GAME, time + 1);
    }
    frames.begin(5000, GAME, unknown);
    assert_eq!(only(&frames).spans, [Sum { name: hot, duration: 5000 }]);
    assert_eq!(frames.slices(10, 0, u64::MAX).len(), 1000);
}

#[test]
fn too_many_names_share_one() {
    let mut frames = frames_at(&[0]);
    for at in 0..NAMES - 1 {
        let name = frames.name(&format!("enemy {at}"));
        assert_eq!(frames.name_of(name), format!("enemy {at}"));
    }
    let other = frames.name("one more");
    assert_eq!(frames.name_of(other), OTHER);
    assert_eq!(frames.name("and another"), other);
}

#[test]
fn the_slowest_come_first() {
    let frames = frames_at(&[0, 10, 60, 70, 170, 180]);
    assert_eq!(frames.slowest(10, 9), [4, 2]);
    assert_eq!(frames.slowest(10, 1), [4]);
    assert_eq!(frames.summary(2).max, 100);
}

#[test]
fn the_rate_is_of_the_last_second_and_nought_when_nothing_moves() {
    let mut frames = Frames::new();
    assert!(frames.rate(0).abs() < f64::EPSILON);
    for at in 0..=100 {
        frames.begin(at * 20_000_000, GAME, unknown);
    }
    assert!((frames.rate(2_000_000_000) - 50.0).abs() < 0.01);
    assert!(frames.rate(9_000_000_000).abs() < f64::EPSILON);
}
