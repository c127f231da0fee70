/** HumanEval (Chen et al., arXiv 2107.03374; openai/human-eval): 164 stubs to complete, each with a check. HumanEval+
 * (Liu et al., arXiv 2305.01210) in the form of the hub's evalplus/humanevalplus has the same records with more tests.
 * Departure: a whole program is asked for, in a fence, as of a model that chats; see ../program.ts for what is run. */
import type { DatasetKind } from '../dataset.ts';
import { problemSet } from './problem-set.ts';
import { stubEntry } from './stub.ts';

export const humaneval: DatasetKind = problemSet({
  id: 'humaneval',
  title: 'HumanEval',
  help: 'Python functions to complete from their docstrings, 164 of them; HumanEval+ has the same with many more tests. The file says which of both it is.',
  files: 'HumanEval.jsonl.gz of openai/human-eval, or the files of openai_humaneval or evalplus/humanevalplus.',
  splits: 'shares',
  shares: { validation: 1, test: 0 },
  options: {},
  reader:
    () =>
    ({ value, at }) =>
      stubEntry(value, at),
});
