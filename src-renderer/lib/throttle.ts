/** Holds a stream of changes down to a rate that people and charts can follow. */

export interface Throttled {
  /** Ask for a run: now if the last one is long enough ago, otherwise as soon as it is. */
  (): void;
  /** Forget a run that is still due. */
  cancel(): void;
}

/** The first request runs at once, the last one is never lost, and two runs are at least `intervalMs` apart. */
export function throttle(run: () => void, intervalMs: number): Throttled {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = Number.NEGATIVE_INFINITY;
  const fire = () => {
    timer = undefined;
    last = performance.now();
    run();
  };
  const throttled = () => {
    if (timer !== undefined) return;
    const wait = last + intervalMs - performance.now();
    if (wait <= 0) fire();
    else timer = setTimeout(fire, wait);
  };
  return Object.assign(throttled, {
    cancel: () => {
      clearTimeout(timer);
      timer = undefined;
    },
  });
}
