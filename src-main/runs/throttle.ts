/** Thins out values that come faster than anyone can look: the first at once, then the newest of each interval. */

export interface Throttle<T> {
  push(value: T): void;
  /** Forget what waits; the pace stays. */
  drop(): void;
}

export function throttle<T>(intervalMs: number, emit: (value: T) => void): Throttle<T> {
  let timer: NodeJS.Timeout | null = null;
  let waiting: { readonly value: T } | null = null;
  const rest = () => {
    timer = setTimeout(() => {
      timer = null;
      if (waiting === null) return;
      const { value } = waiting;
      waiting = null;
      rest();
      emit(value);
    }, intervalMs);
    timer.unref();
  };
  return {
    push(value) {
      if (timer !== null) {
        waiting = { value };
        return;
      }
      rest();
      emit(value);
    },
    drop() {
      waiting = null;
    },
  };
}
