/** A point that is to have a label, in pixels. */
export interface Labelled {
  x: number;
  y: number;
  /** Of the label. */
  width: number;
}

/** Where a label is: its left end and its middle's height. */
export interface LabelPlace {
  x: number;
  y: number;
  /** It is so far from its point that a line has to lead there. */
  led: boolean;
}

/** A rectangle, in pixels. */
export interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

const height = 16;
/** Around a point, which no label may cover. */
const radius = 6;
/** From a point to its label: near ones first. */
const distances = [10, 22, 38, 56, 76];
const directions: readonly (readonly [number, number])[] = [
  [1, 0],
  [-1, 0],
  [0.7, -0.7],
  [0.7, 0.7],
  [-0.7, -0.7],
  [-0.7, 0.7],
  [0, -1],
  [0, 1],
];

/**
 * Places for labels that cover neither each other nor a point; undefined where there is no room. Who comes first chooses first.
 *
 * @param room What they have to stay in.
 */
export function labelPlaces(points: readonly Labelled[], room: Box): (LabelPlace | undefined)[] {
  const taken: Box[] = points.map(({ x, y }) => ({
    left: x - radius,
    right: x + radius,
    top: y - radius,
    bottom: y + radius,
  }));
  return points.map((point) => {
    for (const distance of distances) {
      for (const direction of directions) {
        const place = at(point, direction, distance);
        const box = boxOf(place, point.width);
        if (!inside(box, room) || taken.some((other) => overlap(box, other))) continue;
        taken.push(box);
        return { ...place, led: distance > 22 };
      }
    }
    return undefined;
  });
}

function at({ x, y, width }: Labelled, [dx, dy]: readonly [number, number], distance: number) {
  // Beside its point a label begins or ends there; above and below it is centred.
  const left = dx > 0 ? x + dx * distance : dx < 0 ? x + dx * distance - width : x - width / 2;
  return { x: left, y: y + dy * (distance + height / 4) };
}

function boxOf({ x, y }: { x: number; y: number }, width: number): Box {
  return { left: x, right: x + width, top: y - height / 2, bottom: y + height / 2 };
}

function inside(box: Box, room: Box): boolean {
  return box.left >= room.left && box.right <= room.right && box.top >= room.top && box.bottom <= room.bottom;
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
