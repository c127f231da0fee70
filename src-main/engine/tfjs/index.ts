/** The engines on TensorFlow.js, in order of preference. */
import type { EngineFactory } from '../engine.ts';
import { tfjsCpu } from './cpu.ts';
import { tfjsNode, tfjsNodeGpu } from './tensorflow.ts';
import { tfjsWasm } from './wasm.ts';
import { tfjsWebgpu } from './webgpu.ts';

export const tfjsFactories: readonly EngineFactory[] = [tfjsNodeGpu, tfjsWebgpu, tfjsNode, tfjsWasm, tfjsCpu];
