/** The list of engines, in the order in which `auto` tries them. */
import { AssayError } from '../../src-shared/errors.ts';
import { type EngineFactory, fullTraining, type Training } from './engine.ts';
import { kernelsFactories } from './kernels/index.ts';
import { tfjsFactories } from './tfjs/index.ts';

const gpus = tfjsFactories.filter(({ id }) => id === 'tfjs-node-gpu' || id === 'tfjs-webgpu');

/** GPUs first, then the kernels, which run everywhere; the tfjs CPU backends are taken only by name. */
export const engines: readonly EngineFactory[] = [
  ...gpus,
  ...kernelsFactories,
  ...tfjsFactories.filter((factory) => !gpus.includes(factory)),
];

/**
 * The engine called `id`, or for `auto` the first that can run here and train so.
 * @throws AssayError `engine`, with the reason, when it cannot: there is no silent fall-back.
 */
export async function findEngine(id: string, training: Training = fullTraining): Promise<EngineFactory> {
  if (id !== 'auto') {
    const factory = engines.find((e) => e.id === id);
    if (factory === undefined)
      throw new AssayError(
        'usage',
        `policy.engine: ${id} is unknown; allowed is auto, ${engines.map((e) => e.id).join(', ')}`,
        { path: 'policy.engine' },
      );
    const reason = factory.unsupported?.(training) ?? (await factory.unavailable());
    if (reason !== null)
      throw new AssayError('engine', `Engine ${id} cannot run here: ${reason}`, { path: 'policy.engine' });
    return factory;
  }
  const reasons: string[] = [];
  for (const factory of engines) {
    const reason = factory.unsupported?.(training) ?? (await factory.unavailable());
    if (reason === null) return factory;
    reasons.push(`${factory.id}: ${reason}`);
  }
  throw new AssayError('engine', `No engine can run here (${reasons.join('; ')})`, { path: 'policy.engine' });
}
