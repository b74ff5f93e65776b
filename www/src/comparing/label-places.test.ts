import { describe, expect, it } from 'vitest';
import { labelPlaces, type Labelled } from './label-places';

const room = { left: 40, right: 640, top: 0, bottom: 400 };

/** Points as methods have them: many of them close together. */
function crowd(count: number): Labelled[] {
  return Array.from({ length: count }, (_, i) => ({
    x: 60 + ((i * 37) % 90),
    y: 40 + ((i * 53) % 120),
    width: 40 + ((i * 29) % 80),
  }));
}

describe('labels', () => {
  it('stand beside their points where there is room', () => {
    expect(labelPlaces([{ x: 100, y: 100, width: 50 }], room)).toEqual([{ x: 110, y: 100, led: false }]);
  });

  it('turn to the other side at the edge', () => {
    const [place] = labelPlaces([{ x: 630, y: 100, width: 50 }], room);
    expect(place).toEqual({ x: 570, y: 100, led: false });
  });

  it('leave the numbers of the axis alone', () => {
    const points = [130, 100].map((x) => ({ x, y: 100, width: 70 }));
    expect(labelPlaces(points, room)[1]!.x).toBeGreaterThanOrEqual(room.left);
  });

  it.each([2, 8, 16, 40])('of %d points cover neither each other nor a point, and stay inside', (count) => {
    const points = crowd(count);
    const boxes = labelPlaces(points, room).flatMap((place, i) =>
      place ? [{ left: place.x, right: place.x + points[i]!.width, top: place.y - 7, bottom: place.y + 7 }] : [],
    );
    expect(boxes.length).toBeGreaterThan(Math.min(count, 8) - 1);
    boxes.forEach((a, i) => {
      expect(a.left >= room.left && a.right <= room.right && a.top >= room.top && a.bottom <= room.bottom).toBe(true);
      for (const b of boxes.slice(i + 1)) {
        expect(a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom).toBe(false);
      }
      for (const { x, y } of points) {
        expect(a.left < x && x < a.right && a.top < y && y < a.bottom).toBe(false);
      }
    });
  });

  it('are left out where there is no room, the first ones last', () => {
    const point = { x: 30, y: 10, width: 40 };
    const places = labelPlaces(Array<Labelled>(6).fill(point), { left: 0, right: 90, top: 0, bottom: 20 });
    expect(places[0]).toBeDefined();
    expect(places.at(-1)).toBeUndefined();
  });
});
