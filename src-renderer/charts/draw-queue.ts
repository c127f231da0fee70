/**
 * Draws charts a few at a time: many of them change at once, and together they would hold up the pointer. Each frame
 * gives them a share of its time; what was asked for twice is drawn once.
 */

/** Of the 16 ms of a frame; at least one chart is drawn in any case. */
const BUDGET_MS = 6;

const due = new Set<() => void>();
let requested = false;

function drawSome(): void {
  requested = false;
  const start = performance.now();
  for (const draw of due) {
    due.delete(draw);
    draw();
    if (performance.now() - start > BUDGET_MS) break;
  }
  request();
}

function request(): void {
  if (requested || due.size === 0) return;
  requested = true;
  requestAnimationFrame(drawSome);
}

/** Have `draw` called soon. A later request with the same function changes nothing. */
export function requestDraw(draw: () => void): void {
  due.add(draw);
  request();
}

/** The chart is gone. */
export function cancelDraw(draw: () => void): void {
  due.delete(draw);
}
