/** What the chosen engine computes on: its device, memory, and how fast matrix products were when they were measured. */
import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { gigaflops, memorySize } from '../../../src-shared/devices.ts';
import { notifyFailure } from '../../components/ErrorView.tsx';
import { useApi } from '../../data/api-context.tsx';
import { keys, useStatus } from '../../data/queries.ts';
import css from './OptionField.module.css';

/** @param engine As chosen: an id, or `auto`. */
export function EngineDevice({ engine }: { engine: string }) {
  const api = useApi();
  const queries = useQueryClient();
  const automatic = useStatus().data?.engine ?? null;
  const devices = useQuery({ queryKey: keys.devices, queryFn: () => api.devices({}) });
  const measure = useMutation({
    mutationFn: (id: string) => api.devices({ measure: id }),
    onSuccess: (measured) => queries.setQueryData(keys.devices, measured),
    onError: (error) => notifyFailure('Measure', error),
  });
  const id = engine === 'auto' ? automatic : engine;
  const device = devices.data?.find((one) => one.engine === id);
  if (device === undefined || device.unavailable !== null) return null;
  const facts = [
    engine === 'auto' ? device.engine : null,
    device.device,
    device.memoryMb === null ? 'memory unknown' : memorySize(device.memoryMb),
    device.gflops === null ? 'speed not measured' : `${gigaflops(device.gflops)} in matrix products`,
  ];
  return (
    <div className={css.device} title={device.build ?? undefined}>
      <span>{facts.filter((fact) => fact !== null).join(' · ')}</span>
      <Button
        size="compact-xs"
        variant="subtle"
        loading={measure.isPending}
        onClick={() => measure.mutate(device.engine)}
      >
        {device.gflops === null ? 'Measure' : 'Measure again'}
      </Button>
    </div>
  );
}
