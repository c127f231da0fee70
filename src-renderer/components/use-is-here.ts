/** Whether the window is still at the page that asks, for what is done after a while. */
import { useMatch, useRouter } from '@tanstack/react-router';
import { useCallback } from 'react';

/**
 * A page stays on the screen while the code or the data of the next one is on its way. What it does late, because of a
 * timer or an answer, must not take the person back.
 */
export function useIsHere(): () => boolean {
  const router = useRouter();
  const pathname = useMatch({ strict: false, select: (match) => match.pathname });
  return useCallback(() => router.latestLocation.pathname === pathname, [router, pathname]);
}
