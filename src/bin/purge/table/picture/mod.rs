//! The picture of a network's methods: what they keep against what they forget, and against what an attacker can tell.

mod axis;
mod labels;

use std::fmt::Write;

use super::measure::{FA, Measure, TA_RETAINED, WORST_MIA};
use super::network::{Network, Row};
use super::sample::Key;
use super::summary::MASKED;
use axis::Axis;
use labels::{Point, Room, is_led, places};

const WIDTH: f64 = 880.0;
const PANEL: f64 = 430.0;
/// Of the area that is drawn in, within a panel.
const LEFT: f64 = 48.0;
const TOP: f64 = 30.0;
const RIGHT: f64 = WIDTH - 16.0;
const BOTTOM: f64 = PANEL - 48.0;

/// What a panel holds against TA_r.
struct Against {
    measure: Measure,
    /// What is best.
    best: f64,
    /// The axis goes at least so far.
    least: f64,
    /// What counts as one on it.
    unit: f64,
    title: &'static str,
}

const PANELS: [Against; 2] = [
    Against {
        measure: FA,
        best: 0.0,
        least: 10.0,
        unit: 1.0,
        title: "FA: forgotten images recognised, % (less is better)",
    },
    Against {
        measure: WORST_MIA,
        best: 0.5,
        least: 0.55,
        unit: 0.01,
        title: "AUROC of the worst membership attack (0.5 is chance)",
    },
];

const STYLE: &str = "
    svg { --paper: #faf8f3; --ink: #1d1b17; --ink-2: #59544a; --rule: #e0d9cb; --edge: #8b8375; --band: #59544a22; }
    @media (prefers-color-scheme: dark) {
      svg { --paper: #161512; --ink: #ece8df; --ink-2: #aaa396; --rule: #37332c; --edge: #7d766a; --band: #aaa39633; }
    }
    .paper { fill: var(--paper) }
    text { font: 12px system-ui, 'Segoe UI', Roboto, sans-serif; fill: var(--ink-2) }
    .grid, .lead { stroke: var(--rule) }
    .lead { stroke: var(--edge) }
    .band { fill: var(--band) }
    .yardstick { stroke: var(--ink-2); stroke-width: 2; stroke-dasharray: 1 5; stroke-linecap: round }
    circle { fill: var(--ink); stroke: var(--paper); stroke-width: 1.5 }
    .network circle { fill: var(--paper); stroke: var(--ink); stroke-width: 2 }
    .dominated circle { fill: var(--paper); stroke: var(--edge) }
    .label { font-weight: 600; fill: var(--ink); paint-order: stroke; stroke: var(--paper); stroke-width: 4px }
    .dominated .label { font-weight: 400; fill: var(--ink-2) }
";

/// The picture as SVG; `None` where there is nothing to draw.
pub fn picture(network: &Network) -> Option<String> {
    let panels: Vec<String> = PANELS.iter().filter_map(|against| panel(network, against)).collect();
    if panels.is_empty() {
        return None;
    }
    let height = PANEL * panels.len() as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" role=\"img\">\n\
         <title>{}: methods by what they keep and what they forget</title>\n<style>{STYLE}</style>\n\
         <rect class=\"paper\" width=\"{WIDTH}\" height=\"{height}\"/>\n",
        escaped(&network.model)
    );
    for (place, panel) in panels.iter().enumerate() {
        let _ = writeln!(svg, "<g transform=\"translate(0 {})\">\n{panel}</g>", PANEL * place as f64);
    }
    Some(svg + "</svg>\n")
}

/// A row of the table in a panel.
struct Spot {
    label: String,
    class: &'static str,
    /// What it is, as text.
    words: String,
    x: f64,
    y: f64,
}

fn panel(network: &Network, against: &Against) -> Option<String> {
    let value = |row: &Row| against.measure.mean(&row.samples);
    let runs = network.runs();
    let counts = |row: &Row| value(row).filter(|_| against.measure.key != FA.key || !row.key.masks());
    let dominated = network.dominated(&runs, &counts);
    let kept = network.kept().map(|row| (row, "network"));
    let class_of = |dominated: bool| if dominated { "dominated" } else { "run" };
    let mut rows: Vec<(&Row, &'static str)> =
        kept.chain(runs.iter().zip(&dominated).map(|(row, dominated)| (*row, class_of(*dominated)))).collect();
    // Who comes first chooses the place of its label first.
    rows.sort_by_key(|(_, class)| *class == "dominated");
    let values = |of: &dyn Fn(&Row) -> Option<f64>| rows.iter().filter_map(|(row, _)| of(row)).collect::<Vec<f64>>();
    let (across, up) = (values(&value), values(&|row| TA_RETAINED.mean(&row.samples)));
    let highest = up.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let lowest = up.iter().copied().fold(f64::INFINITY, f64::min);
    if across.is_empty() {
        return None;
    }
    let x = Axis::new(against.best, across.into_iter().fold(against.least, f64::max), [LEFT, RIGHT]);
    let y = Axis::new((2.0 * highest + 0.1).ceil() / 2.0, (lowest - 0.5).floor().max(0.0), [TOP, BOTTOM]);
    let mut svg = grid(&x, &y, against);
    if let Some(row) = network.row(&Key::Retrained) {
        svg += &yardstick(row, &x, &y, &against.measure);
    }
    let spots: Vec<Spot> = rows.iter().filter_map(|(row, class)| spotted(row, class, &x, &y, against)).collect();
    svg += &drawn(&spots);
    Some(svg)
}

fn spotted(row: &Row, class: &'static str, x: &Axis, y: &Axis, against: &Against) -> Option<Spot> {
    let (value, kept) = (against.measure.mean(&row.samples)?, TA_RETAINED.mean(&row.samples)?);
    let mark = if row.key.masks() { format!(" {MASKED}") } else { String::new() };
    let label = row.key.label() + &mark;
    let Measure { head, digits, .. } = against.measure;
    let words = format!("{label}: {} {kept:.1}, {head} {value:.digits$}", TA_RETAINED.head);
    Some(Spot { label, class, words, x: x.at(value), y: y.at(kept) })
}

fn grid(x: &Axis, y: &Axis, against: &Against) -> String {
    let mut svg = String::new();
    for mark in y.marks(1.0, 22.0) {
        let at = y.at(mark);
        let _ = writeln!(svg, "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>");
        let (left, base) = (LEFT - 8.0, at + 4.0);
        let _ = writeln!(svg, "<text x=\"{left}\" y=\"{base:.1}\" text-anchor=\"end\">{}</text>", short(mark));
    }
    for mark in x.marks(against.unit, 38.0) {
        let at = x.at(mark);
        let _ = writeln!(svg, "<line class=\"grid\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP}\" y2=\"{BOTTOM}\"/>");
        let base = BOTTOM + 18.0;
        let _ = writeln!(svg, "<text x=\"{at:.1}\" y=\"{base}\" text-anchor=\"middle\">{}</text>", short(mark));
    }
    let _ =
        writeln!(svg, "<text x=\"4\" y=\"16\">TA_r: unseen images of the rest recognised, % (more is better)</text>");
    let base = PANEL - 10.0;
    let _ = writeln!(svg, "<text x=\"{RIGHT}\" y=\"{base}\" text-anchor=\"end\">{}</text>", against.title);
    if against.measure.key == FA.key {
        let _ = writeln!(svg, "<text x=\"{LEFT}\" y=\"{base}\">{MASKED} FA is 0 by construction</text>");
    }
    svg
}

/// Where retrained is, and how far networks of other seeds are from it.
fn yardstick(row: &Row, x: &Axis, y: &Axis, measure: &Measure) -> String {
    let mut svg = String::new();
    let (width, height) = (RIGHT - LEFT, BOTTOM - TOP);
    if let Some([low, high]) = row.spread(measure) {
        let (from, to) = (x.at(low), x.at(high));
        let wide = to - from;
        let _ =
            writeln!(svg, "<rect class=\"band\" x=\"{from:.1}\" y=\"{TOP}\" width=\"{wide:.1}\" height=\"{height}\"/>");
    }
    if let Some([low, high]) = row.spread(&TA_RETAINED) {
        let (from, to) = (y.at(high), y.at(low));
        let tall = to - from;
        let _ =
            writeln!(svg, "<rect class=\"band\" x=\"{LEFT}\" y=\"{from:.1}\" width=\"{width}\" height=\"{tall:.1}\"/>");
    }
    if let (Some(value), Some(kept)) = (measure.mean(&row.samples), TA_RETAINED.mean(&row.samples)) {
        let (across, up) = (x.at(value), y.at(kept));
        let path = format!("M{across:.1} {TOP}V{BOTTOM}M{LEFT} {up:.1}H{RIGHT}");
        let _ = writeln!(svg, "<path class=\"yardstick\" d=\"{path}\"/>");
    }
    svg
}

fn drawn(spots: &[Spot]) -> String {
    let width = |label: &str| 7.3 * label.chars().count() as f64 + 4.0;
    let points: Vec<Point> = spots.iter().map(|of| Point { x: of.x, y: of.y, width: width(&of.label) }).collect();
    let rooms = places(&points, Room { left: LEFT, right: WIDTH, top: 20.0, bottom: BOTTOM });
    // Lines first, so that they lie under all words.
    let (mut lines, mut marks) = (String::new(), String::new());
    for (place, (Spot { label, class, words, x, y }, room)) in spots.iter().zip(rooms).enumerate() {
        let _ = writeln!(marks, "<g class=\"{class}\"><title>{}</title>", escaped(words));
        if let Some(room) = room {
            if is_led(&points, place, &room) {
                let (to_x, to_y) = (x.clamp(room.left, room.right), y.clamp(room.top, room.bottom));
                let _ = writeln!(
                    lines,
                    "<line class=\"lead\" x1=\"{x:.1}\" y1=\"{y:.1}\" x2=\"{to_x:.1}\" y2=\"{to_y:.1}\"/>"
                );
            }
            let base = (room.top + room.bottom) / 2.0 + 4.0;
            // To the left of its point it ends there.
            let (at, anchor) = if room.right < *x { (room.right - 2.0, "end") } else { (room.left + 2.0, "start") };
            let _ = writeln!(
                marks,
                "<text class=\"label\" x=\"{at:.1}\" y=\"{base:.1}\" text-anchor=\"{anchor}\">{}</text>",
                escaped(label)
            );
        }
        let _ = writeln!(marks, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\"/></g>");
    }
    lines + &marks
}

/// Without what rounding leaves behind.
fn short(mark: f64) -> String {
    let text = format!("{mark:.3}");
    text.trim_end_matches('0').trim_end_matches('.').into()
}

fn escaped(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
