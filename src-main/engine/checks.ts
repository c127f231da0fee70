/** Checks of what callers hand to an engine. Every message names the sequence, the value and what is allowed. */
import { problemWithAdapter } from '../model/adapter.ts';
import type { ModelConfig } from '../model/config.ts';
import {
  EngineError,
  type Objective,
  type Sampling,
  type Scored,
  type TokenDerivative,
  type TokenIds,
  type TokenStats,
  type Training,
} from './engine.ts';

export function checkTraining({ adapter, frozenPrecision }: Training): void {
  const problem = adapter === null ? null : problemWithAdapter(adapter);
  if (problem !== null) throw new EngineError(problem);
  if (frozenPrecision !== 'float32' && frozenPrecision !== 'bfloat16')
    throw new EngineError(`frozenPrecision ${frozenPrecision} is unknown; allowed is float32, bfloat16`);
  if (frozenPrecision === 'bfloat16' && adapter === null)
    throw new EngineError('frozenPrecision bfloat16 needs an adapter: without one all weights are trained, in float32');
}

export function checkScored(sequences: readonly Scored[], config: ModelConfig): void {
  for (const [i, { prompt, response }] of sequences.entries()) {
    checkTokens(prompt, `sequence ${i}: prompt`, config);
    for (const token of response) checkToken(token, `sequence ${i}: response`, config);
    checkLength(prompt.length + response.length, `sequence ${i}`, config);
  }
}

export function checkPrompts(prompts: readonly TokenIds[], sampling: Sampling, config: ModelConfig): void {
  const { maxNewTokens, topK, topP } = sampling;
  if (!(Number.isInteger(maxNewTokens) && maxNewTokens >= 1))
    throw new EngineError(`maxNewTokens ${maxNewTokens} must be a whole number, 1 or more`);
  if (!(topP > 0 && topP <= 1)) throw new EngineError(`topP ${topP} must be in (0, 1]`);
  if (!(Number.isInteger(topK) && topK >= 0)) throw new EngineError(`topK ${topK} must be a whole number, 0 or more`);
  checkTemperature(sampling.temperature);
  for (const [i, prompt] of prompts.entries()) {
    checkTokens(prompt, `prompt ${i}`, config);
    checkLength(prompt.length + maxNewTokens, `prompt ${i} with ${maxNewTokens} new tokens`, config);
  }
}

export function checkTemperature(temperature: number): void {
  if (!(temperature > 0 && Number.isFinite(temperature)))
    throw new EngineError(`temperature ${temperature} must be finite and greater than 0`);
}

export function checkDerivative(derivative: TokenDerivative | undefined, response: TokenIds, sequence: number): void {
  if (!derivative) throw new EngineError(`objective gave no derivative for sequence ${sequence}`);
  for (const [name, values] of Object.entries(derivative) as [string, Float32Array | undefined][]) {
    if (values === undefined) continue;
    if (values.length !== response.length)
      throw new EngineError(
        `derivative by ${name} of sequence ${sequence} has ${values.length} values; its response has ${response.length}`,
      );
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new EngineError(
        `derivative by ${name} of sequence ${sequence}, token ${bad}, is ${values[bad]}; it must be finite`,
      );
  }
}

function checkTokens(tokens: TokenIds, what: string, config: ModelConfig): void {
  if (tokens.length === 0) throw new EngineError(`${what} is empty; at least one token is needed`);
  for (const token of tokens) checkToken(token, what, config);
}

function checkToken(token: number, what: string, { vocabSize }: ModelConfig): void {
  if (token < 0 || token >= vocabSize) throw new EngineError(`${what}: token ${token} must be in 0..${vocabSize - 1}`);
}

function checkLength(length: number, what: string, { maxPositions }: ModelConfig): void {
  if (length > maxPositions) throw new EngineError(`${what}: ${length} tokens, at most ${maxPositions} are allowed`);
}

/** Call an objective on a slice and check its answer. @throws EngineError when it is incomplete or not finite. */
export function askObjective(
  objective: Objective,
  stats: readonly TokenStats[],
  offset: number,
  sequences: readonly Scored[],
): ReturnType<Objective> {
  const answer = objective(stats, offset);
  if (!Number.isFinite(answer.loss))
    throw new EngineError(
      `loss of sequences ${offset}..${offset + sequences.length - 1} is ${answer.loss}; it must be finite`,
    );
  if (answer.derivatives.length !== sequences.length)
    throw new EngineError(`objective gave ${answer.derivatives.length} derivatives for ${sequences.length} sequences`);
  for (const [s, { response }] of sequences.entries()) checkDerivative(answer.derivatives[s], response, offset + s);
  return answer;
}

/** Whether a sequence contributes nothing to the gradient. */
export function isZero({ logprob, entropy }: TokenDerivative): boolean {
  return logprob.every((value) => value === 0) && (entropy?.every((value) => value === 0) ?? true);
}
