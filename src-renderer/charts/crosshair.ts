/**
 * Carries the crosshair from one chart to the others of its group. echarts' own `connect` does so only together with a
 * tooltip, by pixel; charts of a group share their x axis instead.
 */

/** One chart of a group, as the others see it. */
export interface Peer {
  /** Put the crosshair at x, or take it away. */
  point(x: number | null): void;
}
const groups = new Map<string, Set<Peer>>();

export function join(group: string, peer: Peer): { others(): Iterable<Peer>; leave(): void } {
  const peers = groups.get(group) ?? new Set();
  groups.set(group, peers.add(peer));
  return {
    others: () => [...peers].filter((other) => other !== peer),
    leave: () => {
      peers.delete(peer);
      if (peers.size === 0) groups.delete(group);
    },
  };
}
