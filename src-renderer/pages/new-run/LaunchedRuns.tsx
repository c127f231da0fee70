/** What was launched from this page, and where each run stands by now. */
import { ActionIcon, Button } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { Link, useRouter } from '@tanstack/react-router';
import { useQueue, useRuns } from '../../data/queries.ts';
import css from './LaunchBar.module.css';

interface LaunchedRunsProps {
  readonly runIds: readonly string[];
  readonly onClose: () => void;
}

export function LaunchedRuns({ runIds, onClose }: LaunchedRunsProps) {
  const router = useRouter();
  const queue = useQueue().data ?? [];
  const runs = useRuns().data ?? [];
  return (
    <section className={css.launched} aria-label="Launched">
      <div className={css.head}>
        <h2 className="section-title">Launched {runIds.length === 1 ? '1 run' : `${runIds.length} runs`}</h2>
        <ActionIcon size={20} aria-label="Close the list of launched runs" onClick={onClose}>
          <IconX size={14} />
        </ActionIcon>
      </div>
      <ol className={`${css.runs} scroll`}>
        {runIds.map((id) => {
          const run = runs.find((each) => each.id === id);
          const place = queue.indexOf(id);
          return (
            <li key={id}>
              <Link to="/runs/$runId" params={{ runId: id }} className="ellipsis">
                {run === undefined ? id : `#${run.number} ${run.name}`}
              </Link>
              <span className="faint">{place >= 0 ? `${place + 1} in the queue` : (run?.status ?? '')}</span>
            </li>
          );
        })}
      </ol>
      {runIds.length > 1 ? (
        <Button
          component="a"
          href={compareHref(runIds)}
          variant="default"
          size="compact-xs"
          onClick={(event) => {
            event.preventDefault();
            router.history.push(compareHref(runIds));
          }}
        >
          Compare them
        </Button>
      ) : null}
    </section>
  );
}

/** The address of the comparison of these runs. */
export const compareHref = (runIds: readonly string[]): string => `/compare?runs=${runIds.join(',')}`;
