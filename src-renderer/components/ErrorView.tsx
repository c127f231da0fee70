/** Failures as people meet them: in place of a page, in place of a part, or as a notification. Always with a way out. */
import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { ErrorComponentProps } from '@tanstack/react-router';
import { AssayError, toErrorData } from '../../src-shared/errors.ts';
import css from './ErrorView.module.css';
import { LinkButton } from './LinkButton.tsx';

/** What happened, to what, and what to do. */
export function ErrorView({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { message, hint } = toErrorData(error);
  return (
    <div className={css.view} role="alert">
      <IconAlertTriangle size={18} className={css.icon} aria-hidden />
      <div>
        <p>{message}</p>
        {hint === undefined ? null : <p className="dim">{hint}</p>}
        {onRetry === undefined ? null : (
          <Button variant="default" mt="sm" onClick={onRetry}>
            Try again
          </Button>
        )}
      </div>
    </div>
  );
}

export function ErrorPage({ error, reset }: ErrorComponentProps) {
  return (
    <div className={css.page}>
      <ErrorView error={error} onRetry={reset} />
    </div>
  );
}

/** @param what that is not there, as in "run 3f"; absent: the page itself */
export function NotFoundPage({ what }: { what?: string }) {
  return (
    <div className={css.page}>
      <p>{what === undefined ? 'There is no page at this address.' : `There is no ${what}.`}</p>
      <LinkButton to="/runs" variant="default" mt="sm">
        Go to runs
      </LinkButton>
    </div>
  );
}

/** @param action what was tried, as in "Pause" */
export function notifyFailure(action: string, error: unknown): void {
  const { message, hint } = toErrorData(error);
  notifications.show({
    title: `${action} failed`,
    message: hint === undefined ? message : `${message} ${hint}`,
    color: 'red',
    autoClose: 10_000,
  });
}

export function notifyDone(message: string): void {
  notifications.show({ message, autoClose: 3000 });
}

export const isNotFound = (error: unknown): boolean => error instanceof AssayError && error.code === 'not-found';
