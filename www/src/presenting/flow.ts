/**
 * Shows where the images of a forgotten class went: squares leave the diagonal cell for the others, once, when the matrix
 * comes into view. Does nothing under reduced motion.
 *
 * @param shares Percent of the row that each column has gained.
 * @returns Ends the movement.
 */
export function flow(table: HTMLTableElement, row: number, shares: readonly number[]): () => void {
  if (window.matchMedia('(prefers-reduced-motion: reduce)').matches) return () => undefined;
  const squares: HTMLElement[] = [];
  const observer = new IntersectionObserver(
    ([entry]) => {
      if (!entry?.isIntersecting) return;
      observer.disconnect();
      squares.push(...start(table, row, shares));
    },
    { threshold: 0.6 },
  );
  observer.observe(table);
  return () => {
    observer.disconnect();
    for (const square of squares) square.remove();
  };
}

function start(table: HTMLTableElement, row: number, shares: readonly number[]): HTMLElement[] {
  const frame = table.parentElement;
  const from = cell(table, row, row);
  if (!frame || !from) return [];
  return shares.flatMap((share, column) => {
    const to = cell(table, row, column);
    if (!to || column === row || share < 1) return [];
    const square = document.createElement('span');
    const size = 4 + Math.sqrt(share) * 1.6;
    Object.assign(square.style, {
      position: 'absolute',
      left: `${from.x + from.width / 2 - size / 2}px`,
      top: `${from.y + from.height / 2 - size / 2}px`,
      width: `${size}px`,
      height: `${size}px`,
      background: 'var(--accent)',
      pointerEvents: 'none',
    });
    square.ariaHidden = 'true';
    frame.append(square);
    const across = to.x - from.x;
    const movement = square.animate(
      [
        { transform: 'none', opacity: 0 },
        { transform: 'none', opacity: 1, offset: 0.15 },
        { transform: `translateX(${across}px)`, opacity: 1, offset: 0.8 },
        { transform: `translateX(${across}px)`, opacity: 0 },
      ],
      { duration: 1600, delay: 200, easing: 'cubic-bezier(0.3, 0, 0.2, 1)', fill: 'both' },
    );
    movement.onfinish = () => square.remove();
    return [square];
  });
}

function cell(table: HTMLTableElement, row: number, column: number) {
  const found = table.querySelector<HTMLElement>(`[data-row="${row}"][data-column="${column}"]`);
  if (!found) return undefined;
  return {
    x: found.offsetLeft + table.offsetLeft,
    y: found.offsetTop + table.offsetTop,
    width: found.offsetWidth,
    height: found.offsetHeight,
  };
}
