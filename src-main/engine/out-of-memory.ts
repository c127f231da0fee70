/** Tells a lack of memory from every other failure, by the words of those who allocate. */
import { EngineError, OutOfMemoryError } from './engine.ts';

/**
 * How those who allocate say it: TensorFlow (`OOM when allocating tensor`, `RESOURCE_EXHAUSTED`), Emscripten and V8
 * (`Cannot enlarge memory`, `WebAssembly.Memory.grow()`, `Array buffer allocation failed`), Dawn and Vulkan
 * (`VK_ERROR_OUT_OF_DEVICE_MEMORY`, `not enough memory`), the C library (`std::bad_alloc`, `Cannot allocate memory`).
 */
const SIGNS =
  /\bOOM\b|out of (device |host |gpu )?memory|OUT_OF_(DEVICE_|HOST_)?MEMORY|RESOURCE_?EXHAUSTED|ResourceExhausted|(cannot|could not|unable to|failed to) (enlarge|grow|allocate) (memory|\d+ bytes|an? )|memory\.grow|could not allocate memory|array buffer allocation failed|invalid (typed )?array (buffer )?length|not enough memory|bad_alloc/i;

/** The failure as it is, or as an `OutOfMemoryError` where it is one by its words. */
export function asOutOfMemory(error: unknown): unknown {
  if (error instanceof EngineError || !(error instanceof Error) || !SIGNS.test(`${error.name}: ${error.message}`))
    return error;
  return new OutOfMemoryError(error.message.split('\n')[0]?.trim() || error.name, { cause: error });
}

/** @throws OutOfMemoryError for what is one by its words, and whatever else `work` throws. */
export async function watchMemory<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asOutOfMemory(error);
  }
}
