/** An adapter as the package peft reads it (peft 0.21: `adapter_config.json`, `adapter_model.safetensors`). */
import { join } from 'node:path';
import type { AdapterState } from './adapter.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { writeSafetensors } from './safetensors.ts';

export const peftFiles = ['adapter_config.json', 'adapter_model.safetensors'] as const;

/** Write both files into an existing folder. They go with the weights that training started from, not with the merged ones. */
export async function writePeftAdapter(folder: string, { adapter, weights }: AdapterState): Promise<void> {
  const config = {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: null,
    inference_mode: true,
    r: adapter.rank,
    lora_alpha: adapter.alpha,
    target_modules: [...adapter.targets],
    lora_dropout: 0,
    bias: 'none',
    fan_in_fan_out: false,
    use_rslora: false,
    modules_to_save: null,
  };
  const named = new Map([...weights].map(([name, tensor]) => [`base_model.model.${name}`, tensor]));
  const [configFile, weightsFile] = peftFiles;
  await writeFileAtomically(join(folder, configFile), [
    new TextEncoder().encode(`${JSON.stringify(config, null, 2)}\n`),
  ]);
  await writeSafetensors(join(folder, weightsFile), named, { format: 'pt' });
}
