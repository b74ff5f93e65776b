//! Places for labels that cover neither each other nor a point.

/// A point that is to have a label, in pixels.
#[derive(Debug, Clone, Copy)]
pub struct Point {
    pub x: f64,
    pub y: f64,
    /// Of the label.
    pub width: f64,
}

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Room {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
}

pub const HEIGHT: f64 = 16.0;
/// Around a point, which no label may cover.
const RADIUS: f64 = 9.0;
/// From the edge of a point's own room to its label.
const GAP: f64 = 1.0;
/// A label further than this from its point may be any point's.
const FAR: f64 = 16.0;
/// How far from its point a label may be, in steps to either side and up or down.
const REACH: i32 = 55;
const STEPS: [f64; 2] = [8.0, 4.0];

/// A room for each label within the whole, as near to its point as there is one; `None` where there is none. Who comes first
/// chooses first.
pub fn places(points: &[Point], whole: Room) -> Vec<Option<Room>> {
    let around =
        |of: &Point| Room { left: of.x - RADIUS, right: of.x + RADIUS, top: of.y - RADIUS, bottom: of.y + RADIUS };
    let mut taken: Vec<Room> = points.iter().map(around).collect();
    let mut place = |of: &Point| {
        let offsets = (-REACH..=REACH).flat_map(|across| (-REACH..=REACH).map(move |down| [across, down]));
        let rooms = offsets.map(|[across, down]| beside(of, f64::from(across) * STEPS[0], f64::from(down) * STEPS[1]));
        let free = rooms.filter(|room| whole.holds(room) && !taken.iter().any(|other| other.overlaps(room)));
        let nearest = free.min_by(|a, b| far(of, a).total_cmp(&far(of, b)))?;
        taken.push(nearest);
        Some(nearest)
    };
    points.iter().map(&mut place).collect()
}

/// Whether a line has to lead from a point to its label: the label is far off, or as near to another point.
pub fn is_led(points: &[Point], place: usize, room: &Room) -> bool {
    let far = |of: &Point| room.distance(of.x, of.y);
    let own = far(&points[place]);
    own > FAR || points.iter().enumerate().any(|(other, point)| other != place && far(point) < own + STEPS[1])
}

/// A label so far from the place that it has by itself, which is to the right of its point.
fn beside(of: &Point, across: f64, down: f64) -> Room {
    let (left, middle) = (of.x + RADIUS + GAP + across, of.y + down);
    Room { left, right: left + of.width, top: middle - HEIGHT / 2.0, bottom: middle + HEIGHT / 2.0 }
}

/// How little a room suits a point. Beside it is better than above or below it, which is nearer.
fn far(of: &Point, room: &Room) -> f64 {
    room.distance(of.x, of.y) + ((room.top + room.bottom) / 2.0 - of.y).abs() / 2.0
}

impl Room {
    pub fn overlaps(&self, other: &Room) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }

    fn holds(&self, other: &Room) -> bool {
        self.left <= other.left && other.right <= self.right && self.top <= other.top && other.bottom <= self.bottom
    }

    /// How far it is from a place.
    pub fn distance(&self, x: f64, y: f64) -> f64 {
        let outside = |low: f64, at: f64, high: f64| (low - at).max(at - high).max(0.0);
        outside(self.left, x, self.right).hypot(outside(self.top, y, self.bottom))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: Room = Room { left: 0.0, right: 600.0, top: 0.0, bottom: 300.0 };

    #[test]
    fn a_label_alone_is_beside_its_point() {
        let places = places(&[Point { x: 100.0, y: 100.0, width: 50.0 }], WHOLE);
        let room = places[0].unwrap();
        assert_eq!([room.top, room.bottom], [92.0, 108.0]);
        assert_eq!(room.left, 110.0);
        assert!((room.distance(100.0, 100.0) - (room.left - 100.0)).abs() < 1e-9);
    }

    #[test]
    fn in_a_crowd_all_have_a_label_and_none_covers_another_or_a_point() {
        // Twenty points in a corner, as close together as methods that are alike.
        let points: Vec<Point> = (0..20)
            .map(|i| Point { x: 20.0 + f64::from(i * 7 % 20) * 2.0, y: 20.0 + f64::from(i * 3 % 20), width: 90.0 })
            .collect();
        let places = places(&points, WHOLE);
        let rooms: Vec<Room> = places.into_iter().map(|place| place.expect("there is room for all")).collect();
        for (i, room) in rooms.iter().enumerate() {
            assert!(WHOLE.holds(room));
            assert!(rooms[i + 1..].iter().all(|other| !room.overlaps(other)), "{room:?}");
            assert!(points.iter().all(|point| room.distance(point.x, point.y) >= RADIUS), "{room:?}");
        }
    }

    #[test]
    fn a_line_leads_to_a_label_that_another_point_is_as_near_to() {
        let points = [100.0, 108.0, 200.0].map(|y| Point { x: 100.0, y, width: 50.0 });
        let led = |place: usize, top: f64| {
            is_led(&points, place, &Room { left: 110.0, right: 160.0, top, bottom: top + HEIGHT })
        };
        assert!(led(0, 92.0), "the second point is as near");
        assert!(!led(2, 192.0) && led(2, 225.0), "alone, and far off");
    }

    #[test]
    fn where_there_is_no_room_there_is_no_label() {
        let point = Point { x: 100.0, y: 100.0, width: 700.0 };
        assert_eq!(places(&[point], WHOLE), [None]);
    }
}
